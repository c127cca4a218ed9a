// Two windows' counts over the same bins: how far apart they lie, how far they would lie without any change, and how likely that is.
//
// A distance between two samples is never 0: `expected` is its mean (for Jensen-Shannon and Hellinger the root of the mean square)
// when both come from one distribution, `corrected` what is left above it. p values treat both sides as samples. Bins that are
// empty on both sides do not count. The approximations hold when most bins expect a few values a side: pool_rare() first.
// Sources: expansions of the divergences to second order, all of them multiples of (1/n + 1/m) chi-square (Pardo 2006, ch. 3);
// for sums of |differences| the mean and variance of the limit's folded normals (Nabeya 1951), as a gamma distribution; for the
// largest difference the sum of its bins' tails (Bonferroni, so p is no smaller than it is).
#pragma once

#include <cstdint>
#include <span>

#include "stats/bins.h"
#include "stats/categorical_tests.h"

namespace firebreak::stats {

struct WindowedScore {
  double value = 0, expected = 0, corrected = 0, p_value = 1;
};

struct WindowedScores {
  WindowedScore psi;             // nats, every count half an observation more
  WindowedScore jensen_shannon;  // distance, base 2, 0..1
  WindowedScore hellinger;       // 0..1
  WindowedScore total_variation; // 0..1
  WindowedScore l_infinity;      // 0..1
  CountTest homogeneity;         // chi-square of both samples, no Yates
};

// Both totals positive (asserted).
WindowedScores windowed_scores(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> current);

// The integral of |difference of the distributions| from counts and sums over open bins (edges.size() + 1 of them), in units of
// `unit` (the reference's standard deviation). Exact, but where the two distributions cross within a bin: there the difference is
// taken as straight. p is that of the differences at the edges alone, each weighed by its share of the area between the outermost
// edges: how far a heavy tail reaches says nothing about chance.
struct BinSums {
  std::span<const std::uint64_t> counts;
  std::span<const double> sums;  // of the values in each bin
};
WindowedScore windowed_wasserstein(std::span<const double> edges, const BinSums& reference, const BinSums& current, double unit);

// Bins of which a side expects fewer than `least` values are put together, in their order, into groups that expect as many; these
// come last. What is left then joins the smallest of all. Changes nothing when none is rare. The order of the bins must not depend
// on which of the two showed more of them.
struct Pooled {
  Counts reference, current;
};
inline constexpr double kLeastExpected = 5;  // Cochran 1954
Pooled pool_rare(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> current, double least = kLeastExpected);
// The same for bins of about equal mass whose edges are the reference's own quantiles. Its counts are what they are by design: which of
// the bins are rare would be asked of the current rows' chance alone. So neighbours become one by the number of rows, until they
// expect twice as many; only bins that repeated values made smaller are left to pool_rare().
Pooled pool_bins(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> current);

}  // namespace firebreak::stats
