// One NDJSON line into typed cells, checked against docs/formats/stream.md and the stream's configuration.
//
// Strict where a line would be ambiguous or unreadable (syntax, duplicate keys, wrong types of the named fields,
// limits), open where the world is: unknown features become columns, everything else unknown is kept in `extra`.
// Threads: one reader per thread. The texts of a Line are valid until the next read().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "log/record/batch.h"
#include "log/record/row.h"

namespace firebreak::record {

struct ReleaseView {
  std::string_view release, model_name, model_version, model_digest;
  bool empty() const {
    return release.empty() && model_name.empty() && model_version.empty() && model_digest.empty();
  }
};

struct Line {
  Kind kind = Kind::kInference;  // kControl: a gap line
  const FieldTable* table = nullptr;
  std::vector<Cell> cells;       // one per column of table->schema
  std::string extra;
  ReleaseView release;
  std::string_view subject;      // whose key encrypts the row: subject field, else caller, else empty
  Time time;
  std::uint64_t undeclared = 0;
  Json gap;                      // control record, of a gap line
  GapLine gap_range;
};

class LineReader {
 public:
  LineReader();
  ~LineReader();

  // Both arguments must live until the next start().
  // `hash` makes the stored form of a field that is kept hashed.
  void start(const Catalog& catalog, const std::function<std::string(std::string_view)>& hash);

  // `text` must be followed by kPaddingBytes readable octets. Columns that the schema lacks go to `needs`.
  Result<void> read(std::string_view text, Line& line, Needs& needs);

  static constexpr std::size_t kPaddingBytes = 64;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace firebreak::record
