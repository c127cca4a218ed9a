// Full-text search over timelines: each row's words, with what people typed shown (the rows themselves hold references to it).
//
// Rows wait in a table from the transaction that makes them and are taken from there in small pieces by take(), after the views are
// at the journal's end: reading a typed text is reading a file. What a person had erased waits again, and take() removes its words
// from the index and the index's memory of them.
//
// Threads: one at a time, as Database.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "read/views/sqlite.h"
#include "types/free_text.h"

namespace firebreak::views {

// Part of the schema.
extern const char* const kWordTables;

struct WordsAsk {
  std::string incident;           // empty: all
  std::vector<std::string> words;  // all of them; one with '*' at its end is the beginning of a word
  std::int64_t below = INT64_MAX;  // rows, newest first
  int limit = 50;
};

// In FTS5's words; every word as it is, whatever stands in it.
std::string match_of(std::string_view incident, const std::vector<std::string>& words);

struct RowName {
  std::int64_t row = 0;
  std::string incident;
  std::int64_t entry = 0;
};

class Words {
 public:
  static Result<Words> prepare(const Database& database);  // after the tables are there

  // Within a transaction: a row of a timeline is there, or is to be read anew.
  Result<void> wait(std::string_view incident, std::int64_t entry, std::string_view text);
  Result<void> text_erased(std::string_view reference);

  // The next rows to be taken, at most `most`; their texts come from the timeline.
  struct Waiting {
    RowName name;
    std::string text;
    bool held = false;       // its words are in the index, and go
    std::int64_t asked = 0;  // how often it was asked for: another number at take() means that it changed meanwhile
  };
  Result<std::vector<Waiting>> waiting(std::size_t most);
  // With what `shown` says in place of each text. Within a transaction of the caller's.
  Result<void> take(const std::vector<Waiting>& rows, const std::vector<std::string>& shown);
  Result<std::int64_t> behind();
  // After words were removed: nothing in the file remembers them.
  Result<void> forget_removed(Database& database);

  Result<std::vector<RowName>> find(const WordsAsk& ask);

 private:
  explicit Words(std::vector<Statement> statements) : statements_(std::move(statements)) {}

  std::vector<Statement> statements_;
};

}  // namespace firebreak::views
