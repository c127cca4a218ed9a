#include "stats/categorical_tests.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/result.h"
#include "stats/bins.h"
#include "stats/special.h"

namespace firebreak::stats {
namespace {

// Sum of term(observed, expected) over the table of both samples.
template <class Term>
CountTest contingency(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b, bool yates, Term term) {
  FIREBREAK_ASSERT(a.size() == b.size());
  const double n = static_cast<double>(total(a)), m = static_cast<double>(total(b));
  CountTest out;
  out.freedom = a.empty() ? 0 : a.size() - 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double both = static_cast<double>(a[i] + b[i]);
    for (const auto& [count, size] : {std::pair(a[i], n), std::pair(b[i], m)}) {
      const double expected = both * size / (n + m);
      double observed = static_cast<double>(count);
      if (yates && out.freedom == 1) observed += std::clamp(expected - observed, -0.5, 0.5);
      out.statistic += term(observed, expected);
    }
  }
  out.p_value = out.freedom == 0 ? 1 : chi_square_upper(out.statistic, static_cast<double>(out.freedom));
  return out;
}

double pearson(double observed, double expected) { return (observed - expected) * (observed - expected) / expected; }

}  // namespace

CountTest chi_square_contingency(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b, bool yates) {
  return contingency(a, b, yates, pearson);
}

CountTest g_contingency(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b, bool yates) {
  return contingency(a, b, yates, [](double observed, double expected) {
    return observed == 0 ? 0.0 : 2 * observed * std::log(observed / expected);
  });
}

CountTest chi_square_fit(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> current) {
  FIREBREAK_ASSERT(reference.size() == current.size());
  const double scale = static_cast<double>(total(current)) / static_cast<double>(total(reference));
  CountTest out;
  out.freedom = reference.empty() ? 0 : reference.size() - 1;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    if (reference[i] == 0)
      out.statistic = std::numeric_limits<double>::infinity();
    else
      out.statistic += pearson(static_cast<double>(current[i]), static_cast<double>(reference[i]) * scale);
  }
  out.p_value = out.freedom == 0 ? 1 : chi_square_upper(out.statistic, static_cast<double>(out.freedom));
  return out;
}

double cramers_v(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b) {
  // Two rows: the smaller side of the table less one is 1.
  return a.size() < 2 ? 0 : std::sqrt(chi_square_contingency(a, b, false).statistic / static_cast<double>(total(a) + total(b)));
}

FisherResult fisher_exact(std::array<std::uint64_t, 2> a, std::array<std::uint64_t, 2> b) {
  const double x = static_cast<double>(a[0]), n = static_cast<double>(a[0] + a[1]), m = static_cast<double>(b[0] + b[1]);
  const double first = static_cast<double>(a[0] + b[0]), all = n + m;
  const double low = std::max(0.0, first - m), high = std::min(n, first);
  const auto log_chance = [&](double k) { return log_choose(n, k) + log_choose(m, first - k) - log_choose(all, first); };
  // Equal chances on the other side differ by rounding only: 1e-7 is far above that and far below any real difference.
  const double limit = log_chance(x) + 1e-7;
  double p = 0;
  for (double k = low; k <= high; ++k)
    if (const double chance = log_chance(k); chance <= limit) p += std::exp(chance);
  const double against = static_cast<double>(a[1]) * static_cast<double>(b[0]), agree = x * static_cast<double>(b[1]);
  const double odds = against > 0 ? agree / against
                      : agree > 0 ? std::numeric_limits<double>::infinity()
                                  : std::numeric_limits<double>::quiet_NaN();
  return {odds, std::min(1.0, p)};
}

double two_proportions_p(double hits_a, double n_a, double hits_b, double n_b) {
  const double pooled = (hits_a + hits_b) / (n_a + n_b);
  if (pooled <= 0 || pooled >= 1) return 1;
  const double z = (hits_a / n_a - hits_b / n_b) / std::sqrt(pooled * (1 - pooled) * (1 / n_a + 1 / n_b));
  return 2 * normal_upper(std::fabs(z));
}

}  // namespace firebreak::stats
