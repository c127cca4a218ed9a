// A row of a table whose columns need no declaration: cells as text, with what the file says about their type.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace firebreak::table {

enum class Form : std::uint8_t {
  kAbsent,  // nothing: an empty cell of a CSV file, null, a key that is not there
  kPlain,   // text without a type of its own: CSV, Parquet
  kNumber,  // JSON
  kFlag,    // JSON: "true" or "false"
  kText,    // JSON
  kList,    // JSON: an array, as it is written
};

struct Cell {
  std::string text;
  Form form = Form::kAbsent;
};

inline constexpr std::size_t kRowBytes = 16U << 20;  // of one row as it stands in the file
inline constexpr std::size_t kTableColumns = 4'096;
inline constexpr std::size_t kNameBytes = 512;       // of a column's name

}  // namespace firebreak::table
