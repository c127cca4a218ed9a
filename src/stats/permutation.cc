#include "stats/permutation.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/result.h"
#include "stats/distances.h"
#include "stats/draws.h"

namespace firebreak::stats {
namespace {

// The first `count` places of `items` become a random choice of all of them.
template <class Item>
void choose(std::vector<Item>& items, std::size_t count, Draws& draws) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto rest = static_cast<std::uint32_t>(items.size() - i);
    std::swap(items[i], items[i + draws.below(rest)]);
  }
}

// The draws of a test: from the seed and the pooled values, whatever their order and whosever they are. One list of permutations for all
// samples would not do: the level holds over lists, and a single one of a few dozen may have another (measured: 0.17 instead of 0.1).
template <class Value>
Draws draws_for(const PermutationOptions& options, std::span<const Value> a, std::span<const Value> b, bool by_place) {
  std::uint64_t sum = options.seed;
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    if (by_place) {
      sum += Draws(Draws(i).next() + static_cast<std::uint64_t>(a[i]) + static_cast<std::uint64_t>(b[i])).next();
      continue;
    }
    if (i < a.size()) sum += Draws(std::bit_cast<std::uint64_t>(a[i])).next();
    if (i < b.size()) sum += Draws(std::bit_cast<std::uint64_t>(b[i])).next();
  }
  return Draws(sum);
}

// What is as large but for rounding counts: with few different samples the observed one comes up again.
template <class Statistic>
double counted_p(double observed, const PermutationOptions& options, Statistic statistic) {
  const double least = observed - 1e-12 * std::fabs(observed);
  std::uint32_t as_large = 0;
  for (std::uint32_t i = 0; i < options.permutations; ++i) as_large += statistic() >= least ? 1 : 0;
  return (1.0 + as_large) / (1.0 + options.permutations);
}

double squared_distance(std::span<const double> rows, std::size_t i, std::size_t j, std::size_t columns) {
  double out = 0;
  for (std::size_t c = 0; c < columns; ++c) {
    const double d = rows[i * columns + c] - rows[j * columns + c];
    out += d * d;
  }
  return out;
}

double median_sigma(std::span<const double> rows, std::size_t columns) {
  const std::size_t n = rows.size() / columns;
  std::vector<double> squares;
  squares.reserve(n * (n - 1) / 2);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < i; ++j) squares.push_back(squared_distance(rows, i, j, columns));
  const auto middle = squares.begin() + static_cast<std::ptrdiff_t>(squares.size() / 2);
  std::nth_element(squares.begin(), middle, squares.end());
  return *middle > 0 ? std::sqrt(*middle / 2) : std::sqrt(0.5);
}

std::vector<double> joined(std::span<const double> a, std::span<const double> b) {
  std::vector<double> out(a.begin(), a.end());
  out.insert(out.end(), b.begin(), b.end());
  return out;
}

}  // namespace

TestResult energy_test(std::span<const double> a, std::span<const double> b, const PermutationOptions& options) {
  const double observed = energy(a, b);
  // In the order of the pooled values: how much each gap weighs, then only whose each value is.
  std::vector<double> pooled = joined(a, b);
  std::sort(pooled.begin(), pooled.end());
  const auto n = static_cast<double>(a.size()), m = static_cast<double>(b.size());
  std::vector<std::uint32_t> places(pooled.size());
  std::vector<std::uint8_t> is_first(pooled.size());
  Draws draws = draws_for(options, a, b, false);
  const auto permuted = [&] {
    std::iota(places.begin(), places.end(), 0u);
    choose(places, a.size(), draws);
    std::fill(is_first.begin(), is_first.end(), std::uint8_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) is_first[places[i]] = 1;
    double gap = 0, area = 0;
    for (std::size_t i = 0; i + 1 < pooled.size(); ++i) {
      gap += is_first[i] != 0 ? 1 / n : -1 / m;
      area += gap * gap * (pooled[i + 1] - pooled[i]);
    }
    return std::sqrt(2 * area);
  };
  return {observed, counted_p(observed, options, permuted)};
}

TestResult total_variation_test(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b, const PermutationOptions& options) {
  FIREBREAK_ASSERT(a.size() == b.size());
  const auto n = static_cast<double>(total(a)), m = static_cast<double>(total(b));
  FIREBREAK_ASSERT(n > 0 && m > 0 && n + m < 4e9);
  const double observed = total_variation(shares(a, n), shares(b, m));
  std::vector<std::uint32_t> pooled;
  for (std::size_t i = 0; i < a.size(); ++i) pooled.insert(pooled.end(), a[i] + b[i], static_cast<std::uint32_t>(i));
  // The smaller side is dealt.
  const bool first = n <= m;
  const auto dealt = static_cast<std::size_t>(first ? n : m);
  Draws draws = draws_for(options, a, b, true);
  const auto permuted = [&] {
    choose(pooled, dealt, draws);
    Counts counts(a.size());
    for (std::size_t i = 0; i < dealt; ++i) ++counts[pooled[i]];
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const double own = static_cast<double>(counts[i]), rest = static_cast<double>(a[i] + b[i]) - own;
      sum += std::fabs(first ? own / n - rest / m : own / m - rest / n);
    }
    return sum / 2;
  };
  return {observed, counted_p(observed, options, permuted)};
}

