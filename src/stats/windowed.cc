#include "stats/windowed.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include "base/result.h"
#include "stats/distances.h"
#include "stats/special.h"

namespace firebreak::stats {
namespace {

constexpr double kFolded = 2 / std::numbers::pi;  // E|Z|^2 of a standard normal Z

// E|X Y| of two normals with deviations a, b and correlation r (Nabeya 1951).
double folded_product(double a, double b, double r) {
  r = std::clamp(r, -1.0, 1.0);
  return kFolded * a * b * (std::sqrt(1 - r * r) + r * std::asin(r));
}

// P(S >= value) of S with this mean and variance, as a gamma distribution.
double gamma_tail(double value, double mean, double variance) {
  if (mean <= 0 || variance <= 0) return value > 0 ? 0 : 1;
  return chi_square_upper(2 * value * mean / variance, 2 * mean * mean / variance);
}

// Sum of weight |difference|: `cov` of two differences without a change.
template <class Covariance>
WindowedScore absolute_sum(double value, const std::vector<double>& weights, Covariance cov) {
  double mean = 0, square = 0;
  std::vector<double> spread(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    spread[i] = std::sqrt(std::max(0.0, cov(i, i)));
    mean += weights[i] * spread[i] * std::sqrt(kFolded);
  }
  for (std::size_t i = 0; i < weights.size(); ++i)
    for (std::size_t j = 0; j < weights.size(); ++j) {
      if (spread[i] == 0 || spread[j] == 0) continue;
      square += weights[i] * weights[j] *
                (i == j ? spread[i] * spread[i] : folded_product(spread[i], spread[j], cov(i, j) / (spread[i] * spread[j])));
    }
  return {value, mean, std::max(0.0, value - mean), gamma_tail(value, mean, square - mean * mean)};
}

struct Sides {
  Counts reference, current;       // without bins that are empty on both sides
  std::vector<double> p, q, pooled;
  double scale = 0;                // 1/n + 1/m
};

Sides sides_of(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> current) {
  FIREBREAK_ASSERT(reference.size() == current.size());
  Sides out;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    if (reference[i] + current[i] == 0) continue;
    out.reference.push_back(reference[i]);
    out.current.push_back(current[i]);
  }
  const auto n = static_cast<double>(total(out.reference)), m = static_cast<double>(total(out.current));
  FIREBREAK_ASSERT(n > 0 && m > 0);
  out.p = shares(out.reference, n);
  out.q = shares(out.current, m);
  for (std::size_t i = 0; i < out.p.size(); ++i) out.pooled.push_back(static_cast<double>(out.reference[i] + out.current[i]) / (n + m));
  out.scale = 1 / n + 1 / m;
  return out;
}

// `divergence` is about factor (1/n + 1/m) chi-square without a change.
WindowedScore chi_square_like(double divergence, double factor, const Sides& sides) {
  const auto freedom = static_cast<double>(sides.p.size() - 1);
  const double unit = factor * sides.scale, expected = unit * freedom;
  return {divergence, expected, std::max(0.0, divergence - expected), freedom == 0 ? 1 : chi_square_upper(divergence / unit, freedom)};
}

WindowedScore root_of(const WindowedScore& squared, double factor) {
  return {std::sqrt(squared.value * factor), std::sqrt(squared.expected * factor), std::sqrt(squared.corrected * factor), squared.p_value};
}

WindowedScore largest(const Sides& sides) {
  WindowedScore out;
  out.value = l_infinity(sides.p, sides.q);
  double tails = 0, spreads = 0;
  for (const double share : sides.pooled) {
    const double spread = std::sqrt(share * (1 - share) * sides.scale);
    spreads = std::max(spreads, spread);
    if (spread > 0) tails += 2 * normal_upper(out.value / spread);
  }
  out.expected = spreads * std::sqrt(kFolded);  // of the bin that varies most: the largest of all is no smaller
  out.corrected = std::max(0.0, out.value - out.expected);
  out.p_value = out.value == 0 ? 1 : std::min(1.0, tails);  // one bin alone has no tail
  return out;
}

}  // namespace

WindowedScores windowed_scores(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> current) {
  const Sides sides = sides_of(reference, current);
  WindowedScores out;
  out.psi = chi_square_like(psi_half_count(sides.reference, sides.current), 1, sides);
  const double apart = jensen_shannon_distance(sides.p, sides.q), hell = hellinger(sides.p, sides.q);
  out.jensen_shannon = root_of(chi_square_like(apart * apart, 1.0 / 8, sides), 1 / std::numbers::ln2);
  out.hellinger = root_of(chi_square_like(hell * hell, 1.0 / 8, sides), 1);
  const std::vector<double> halves(sides.p.size(), 0.5);
  out.total_variation = absolute_sum(total_variation(sides.p, sides.q), halves, [&](std::size_t i, std::size_t j) {
    return sides.scale * sides.pooled[i] * ((i == j ? 1 : 0) - sides.pooled[j]);
  });
  out.l_infinity = largest(sides);
  out.homogeneity = chi_square_contingency(sides.reference, sides.current, false);
  return out;
}

