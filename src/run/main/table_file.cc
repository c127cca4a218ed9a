#include "run/main/table_file.h"

#include <fmt/core.h>
#include <zstd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>

namespace firebreak::cli {
namespace {

Result<std::string> unpack(const std::string& packed, const std::string& path) {
  struct Close {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };
  const std::unique_ptr<ZSTD_DStream, Close> stream(ZSTD_createDStream());
  FIREBREAK_ASSERT(stream != nullptr);
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  std::string out, piece(ZSTD_DStreamOutSize(), '\0');
  std::size_t left = 1;  // octets the open frame still wants; 0 between frames
  while (in.pos < in.size || left != 0) {
    const std::size_t before = in.pos;
    ZSTD_outBuffer to{piece.data(), piece.size(), 0};
    left = ZSTD_decompressStream(stream.get(), &to, &in);
    if (ZSTD_isError(left) != 0) return fail(Code::kCorrupt, fmt::format("{} does not unpack: {}", path, ZSTD_getErrorName(left)));
    out.append(piece.data(), to.pos);
    if (out.size() > kTableBytes) return fail(Code::kTooLarge, fmt::format("{} unpacks to more than {} octets", path, kTableBytes));
    if (to.pos == 0 && in.pos == before && left != 0) return fail(Code::kCorrupt, fmt::format("{} ends in the middle", path));
  }
  return out;
}

// RFC 4180. One record from `at` on; moves `at` behind it.
Result<std::vector<std::string>> record(std::string_view text, std::size_t& at) {
  std::vector<std::string> cells(1);
  while (at < text.size()) {
    const char c = text[at++];
    if (c == '\n') break;
    if (c == '\r' && at < text.size() && text[at] == '\n') continue;
    if (c == ',') {
      cells.emplace_back();
    } else if (c == '"' && cells.back().empty()) {
      for (;;) {
        const std::size_t end = text.find('"', at);
        if (end == std::string_view::npos) return fail(Code::kInvalid, "a quoted cell has no end");
        cells.back() += text.substr(at, end - at);
        at = end + 1;
        if (at == text.size() || text[at] != '"') break;
        cells.back() += '"';
        ++at;
      }
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

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
  FIREBREAK_ASSIGN(std::string text, read_all(files, path));
  if (path.ends_with(".zst")) {
    FIREBREAK_ASSIGN(text, unpack(text, path));
  }
  Table out;
  std::size_t at = 0;
  while (at < text.size()) {
    auto cells = record(text, at);
    if (!cells) return fail(std::move(cells.error()).with(fmt::format("{}, row {}", path, out.rows.size())));
    if (out.names.empty()) {
      out.names = std::move(*cells);
    } else if (cells->size() == out.names.size()) {
      out.rows.push_back(std::move(*cells));
    } else {
      return fail(Code::kInvalid, fmt::format("{}, row {}: {} cells under {} names", path, out.rows.size(), cells->size(), out.names.size()));
    }
  }
  return out;
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
