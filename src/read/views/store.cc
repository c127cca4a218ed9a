#include "read/views/store.h"

#include <fmt/core.h>

#include "read/views/listing.h"
#include "read/views/things.h"

namespace firebreak::views {
namespace {

constexpr const char* kTables = R"(
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS things(
  row INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, created INTEGER NOT NULL, incident TEXT NOT NULL, endpoint TEXT NOT NULL,
  state TEXT NOT NULL, document TEXT NOT NULL, UNIQUE(kind, id));
CREATE TABLE IF NOT EXISTS names(name TEXT PRIMARY KEY, id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS timeline(
  incident TEXT NOT NULL, entry INTEGER NOT NULL, time INTEGER NOT NULL, kind TEXT NOT NULL, actor TEXT NOT NULL,
  text TEXT NOT NULL, type TEXT NOT NULL DEFAULT 'event', at INTEGER NOT NULL DEFAULT 0, said TEXT NOT NULL DEFAULT '',
  corrected_by INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(incident, entry)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS timeline_by_occurrence ON timeline(incident, at, entry);
)";

// Documents stand in a table by row and not in a tree by name: with a thousand octets in each, such a tree is nine levels deep at five million.

constexpr std::string_view kLine = "SELECT entry, time, kind, actor, text, type, said, corrected_by FROM timeline WHERE incident = ?1 ";
constexpr std::string_view kSaying = "AND entry IN (SELECT r.entry FROM words JOIN rows r ON r.row = words.rowid WHERE words MATCH ?7) ";
constexpr std::string_view kLines =
    "AND (?2 = '' OR instr(' ' || ?2 || ' ', ' ' || type || ' ') > 0) AND at >= ?3 AND at < ?4 ORDER BY ";

}  // namespace

struct Store::Statements {
  Listing listing;
  Things things;
  Words words;
  Statement get, belonging, add_line, lines, lines_as_occurred, saying, saying_as_occurred, one_line, correct, next, set_next;
};

Result<Store> Store::open(Database& database) {
  FIREBREAK_TRY(database.run(kTables));
  FIREBREAK_TRY(database.run(kListIndexes));
  FIREBREAK_ASSIGN(Listing listing, Listing::prepare(database));
  FIREBREAK_TRY(database.run(kWordTables));
  FIREBREAK_ASSIGN(Words words, Words::prepare(database));
  FIREBREAK_ASSIGN(Things things, Things::prepare(database));
  auto prepare = [&](std::string_view sql) { return Statement::prepare(database, sql); };
  FIREBREAK_ASSIGN(Statement get, prepare("SELECT document FROM things WHERE kind = ? AND id = ?"));
  FIREBREAK_ASSIGN(Statement belonging, prepare("SELECT document FROM things WHERE incident = ?"));
  FIREBREAK_ASSIGN(Statement add, prepare("INSERT OR IGNORE INTO timeline VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"));
  const auto lines_of = [&](std::string_view which, const char* order) { return prepare(std::string(kLine) + std::string(which) + std::string(kLines) + order + " LIMIT ?5 OFFSET ?6"); };
  FIREBREAK_ASSIGN(Statement lines, lines_of("", "entry"));
  FIREBREAK_ASSIGN(Statement as_occurred, lines_of("", "at, entry"));
  FIREBREAK_ASSIGN(Statement saying, lines_of(kSaying, "entry"));
  FIREBREAK_ASSIGN(Statement saying_as_occurred, lines_of(kSaying, "at, entry"));
  FIREBREAK_ASSIGN(Statement one_line, prepare(std::string(kLine) + "AND entry = ?2"));
  FIREBREAK_ASSIGN(Statement correct, prepare("UPDATE timeline SET corrected_by = ? WHERE incident = ? AND entry = ?"));
  FIREBREAK_ASSIGN(Statement next, prepare("SELECT value FROM meta WHERE key = 'next_index'"));
  FIREBREAK_ASSIGN(Statement set_next, prepare("INSERT OR REPLACE INTO meta VALUES('next_index', ?)"));
  return Store(std::make_shared<Statements>(Statements{std::move(listing), std::move(things), std::move(words), std::move(get), std::move(belonging), std::move(add), std::move(lines), std::move(as_occurred), std::move(saying), std::move(saying_as_occurred), std::move(one_line),
                                                       std::move(correct), std::move(next), std::move(set_next)}));
}

bool Store::check(Result<void> result) {
  if (!result && !error_) error_ = std::move(result.error());
  return !error_;
}

bool Store::step(Statement& statement) {
  Result<bool> row = statement.step();
  if (!row) {
    check(fail(std::move(row.error())));
    return false;
  }
  return *row;
}

void Store::begin() { writing_ = true; }

void Store::end() {
  settle();
  writing_ = false;
}

void Store::give_up() {
  statements_->things.forget();
  writing_ = false;
}

void Store::settle() {
  if (writing_) check(statements_->things.flush());
}

std::optional<JsonObject> Store::get(std::string_view kind, std::string_view id) {
  if (writing_) {
    Result<const JsonObject*> held = statements_->things.look(kind, id);
    if (!held) check(fail(std::move(held.error())));
    return held && *held != nullptr ? std::optional(**held) : std::nullopt;
  }
  Statement& statement = statements_->get;
  if (!step(statement.bind(kind).bind(id))) return std::nullopt;
  Result<Json> document = parse_json(statement.text(0));
  statement.reset();
  if (document && document->is_object()) return std::move(document->get_object());
  check(fail(Code::kCorrupt,
             fmt::format("views: the document of {} {} is no JSON object; delete the file", kind, id)));
  return std::nullopt;
}

JsonObject* Store::change(std::string_view kind, std::string_view id) {
  FIREBREAK_ASSERT(writing_);
  Result<JsonObject*> held = statements_->things.change(kind, id);
  if (!held) check(fail(std::move(held.error())));
  return held ? *held : nullptr;
}

void Store::put(std::string_view kind, JsonObject document) { statements_->things.put(kind, std::move(document), std::nullopt); }

void Store::put_part(std::string_view kind, JsonObject document, std::string_view whole) { statements_->things.put(kind, std::move(document), std::string(whole)); }

void Store::name(std::string_view name, std::string_view id) { statements_->things.name(name, id); }

void Store::text_erased(std::string_view reference) { check(statements_->words.text_erased(reference)); }

std::string Store::named(std::string_view name) {
  Result<std::string> id = statements_->things.named(name);
  if (!id) check(fail(std::move(id.error())));
  return id.value_or("");
}

std::vector<JsonObject> Store::list(const Query& query) {
  settle();
  Statement& statement = statements_->listing.ask(query);
  std::vector<JsonObject> found;
  while (step(statement)) {
    Result<Json> document = parse_json(statement.text(0));
    if (document && document->is_object()) found.push_back(std::move(document->get_object()));
  }
  return found;
}

std::vector<JsonObject> Store::belonging_to(std::string_view whole) {
  settle();
  Statement& statement = statements_->belonging;
  statement.bind(whole);
  std::vector<JsonObject> found;
  while (step(statement)) {
    Result<Json> document = parse_json(statement.text(0));
    if (document && document->is_object()) found.push_back(std::move(document->get_object()));
  }
  return found;
}

std::int64_t Store::count(std::string_view kind, std::string_view state) {
  settle();
  Statement& statement = statements_->listing.count(kind, state);
  if (!step(statement)) return 0;
  const std::int64_t found = statement.integer(0);
  statement.reset();
  return found;
}

void Store::add_timeline(std::string_view incident, const Entry& entry, std::string_view text) {
  add_timeline(incident, entry.index, entry.time, entry.kind, entry.actor, text);
}

void Store::add_timeline(std::string_view incident, std::uint64_t index, Time time, std::string_view kind,
                         std::string_view actor, std::string_view text) {
  add_row(incident, index, time, kind, actor, text, "event", time, "");
}

// The first row of an entry in an incident stands. A new one waits for the index of words.
void Store::add_row(std::string_view incident, std::uint64_t index, Time time, std::string_view kind, std::string_view actor, std::string_view text, std::string_view type, Time at, std::string_view said) {
  const auto entry = static_cast<std::int64_t>(index);
  Statement& add = statements_->add_line;
  if (!check(add.bind(incident).bind(entry).bind(time.us).bind(kind).bind(actor).bind(text).bind(type).bind(at.us).bind(said).run())) return;
  if (add.changed()) check(statements_->words.wait(incident, entry, fmt::format("{} {}", text, said)));
}

void Store::add_said(std::string_view incident, const Entry& entry, std::string_view text, const Said& said) {
  JsonObject document{{"by", said.by}};
  if (said.occurred) document["occurred"] = format_time(*said.occurred);
  for (const auto& [key, value] : {std::pair("said", &said.said), {"source", &said.source}, {"reason", &said.reason}})
    if (!value->empty()) document[key] = *value;
  if (said.corrects != 0) document["corrects"] = fmt::format("row-{}", said.corrects);
  add_row(incident, entry.index, entry.time, entry.kind, entry.actor, text, said.type, said.occurred.value_or(entry.time), canonical_json(document));
  if (said.corrects != 0)
    check(statements_->correct.bind(static_cast<std::int64_t>(entry.index)).bind(incident).bind(static_cast<std::int64_t>(said.corrects)).run());
}

JsonArray Store::timeline(const Lines& wanted) {
  const bool all = wanted.words.empty();
  Statement& statement = wanted.by_occurrence ? (all ? statements_->lines_as_occurred : statements_->saying_as_occurred) : (all ? statements_->lines : statements_->saying);
  statement.bind(wanted.incident).bind(wanted.types).bind(wanted.from.us).bind(wanted.to.us);
  statement.bind(static_cast<std::int64_t>(wanted.limit)).bind(wanted.skip);
  if (!all) statement.bind(match_of(wanted.incident, wanted.words));
  JsonArray lines;
  while (step(statement)) lines.push_back(line(statement));
  return lines;
}

JsonArray Store::lines_of(const std::vector<RowName>& rows) {
  JsonArray lines;
  for (const RowName& name : rows) {
    Statement& statement = statements_->one_line;
    if (!step(statement.bind(name.incident).bind(name.entry))) continue;
    JsonObject found = line(statement);
    statement.reset();
    found["incident"] = name.incident;
    lines.push_back(std::move(found));
  }
  return lines;
}

JsonObject Store::line(Statement& statement) {
  JsonObject line{{"log", "journal"},
                  {"index", statement.integer(0)},
                  {"time", format_time({statement.integer(1)})},
                  {"kind", statement.text(2)},
                  {"actor", statement.text(3)},
                  {"text", statement.text(4)},
                  {"type", statement.text(5)}};
  if (const auto said = parse_json(statement.text(6)); said && said->is_object())
    for (const auto& member : said->get_object()) line[member.key()] = member.value();
  if (string_or(line, "type") == "fact" || string_or(line, "type") == "opinion") line["row"] = fmt::format("row-{}", statement.integer(0));
  if (const std::int64_t by = statement.integer(7); by != 0) line["corrected_by"] = fmt::format("row-{}", by);
  return line;
}

Words& Store::words() { return statements_->words; }

std::uint64_t Store::next_index() {
  Statement& statement = statements_->next;
  if (!step(statement)) return 0;
  const auto index = static_cast<std::uint64_t>(statement.integer(0));
  statement.reset();
  return index;
}

void Store::set_next_index(std::uint64_t index) {
  check(statements_->set_next.bind(static_cast<std::int64_t>(index)).run());
}

Result<void> Store::take_error() {
  if (!error_) return {};
  Error error = std::move(*error_);
  error_.reset();
  return fail(std::move(error));
}

}  // namespace firebreak::views
