#include "read/views/listing.h"

#include <string>

#include "read/views/store.h"

namespace firebreak::views {
namespace {

enum Shape : std::size_t { kAge, kState, kEndpoint, kBoth, kIncident, kShapes };

constexpr std::string_view kWhere[kShapes] = {
    "",
    "AND state = ?5 ",
    "AND endpoint = ?4 ",
    "AND endpoint = ?4 AND state = ?5 ",
    "AND incident = ?3 AND (?4 = '' OR endpoint = ?4) AND (?5 = '' OR state = ?5) ",  // few enough to walk
};

Shape shape_of(const Query& query) {
  if (!query.incident.empty()) return kIncident;
  if (query.endpoint.empty()) return query.state.empty() ? kAge : kState;
  return query.state.empty() ? kEndpoint : kBoth;
}

}  // namespace

Result<Listing> Listing::prepare(const Database& database) {
  std::vector<Statement> statements;
  for (const std::string_view where : kWhere)
    for (const char* order : {"DESC", "ASC"}) {
      // ?3 to ?5 are bound whatever the shape: a statement must know them all.
      const std::string sql = std::string("SELECT document, ?3, ?4, ?5 FROM things WHERE kind = ?1 AND created < ?2 ") + std::string(where) + "ORDER BY created " + order + " LIMIT ?6";
      FIREBREAK_ASSIGN(Statement statement, Statement::prepare(database, sql));
      statements.push_back(std::move(statement));
    }
  FIREBREAK_ASSIGN(Statement count, Statement::prepare(database, "SELECT count(*) FROM things WHERE kind = ? AND state = ?"));
  statements.push_back(std::move(count));
  return Listing(std::move(statements));
}

Statement& Listing::ask(const Query& query) {
  Statement& statement = statements_[2 * shape_of(query) + (query.oldest_first ? 1 : 0)];
  statement.bind(query.kind).bind(query.below).bind(query.incident).bind(query.endpoint).bind(query.state);
  return statement.bind(static_cast<std::int64_t>(query.limit));
}

Statement& Listing::count(std::string_view kind, std::string_view state) { return statements_.back().bind(kind).bind(state); }

}  // namespace firebreak::views
