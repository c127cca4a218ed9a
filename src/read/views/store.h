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
#include "read/views/words.h"
#include "types/entry.h"

namespace firebreak::views {

// Raised whenever the tables or the documents change shape: an older file is rebuilt from the journal.
inline constexpr int kSchemaVersion = 12;

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
  std::vector<std::string> words = {};  // all of them, or their beginnings; rows that wait for the index are not found
  std::int64_t skip = 0;
  int limit = 1'000'000;
};

class Store {
 public:
  static Result<Store> open(Database& database);  // makes the tables when they are missing

  // Between begin() and end() documents are held (things.h); end() writes them, give_up() forgets them. take_error() first.
  void begin();
  void end();
  void give_up();

  std::optional<JsonObject> get(std::string_view kind, std::string_view id);
  // To be changed in place before anything else is asked; null: there is none. Within a transaction only.
  JsonObject* change(std::string_view kind, std::string_view id);
  // Writes the document under its kind and "id"; columns come from its members.
  void put(std::string_view kind, JsonObject document);
  // A part of another thing, found by Query::incident = `whole`: a run has thousands of steps, and each is written alone.
  void put_part(std::string_view kind, JsonObject document, std::string_view whole);
  // A name of a thing that is not its id: five million episodes of detectors need no document each. Within a transaction only.
  void name(std::string_view name, std::string_view id);
  std::string named(std::string_view name);
  std::vector<JsonObject> belonging_to(std::string_view whole);  // things of every kind
  std::vector<JsonObject> list(const Query& query);
  std::int64_t count(std::string_view kind, std::string_view state);

  void add_timeline(std::string_view incident, const Entry& entry, std::string_view text);
  void add_timeline(std::string_view incident, std::uint64_t index, Time time, std::string_view kind,
                    std::string_view actor, std::string_view text);
  void add_said(std::string_view incident, const Entry& entry, std::string_view text, const Said& said);
  void text_erased(std::string_view reference);
  JsonArray timeline(const Lines& lines);
  JsonArray lines_of(const std::vector<RowName>& rows);  // as timeline() gives them, each with its "incident"
  Words& words();

  std::uint64_t next_index();
  void set_next_index(std::uint64_t index);

  // The first error since the last call.
  Result<void> take_error();

 private:
  struct Statements;
  explicit Store(std::shared_ptr<Statements> statements) : statements_(std::move(statements)) {}
  bool check(Result<void> result);
  bool step(Statement& statement);
  JsonObject line(Statement& statement);
  void add_row(std::string_view incident, std::uint64_t index, Time time, std::string_view kind, std::string_view actor, std::string_view text, std::string_view type, Time at, std::string_view said);
  void settle();  // what is held goes into the tables before they are asked

  std::shared_ptr<Statements> statements_;  // shared only because Store is moved out of open()
  std::optional<Error> error_;
  bool writing_ = false;
};

}  // namespace firebreak::views
