// Capture lines as the binary rows of their stream (log/record/rows.h): parsed here, where a core is cheap, and not in the
// server that all gateways share.
//
// A batch goes as lines when one of its lines has no row: a gap, or a field that the stream has no column for yet. The
// server then makes the column, and the next learn() knows it. Threads: used by one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/json.h"
#include "base/result.h"

namespace firebreak::gateway {

class RowForm {
 public:
  RowForm();
  ~RowForm();

  // The answer of GET /api/v1/streams/{stream}/schemas, in place of what was known. Errors: kCorrupt.
  Result<void> learn(const Json& document);

  // Empty: not all of them have a row.
  std::optional<Bytes> rows_of(const std::vector<std::string>& lines);

  bool lacks_columns() const;  // the last batch had a field without a column: learn() again

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace firebreak::gateway
