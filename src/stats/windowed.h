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
// taken as straight.
struct BinSums {
  std::span<const std::uint64_t> counts;
  std::span<const double> sums;  // of the values in each bin
};
WindowedScore windowed_wasserstein(std::span<const double> edges, const BinSums& reference, const BinSums& current, double unit);

// Bins of which a side expects fewer than `least` values become one, which comes last. Changes nothing when none is rare.
struct Pooled {
  Counts reference, current;
};
Pooled pool_rare(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> current, double least = 1);

}  // namespace firebreak::stats
