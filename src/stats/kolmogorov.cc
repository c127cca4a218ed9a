#include "stats/kolmogorov.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <numeric>
#include <vector>

#include "base/result.h"
#include "stats/special.h"

namespace firebreak::stats {
namespace {

// P(D+ >= d): Birnbaum & Tingey 1951, all terms positive.
double smirnov_upper(double n, double d) {
  if (d >= 1) return 0;
  double out = std::exp(n * std::log1p(-d));
  for (double j = 1; j <= std::floor(n * (1 - d)); ++j) {
    const double rest = 1 - d - j / n;
    if (rest <= 0) break;
    out += d * std::exp(log_choose(n, j) + (j - 1) * std::log(d + j / n) + (n - j) * std::log(rest));
  }
  return std::min(1.0, out);
}

using Matrix = std::vector<double>;  // square, row after row

Matrix product(const Matrix& a, const Matrix& b, std::size_t size) {
  Matrix out(size * size);
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t k = 0; k < size; ++k)
      for (std::size_t j = 0; j < size; ++j) out[i * size + j] += a[i * size + k] * b[k * size + j];
  return out;
}

// n! / n^n times the middle of H^n, where H is made of the distance's fraction: Marsaglia, Tsang & Wang 2003. Every
// factor is scaled by e^(n! / n^n)^(1/n), spread over the powers, so that nothing leaves the range of a double.
double durbin_cdf(std::size_t n, double d) {
  const double nd = static_cast<double>(n) * d;
  const auto k = static_cast<std::size_t>(nd) + 1;
  const std::size_t size = 2 * k - 1;
  const double h = static_cast<double>(k) - nd;
  Matrix base(size * size);
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = 0; j < size; ++j) base[i * size + j] = i + 1 < j ? 0 : 1;
  for (std::size_t i = 0; i < size; ++i) {
    base[i * size] -= std::pow(h, static_cast<double>(i + 1));
    base[(size - 1) * size + i] -= std::pow(h, static_cast<double>(size - i));
  }
  if (2 * h - 1 > 0) base[(size - 1) * size] += std::pow(2 * h - 1, static_cast<double>(size));
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = 0; j <= std::min(i + 1, size - 1); ++j)
      base[i * size + j] /= std::tgamma(static_cast<double>(i + 1 - j) + 1);
  const double scale = std::exp(std::lgamma(static_cast<double>(n) + 1) / static_cast<double>(n)) / static_cast<double>(n);
  for (double& value : base) value *= scale;
  Matrix power(size * size);
  for (std::size_t i = 0; i < size; ++i) power[i * size + i] = 1;
  for (std::size_t left = n; left > 0; left /= 2) {
    if (left % 2 == 1) power = product(power, base, size);
    base = product(base, base, size);
  }
  return power[(k - 1) * size + k - 1];
}

// Pelz & Good 1976, as Simard & L'Ecuyer 2011 write it (their eq. 9 to 12): four terms in powers of n^-1/2.
double pelz_good_cdf(double n, double d) {
  const double z = d * std::sqrt(n), z2 = z * z, z4 = z2 * z2, z6 = z4 * z2;
  const double pi2 = std::numbers::pi * std::numbers::pi;
  double k0 = 0, k1 = 0, k2 = 0, k3 = 0;
  for (int i = 19; i >= 0; --i) {
    const double half = (i + 0.5) * (i + 0.5) * pi2, decay = 2 * std::exp(-half / (2 * z2));  // i and -i - 1 together
    k0 += decay;
    k1 += decay * (half - z2);
    k2 += decay * (6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * half + (1 - 2 * z2) * half * half);
    k3 += decay * ((5 - 30 * z2) * half * half * half + (212 * z4 - 60 * z2) * half * half +
                   (135 * z4 - 96 * z6) * half - 30 * z6 - 90 * z4 * z4);
  }
  double whole2 = 0, whole3 = 0;
  for (int i = 19; i >= 1; --i) {
    const double whole = i * i * pi2, decay = 2 * std::exp(-whole / (2 * z2));
    whole2 += decay * whole;
    whole3 += decay * (3 * whole * z2 - whole * whole);
  }
  const double root = std::sqrt(std::numbers::pi / 2);
  k0 *= root / z;  // sqrt(2 pi) / z over i >= 0; decay counts each twice
  k1 *= root / (6 * z4);
  k2 = root * (k2 / (72 * z6 * z) - whole2 / (36 * z2 * z));
  k3 = root * (k3 / (6480 * z6 * z4) + whole3 / (216 * z6));
  const double s = std::sqrt(n);
  return k0 + k1 / s + k2 / n + k3 / (n * s);
}

}  // namespace

