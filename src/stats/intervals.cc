#include "stats/intervals.h"

#include <algorithm>
#include <cmath>

namespace firebreak::stats {

Interval wilson(double hits, double n, double z) {
  if (n <= 0) return {};
  const double p = hits / n, zz = z * z / n;
  const double middle = p + zz / 2, half = z * std::sqrt(p * (1 - p) / n + zz / (4 * n));
  return {hits <= 0 ? 0 : std::max(0.0, (middle - half) / (1 + zz)), hits >= n ? 1 : std::min(1.0, (middle + half) / (1 + zz))};
}

double beyond_one_end(std::uint64_t n, double alpha) {
  return n == 0 ? 1 : -std::expm1(std::log(alpha) / static_cast<double>(n));
}

// The share inside follows a beta distribution of n - 1 and 2: P(inside <= p) = n p^(n-1) - (n - 1) p^n.
double beyond_both_ends(std::uint64_t n, double alpha) {
  if (n < 2) return 1;
  const auto size = static_cast<double>(n);
  double low = 0, high = 1;  // of the share outside
  for (int i = 0; i < 100; ++i) {
    const double outside = (low + high) / 2, rest = (size - 1) * std::log1p(-outside);
    (std::exp(rest) * (1 + (size - 1) * outside) > alpha ? low : high) = outside;
  }
  return high;
}

}  // namespace firebreak::stats
