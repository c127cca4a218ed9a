// Kolmogorov-Smirnov: the largest distance between two empirical CDFs, and its p value.
//
// Samples: sorted ascending, finite, not empty. Ties are treated as SciPy treats them: the null distribution is that of
// values without ties, so with ties p is too large rather than too small.
// Sources: two samples, exact: the share of lattice paths that reach the distance (Hodges 1958; recursion of Schroeer &
// Trenkler 1995), which sums positive terms alone, so small p values keep their digits. One sample: Simard & L'Ecuyer
// 2011, with Marsaglia, Tsang & Wang 2003, Pelz & Good 1976 and Smirnov 1944 (Birnbaum & Tingey 1951) where they choose
// them; relative error of the upper tail below 2e-6 where they take twice the one-sided tail.
#pragma once

#include <cstddef>
#include <span>

namespace firebreak::stats {

struct KolmogorovDistance {
  double distance = 0;
  double location = 0;  // the smallest value at which it is reached
};
KolmogorovDistance kolmogorov_distance(std::span<const double> a, std::span<const double> b);

// P(D >= distance) for samples of n and m. Exact; n m steps, so meant for samples up to kExactMost.
constexpr std::size_t kKolmogorovExactMost = 10'000;
double kolmogorov_two_sample_exact(double distance, std::size_t n, std::size_t m);

// The one-sample distribution at the rounded harmonic size n m / (n + m): right in the limit.
double kolmogorov_two_sample_asymptotic(double distance, std::size_t n, std::size_t m);

// P(D_n >= distance) of one sample of n against a continuous distribution.
double kolmogorov_upper(double n, double distance);

}  // namespace firebreak::stats
