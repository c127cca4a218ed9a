// Lists of things by what filters them. SQLite takes one index for a question, so each set of filters is a statement of its own
// that stands on an index beginning with exactly these columns: then a page costs its rows and not the table's.
//
// Threads: one at a time, as Database.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "read/views/sqlite.h"

namespace firebreak::views {

struct Query;

// The indexes that lists stand on; part of the schema.
inline constexpr const char* kListIndexes = R"(
CREATE INDEX IF NOT EXISTS things_by_age ON things(kind, created);
CREATE INDEX IF NOT EXISTS things_by_state ON things(kind, state, created);
CREATE INDEX IF NOT EXISTS things_by_endpoint ON things(kind, endpoint, created);
CREATE INDEX IF NOT EXISTS things_by_both ON things(kind, endpoint, state, created);
CREATE INDEX IF NOT EXISTS things_by_incident ON things(incident, kind, created);
)";

class Listing {
 public:
  static Result<Listing> prepare(const Database& database);  // after the tables are there

  // The statement for `query`, bound; each row has one column, the document. Valid until the next call.
  Statement& ask(const Query& query);

  // How many things there are of this kind in this state; the caller steps it: one row.
  Statement& count(std::string_view kind, std::string_view state);

 private:
  explicit Listing(std::vector<Statement> statements) : statements_(std::move(statements)) {}
  std::vector<Statement> statements_;
};

}  // namespace firebreak::views
