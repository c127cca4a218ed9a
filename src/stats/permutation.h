// Tests whose p value is counted: how often is the statistic as large when the samples' names are dealt out anew?
//
// p = (1 + that many) / (1 + permutations): exact as a test, never 0, and the same at every call: the draws follow from the seed
// and the pooled values. Samples are not empty; sizes are the caller's matter: cost stands at each.
// Sources: Szekely & Rizzo 2004 (energy); Gretton et al. 2012, lemma 6 (unbiased MMD), median heuristic; Rahimi & Recht 2007 (random
// Fourier features); Phipson & Smyth 2010 (the one that is added).
#pragma once

#include <cstdint>
#include <span>

#include "stats/rank_tests.h"

namespace firebreak::stats {

struct PermutationOptions {
  std::uint32_t permutations = 999;
  std::uint64_t seed = 0;
};

// Statistic: energy() of stats/distances.h, a distance in the root of the values' unit. Sorted samples; (n + m) a permutation.
TestResult energy_test(std::span<const double> a, std::span<const double> b, const PermutationOptions& options = {});

// Statistic: total variation of the shares. (n + m) a permutation, n and m the totals.
TestResult total_variation_test(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b, const PermutationOptions& options = {});

// Maximum mean discrepancy, squared and unbiased (it may be below 0), with a Gaussian kernel exp(-d^2 / (2 sigma^2)). Rows of
// `columns` numbers, finite; two rows a side at least.
struct KernelTest {
  double statistic = 0, p_value = 1, sigma = 0;
};
// All pairs: (n + m)^2 numbers are kept and added at each permutation; meant for kAllPairsMost rows in all. sigma 0: the root of half
// the median squared distance of all pairs.
constexpr std::size_t kAllPairsMost = 2'000;
KernelTest mmd_test(std::span<const double> a, std::span<const double> b, std::size_t columns, double sigma = 0, const PermutationOptions& options = {});
// The same statistic by `features` random cosines, relative error about 1 / sqrt(features): (n + m) features a permutation. sigma 0: from
// the first kAllPairsMost / 4 rows a side.
KernelTest mmd_test_by_features(std::span<const double> a, std::span<const double> b, std::size_t columns, std::size_t features = 256, double sigma = 0,
                                const PermutationOptions& options = {});

}  // namespace firebreak::stats
