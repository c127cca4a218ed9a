#include "run/main/table_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "read/table/rows.h"

namespace firebreak::cli {
namespace {

Result<std::size_t> column_of(const Table& table, const std::string& name) {
  const auto at = std::find(table.names.begin(), table.names.end(), name);
  if (at != table.names.end()) return static_cast<std::size_t>(at - table.names.begin());
  std::string known;
  for (const std::string& one : table.names) known += (known.empty() ? "" : ", ") + one;
  return fail(Code::kInvalid, fmt::format("no column '{}'; there are: {}", name, known));
}

Result<std::uint64_t> row_number(std::string_view text, std::uint64_t otherwise) {
  if (text.empty()) return otherwise;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return fail(Code::kInvalid, fmt::format("'{}' is no row number", text));
  return value;
}

}  // namespace

Result<RowRange> parse_rows(std::string_view text) {
  if (text.empty()) return RowRange{};
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return fail(Code::kInvalid, fmt::format("rows are given as FROM:TO, not '{}'", text));
  RowRange out;
  FIREBREAK_ASSIGN(out.from, row_number(text.substr(0, colon), 0));
  FIREBREAK_ASSIGN(out.to, row_number(text.substr(colon + 1), UINT64_MAX));
  if (out.from >= out.to) return fail(Code::kInvalid, fmt::format("the rows {} are none", text));
  return out;
}

Result<std::optional<Condition>> parse_condition(std::string_view text) {
  if (text.empty()) return std::optional<Condition>();
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0)
    return fail(Code::kInvalid, fmt::format("a condition is COLUMN=VALUE, not '{}'", text));
  return Condition{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

Result<Table> read_table(Files& files, const std::string& path) {
  Table out;
  std::uint64_t octets = 0;
  FIREBREAK_TRY(table::each_row(files, path, {}, [&](const table::Row& row) -> Result<void> {
    if (out.names.size() < row.names.size()) out.names = row.names;
    std::vector<std::string>& cells = out.rows.emplace_back();
    cells.reserve(row.cells.size());
    for (const table::Cell& cell : row.cells) octets += cells.emplace_back(cell.text).size();
    if (octets > kTableBytes) return fail(Code::kTooLarge, fmt::format("{} holds more than {} octets of cells", path, kTableBytes));
    return {};
  }));
  for (auto& row : out.rows) row.resize(out.names.size());  // before columns that came later
  return out;
}

Result<void> distinct_names(const std::string& path, std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return {};
  return fail(Code::kInvalid, fmt::format("{}: two columns are called '{}': give them names of their own", path, *twice));
}

Result<Cells> cells_of(const Table& table, const std::string& column, const RowRange& rows, const std::optional<Condition>& where) {
  FIREBREAK_ASSIGN(const std::size_t at, column_of(table, column));
  std::size_t tested = at;
  if (where) {
    FIREBREAK_ASSIGN(tested, column_of(table, where->column));
  }
  if (rows.from >= table.rows.size() || (rows.to != UINT64_MAX && rows.to > table.rows.size()))
    return fail(Code::kInvalid, fmt::format("the file has rows 0:{}", table.rows.size()));
  Cells out;
  for (std::uint64_t i = rows.from; i < std::min<std::uint64_t>(rows.to, table.rows.size()); ++i) {
    if (table.rows[i][at].empty() || (where && table.rows[i][tested] != where->value)) continue;
    out.values.push_back(table.rows[i][at]);
    out.rows.push_back(i);
  }
  return out;
}

Result<std::vector<double>> numbers_of(const Cells& cells) {
  std::vector<double> out;
  out.reserve(cells.values.size());
  for (std::size_t i = 0; i < cells.values.size(); ++i) {
    const std::string& cell = cells.values[i];
    double value = 0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc() || end != cell.data() + cell.size() || !std::isfinite(value))
      return fail(Code::kInvalid, fmt::format("row {}: '{}' is no number", cells.rows[i], cell.substr(0, 40)));
    out.push_back(value);
  }
  return out;
}

}  // namespace firebreak::cli
