#include "stats/rank_tests.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <numbers>
#include <numeric>
#include <vector>

#include "base/result.h"
#include "stats/special.h"

namespace firebreak::stats {
namespace {

// One value of the pooled sample: how often each side has it, and how many smaller values each side has.
struct Tie {
  double in_a, in_b, below_a, below_b;
  double all() const { return in_a + in_b; }
  double below() const { return below_a + below_b; }
  double rank() const { return below() + (all() + 1) / 2; }
};

template <class Visit>
void each_tie(std::span<const double> a, std::span<const double> b, Visit visit) {
  std::size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    const double at = i == a.size() ? b[j] : j == b.size() ? a[i] : std::min(a[i], b[j]);
    const std::size_t from_i = i, from_j = j;
    while (i < a.size() && a[i] == at) ++i;
    while (j < b.size() && b[j] == at) ++j;
    visit(Tie{static_cast<double>(i - from_i), static_cast<double>(j - from_j), static_cast<double>(from_i),
              static_cast<double>(from_j)});
  }
}

// Csoergo & Faraway 1996, eq. 1.3.
double cramer_limit_cdf(double x) {
  constexpr double kStop = 1e-7;
  double out = 0, term = 1;
  for (double k = 0; std::fabs(term) >= kStop; ++k) {
    const double y = 4 * k + 1, q = y * y / (16 * x);
    const double weight = std::exp(std::lgamma(k + 0.5) - std::lgamma(k + 1)) / (std::pow(std::numbers::pi, 1.5) * std::sqrt(x));
    term = weight * std::sqrt(y) * std::exp(-2 * q) * bessel_k_quarter_scaled(q);
    out += term;
  }
  return out;
}

struct CramerStatistic {
  double u = 0, t = 0;
};

CramerStatistic cramer_statistic(std::span<const double> a, std::span<const double> b) {
  FIREBREAK_ASSERT(!a.empty() && !b.empty());
  const double n = static_cast<double>(a.size()), m = static_cast<double>(b.size()), pairs = n * m, all = n + m;
  double own = 0, other = 0;
  each_tie(a, b, [&](const Tie& tie) {
    for (double i = 1; i <= tie.in_a; ++i) own += (tie.rank() - tie.below_a - i) * (tie.rank() - tie.below_a - i);
    for (double j = 1; j <= tie.in_b; ++j) other += (tie.rank() - tie.below_b - j) * (tie.rank() - tie.below_b - j);
  });
  const double u = n * own + m * other;
  return {u, u / (pairs * all) - (4 * pairs - 1) / (6 * all)};
}

// Least squares of log(significance) on the critical value by a parabola (Scholz & Stephens 1987, table 2 for one degree).
double anderson_p(double statistic) {
  constexpr std::array<double, 7> kLevel = {0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001};
  constexpr std::array<double, 7> kB0 = {0.675, 1.281, 1.645, 1.96, 2.326, 2.573, 3.085};
  constexpr std::array<double, 7> kB1 = {-0.245, 0.25, 0.678, 1.149, 1.822, 2.364, 3.615};
  constexpr std::array<double, 7> kB2 = {-0.105, -0.305, -0.362, -0.391, -0.396, -0.345, -0.154};
  std::array<std::array<long double, 4>, 3> rows{};  // the normal equations
  double lowest = std::numeric_limits<double>::infinity(), highest = -lowest;
  for (std::size_t i = 0; i < kLevel.size(); ++i) {
    const double critical = kB0[i] + kB1[i] + kB2[i];
    lowest = std::min(lowest, critical);
    highest = std::max(highest, critical);
    const std::array<long double, 3> powers = {1, critical, static_cast<long double>(critical) * critical};
    for (std::size_t r = 0; r < 3; ++r) {
      for (std::size_t c = 0; c < 3; ++c) rows[r][c] += powers[r] * powers[c];
      rows[r][3] += powers[r] * std::log(static_cast<long double>(kLevel[i]));
    }
  }
  if (statistic < lowest) return kLevel.front();
  if (statistic > highest) return kLevel.back();
  for (std::size_t p = 0; p < 3; ++p)  // the matrix is positive definite: no pivoting
    for (std::size_t r = 0; r < 3; ++r) {
      if (r == p) continue;
      const long double factor = rows[r][p] / rows[p][p];
      for (std::size_t c = p; c < 4; ++c) rows[r][c] -= factor * rows[p][c];
    }
  const long double x = statistic;
  return static_cast<double>(std::exp(rows[0][3] / rows[0][0] + x * (rows[1][3] / rows[1][1] + x * rows[2][3] / rows[2][2])));
}

// Scholz & Stephens 1987, eq. 4, for two samples.
double anderson_variance(double n, double m) {
  const double all = n + m, k = 2, inverse = 1 / n + 1 / m;
  double h = 0, g = 0;  // h: sum of 1/i below N; g: sum of 1/((N - i) j) over i < j < N
  for (double i = 2; i < all; ++i) {
    h += 1 / (all + 1 - i);
    g += h / i;
  }
  h += 1;
  const double a = (4 * g - 6) * (k - 1) + (10 - 6 * g) * inverse;
  const double b = (2 * g - 4) * k * k + 8 * h * k + (2 * g - 14 * h - 4) * inverse - 8 * h + 4 * g - 6;
  const double c = (6 * h + 2 * g - 2) * k * k + (4 * h - 4 * g + 6) * k + (2 * h - 6) * inverse + 4 * h;
  const double d = (2 * h + 6) * k * k - 4 * h * k;
  return (((a * all + b) * all + c) * all + d) / ((all - 1) * (all - 2) * (all - 3));
}

}  // namespace

