#include "run/main/table_columns.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>

namespace firebreak::cli {
namespace {

constexpr std::string_view kFeatures = "features.";
constexpr std::size_t kIdRows = 20;      // fewer rows do not tell an id
constexpr double kIdShare = 0.9;         // distinct texts, of all

bool is_nan(const std::string& text) { return text == "nan" || text == "NaN" || text == "NAN" || text == "null" || text == "NA"; }

struct Held {  // by one column's cells
  std::size_t there = 0, numbers = 0;
  bool rises = true;
  std::set<std::string> distinct;
};

Held look_at(const std::vector<TableRow>& rows, std::size_t column) {
  Held out;
  double last = -std::numeric_limits<double>::infinity();
  for (const TableRow& row : rows) {
    if (column >= row.size() || row[column].form == table::Form::kAbsent) continue;
    ++out.there;
    out.distinct.insert(row[column].text);
    const auto number = number_in(row[column]);
    if (!number) {
      out.rises = false;
      continue;
    }
    ++out.numbers;
    out.rises = out.rises && *number > last;
    last = *number;
  }
  return out;
}

}  // namespace

std::optional<double> number_in(const table::Cell& cell) {
  if (cell.form == table::Form::kAbsent || cell.form == table::Form::kList) return std::nullopt;
  if (is_nan(cell.text)) return std::numeric_limits<double>::quiet_NaN();
  double value = 0;
  const char* const end = cell.text.data() + cell.text.size();
  const auto [at, error] = std::from_chars(cell.text.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  return value;
}

TableColumns tell_columns(const std::vector<std::string>& names, const std::vector<TableRow>& rows, const std::vector<bool>& used) {
  TableColumns out;
  const auto leave = [&out](const std::string& name, std::string_view why) {
    out.not_watched.push_back(JsonObject{{"column", name}, {"reason", why}});
  };
  // Firebreak's own records: what lies beside the features describes the request.
  const bool records = std::any_of(names.begin(), names.end(), [](const std::string& name) { return name.starts_with(kFeatures); });
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (used[i] || (records && !names[i].starts_with(kFeatures))) continue;
    const Held held = look_at(rows, i);
    const std::string name = records ? names[i].substr(kFeatures.size()) : names[i];
    const bool many = held.there >= kIdRows;
    if (held.there == 0) {
      leave(name, "no value in the reference");
    } else if (held.numbers == held.there) {
      if (many && held.rises) {
        leave(name, "rises from row to row: it numbers or dates them");
        continue;
      }
      out.schema.numeric.push_back(name);
      out.numeric.push_back(i);
    } else if (many && static_cast<double>(held.distinct.size()) > kIdShare * static_cast<double>(held.there)) {
      leave(name, "nearly every value is another one: it identifies rows");
    } else {
      out.schema.categorical.push_back(name);
      out.categorical.push_back(i);
    }
  }
  return out;
}

}  // namespace firebreak::cli
