// Tests that look at ranks alone: Mann-Whitney, Cramer-von Mises, Anderson-Darling.
//
// Samples: sorted ascending, finite, not empty. Equal values share their mean rank.
// Sources: Mann & Whitney 1947 with the tie-corrected normal form (Hollander & Wolfe, 4.1) and continuity correction;
// Anderson 1962 with the exact count of Xiao, Gordon & Yakovlev 2007 and the series of Csoergo & Faraway 1996;
// Scholz & Stephens 1987, eq. 7 and table 2 (midrank form).
#pragma once

#include <cstddef>
#include <span>

namespace firebreak::stats {

struct TestResult {
  double statistic = 0;
  double p_value = 1;
};

enum class Side { kTwoSided, kLess };  // kLess: `a` tends to be smaller than `b`

// Statistic: U of `a`, the number of pairs with a > b, ties half.
TestResult mann_whitney(std::span<const double> a, std::span<const double> b, Side side);
// Counts arrangements; for values without ties. SciPy takes it by default when the smaller sample has at most kExactRanks.
constexpr std::size_t kExactRanks = 8;
TestResult mann_whitney_exact(std::span<const double> a, std::span<const double> b, Side side);

// Two samples. The asymptotic p adds terms until one is below 1e-7, as SciPy does: it never gets below about 2e-7.
TestResult cramer_von_mises(std::span<const double> a, std::span<const double> b);
// Counts arrangements: for at most kExactCramer values a side.
constexpr std::size_t kExactCramer = 20;
TestResult cramer_von_mises_exact(std::span<const double> a, std::span<const double> b);

// Normalised k-sample statistic for two samples. p is interpolated in a table and clipped to 0.001..0.25: at the ends it
// says "at most" and "at least". Needs four values in all, not all equal; else NaN and 1.
TestResult anderson_darling(std::span<const double> a, std::span<const double> b);

}  // namespace firebreak::stats