WindowedScore windowed_wasserstein(std::span<const double> edges, const BinSums& reference, const BinSums& current, double unit) {
  const std::size_t bins = edges.size() + 1;
  FIREBREAK_ASSERT(reference.counts.size() == bins && current.counts.size() == bins && reference.sums.size() == bins &&
                   current.sums.size() == bins && unit > 0);
  const auto n = static_cast<double>(total(reference.counts)), m = static_cast<double>(total(current.counts));
  FIREBREAK_ASSERT(n > 0 && m > 0);
  if (edges.empty()) return {std::fabs(reference.sums[0] / n - current.sums[0] / m) / unit, 0, 0, 1};
  std::vector<double> gap(bins + 1), pooled(bins + 1);  // of the distributions at the bins' ends
  double then = 0, now = 0;
  for (std::size_t i = 0; i < bins; ++i) {
    then += static_cast<double>(reference.counts[i]);
    now += static_cast<double>(current.counts[i]);
    gap[i + 1] = i + 1 == bins ? 0 : then / n - now / m;
    pooled[i + 1] = (then + now) / (n + m);
  }
  double area = 0;
  std::vector<double> weights(edges.size()), inner(edges.size());
  for (std::size_t i = 0; i < bins; ++i) {
    const double a = gap[i], b = gap[i + 1];
    const double sums = reference.sums[i] / n - current.sums[i] / m;
    const double ends = (i == edges.size() ? 0 : edges[i] * b) - (i == 0 ? 0 : edges[i - 1] * a);
    const double both = static_cast<double>(reference.counts[i] + current.counts[i]);
    const double middle = both > 0 ? (reference.sums[i] + current.sums[i]) / both : 0;
    if (i == 0 || i == edges.size()) {
      area += std::fabs(ends - sums);  // by parts: the integral of F is x F less the values' sum
      const std::size_t edge = i == 0 ? 0 : edges.size() - 1;
      if (both > 0) weights[edge] += std::fabs(middle - edges[edge]);
      continue;
    }
    const double low = edges[i - 1], high = edges[i];
    area += a * b >= 0 ? std::fabs(ends - sums) : (high - low) * (a * a + b * b) / (2 * (std::fabs(a) + std::fabs(b)));
    // The distributions step where the values are: before it the difference is that at the lower edge, behind it that at the upper one.
    const double step = both > 0 ? std::clamp(middle, low, high) : low + (high - low) / 2;
    inner[i - 1] += step - low;
    inner[i] += high - step;
  }
  if (edges.size() == 1) inner[0] = 1;
  double statistic = 0;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    weights[i] = (weights[i] + (edges.size() == 1 ? 0 : inner[i])) / unit;
    statistic += inner[i] * std::fabs(gap[i + 1]);
  }
  const double scale = 1 / n + 1 / m;
  const auto covariance = [&](std::size_t i, std::size_t j) {
    const auto [first, second] = std::minmax(i, j);
    return scale * pooled[first + 1] * (1 - pooled[second + 1]);
  };
  WindowedScore out = absolute_sum(area / unit, weights, covariance);
  out.p_value = absolute_sum(statistic, inner, covariance).p_value;
  return out;
}

Pooled pool_rare(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> current, double least) {
  FIREBREAK_ASSERT(reference.size() == current.size());
  const auto n = static_cast<double>(total(reference)), m = static_cast<double>(total(current));
  const double smaller = n + m == 0 ? 0 : std::min(n, m) / (n + m);
  const auto is_rare = [&](std::uint64_t a, std::uint64_t b) { return static_cast<double>(a + b) * smaller < least; };
  Pooled out, groups;
  std::uint64_t a = 0, b = 0;  // the group that is being filled
  for (std::size_t i = 0; i < reference.size(); ++i) {
    if (!is_rare(reference[i], current[i])) {
      out.reference.push_back(reference[i]);
      out.current.push_back(current[i]);
    } else if (a += reference[i], b += current[i]; !is_rare(a, b)) {
      groups.reference.push_back(std::exchange(a, 0));
      groups.current.push_back(std::exchange(b, 0));
    }
  }
  out.reference.insert(out.reference.end(), groups.reference.begin(), groups.reference.end());
  out.current.insert(out.current.end(), groups.current.begin(), groups.current.end());
  if (a + b == 0) return out;
  if (out.reference.empty()) return {{a}, {b}};
  std::size_t smallest = 0;
  for (std::size_t i = 1; i < out.reference.size(); ++i)
    if (out.reference[i] + out.current[i] < out.reference[smallest] + out.current[smallest]) smallest = i;
  out.reference[smallest] += a;
  out.current[smallest] += b;
  return out;
}

Pooled pool_bins(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> current) {
  FIREBREAK_ASSERT(reference.size() == current.size());
  const auto fewer = static_cast<double>(std::min(total(reference), total(current)));
  const std::size_t wanted = std::max<std::size_t>(2, static_cast<std::size_t>(fewer / (2 * kLeastExpected)));
  const std::size_t bins = reference.size(), groups = std::min(bins, wanted);
  Counts a(groups), b(groups);
  for (std::size_t i = 0; i < bins; ++i) {
    a[i * groups / bins] += reference[i];
    b[i * groups / bins] += current[i];
  }
  return pool_rare(a, b);
}

}  // namespace firebreak::stats
