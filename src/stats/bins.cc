#include "stats/bins.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/result.h"

namespace firebreak::stats {

std::vector<double> sorted_copy(std::span<const double> values) {
  std::vector<double> out(values.begin(), values.end());
  std::sort(out.begin(), out.end());
  return out;
}

std::size_t distinct(std::span<const double> sorted) {
  std::size_t count = sorted.empty() ? 0 : 1;
  for (std::size_t i = 1; i < sorted.size(); ++i) count += sorted[i] != sorted[i - 1] ? 1 : 0;
  return count;
}

double quantile_linear(std::span<const double> sorted, double q) {
  FIREBREAK_ASSERT(!sorted.empty() && q >= 0 && q <= 1);
  const double at = static_cast<double>(sorted.size() - 1) * q;
  const auto below = static_cast<std::size_t>(std::floor(at));
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double share = at - static_cast<double>(below);
  const double low = sorted[below], high = sorted[above], step = high - low;
  // From the nearer end: the result then never leaves low..high.
  return share < 0.5 ? low + step * share : high - step * (1 - share);
}

double quantile_inverted_cdf(std::span<const double> sorted, double q) {
  FIREBREAK_ASSERT(!sorted.empty() && q >= 0 && q <= 1);
  const double at = std::ceil(static_cast<double>(sorted.size()) * q - 1);
  return sorted[at <= 0 ? 0 : std::min(static_cast<std::size_t>(at), sorted.size() - 1)];
}

double interquartile_range(std::span<const double> sorted) {
  return quantile_linear(sorted, 0.75) - quantile_linear(sorted, 0.25);
}

std::vector<double> reference_deciles(std::span<const double> sorted) {
  std::vector<double> edges;
  for (int i = 1; i <= 9; ++i) edges.push_back(quantile_linear(sorted, i / 10.0));
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  return edges;
}

Counts open_bin_counts(std::span<const double> edges, std::span<const double> values) {
  Counts counts(edges.size() + 1);
  for (const double value : values)
    ++counts[static_cast<std::size_t>(std::upper_bound(edges.begin(), edges.end(), value) - edges.begin())];
  return counts;
}

std::vector<double> sturges_edges(double low, double high, std::size_t n) {
  FIREBREAK_ASSERT(n > 0 && low <= high);
  std::size_t bins = 1;
  if (low == high) {
    low -= 0.5;
    high += 0.5;
  } else {
    const double width = (high - low) / (std::log2(static_cast<double>(n)) + 1);
    bins = static_cast<std::size_t>(std::ceil((high - low) / width));
  }
  const double step = (high - low) / static_cast<double>(bins);
  std::vector<double> edges;
  for (std::size_t i = 0; i < bins; ++i) edges.push_back(static_cast<double>(i) * step + low);
  edges.push_back(high);
  return edges;
}

Counts closed_bin_counts(std::span<const double> edges, std::span<const double> sorted) {
  FIREBREAK_ASSERT(edges.size() >= 2);
  Counts counts;
  auto from = std::lower_bound(sorted.begin(), sorted.end(), edges.front());
  for (std::size_t i = 1; i < edges.size(); ++i) {
    const auto to = i + 1 == edges.size() ? std::upper_bound(from, sorted.end(), edges[i])
                                          : std::lower_bound(from, sorted.end(), edges[i]);
    counts.push_back(static_cast<std::uint64_t>(to - from));
    from = to;
  }
  return counts;
}

std::uint64_t total(std::span<const std::uint64_t> counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

std::vector<double> shares(std::span<const std::uint64_t> counts, double whole) {
  std::vector<double> out;
  out.reserve(counts.size());
  for (const std::uint64_t count : counts) out.push_back(static_cast<double>(count) / whole);
  return out;
}

}  // namespace firebreak::stats
