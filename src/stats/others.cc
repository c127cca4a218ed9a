#include "stats/others.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/result.h"
#include "stats/distances.h"
#include "stats/special.h"

namespace firebreak::stats {

double deequ_robust(double distance, double n, double m, std::optional<double> alpha) {
  const double c = alpha ? std::sqrt(-std::log(*alpha / 2) / 2) : 1.8;
  return std::max(0.0, distance - c * std::sqrt((n + m) / (n * m)));
}

namespace {

struct Category {
  double observed, expected;
};

bool too_small(const std::vector<Category>& sorted) {
  if (sorted.size() < 2) return false;
  if (sorted.size() == 2) return sorted[0].expected < 10;
  const auto small = std::count_if(sorted.begin(), sorted.end(), [](const Category& one) { return one.expected < 5; });
  return sorted[0].expected < 1 || static_cast<double>(small) > 0.2 * static_cast<double>(sorted.size());
}

}  // namespace

CountTest deequ_chi_square(std::span<const std::uint64_t> observed, std::span<const std::uint64_t> expected) {
  FIREBREAK_ASSERT(observed.size() == expected.size());
  std::vector<Category> kept;
  double seen = 0, wanted = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (expected[i] == 0) continue;
    kept.push_back({static_cast<double>(observed[i]), static_cast<double>(expected[i])});
    seen += kept.back().observed;
    wanted += kept.back().expected;
  }
  for (Category& one : kept) one.expected *= seen / wanted;
  const auto by_expected = [](const Category& a, const Category& b) { return a.expected < b.expected; };
  std::stable_sort(kept.begin(), kept.end(), by_expected);
  while (too_small(kept)) {
    const double threshold = kept.size() == 2 ? 10 : 5;
    Category one = kept[0];
    std::size_t used = 1;
    while (used < kept.size() && (kept[used].expected < threshold || used == 1)) {
      if (kept[used].expected >= threshold && one.expected >= threshold) break;
      one.observed += kept[used].observed;
      one.expected += kept[used++].expected;
    }
    kept.erase(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(used));
    kept.insert(std::upper_bound(kept.begin(), kept.end(), one, by_expected), one);
  }
  CountTest out;
  if (kept.size() < 2) {
    out.statistic = out.p_value = std::numeric_limits<double>::quiet_NaN();
    return out;
  }
  out.freedom = kept.size() - 1;
  for (const Category& one : kept) out.statistic += (one.observed - one.expected) * (one.observed - one.expected) / one.expected;
  out.p_value = chi_square_upper(out.statistic, static_cast<double>(out.freedom));
  return out;
}

double tfdv_jensen_shannon(std::span<const Bucket> a, double nan_a, std::span<const Bucket> b, double nan_b) {
  std::vector<double> cuts, points;
  for (const auto& buckets : {a, b})
    for (const Bucket& one : buckets) {
      cuts.push_back(one.low);
      cuts.push_back(one.high);
      if (one.low == one.high) points.push_back(one.low);
    }
  for (auto* list : {&cuts, &points}) {
    std::sort(list->begin(), list->end());
    list->erase(std::unique(list->begin(), list->end()), list->end());
  }
  const auto masses = [&](std::span<const Bucket> buckets, double nan) {
    std::vector<double> out{nan};
    for (const double point : points) {
      double mass = 0;
      for (const Bucket& one : buckets) mass += one.low == point && one.high == point ? one.count : 0;
      out.push_back(mass);
    }
    for (std::size_t i = 1; i < cuts.size(); ++i) {
      double mass = 0;
      for (const Bucket& one : buckets)
        if (one.low <= cuts[i - 1] && cuts[i] <= one.high) mass += one.count * (cuts[i] - cuts[i - 1]) / (one.high - one.low);
      out.push_back(mass);
    }
    return out;
  };
  const double distance = jensen_shannon_distance_base2(masses(a, nan_a), masses(b, nan_b));
  return distance * distance;
}

}  // namespace firebreak::stats
