#include "run/main/table_columns.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "fold/detect/config.h"
#include "fold/detect/text_shape.h"
#include "run/main/table_number.h"

namespace firebreak::cli {
namespace {

constexpr std::string_view kFeatures = "features.";
constexpr std::size_t kIdRows = 20;      // fewer rows do not tell an id
constexpr double kIdShare = 0.9;         // distinct texts, of all
constexpr std::size_t kMostForms = 64;   // of a text that is nearly unique
constexpr double kSteady = 0.98;         // rank correlation with the row; of 100 rows in no order it is below 0.5 but once in a million

struct Held {  // by one column's cells
  std::size_t there = 0, missing = 0;  // "NA" and such are there, and missing
  std::size_t with_comma = 0;          // as "1,5"
  std::vector<double> numbers;         // finite ones, in the order of the rows
  bool strings = true;
  std::set<std::string> distinct;
};

// A number with one comma where programs write a point.
bool comma_number(std::string text) {
  const std::size_t comma = text.find(',');
  if (comma == std::string::npos || comma == 0 || comma + 1 == text.size()) return false;
  text[comma] = '.';
  return number_in({std::move(text), table::Form::kPlain}).has_value();
}

Held look_at(const std::vector<TableRow>& rows, std::size_t column) {
  Held out;
  for (const TableRow& row : rows) {
    if (column >= row.size() || row[column].form == table::Form::kAbsent) continue;
    ++out.there;
    out.strings = out.strings && row[column].form == table::Form::kText;
    out.distinct.insert(row[column].text);
    const auto number = number_in(row[column]);
    if (!number) {
      out.with_comma += comma_number(row[column].text) ? 1 : 0;
      continue;
    }
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

bool identifies(const Held& held) {
  return held.there >= kIdRows && static_cast<double>(held.distinct.size()) > kIdShare * static_cast<double>(held.there);
}

bool few_forms(const Held& held) {
  std::set<std::string> forms;
  for (const std::string& text : held.distinct) {
    forms.insert(detect::shape_of(text));
    if (forms.size() > kMostForms) return false;
  }
  return true;
}

// Why these texts are none to watch; empty when they are.
std::string odd_texts(const Held& held) {
  if (held.there < kIdRows) return {};
  if (held.distinct.size() >= kIdRows && static_cast<double>(held.with_comma) > kIdShare * static_cast<double>(held.there - held.missing))
    return fmt::format("numbers written with a comma, as '{}': write them with a point", held.distinct.begin()->substr(0, 40));
  if (identifies(held) && !few_forms(held))
    return fmt::format("free text: nearly every value is another one, in more than {} forms", kMostForms);
  return {};
}

}  // namespace

bool are_records(const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [](const std::string& name) { return name.starts_with(kFeatures); });
}

std::string feature_name(const std::vector<std::string>& names, std::size_t column) {
  if (!are_records(names)) return names[column];
  return names[column].starts_with(kFeatures) ? names[column].substr(kFeatures.size()) : std::string();
}

TableColumns tell_columns(const std::vector<std::string>& names, const std::vector<TableRow>& rows, const std::vector<bool>& used) {
  TableColumns out;
  const auto leave = [&out](const std::string& name, std::string_view why) {
    out.not_watched.push_back(JsonObject{{"column", name}, {"reason", why}});
  };
  std::vector<std::size_t> texts;
  std::vector<Held> held(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string name = feature_name(names, i);
    if (used[i] || name.empty()) continue;
    held[i] = look_at(rows, i);
    if (held[i].there == held[i].missing) {
      leave(name, "no value in the reference");
    } else if (held[i].numbers.size() + held[i].missing != held[i].there) {
      texts.push_back(i);
    } else if (const std::string why = numbers_rows(held[i]); !why.empty()) {
      leave(name, why);
    } else {
      out.schema.numeric.push_back(name);
      out.numeric.push_back(i);
    }
  }
  for (const std::size_t i : texts) {
    const std::string name = feature_name(names, i), why = odd_texts(held[i]);
    if (!why.empty()) {
      leave(name, why);
    } else {
      out.schema.categorical.push_back(name);
      out.categorical.push_back(i);
      out.strings.push_back(held[i].strings);
      out.forms.push_back(identifies(held[i]));
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
