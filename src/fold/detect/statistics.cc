#include "fold/detect/statistics.h"

#include <algorithm>
#include <cmath>

namespace firebreak::detect {

Interval wilson(std::uint64_t hits, std::uint64_t trials, double z) {
  if (trials == 0) return {};
  const double n = static_cast<double>(trials);
  const double p = static_cast<double>(hits) / n;
  const double scale = 1 + z * z / n;
  const double centre = (p + z * z / (2 * n)) / scale;
  const double half = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / scale;
  // At the ends the bound is exact; rounding must not leave a sliver.
  return {hits == 0 ? 0.0 : centre - half, hits == trials ? 1.0 : centre + half};
}

double binomial_upper_tail(std::uint64_t hits, std::uint64_t trials, double p) {
  if (hits == 0) return 1;
  if (hits > trials || p <= 0) return 0;
  if (p >= 1) return 1;
  const double n = static_cast<double>(trials);
  const double k = static_cast<double>(hits);
  // Below the mean the upper tail is the big side; sum the small one.
  if (k <= n * p) return 1 - binomial_upper_tail(trials - hits + 1, trials, 1 - p);
  double term = std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(p) +
                         (n - k) * std::log1p(-p));
  double sum = 0;
  for (double at = k; at <= n && term > sum * 1e-16; ++at) {
    sum += term;
    term *= (n - at) / (at + 1) * p / (1 - p);
  }
  return std::min(1.0, sum);
}

}  // namespace firebreak::detect
