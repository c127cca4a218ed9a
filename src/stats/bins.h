// Quantiles, bins and counts.
//
// `sorted` means ascending, finite, not empty. Edges ascend. The arithmetic follows NumPy's step by step, since a value
// that lies on an edge goes left or right by the last bit.
// Sources: Hyndman & Fan 1996, definitions 7 (linear) and 1 (inverted CDF); Sturges 1926.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace firebreak::stats {

using Counts = std::vector<std::uint64_t>;

std::vector<double> sorted_copy(std::span<const double> values);
std::size_t distinct(std::span<const double> sorted);

double quantile_linear(std::span<const double> sorted, double q);        // q in 0..1
double quantile_inverted_cdf(std::span<const double> sorted, double q);  // always one of the values
double interquartile_range(std::span<const double> sorted);

// Inner edges at the reference's deciles, equal ones merged: at most nine. The bins are open at both ends.
std::vector<double> reference_deciles(std::span<const double> sorted);
// edges.size() + 1 counts; a value's bin is the number of edges <= value.
Counts open_bin_counts(std::span<const double> edges, std::span<const double> values);

// Outer and inner edges of ceil(log2(n) + 1) bins of equal width over low..high; low == high: one bin of width 1 around.
std::vector<double> sturges_edges(double low, double high, std::size_t n);
// edges.size() - 1 counts; a bin holds its left edge, the last one both; values outside are not counted.
Counts closed_bin_counts(std::span<const double> edges, std::span<const double> sorted);

std::uint64_t total(std::span<const std::uint64_t> counts);
std::vector<double> shares(std::span<const std::uint64_t> counts, double whole);  // count / whole

}  // namespace firebreak::stats
