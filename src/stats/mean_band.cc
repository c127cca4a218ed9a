#include "stats/mean_band.h"

#include <algorithm>
#include <cmath>

#include "base/result.h"
#include "stats/special.h"

namespace firebreak::stats {
namespace {

double log_likelihood(double n, double sum, double m) {
  double out = 0;
  if (sum > 0) out += sum * std::log(m);
  if (n - sum > 0) out += (n - sum) * std::log1p(-m);
  return out;
}

// The end of the interval between `inside`, which belongs to it, and `outside`.
template <class Belongs>
double end_between(double inside, double outside, const Belongs& belongs) {
  constexpr int kHalvings = 60;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = 0.5 * (inside + outside);
    (belongs(middle) ? inside : outside) = middle;
  }
  return outside;
}

// A chance below alpha for every share above the limit, by Hoeffding and Chernoff: n KL(mean, share) <= ln(1/alpha). Holds for any
// values in 0..1; a little wider than Clopper and Pearson's for 0 and 1.
double chernoff(double n, double sum, double alpha, double far) {
  const double mean = sum / n, best = log_likelihood(n, sum, mean);
  return end_between(mean, far, [&](double m) { return best - log_likelihood(n, sum, m) <= std::log(1 / alpha); });
}

}  // namespace

MeanBand mean_band(double n, double sum, double alpha) {
  FIREBREAK_ASSERT(n >= 0 && sum >= 0 && sum <= n && alpha > 0 && alpha < 1);
  if (n == 0) return {};
  constexpr double kPrior = 0.5;
  const double mixture = std::lgamma(kPrior + sum) + std::lgamma(kPrior + n - sum) - std::lgamma(2 * kPrior + n) -
                         (2 * std::lgamma(kPrior) - std::lgamma(2 * kPrior));
  const auto belongs = [&](double m) { return mixture - log_likelihood(n, sum, m) < std::log(1 / alpha); };
  const double mean = sum / n;
  return {sum == 0 ? 0 : end_between(mean, 0, belongs), sum == n ? 1 : end_between(mean, 1, belongs)};
}

double upper_share(double n, double hits, double alpha) {
  FIREBREAK_ASSERT(n >= 0 && hits >= 0 && hits <= n && alpha > 0 && alpha < 1);
  return hits == n ? 1 : beta_quantile(hits + 1, n - hits, 1 - alpha);
}

double lower_share(double n, double hits, double alpha) { return 1 - upper_share(n, n - hits, alpha); }

double upper_limit(double n, double sum, double alpha) {
  FIREBREAK_ASSERT(n >= 0 && sum >= 0 && sum <= n && alpha > 0 && alpha < 1);
  return n == 0 || sum == n ? 1 : chernoff(n, sum, alpha, 1);
}

double lower_limit(double n, double sum, double alpha) {
  FIREBREAK_ASSERT(n >= 0 && sum >= 0 && sum <= n && alpha > 0 && alpha < 1);
  return n == 0 || sum == 0 ? 0 : chernoff(n, sum, alpha, 0);
}

double upper_limit(double n, double sum, double squares, double alpha) {
  const double plain = upper_limit(n, sum, alpha / 2);
  if (n < 2) return plain;
  const double variance = std::max(0.0, (squares - sum * sum / n) / (n - 1)), log_term = std::log(4 / alpha);
  return std::min(plain, sum / n + std::sqrt(2 * variance * log_term / n) + 7 * log_term / (3 * (n - 1)));
}

}  // namespace firebreak::stats
