// A table of the archive on its way to Parquet: names and types of its columns, and the octets of a row between the
// parent, which reads the log, and the child, which writes the file. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/json.h"

namespace firebreak::archive {

enum class CellType : std::uint8_t { kUnsigned, kInteger, kTime, kNumber, kFlag, kText };

struct TableColumn {
  std::string name;
  CellType type = CellType::kText;
  std::string path;       // JSON Pointer of the record's field; empty for what the leaf says
  std::string row_type;   // record::column_type_name; empty for what the leaf says
};

struct Table {
  std::string name;  // the kind of its records
  std::string file;  // while it is made
  std::vector<TableColumn> columns;

  // Takes `wanted`, or `wanted#2`, … when a column has that name in any case.
  void add(std::string wanted, CellType type, std::string path = {}, std::string row_type = {});
  std::string column_sql(std::size_t i) const;  // name and type
  std::string create_sql() const;
};
Json to_json(const Table& table);
Result<Table> table_from_json(const Json& document);

std::string quoted_name(std::string_view name);  // "a""b"
std::string quoted_text(std::string_view text);  // 'a''b'

// Before a table's first row, and whenever columns are added at its end: u16 kTableComes, u16 table, u32 length, to_json().
inline constexpr std::uint16_t kTableComes = 0xfffe;
inline constexpr std::uint16_t kLastRow = 0xffff;

// One row: u16 table, then per column u8 0, or u8 1 and 8 octets or u32 length and text. Little-endian.
inline void put_null(Bytes& out) { out += '\0'; }
inline void put_bits(Bytes& out, std::uint64_t bits) {
  out += '\1';
  put_le(out, bits);
}
inline void put_text(Bytes& out, ByteView text) {
  out += '\1';
  put_le(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

}  // namespace firebreak::archive
