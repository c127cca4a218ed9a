#include "read/views/words.h"

#include <fmt/core.h>

#include <algorithm>

namespace firebreak::views {
namespace {

enum Which : std::size_t { kWait, kRefer, kErased, kWaiting, kTaken, kRemove, kTake, kBehind, kFind };
constexpr std::string_view kSql[] = {
    "INSERT INTO rows(incident, entry, held, asked) VALUES(?, ?, 0, 1)",
    "INSERT OR IGNORE INTO typed SELECT ?, max(row) FROM rows",
    "UPDATE rows SET asked = asked + 1 WHERE row IN (SELECT row FROM typed WHERE reference = ?)",
    "SELECT r.row, r.incident, r.entry, r.held, r.asked, t.text, t.said, t.actor, t.kind FROM rows r JOIN timeline t ON t.incident = r.incident AND t.entry = r.entry WHERE r.asked <> 0 ORDER BY r.row LIMIT ?",
    "UPDATE rows SET asked = 0, held = 1 WHERE row = ? AND asked = ?",
    "DELETE FROM words WHERE rowid = ?",
    "INSERT INTO words(rowid, incident, text) VALUES(?, ?, ?)",
    "SELECT count(*) FROM (SELECT 1 FROM rows WHERE asked <> 0 LIMIT 1000000)",
    "SELECT r.row, r.incident, r.entry FROM words JOIN rows r ON r.row = words.rowid WHERE words MATCH ? AND words.rowid < ? ORDER BY words.rowid DESC LIMIT ?",
};

// "inc-173" would be two words, the first of them in every row.
std::string as_word(std::string_view incident) {
  std::string word(incident);
  std::erase(word, '-');
  return word;
}

}  // namespace

const char* const kWordTables = R"(
CREATE TABLE IF NOT EXISTS rows(row INTEGER PRIMARY KEY, incident TEXT NOT NULL, entry INTEGER NOT NULL, held INTEGER NOT NULL, asked INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS rows_waiting ON rows(row) WHERE asked <> 0;
CREATE TABLE IF NOT EXISTS typed(reference TEXT NOT NULL, row INTEGER NOT NULL, PRIMARY KEY(reference, row)) WITHOUT ROWID;
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(incident, text, columnsize = 0, tokenize = 'unicode61 remove_diacritics 2');
PRAGMA secure_delete = ON;
)";

std::string match_of(std::string_view incident, const std::vector<std::string>& words) {
  std::string match;
  for (const std::string& word : words) {
    const bool begun = word.ends_with('*');
    std::string quoted;
    for (const char c : std::string_view(word).substr(0, word.size() - (begun ? 1 : 0))) quoted += c == '"' ? "\"\"" : std::string(1, c);
    match += fmt::format("{}\"{}\"{}", match.empty() ? "" : " AND ", quoted, begun ? " *" : "");
  }
  match = fmt::format("text : ({})", match);
  return incident.empty() ? match : fmt::format("incident : \"{}\" AND {}", as_word(incident), match);
}

Result<Words> Words::prepare(const Database& database) {
  std::vector<Statement> statements;
  for (const std::string_view sql : kSql) {
    FIREBREAK_ASSIGN(Statement statement, Statement::prepare(database, sql));
    statements.push_back(std::move(statement));
  }
  return Words(std::move(statements));
}

Result<void> Words::wait(std::string_view incident, std::int64_t entry, std::string_view text) {
  FIREBREAK_TRY(statements_[kWait].bind(incident).bind(entry).run());
  if (text.find("text:") == std::string_view::npos) return {};
  for (const std::string& reference : text_references(Json(text))) FIREBREAK_TRY(statements_[kRefer].bind(reference).run());
  return {};
}

Result<void> Words::text_erased(std::string_view reference) { return statements_[kErased].bind(reference).run(); }

Result<std::vector<Words::Waiting>> Words::waiting(std::size_t most) {
  std::vector<Waiting> found;
  Statement& ask = statements_[kWaiting];
  ask.bind(static_cast<std::int64_t>(most));
  for (;;) {
    FIREBREAK_ASSIGN(const bool row, ask.step());
    if (!row) return found;
    std::string text = ask.text(5);
    if (const auto said = parse_json(ask.text(6)); said && said->is_object())
      for (const char* key : {"source", "reason"}) text += " " + string_or(*said, key);
    text += " " + ask.text(7) + " " + ask.text(8);
    found.push_back({{ask.integer(0), ask.text(1), ask.integer(2)}, std::move(text), ask.integer(3) != 0, ask.integer(4)});
  }
}

Result<void> Words::take(const std::vector<Waiting>& rows, const std::vector<std::string>& shown) {
  FIREBREAK_ASSERT(rows.size() == shown.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::int64_t row = rows[i].name.row;
    FIREBREAK_TRY(statements_[kTaken].bind(row).bind(rows[i].asked).run());
    if (!statements_[kTaken].changed()) continue;  // something of it was erased since: what is shown here must not stay
    if (rows[i].held) FIREBREAK_TRY(statements_[kRemove].bind(row).run());
    FIREBREAK_TRY(statements_[kTake].bind(row).bind(as_word(rows[i].name.incident)).bind(shown[i]).run());
  }
  return {};
}

Result<std::int64_t> Words::behind() {
  Statement& count = statements_[kBehind];
  FIREBREAK_ASSIGN(const bool row, count.step());
  const std::int64_t rows = row ? count.integer(0) : 0;
  count.reset();
  return rows;
}

Result<void> Words::forget_removed(Database& database) { return database.run("INSERT INTO words(words) VALUES('optimize'); PRAGMA wal_checkpoint(TRUNCATE);"); }

Result<std::vector<RowName>> Words::find(const WordsAsk& ask) {
  std::vector<RowName> found;
  Statement& statement = statements_[kFind];
  statement.bind(match_of(ask.incident, ask.words)).bind(ask.below).bind(static_cast<std::int64_t>(ask.limit));
  for (;;) {
    FIREBREAK_ASSIGN(const bool row, statement.step());
    if (!row) return found;
    found.push_back({statement.integer(0), statement.text(1), statement.integer(2)});
  }
}

}  // namespace firebreak::views
