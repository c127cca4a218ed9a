// A binary batch, `application/vnd.firebreak.rows`: canonical rows (row.h) under the stream's own schemas, so that
// nothing need be parsed, typed or written anew. Bytes and a worked example: docs/formats/rows.md.
//
//   "FBROWSv1" | u16 releases | each: 4 x (u16 length, text): release, model name, version, digest
//   records to the end: u32 length of the row | u16 number of its release, from 1; 0 = none | row
//
// Little-endian. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "log/record/schema.h"

namespace firebreak::record {

inline constexpr std::string_view kRowsType = "application/vnd.firebreak.rows";

struct RowView {
  ByteView octets;            // from the schema id on
  std::uint16_t release = 0;  // in RowsBatch::releases, from 1
};

struct RowsBatch {
  std::vector<Release> releases;
  std::vector<RowView> rows;  // views into what was parsed
};

// Errors: kInvalid and kTooLarge, with the number of the record as line.
Result<RowsBatch> parse_rows(ByteView body);

class RowsWriter {
 public:
  explicit RowsWriter(const std::vector<Release>& releases);
  void add(ByteView row, std::uint16_t release);
  Bytes take() { return std::move(out_); }

 private:
  Bytes out_;
};

}  // namespace firebreak::record
