#include "log/record/row.h"

#include <fmt/core.h>

namespace firebreak::record {
namespace {

constexpr std::size_t kSchemaIdBytes = 2;

void put(Bytes& out, std::uint64_t value, std::size_t octets) {
  char little[8];
  for (std::size_t i = 0; i < octets; ++i) little[i] = static_cast<char>(value >> (8 * i));
  out.append(little, octets);
}

tl::unexpected<Error> corrupt(const Schema& schema, std::string_view what) {
  return fail(Code::kCorrupt, fmt::format("row of schema {}: {}", schema.id, what));
}

}  // namespace

std::uint8_t fixed_bytes(ColumnType type) {
  switch (type) {
    case ColumnType::kTime:
    case ColumnType::kNumber:
    case ColumnType::kInteger: return 8;
    case ColumnType::kText: return 4;
    case ColumnType::kFlag:
    case ColumnType::kDisposition: return 1;
  }
  return 8;
}

void encode_row(const Schema& schema, std::span<const Cell> cells, ByteView extra, Bytes& out) {
  const std::size_t columns = schema.columns.size();
  FIREBREAK_ASSERT(cells.size() == columns);
  put(out, schema.id, kSchemaIdBytes);
  const std::size_t bitmap = out.size();
  out.append((columns + 7) / 8, '\0');
  for (std::size_t i = 0; i < columns; ++i) {
    if (!cells[i].present) {
      out[bitmap + i / 8] = static_cast<char>(out[bitmap + i / 8] | (1 << (i % 8)));
      continue;
    }
    const ColumnType type = schema.columns[i].type;
    put(out, type == ColumnType::kText ? cells[i].text.size() : cells[i].bits, fixed_bytes(type));
  }
  for (std::size_t i = 0; i < columns; ++i)
    if (cells[i].present && schema.columns[i].type == ColumnType::kText) out += cells[i].text;
  out += extra;
}

Result<void> decode_row(const Schema& schema, ByteView octets, Row& row) {
  const std::size_t columns = schema.columns.size();
  const std::size_t bitmap_bytes = (columns + 7) / 8;
  if (octets.size() < kSchemaIdBytes + bitmap_bytes) return corrupt(schema, "too short for its bitmap");
  if (get_le<std::uint16_t>(octets, 0) != schema.id) return corrupt(schema, "names another schema");
  if (columns % 8 != 0 && static_cast<unsigned char>(octets[kSchemaIdBytes + bitmap_bytes - 1]) >> (columns % 8) != 0)
    return corrupt(schema, "unused bits of the bitmap are set");
  row.cells.assign(columns, {});
  std::size_t at = kSchemaIdBytes + bitmap_bytes;
  for (std::size_t i = 0; i < columns; ++i) {
    if ((static_cast<unsigned char>(octets[kSchemaIdBytes + i / 8]) >> (i % 8) & 1) != 0) continue;
    const std::uint8_t size = fixed_bytes(schema.columns[i].type);
    if (octets.size() - at < size) return corrupt(schema, fmt::format("ends before {}", schema.columns[i].path));
    row.cells[i].present = true;
    row.cells[i].bits = take_fixed(octets, at, size);
    at += size;
  }
  for (std::size_t i = 0; i < columns; ++i) {
    if (!row.cells[i].present || schema.columns[i].type != ColumnType::kText) continue;
    const std::uint64_t length = row.cells[i].bits;
    if (octets.size() - at < length) return corrupt(schema, fmt::format("ends inside {}", schema.columns[i].path));
    row.cells[i].text = octets.substr(at, length);
    row.cells[i].bits = 0;
    at += length;
  }
  row.extra = octets.substr(at);
  return {};
}

}  // namespace firebreak::record