KolmogorovDistance kolmogorov_distance(std::span<const double> a, std::span<const double> b) {
  FIREBREAK_ASSERT(!a.empty() && !b.empty());
  // The difference of the CDFs rises at values of a alone and falls at values of b alone, so walking both in order meets
  // the first place of each extreme first.
  const double n = static_cast<double>(a.size()), m = static_cast<double>(b.size());
  double above = -1, below = -1, above_at = 0, below_at = 0;
  std::size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    const double at = i == a.size() ? b[j] : j == b.size() ? a[i] : std::min(a[i], b[j]);
    while (i < a.size() && a[i] == at) ++i;
    while (j < b.size() && b[j] == at) ++j;
    const double d = static_cast<double>(i) / n - static_cast<double>(j) / m;
    if (d > above) {
      above = d;
      above_at = at;
    }
    if (-d > below) {
      below = -d;
      below_at = at;
    }
  }
  above = std::clamp(above, 0.0, 1.0);
  below = std::clamp(below, 0.0, 1.0);
  return below > above ? KolmogorovDistance{below, below_at} : KolmogorovDistance{above, above_at};
}

double kolmogorov_two_sample_exact(double distance, std::size_t n, std::size_t m) {
  FIREBREAK_ASSERT(n > 0 && m > 0);
  const std::size_t divisor = std::gcd(n, m);
  const auto step_a = static_cast<std::int64_t>(m / divisor), step_b = static_cast<std::int64_t>(n / divisor);
  const double lcm = static_cast<double>(n / divisor) * static_cast<double>(m);
  const auto reach = static_cast<std::int64_t>(std::llround(distance * lcm));
  if (reach == 0) return 1;
  // out[j]: the share of paths to (i, j) that have been at |i / n - j / m| >= reach / lcm. The last step of a path to
  // (i, j) comes from (i - 1, j) with chance i / (i + j).
  std::vector<double> out(m + 1);
  for (std::size_t i = 0; i <= n; ++i) {
    std::int64_t gap = static_cast<std::int64_t>(i) * step_a;
    for (std::size_t j = 0; j <= m; ++j, gap -= step_b) {
      if (gap >= reach || -gap >= reach) {
        out[j] = 1;
      } else if (i == 0) {
        out[j] = j == 0 ? 0 : out[j - 1];
      } else if (j > 0) {
        const double x = static_cast<double>(i), y = static_cast<double>(j);
        out[j] = (x * out[j] + y * out[j - 1]) / (x + y);
      }
    }
  }
  return out[m];
}

double kolmogorov_two_sample_asymptotic(double distance, std::size_t n, std::size_t m) {
  const double a = static_cast<double>(n), b = static_cast<double>(m);
  return kolmogorov_upper(std::nearbyint(a * b / (a + b)), distance);
}

double kolmogorov_upper(double n, double distance) {
  if (distance <= 0 || n * distance <= 0.5) return 1;
  if (distance >= 1) return 0;
  const double square = n * distance * distance;
  constexpr double kSmall = 140, kTailSmall = 4, kTail = 2.2, kPelzGoodFrom = 1.4;
  if (distance >= 0.5 || square >= (n <= kSmall ? kTailSmall : kTail)) return std::min(1.0, 2 * smirnov_upper(n, distance));
  if (n <= kSmall || n * std::pow(distance, 1.5) <= kPelzGoodFrom) return 1 - durbin_cdf(static_cast<std::size_t>(n), distance);
  return std::clamp(1 - pelz_good_cdf(n, distance), 0.0, 1.0);
}

}  // namespace firebreak::stats
