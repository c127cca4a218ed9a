// whylogs: the summary of a profile's view as JSON: a list of rows that name their column, or an object with a column each.
#include <fmt/core.h>

#include "read/imports/tabulated.h"
#include "read/imports/tools.h"

namespace firebreak::imports {
namespace {

Tabulated feature_of(std::string name, const Json& one) {
  Tabulated out;
  out.name = std::move(name);
  const double rows = number_in(one, "counts/n"), null = number_in(one, "counts/null");
  out.missing = std::min(rows, null);  // NaN of pandas among them
  out.present = rows - out.missing;
  const double integral = number_in(one, "types/integral"), fractional = number_in(one, "types/fractional"),
               texts = number_in(one, "types/string"), flags = number_in(one, "types/boolean");
  out.numeric = integral + fractional > texts + flags;
  out.integral = fractional == 0;
  if (!out.numeric) {
    const Json* const items = find(one, "frequent_items/frequent_strings");
    if (items != nullptr && items->is_array())
      for (const Json& item : items->get_array())
        if (item.is_object()) out.categories.emplace_back(string_or(item, "value"), number_in(item, "est"));
    return out;
  }
  const double numbers = number_in(one, "distribution/n");
  out.present = std::max(out.present, numbers);
  out.nan = out.present - numbers;  // of another type, or not finite: no number in any case
  out.mean = number_in(one, "distribution/mean", std::nan(""));
  out.deviation = number_in(one, "distribution/stddev", std::nan(""));
  out.min = number_in(one, "distribution/min", std::nan(""));
  out.max = number_in(one, "distribution/max", std::nan(""));
  // Its quantiles: what lies between two of them has their share of the values.
  double low = out.min, below = 0, pending = 0;
  for (const auto& [key, level] :
       {std::pair("q_01", 0.01), std::pair("q_05", 0.05), std::pair("q_10", 0.1), std::pair("q_25", 0.25), std::pair("median", 0.5),
        std::pair("q_75", 0.75), std::pair("q_90", 0.9), std::pair("q_95", 0.95), std::pair("q_99", 0.99), std::pair("max", 1.0)}) {
    const double high = number_in(one, fmt::format("distribution/{}", key), std::nan(""));
    pending += (level - below) * numbers;
    below = level;
    if (!(high > low)) continue;  // equal quantiles: their values fall into the bin that begins there
    out.bins.push_back({low, high, pending});
    low = high;
    pending = 0;
  }
  if (!out.bins.empty()) out.bins.back().count += pending;
  return out;
}

Result<void> add(profile::DataProfile& out, std::string name, const Json& one) {
  if (find(one, "counts/n") == nullptr) return fail(Code::kInvalid, fmt::format("no summary of whylogs: '{}' has no 'counts/n'", name));
  FIREBREAK_ASSIGN(profile::FeatureProfile feature, profile_of(feature_of(std::move(name), one)));
  out.features.push_back(std::move(feature));
  return {};
}

}  // namespace

Result<profile::DataProfile> whylogs_profile(const Json& document) {
  profile::DataProfile out;
  if (document.is_array()) {
    for (const Json& one : document.get_array()) {
      std::string name = string_or(one, "column");
      if (name.empty()) name = string_or(one, "index");
      FIREBREAK_TRY(add(out, std::move(name), one));
    }
  } else if (document.is_object()) {
    const Json* const columns = find(document, "columns");
    for (const auto& [name, one] : columns != nullptr && columns->is_object() ? columns->get_object() : document.get_object())
      FIREBREAK_TRY(add(out, std::string(name), one));
  }
  if (out.features.empty())
    return fail(
        Code::kInvalid,
        "no summary of whylogs: rows with 'column' and 'counts/n' are wanted, as DatasetProfileView.to_pandas().reset_index() gives them");
  return out;
}

}  // namespace firebreak::imports
