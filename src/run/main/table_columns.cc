#include "run/main/table_columns.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "run/main/table_number.h"

namespace firebreak::cli {
namespace {

constexpr std::string_view kFeatures = "features.";
constexpr std::size_t kIdRows = 20;      // fewer rows do not tell an id
constexpr double kIdShare = 0.9;         // distinct texts, of all
constexpr double kSteady = 0.98;         // rank correlation with the row; of 100 rows in no order it is below 0.5 but once in a million

struct Held {  // by one column's cells
  std::size_t there = 0, missing = 0;  // "NA" and such are there, and missing
  std::vector<double> numbers;         // finite ones, in the order of the rows
  bool strings = true;
  std::set<std::string> distinct;
};

Held look_at(const std::vector<TableRow>& rows, std::size_t column) {
  Held out;
  for (const TableRow& row : rows) {
    if (column >= row.size() || row[column].form == table::Form::kAbsent) continue;
    ++out.there;
    out.strings = out.strings && row[column].form == table::Form::kText;
    out.distinct.insert(row[column].text);
    const auto number = number_in(row[column]);
    if (!number) continue;
    if (std::isnan(*number)) ++out.missing;
    else out.numbers.push_back(*number);
  }
  return out;
}

// Spearman's correlation of the values with their places; equal values share the mean of their ranks.
double correlation_with_row(const std::vector<double>& values) {
  const std::size_t n = values.size();
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&values](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  const double middle = (static_cast<double>(n) - 1) / 2;
  double together = 0, of_ranks = 0, of_rows = 0;
  for (std::size_t from = 0, to = 0; from < n; from = to) {
    while (to < n && values[order[to]] == values[order[from]]) ++to;
    const double rank = (static_cast<double>(from) + static_cast<double>(to) - 1) / 2 - middle;
    for (std::size_t i = from; i < to; ++i) {
      const double row = static_cast<double>(order[i]) - middle;
      together += rank * row;
      of_ranks += rank * rank;
      of_rows += row * row;
    }
  }
  return of_ranks > 0 && of_rows > 0 ? together / std::sqrt(of_ranks * of_rows) : 0;
}

// Why these numbers are none to watch; empty when they are.
std::string numbers_rows(const Held& held) {
  // Few distinct values that rise are a setting that changed now and then, not a number of the row.
  if (held.numbers.size() < kIdRows || held.distinct.size() < kIdRows) return {};
  const double steady = correlation_with_row(held.numbers);
  if (std::fabs(steady) < kSteady) return {};
  return fmt::format("{} from row to row (rank correlation {:.3f}): it numbers or dates them", steady > 0 ? "rises" : "falls", steady);
}

}  // namespace

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
    if (held.there == held.missing) {
      leave(name, "no value in the reference");
    } else if (held.numbers.size() + held.missing == held.there) {
      if (const std::string why = numbers_rows(held); !why.empty()) {
        leave(name, why);
        continue;
      }
      out.schema.numeric.push_back(name);
      out.numeric.push_back(i);
    } else if (many && static_cast<double>(held.distinct.size()) > kIdShare * static_cast<double>(held.there)) {
      leave(name, "nearly every value is another one: it identifies rows");
    } else {
      out.schema.categorical.push_back(name);
      out.categorical.push_back(i);
      out.strings.push_back(held.strings);
    }
  }
  return out;
}

FeatureRow features_in(const TableColumns& columns, const TableRow& row, std::vector<std::size_t>* mistyped) {
  static const table::Cell kNothing;
  const auto cell_at = [&row](std::size_t column) -> const table::Cell& { return column < row.size() ? row[column] : kNothing; };
  FeatureRow out;
  for (const std::size_t column : columns.numeric) {
    const table::Cell& cell = cell_at(column);
    const auto number = number_in(cell);
    if (!number && cell.form != table::Form::kAbsent && mistyped != nullptr) mistyped->push_back(out.numeric.size());
    out.numeric.push_back(number.value_or(std::numeric_limits<double>::quiet_NaN()));
  }
  for (std::size_t i = 0; i < columns.categorical.size(); ++i) {
    const table::Cell& cell = cell_at(columns.categorical[i]);
    const bool other = cell.form == table::Form::kNumber || cell.form == table::Form::kFlag;
    if (columns.strings[i] && other && mistyped != nullptr) mistyped->push_back(columns.numeric.size() + i);
    out.categories.push_back(cell.text);
  }
  return out;
}

}  // namespace firebreak::cli