TestResult mann_whitney(std::span<const double> a, std::span<const double> b, Side side) {
  FIREBREAK_ASSERT(!a.empty() && !b.empty());
  const double n = static_cast<double>(a.size()), m = static_cast<double>(b.size()), all = n + m;
  double ranks = 0, ties = 0;
  each_tie(a, b, [&](const Tie& tie) {
    ranks += tie.in_a * tie.rank();
    ties += tie.all() * (tie.all() * tie.all() - 1);
  });
  const double u = ranks - n * (n + 1) / 2, other = n * m - u;
  const double spread = std::sqrt(n * m / 12 * (all + 1 - ties / (all * (all - 1))));
  const double tested = side == Side::kLess ? other : std::max(u, other);
  const double upper = normal_upper((tested - n * m / 2 - 0.5) / spread);
  return {u, std::clamp(side == Side::kLess ? upper : 2 * upper, 0.0, 1.0)};
}

TestResult mann_whitney_exact(std::span<const double> a, std::span<const double> b, Side side) {
  const double u = mann_whitney(a, b, side).statistic;
  const std::size_t n = a.size(), m = b.size();
  // chance[u] for i values of `a` among the lowest i + j; the highest is one of `a` with chance i / (i + j) and then
  // stands above all j.
  std::vector<std::vector<double>> row(m + 1, {1.0});
  for (std::size_t i = 1; i <= n; ++i) {
    row[0] = {1.0};
    for (std::size_t j = 1; j <= m; ++j) {
      std::vector<double> next(i * j + 1);
      const double whole = static_cast<double>(i + j);
      for (std::size_t x = 0; x < row[j].size(); ++x) next[x + j] += row[j][x] * static_cast<double>(i) / whole;
      for (std::size_t x = 0; x < row[j - 1].size(); ++x) next[x] += row[j - 1][x] * static_cast<double>(j) / whole;
      row[j] = std::move(next);
    }
  }
  const double other = static_cast<double>(n * m) - u;
  const auto from = static_cast<std::size_t>(std::ceil(side == Side::kLess ? other : std::max(u, other)));
  const std::vector<double>& chance = row[m];
  const double upper = std::accumulate(chance.begin() + static_cast<std::ptrdiff_t>(from), chance.end(), 0.0);
  return {u, std::clamp(side == Side::kLess ? upper : 2 * upper, 0.0, 1.0)};
}

