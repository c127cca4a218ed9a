#include "read/views/things.h"

#include <fmt/core.h>

namespace firebreak::views {
namespace {

enum Which : std::size_t { kGet, kPut, kDocument, kState, kNamed, kName };
constexpr std::string_view kSql[] = {
    "SELECT document, created, incident, endpoint, state FROM things WHERE kind = ? AND id = ?",
    "INSERT INTO things(kind, id, created, incident, endpoint, state, document) VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT(kind, id) DO UPDATE SET "
    "created = excluded.created, incident = excluded.incident, endpoint = excluded.endpoint, state = excluded.state, document = excluded.document",
    "UPDATE things SET document = ?3 WHERE kind = ?1 AND id = ?2",
    "UPDATE things SET document = ?3, state = ?4 WHERE kind = ?1 AND id = ?2",
    "SELECT id FROM names WHERE name = ?",
    "INSERT OR REPLACE INTO names VALUES(?, ?)",
};

constexpr std::size_t kHeldMost = 16'384;

}  // namespace

Result<Things> Things::prepare(const Database& database) {
  std::vector<Statement> statements;
  for (const std::string_view sql : kSql) {
    FIREBREAK_ASSIGN(Statement statement, Statement::prepare(database, sql));
    statements.push_back(std::move(statement));
  }
  return Things(std::move(statements));
}

Result<Things::Held*> Things::load(std::string_view kind, std::string_view id) {
  if (const auto found = held_.find(std::pair(kind, id)); found != held_.end()) return &found->second;
  Held held;
  Statement& statement = statements_[kGet];
  FIREBREAK_ASSIGN(const bool row, statement.bind(kind).bind(id).step());
  if (row) {
    Result<Json> document = parse_json(statement.text(0));
    held.written = Columns{statement.integer(1), statement.text(2), statement.text(3), statement.text(4)};
    statement.reset();
    if (!document || !document->is_object()) return fail(Code::kCorrupt, fmt::format("views: the document of {} {} is no JSON object; delete the file", kind, id));
    held.document = std::move(*document);
  }
  held.absent = !row;
  return &held_.emplace(Key(kind, id), std::move(held)).first->second;
}

void Things::soil(Map::value_type& held) {
  if (held.second.dirty) return;
  held.second.dirty = true;
  dirty_.push_back(&held);
}

Result<JsonObject*> Things::change(std::string_view kind, std::string_view id) {
  FIREBREAK_ASSIGN(Held* const held, load(kind, id));
  if (held->absent) return nullptr;
  held->whole.reset();
  soil(*held_.find(std::pair(kind, id)));
  return &held->document.get_object();
}

Result<const JsonObject*> Things::look(std::string_view kind, std::string_view id) {
  FIREBREAK_ASSIGN(const Held* const held, load(kind, id));
  return held->absent ? nullptr : &held->document.get_object();
}

void Things::put(std::string_view kind, JsonObject document, std::optional<std::string> whole) {
  Map::value_type& held = *held_.try_emplace(Key(kind, string_or(document, "id"))).first;
  held.second.document = std::move(document);
  held.second.whole = std::move(whole);
  held.second.absent = false;
  soil(held);
}

void Things::name(std::string_view name, std::string_view id) {
  const auto [at, fresh] = names_.insert_or_assign(std::string(name), std::string(id));
  (void)fresh;
  new_names_.push_back(at->first);
}

Result<std::string> Things::named(std::string_view name) {
  if (const auto found = names_.find(name); found != names_.end()) return found->second;
  Statement& statement = statements_[kNamed];
  FIREBREAK_ASSIGN(const bool row, statement.bind(name).step());
  std::string id = row ? statement.text(0) : std::string();
  statement.reset();
  return id;
}

Result<void> Things::write(const Key& key, Held& held) {
  const Json& document = held.document;
  Columns columns{int_or(document, "index"), held.whole ? *held.whole : string_or(document, "incident"), string_or(document, "endpoint"), string_or(document, "state")};
  const std::string text = canonical_json(document);
  held.dirty = false;
  if (held.written && *held.written == columns) return statements_[kDocument].bind(key.first).bind(key.second).bind(text).run();
  const bool state_alone = held.written && held.written->created == columns.created && held.written->incident == columns.incident && held.written->endpoint == columns.endpoint;
  if (state_alone) {
    FIREBREAK_TRY(statements_[kState].bind(key.first).bind(key.second).bind(text).bind(columns.state).run());
  } else {
    FIREBREAK_TRY(statements_[kPut].bind(key.first).bind(key.second).bind(columns.created).bind(columns.incident).bind(columns.endpoint).bind(columns.state).bind(text).run());
  }
  held.written = std::move(columns);
  return {};
}

Result<void> Things::flush() {
  for (; !dirty_.empty(); dirty_.pop_front()) FIREBREAK_TRY(write(dirty_.front()->first, dirty_.front()->second));
  for (const std::string& name : new_names_) FIREBREAK_TRY(statements_[kName].bind(name).bind(names_.at(name)).run());
  new_names_.clear();
  if (held_.size() > kHeldMost) held_.clear();
  if (names_.size() > kHeldMost) names_.clear();
  return {};
}

void Things::forget() {
  held_.clear();
  dirty_.clear();
  names_.clear();
  new_names_.clear();
}

}  // namespace firebreak::views
