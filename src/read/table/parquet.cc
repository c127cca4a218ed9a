#include "read/table/parquet.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "read/archive/child.h"
#include "read/archive/table.h"

namespace firebreak::table {
namespace {

constexpr std::uint64_t kSliceCells = 8'000'000;                      // DuckDB holds a slice as text
constexpr std::int64_t kSliceBytes = std::int64_t{1} << 30;
constexpr std::int64_t kMemoryMb = 3'072, kTimeoutMs = 10 * 60'000;  // of a slice

Result<void> ask(const std::string& file, const std::string& sql, const std::function<Result<void>(JsonArray)>& line) {
  archive::Engine engine;
  engine.memory_mb = kMemoryMb;
  engine.timeout_ms = kTimeoutMs;
  FIREBREAK_ASSIGN(
      auto child,
      archive::Child::start(
          engine,
          {{"mode", "select"}, {"paths", JsonArray{Json(file)}}, {"sql", sql}, {"max_rows", INT64_MAX}, {"max_octets", kSliceBytes}}));
  Result<void> heard;
  FIREBREAK_TRY(child.finish([&](std::string_view text) {
    if (!heard) return;
    auto parsed = parse_json(text);
    if (!parsed || !parsed->is_array())
      heard = fail(Code::kIo, "the DuckDB process answered no row");
    else
      heard = line(std::move(parsed->as_array()));
  }));
  return heard;
}

// The text of the only cell of the second line: the first one has the names.
Result<std::uint64_t> count_rows(const std::string& file, const std::string& from) {
  std::string text;
  FIREBREAK_TRY(ask(file, "SELECT count(*) AS n FROM " + from, [&](const JsonArray& cells) -> Result<void> {
    if (cells.size() == 1 && cells[0].is_string()) text = std::string(cells[0].get_string());
    return {};
  }));
  std::uint64_t count = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return fail(Code::kIo, "the DuckDB process did not count");
    count = count * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return count;
}

struct Slice {
  std::vector<std::string> names;
  std::vector<Cell> cells;
};

Result<void> fill(Slice& slice, const JsonArray& values) {
  if (values.size() != slice.names.size()) return fail(Code::kIo, "the DuckDB process answered a row of another width");
  slice.cells.resize(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    Cell& cell = slice.cells[i];
    cell.text.clear();
    if (values[i].is_string()) cell.text = std::string_view(values[i].get_string());
    cell.form = cell.text.empty() ? Form::kAbsent : Form::kPlain;
  }
  return {};
}

}  // namespace

Result<std::uint64_t> each_parquet_row(const std::string& path, const Reading& reading,
                                       const std::function<Result<void>(const Row&)>& row) {
  std::error_code wrong;
  const std::string file = std::filesystem::absolute(path, wrong).string();
  if (wrong || !std::filesystem::is_regular_file(file, wrong)) return fail(Code::kNotFound, fmt::format("there is no file {}", path));
  const std::string from = fmt::format("read_parquet({})", archive::quoted_text(file));
  const auto with_path = [&](Error error) { return fail(std::move(error).with(path)); };
  const auto rows = count_rows(file, from);
  if (!rows) return with_path(Error(rows.error()));
  if (reading.from > *rows || (reading.from == *rows && reading.from != 0))
    return fail(Code::kInvalid, fmt::format("{} has rows 0:{} only", path, *rows));
  const std::uint64_t end = std::min(*rows, reading.to);
  Slice slice;
  for (std::uint64_t at = reading.from, width = 1'000; at < end;) {
    const std::uint64_t size = std::min(end - at, std::max<std::uint64_t>(1, kSliceCells / width));
    slice.names.clear();
    std::uint64_t number = at;
    auto done = ask(file, fmt::format("SELECT * FROM {} LIMIT {} OFFSET {}", from, size, at), [&](const JsonArray& values) -> Result<void> {
      if (slice.names.empty()) {
        for (const Json& name : values) slice.names.emplace_back(name.is_string() ? std::string(name.get_string()) : std::string());
        if (slice.names.size() > kTableColumns) return fail(Code::kTooLarge, fmt::format("more than {} columns", kTableColumns));
        return {};
      }
      FIREBREAK_TRY(fill(slice, values));
      return row({slice.names, slice.cells, number++});
    });
    if (!done) return with_path(std::move(done.error()));
    if (number != at + size) return fail(Code::kIo, fmt::format("{}: the DuckDB process answered {} of {} rows", path, number - at, size));
    at = number;
    width = std::max<std::uint64_t>(1, slice.names.size());
    if (reading.progress) reading.progress(static_cast<double>(at - reading.from) / static_cast<double>(end - reading.from));
  }
  return end - reading.from;
}

}  // namespace firebreak::table
