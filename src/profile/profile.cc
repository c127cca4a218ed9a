#include "profile/profile.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace firebreak::profile {

std::vector<double> equal_mass_edges(std::span<const double> sorted) {
  std::vector<double> edges;
  const std::size_t n = sorted.size();
  const auto add = [&edges](double edge) {
    if (edges.empty() || edge > edges.back()) edges.push_back(edge);
  };
  for (std::size_t bin = 1; bin < kBins && n != 0; ++bin) {
    const double value = sorted[bin * n / kBins];
    if (value == sorted.front()) {
      // Values below the first edge would be none: the heap at the bottom ends where the next value begins.
      const auto next = std::upper_bound(sorted.begin(), sorted.end(), value);
      if (next != sorted.end()) add(*next);
    } else {
      add(value);
    }
  }
  return edges;
}

FeatureProfile profile_numbers(std::string name, std::span<const double> values, std::uint64_t missing) {
  FeatureProfile out;
  out.name = std::move(name);
  out.rows = values.size() + missing;
  out.missing = missing;
  NumericProfile& numeric = out.numeric;
  std::vector<double> finite;
  finite.reserve(values.size());
  for (const double value : values) {
    if (std::isfinite(value)) {
      finite.push_back(value);
      numeric.integral = numeric.integral && value == std::trunc(value);
    } else {
      ++(std::isnan(value) ? numeric.nan : value > 0 ? numeric.plus_infinity : numeric.minus_infinity);
    }
  }
  numeric.moments = stats::Moments::of(finite);
  std::sort(finite.begin(), finite.end());
  numeric.edges = equal_mass_edges(finite);
  numeric.bins = stats::open_bin_counts(numeric.edges, finite);
  return out;
}

FeatureProfile profile_categories(std::string name, std::span<const std::string> values, std::uint64_t missing) {
  FeatureProfile out;
  out.name = std::move(name);
  out.kind = FeatureKind::kCategorical;
  out.rows = values.size() + missing;
  out.missing = missing;
  std::map<std::string, std::uint64_t> counts;
  for (const std::string& value : values) ++counts[value];
  auto& top = out.categorical.top;
  top.assign(counts.begin(), counts.end());
  std::stable_sort(top.begin(), top.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  for (std::size_t i = kCategories; i < top.size(); ++i) out.categorical.other += top[i].second;
  if (top.size() > kCategories) top.resize(kCategories);
  return out;
}

}  // namespace firebreak::profile
