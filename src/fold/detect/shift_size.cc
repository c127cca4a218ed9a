#include "fold/detect/shift_size.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "stats/categorical_tests.h"
#include "stats/distances.h"

namespace firebreak::detect {

double distance_beyond_chance(const stats::Counts& reference, const stats::Counts& now) {
  const double n = static_cast<double>(stats::total(reference)), m = static_cast<double>(stats::total(now));
  if (n == 0 || m == 0) return 0;
  double distance = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double a = static_cast<double>(reference[i]), b = static_cast<double>(now[i]);
    // E|difference| of two shares is sqrt(2/pi) of its standard deviation, with the pooled share.
    const double pooled = (a + b) / (n + m);
    distance += (std::fabs(a / n - b / m) - std::sqrt(2 / std::numbers::pi * pooled * (1 - pooled) * (1 / n + 1 / m))) / 2;
  }
  return std::max(0.0, distance);
}

ShiftSize shift_size(const stats::Counts& reference, const stats::Counts& now) {
  ShiftSize out;
  stats::Counts a, b;
  for (std::size_t i = 0; i < reference.size(); ++i)
    if (reference[i] + now[i] > 0) a.push_back(reference[i]), b.push_back(now[i]);
  out.values = stats::total(b);
  if (a.size() < 2 || out.values == 0) return out;
  const double n = static_cast<double>(stats::total(a)), m = static_cast<double>(out.values);
  const auto p = stats::shares(a, n), q = stats::shares(b, m);
  out.psi = stats::psi_half_count(a, b);
  out.psi_by_chance = static_cast<double>(a.size() - 1) * (1 / n + 1 / m);
  out.jensen_shannon = stats::jensen_shannon_distance_base2(p, q);
  out.total_variation = stats::total_variation(p, q);
  out.l_infinity = stats::l_infinity(p, q);
  out.distance_beyond_chance = distance_beyond_chance(a, b);
  const stats::CountTest test = stats::chi_square_contingency(a, b, false);
  out.chi_square = test.statistic;
  out.p_value = test.p_value;
  return out;
}

}  // namespace firebreak::detect
