// NDJSON: an object a line, its members as columns; the members of an object within as "outer.inner".
//
// Columns come as they appear; a row has no value in those that it does not name. Objects are flattened to the depth of
// limits::kJsonDepth, arrays stay as they are written. Strict JSON: no NaN, no key twice. Not thread-safe.
// Errors: kInvalid, kTooLarge.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "read/table/row.h"

namespace firebreak::table {

class JsonLines {
 public:
  JsonLines();
  ~JsonLines();

  // False: a line without an object, to be passed over. `cells` has then as many places as names(), as a row of names().
  Result<bool> read(std::string_view line, std::vector<Cell>& cells);
  const std::vector<std::string>& names() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace firebreak::table