KernelTest mmd_test(std::span<const double> a, std::span<const double> b, std::size_t columns, double sigma,
                    const PermutationOptions& options) {
  FIREBREAK_ASSERT(columns > 0 && a.size() % columns == 0 && b.size() % columns == 0);
  const std::size_t n = a.size() / columns, m = b.size() / columns, all = n + m;
  FIREBREAK_ASSERT(n > 1 && m > 1);
  const std::vector<double> rows = joined(a, b);
  KernelTest out;
  out.sigma = sigma > 0 ? sigma : median_sigma(rows, columns);
  std::vector<double> kernel(all * all);  // the diagonal stays 0: no value is paired with itself
  double whole = 0;
  for (std::size_t i = 0; i < all; ++i)
    for (std::size_t j = 0; j < i; ++j) {
      kernel[i * all + j] = kernel[j * all + i] = std::exp(-squared_distance(rows, i, j, columns) / (2 * out.sigma * out.sigma));
      whole += 2 * kernel[i * all + j];
    }
  const double first = static_cast<double>(n), second = static_cast<double>(m);
  // Sums within the first and across; what is left lies within the second.
  const auto statistic = [&](const std::vector<std::uint32_t>& order) {
    double within = 0, across = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double* const row = &kernel[order[i] * all];
      for (std::size_t j = 0; j < n; ++j) within += row[order[j]];
      for (std::size_t j = n; j < all; ++j) across += row[order[j]];
    }
    return within / (first * (first - 1)) + (whole - within - 2 * across) / (second * (second - 1)) - 2 * across / (first * second);
  };
  std::vector<std::uint32_t> order(all);
  std::iota(order.begin(), order.end(), 0u);
  out.statistic = statistic(order);
  Draws draws = draws_for(options, a, b, false);
  out.p_value = counted_p(out.statistic, options, [&] {
    choose(order, n, draws);
    return statistic(order);
  });
  return out;
}

KernelTest mmd_test_by_features(std::span<const double> a, std::span<const double> b, std::size_t columns, std::size_t features,
                                double sigma, const PermutationOptions& options) {
  FIREBREAK_ASSERT(columns > 0 && a.size() % columns == 0 && b.size() % columns == 0 && features > 0);
  const std::size_t n = a.size() / columns, m = b.size() / columns, all = n + m;
  FIREBREAK_ASSERT(n > 1 && m > 1);
  const std::size_t some = kAllPairsMost / 4 * columns;
  KernelTest out;
  out.sigma = sigma > 0 ? sigma : median_sigma(joined(a.first(std::min(a.size(), some)), b.first(std::min(b.size(), some))), columns);
  Draws draws = draws_for(options, a, b, false);
  std::vector<double> frequencies(features * columns), phases(features);
  for (double& one : frequencies) one = draws.normal() / out.sigma;
  for (double& one : phases) one = 2 * std::numbers::pi * draws.uniform();
  const std::vector<double> rows = joined(a, b);
  std::vector<double> mapped(all * features), squares(all);
  std::vector<double> whole(features);
  double all_squares = 0;
  for (std::size_t i = 0; i < all; ++i) {
    for (std::size_t f = 0; f < features; ++f) {
      double angle = phases[f];
      for (std::size_t c = 0; c < columns; ++c) angle += frequencies[f * columns + c] * rows[i * columns + c];
      const double value = std::sqrt(2.0 / static_cast<double>(features)) * std::cos(angle);
      mapped[i * features + f] = value;
      squares[i] += value * value;
      whole[f] += value;
    }
    all_squares += squares[i];
  }
  const double first = static_cast<double>(n), second = static_cast<double>(m);
  std::vector<double> sum(features);
  // |sum|^2 less the squares of each alone is what lies between different rows.
  const auto statistic = [&](const std::vector<std::uint32_t>& order) {
    std::fill(sum.begin(), sum.end(), 0.0);
    double own = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double* const row = &mapped[order[i] * features];
      for (std::size_t f = 0; f < features; ++f) sum[f] += row[f];
      own += squares[order[i]];
    }
    double within = 0, others = 0, across = 0;
    for (std::size_t f = 0; f < features; ++f) {
      const double rest = whole[f] - sum[f];
      within += sum[f] * sum[f];
      others += rest * rest;
      across += sum[f] * rest;
    }
    return (within - own) / (first * (first - 1)) + (others - (all_squares - own)) / (second * (second - 1)) -
           2 * across / (first * second);
  };
  std::vector<std::uint32_t> order(all);
  std::iota(order.begin(), order.end(), 0u);
  out.statistic = statistic(order);
  out.p_value = counted_p(out.statistic, options, [&] {
    choose(order, n, draws);
    return statistic(order);
  });
  return out;
}

}  // namespace firebreak::stats
