#include "read/views/store.h"

#include <fmt/core.h>

#include "read/views/listing.h"

namespace firebreak::views {
namespace {

constexpr const char* kTables = R"(
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS things(
  kind TEXT NOT NULL, id TEXT NOT NULL, created INTEGER NOT NULL, incident TEXT NOT NULL, endpoint TEXT NOT NULL,
  state TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY(kind, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS timeline(
  incident TEXT NOT NULL, entry INTEGER NOT NULL, time INTEGER NOT NULL, kind TEXT NOT NULL, actor TEXT NOT NULL,
  text TEXT NOT NULL, type TEXT NOT NULL DEFAULT 'event', at INTEGER NOT NULL DEFAULT 0, said TEXT NOT NULL DEFAULT '',
  corrected_by INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(incident, entry)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS timeline_by_occurrence ON timeline(incident, at, entry);
)";

constexpr std::string_view kLines =
    "SELECT entry, time, kind, actor, text, type, said, corrected_by FROM timeline WHERE incident = ?1 "
    "AND (?2 = '' OR instr(' ' || ?2 || ' ', ' ' || type || ' ') > 0) AND at >= ?3 AND at < ?4 ORDER BY ";

}  // namespace

struct Store::Statements {
  Listing listing;
  Statement get, put, belonging, add_line, lines, lines_as_occurred, correct, next, set_next;
};

Result<Store> Store::open(Database& database) {
  FIREBREAK_TRY(database.run(kTables));
  FIREBREAK_TRY(database.run(kListIndexes));
  FIREBREAK_ASSIGN(Listing listing, Listing::prepare(database));
  auto prepare = [&](std::string_view sql) { return Statement::prepare(database, sql); };
  FIREBREAK_ASSIGN(Statement get, prepare("SELECT document FROM things WHERE kind = ? AND id = ?"));
  FIREBREAK_ASSIGN(Statement put, prepare("INSERT OR REPLACE INTO things VALUES(?, ?, ?, ?, ?, ?, ?)"));
  FIREBREAK_ASSIGN(Statement belonging, prepare("SELECT document FROM things WHERE incident = ?"));
  FIREBREAK_ASSIGN(Statement add, prepare("INSERT OR IGNORE INTO timeline VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"));
  FIREBREAK_ASSIGN(Statement lines, prepare(std::string(kLines) + "entry LIMIT ?5 OFFSET ?6"));
  FIREBREAK_ASSIGN(Statement as_occurred, prepare(std::string(kLines) + "at, entry LIMIT ?5 OFFSET ?6"));
  FIREBREAK_ASSIGN(Statement correct, prepare("UPDATE timeline SET corrected_by = ? WHERE incident = ? AND entry = ?"));
  FIREBREAK_ASSIGN(Statement next, prepare("SELECT value FROM meta WHERE key = 'next_index'"));
  FIREBREAK_ASSIGN(Statement set_next, prepare("INSERT OR REPLACE INTO meta VALUES('next_index', ?)"));
  return Store(std::make_shared<Statements>(Statements{std::move(listing), std::move(get), std::move(put), std::move(belonging), std::move(add), std::move(lines), std::move(as_occurred),
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

std::optional<JsonObject> Store::get(std::string_view kind, std::string_view id) {
  Statement& statement = statements_->get;
  if (!step(statement.bind(kind).bind(id))) return std::nullopt;
  Result<Json> document = parse_json(statement.text(0));
  statement.reset();
  if (document && document->is_object()) return std::move(document->get_object());
  check(fail(Code::kCorrupt,
             fmt::format("views: the document of {} {} is no JSON object; delete the file", kind, id)));
  return std::nullopt;
}

void Store::put(std::string_view kind, const JsonObject& document) { put_part(kind, document, string_or(document, "incident")); }

void Store::put_part(std::string_view kind, const JsonObject& document, std::string_view whole) {
  const Json value = document;
  check(statements_->put.bind(kind)
            .bind(string_or(value, "id"))
            .bind(int_or(value, "index"))
            .bind(whole)
            .bind(string_or(value, "endpoint"))
            .bind(string_or(value, "state"))
            .bind(canonical_json(value))
            .run());
}

std::vector<JsonObject> Store::list(const Query& query) {
  Statement& statement = statements_->listing.ask(query);
  std::vector<JsonObject> found;
  while (step(statement)) {
    Result<Json> document = parse_json(statement.text(0));
    if (document && document->is_object()) found.push_back(std::move(document->get_object()));
  }
  return found;
}

std::vector<JsonObject> Store::belonging_to(std::string_view whole) {
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
  check(statements_->add_line.bind(incident)
            .bind(static_cast<std::int64_t>(index))
            .bind(time.us)
            .bind(kind)
            .bind(actor)
            .bind(text)
            .bind(std::string_view("event"))
            .bind(time.us)
            .bind(std::string_view(""))
            .run());
}

void Store::add_said(std::string_view incident, const Entry& entry, std::string_view text, const Said& said) {
  JsonObject document{{"by", said.by}};
  if (said.occurred) document["occurred"] = format_time(*said.occurred);
  for (const auto& [key, value] : {std::pair("said", &said.said), {"source", &said.source}, {"reason", &said.reason}})
    if (!value->empty()) document[key] = *value;
  if (said.corrects != 0) document["corrects"] = fmt::format("row-{}", said.corrects);
  check(statements_->add_line.bind(incident)
            .bind(static_cast<std::int64_t>(entry.index))
            .bind(entry.time.us)
            .bind(entry.kind)
            .bind(entry.actor)
            .bind(text)
            .bind(said.type)
            .bind(said.occurred ? said.occurred->us : entry.time.us)
            .bind(canonical_json(document))
            .run());
  if (said.corrects != 0)
    check(statements_->correct.bind(static_cast<std::int64_t>(entry.index)).bind(incident).bind(static_cast<std::int64_t>(said.corrects)).run());
}

JsonArray Store::timeline(const Lines& wanted) {
  Statement& statement = wanted.by_occurrence ? statements_->lines_as_occurred : statements_->lines;
  statement.bind(wanted.incident).bind(wanted.types).bind(wanted.from.us).bind(wanted.to.us);
  statement.bind(static_cast<std::int64_t>(wanted.limit)).bind(wanted.skip);
  JsonArray lines;
  while (step(statement)) {
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
    lines.push_back(std::move(line));
  }
  return lines;
}

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
