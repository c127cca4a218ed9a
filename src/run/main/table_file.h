// Columns of a file of rows, for commands that look at files without a server.
//
// Format: CSV, NDJSON, Parquet by the file's name (read/table/rows.h says which, and the errors). What is absent is the empty
// text here; numbers of JSON stand as text. Limits: kTableBytes of cells. Rows are data rows, 0-based, half open.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"

namespace firebreak::cli {

constexpr std::uint64_t kTableBytes = std::uint64_t{1} << 30;

struct RowRange {
  std::uint64_t from = 0, to = UINT64_MAX;
};
Result<RowRange> parse_rows(std::string_view text);  // "A:B", "A:", ":B"; empty is all

struct Condition {  // only rows whose `column` is `value`
  std::string column, value;
};
Result<std::optional<Condition>> parse_condition(std::string_view text);  // "COLUMN=VALUE"; empty is none

struct Table {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> rows;
};
Result<Table> read_table(Files& files, const std::string& path);

// kInvalid names the column that there is twice: nothing could say which is meant.
Result<void> distinct_names(const std::string& path, std::vector<std::string> names);

struct Cells {
  std::vector<std::string> values;
  std::vector<std::uint64_t> rows;  // of the table, one per value
};

// The cells of `column` that are not empty. kInvalid when the column, or that of the condition, is not there, or the range
// ends behind the last row.
Result<Cells> cells_of(const Table& table, const std::string& column, const RowRange& rows, const std::optional<Condition>& where);
// kInvalid names the first cell that is no finite number, and its row.
Result<std::vector<double>> numbers_of(const Cells& cells);

}  // namespace firebreak::cli
