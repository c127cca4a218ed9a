#include "run/replay/dataset.h"

#include <fmt/core.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "base/limits.h"

namespace firebreak::replay {
namespace {

constexpr std::size_t kMaxRows = 1'000'000;
constexpr std::size_t kAbsent = static_cast<std::size_t>(-1);

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

Result<std::vector<std::string>> split(std::string_view line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted) {
      if (c != '"') {
        cells.back() += c;
      } else if (i + 1 < line.size() && line[i + 1] == '"') {
        cells.back() += line[++i];
      } else {
        quoted = false;
      }
    } else if (c == '"' && cells.back().empty()) {
      quoted = true;
    } else if (c == ',') {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  if (quoted) return fail(Code::kInvalid, "a quoted cell does not end on its line");
  return cells;
}

struct Layout {
  std::vector<std::size_t> numeric, categorical;
  std::size_t label = kAbsent, source = kAbsent, id = kAbsent, caller = kAbsent, columns = 0;
};

Result<Layout> layout_of(const std::vector<std::string>& header, const FeatureSchema& schema) {
  Layout layout;
  layout.columns = header.size();
  const auto place = [&](const std::string& name) {
    for (std::size_t i = 0; i < header.size(); ++i)
      if (header[i] == name) return i;
    return kAbsent;
  };
  for (const std::string& name : schema.numeric) layout.numeric.push_back(place(name));
  for (const std::string& name : schema.categorical) layout.categorical.push_back(place(name));
  for (std::size_t i = 0; i < schema.numeric.size(); ++i)
    if (layout.numeric[i] == kAbsent)
      return fail(Code::kInvalid, fmt::format("the data set has no column '{}'", schema.numeric[i]));
  for (std::size_t i = 0; i < schema.categorical.size(); ++i)
    if (layout.categorical[i] == kAbsent)
      return fail(Code::kInvalid, fmt::format("the data set has no column '{}'", schema.categorical[i]));
  layout.label = place("label");
  layout.source = place("source");
  layout.id = place("id");
  layout.caller = place("caller");
  return layout;
}

Result<double> number(const std::string& cell) {
  if (cell.empty()) return std::numeric_limits<double>::quiet_NaN();
  double value = 0;
  const char* const end = cell.data() + cell.size();
  if (const auto [at, ec] = std::from_chars(cell.data(), end, value);
      ec != std::errc() || at != end || !std::isfinite(value))
    return fail(Code::kInvalid, fmt::format("'{}' is no number", cell.substr(0, 40)));
  return value;
}

}  // namespace

Result<Dataset> parse_dataset(std::string_view csv, const FeatureSchema& schema) {
  if (csv.size() > limits::kDocumentBytes) return fail(Code::kTooLarge, "the data set is larger than 64 MiB");
  FIREBREAK_ASSIGN(const std::vector<std::string> header, split(take_line(csv)));
  FIREBREAK_ASSIGN(const Layout layout, layout_of(header, schema));
  Dataset dataset;
  for (std::size_t line = 2; !csv.empty(); ++line) {
    const std::string_view text = take_line(csv);
    if (text.empty()) continue;
    if (dataset.rows.size() == kMaxRows) return fail(Code::kTooLarge, "the data set has more than 1,000,000 rows");
    auto cells = split(text);
    if (cells && cells->size() != layout.columns)
      cells = fail(Code::kInvalid, fmt::format("{} cells, {} columns", cells->size(), layout.columns));
    if (!cells) return fail(std::move(cells.error()).with(fmt::format("data set line {}", line)));
    FeatureRow row;
    for (std::size_t i = 0; i < layout.numeric.size(); ++i) {
      auto value = number((*cells)[layout.numeric[i]]);
      if (!value)
        return fail(std::move(value.error()).with(fmt::format("data set line {}, column {}", line, schema.numeric[i])));
      row.numeric.push_back(*value);
    }
    for (const std::size_t column : layout.categorical) row.categories.push_back((*cells)[column]);
    dataset.rows.push_back(std::move(row));
    dataset.positive.push_back(layout.label != kAbsent && (*cells)[layout.label] == "1");
    const auto named = [&](std::size_t column) { return column == kAbsent ? std::string() : (*cells)[column]; };
    dataset.source.push_back(named(layout.source));
    dataset.id.push_back(named(layout.id));
    dataset.caller.push_back(named(layout.caller));
  }
  return dataset;
}

}  // namespace firebreak::replay