TestResult cramer_von_mises(std::span<const double> a, std::span<const double> b) {
  const double t = cramer_statistic(a, b).t;
  const double n = static_cast<double>(a.size()), m = static_cast<double>(b.size()), pairs = n * m, all = n + m;
  // Mean and variance of T without drift (Anderson 1962, eq. 8, 9), then the limit's.
  const double mean = (1 + 1 / all) / 6;
  const double variance = (all + 1) * (4 * pairs * all - 3 * (n * n + m * m) - 2 * pairs) / (45 * all * all * 4 * pairs);
  const double limit = 1.0 / 6 + (t - mean) / std::sqrt(45 * variance);
  constexpr double kSurely = 0.003;  // below it the CDF is 0 to twelve digits and the series gives nothing
  return {t, limit < kSurely ? 1.0 : std::max(0.0, 1 - cramer_limit_cdf(limit))};
}

TestResult cramer_von_mises_exact(std::span<const double> a, std::span<const double> b) {
  const CramerStatistic observed = cramer_statistic(a, b);
  const auto n = static_cast<std::int64_t>(a.size()), m = static_cast<std::int64_t>(b.size());
  FIREBREAK_ASSERT(n <= static_cast<std::int64_t>(kExactCramer) && m <= static_cast<std::int64_t>(kExactCramer));
  const std::int64_t lcm = std::lcm(n, m), step_a = lcm / n, step_b = lcm / m;
  // The statistic is an increasing function of the sum of (i / n - j / m)^2 over the points of a path; in units of 1/lcm^2.
  const double pairs = static_cast<double>(n * m);
  const double bound = std::floor(static_cast<double>(lcm * lcm * (n + m)) * (6 * observed.u - pairs * (4 * pairs - 1)) / (6 * pairs * pairs));
  using Chances = std::map<std::int64_t, double>;
  std::vector<Chances> row(static_cast<std::size_t>(m) + 1);
  for (std::int64_t i = 0; i <= n; ++i) {
    for (std::int64_t j = 0; j <= m; ++j) {
      const std::int64_t gap = i * step_a - j * step_b, more = gap * gap;
      Chances next;
      if (i == 0 && j == 0) next[0] = 1;
      const double whole = static_cast<double>(i + j);
      if (i > 0)
        for (const auto& [sum, chance] : row[static_cast<std::size_t>(j)]) next[sum + more] += chance * static_cast<double>(i) / whole;
      if (j > 0)
        for (const auto& [sum, chance] : row[static_cast<std::size_t>(j - 1)]) next[sum + more] += chance * static_cast<double>(j) / whole;
      row[static_cast<std::size_t>(j)] = std::move(next);
    }
  }
  double p = 0;
  for (const auto& [sum, chance] : row[static_cast<std::size_t>(m)])
    if (static_cast<double>(sum) >= bound) p += chance;
  return {observed.t, std::min(1.0, p)};
}

TestResult anderson_darling(std::span<const double> a, std::span<const double> b) {
  const double n = static_cast<double>(a.size()), m = static_cast<double>(b.size()), all = n + m;
  double sum_a = 0, sum_b = 0;
  std::size_t values = 0;
  each_tie(a, b, [&](const Tie& tie) {
    ++values;
    const double before = tie.below() + tie.all() / 2;
    const double weight = tie.all() / all / (before * (all - before) - all * tie.all() / 4);
    const double gap_a = all * (tie.below_a + tie.in_a / 2) - before * n, gap_b = all * (tie.below_b + tie.in_b / 2) - before * m;
    sum_a += weight * gap_a * gap_a;
    sum_b += weight * gap_b * gap_b;
  });
  if (all < 4 || values < 2) return {std::numeric_limits<double>::quiet_NaN(), 1};
  const double squared = (sum_a / n + sum_b / m) * (all - 1) / all;
  const double statistic = (squared - 1) / std::sqrt(anderson_variance(n, m));
  return {statistic, anderson_p(statistic)};
}

}  // namespace firebreak::stats
