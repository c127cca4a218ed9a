// The canonical row: cells of one record in the order of its schema, and back.
//
// u16 schema id, one bit per column (1 = no value; lowest bit first, unused bits 0), then the fixed part of each cell
// that has a value (time, number, integer 8 octets; flag, disposition 1; text its u32 length), then the texts, then
// `extra`: a JSON object with what has no column, or nothing. Little-endian. One record has exactly one row.
// Pure; any thread. docs/formats/record.md has a worked example.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "log/record/schema.h"

namespace firebreak::record {

// Whole numbers beyond it have no double of their own: they get a column of type integer, all others one of type number.
inline constexpr std::int64_t kExactInDouble = 9'007'199'254'740'992;  // 2^53

std::uint8_t fixed_bytes(ColumnType type);  // octets of the fixed part: 8, 4 (a text's length) or 1

// A fixed part at `offset`; the caller has checked the length.
inline std::uint64_t take_fixed(ByteView in, std::size_t offset, std::uint8_t octets) {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t value = 0;
  // Three constants, so that each is one instruction.
  if (octets == 8) std::memcpy(&value, in.data() + offset, 8);
  if (octets == 4) std::memcpy(&value, in.data() + offset, 4);
  if (octets == 1) std::memcpy(&value, in.data() + offset, 1);
  return value;
}

struct Cell {
  bool present = false;
  std::uint64_t bits = 0;  // time, number, integer, flag, disposition
  std::string_view text;   // text; borrowed

  double number() const { return std::bit_cast<double>(bits); }
  std::int64_t integer() const { return static_cast<std::int64_t>(bits); }
};

struct Row {
  std::vector<Cell> cells;  // one per column; texts point into the octets that were decoded
  ByteView extra;
};

void encode_row(const Schema& schema, std::span<const Cell> cells, ByteView extra, Bytes& out);

// kCorrupt when the octets are no row of `schema`. `row` is reused.
Result<void> decode_row(const Schema& schema, ByteView octets, Row& row);

}  // namespace firebreak::record
