// The tables behind the views: things (one JSON document each, with the columns that lists filter by) and
// timeline lines. Every document has at least "id", "index", "state" and "updated".
//
// Writers use Store inside a transaction of Views::apply; the first error is kept and stops the commit, so
// that projections stay free of error plumbing.
//
// Threads: one at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "read/views/sqlite.h"
#include "types/entry.h"

namespace firebreak::views {

// Raised whenever the tables or the documents change shape: an older file is rebuilt from the journal.
inline constexpr int kSchemaVersion = 10;

struct Query {
  std::string kind;
  std::string incident, endpoint, state;  // empty: any
  std::int64_t below = INT64_MAX;         // creating index
  int limit = 500;
  bool oldest_first = false;
};

// A line that a person wrote: a fact, an opinion or a note. Others are events.
struct Said {
  std::string type, by, source, said, reason;
  std::optional<Time> occurred;
  std::uint64_t corrects = 0; // the line that it corrects
};

struct Lines {
  std::string incident;
  std::string types;          // "fact opinion"; empty: all
  Time from, to{INT64_MAX};   // of when it occurred, else of when it was recorded
  bool by_occurrence = false; // order; else as recorded
  std::int64_t skip = 0;
  int limit = 1'000'000;
};

class Store {
 public:
  static Result<Store> open(Database& database);  // makes the tables when they are missing

  std::optional<JsonObject> get(std::string_view kind, std::string_view id);
  // Writes the document under its kind and "id"; columns come from its members.
  void put(std::string_view kind, const JsonObject& document);
  // A part of another thing, found by Query::incident = `whole`: a run has thousands of steps, and each is written alone.
  void put_part(std::string_view kind, const JsonObject& document, std::string_view whole);
  std::vector<JsonObject> belonging_to(std::string_view whole);  // things of every kind
  std::vector<JsonObject> list(const Query& query);
  std::int64_t count(std::string_view kind, std::string_view state);

  void add_timeline(std::string_view incident, const Entry& entry, std::string_view text);
  void add_timeline(std::string_view incident, std::uint64_t index, Time time, std::string_view kind,
                    std::string_view actor, std::string_view text);
  void add_said(std::string_view incident, const Entry& entry, std::string_view text, const Said& said);
  JsonArray timeline(const Lines& lines);

  std::uint64_t next_index();
  void set_next_index(std::uint64_t index);

  // The first error since the last call.
  Result<void> take_error();

 private:
  struct Statements;
  explicit Store(std::shared_ptr<Statements> statements) : statements_(std::move(statements)) {}
  bool check(Result<void> result);
  bool step(Statement& statement);

  std::shared_ptr<Statements> statements_;  // shared only because Store is moved out of open()
  std::optional<Error> error_;
};

}  // namespace firebreak::views
