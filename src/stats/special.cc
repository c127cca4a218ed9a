#include "stats/special.h"

#include <boost/math/special_functions/bessel.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <limits>
#include <numbers>

namespace firebreak::stats {
namespace {

namespace policies = boost::math::policies;

// No exceptions: what cannot be computed is NaN or a limit.
using Quiet = policies::policy<policies::domain_error<policies::ignore_error>, policies::pole_error<policies::ignore_error>,
                               policies::overflow_error<policies::ignore_error>, policies::underflow_error<policies::ignore_error>,
                               policies::evaluation_error<policies::ignore_error>>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double normal_upper(double z) { return std::erfc(z / std::numbers::sqrt2) / 2; }

double chi_square_upper(double x, double freedom) {
  if (std::isnan(x) || !(freedom > 0)) return kNan;
  if (x <= 0) return 1;
  if (std::isinf(x)) return 0;
  return boost::math::gamma_q(freedom / 2, x / 2, Quiet());
}

double student_two_sided(double t, double freedom) {
  if (std::isnan(t) || !(freedom > 0)) return kNan;
  if (std::isinf(t)) return 0;
  // P(|T| > t) = I_{v/(v+t^2)}(v/2, 1/2). Near t = 0 the argument is near 1 and the other half is the exact one.
  const double square = t * t;
  if (square < freedom) return boost::math::ibetac(0.5, freedom / 2, square / (freedom + square), Quiet());
  return boost::math::ibeta(freedom / 2, 0.5, freedom / (freedom + square), Quiet());
}

double bessel_k_quarter_scaled(double x) {
  constexpr double kAsymptotic = 600;
  if (x < kAsymptotic) return std::exp(x) * boost::math::cyl_bessel_k(0.25, x, Quiet());
  // DLMF 10.40.2 with nu = 1/4: the third term is below 1e-9, the fourth below 1e-12 from here on.
  constexpr double kMu = 0.25;  // 4 nu^2
  const double y = 8 * x;
  const double first = (kMu - 1) / y, second = first * (kMu - 9) / (2 * y), third = second * (kMu - 25) / (3 * y);
  return std::sqrt(std::numbers::pi / (2 * x)) * (1 + first + second + third);
}

double binomial_upper_limit(double hits, double n, double alpha) {
  if (!(n > 0) || hits >= n) return 1;
  return boost::math::ibetac_inv(hits + 1, n - hits, alpha, Quiet());
}

double log_choose(double n, double k) { return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1); }

}  // namespace firebreak::stats
