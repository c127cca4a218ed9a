// Tests on counts of categories.
//
// Counts: two vectors of one length, reference then current, both totals positive. No category may be empty on both sides.
// Sources: Pearson 1900; Yates 1934; Wilks 1938 (G); Cramer 1946; Fisher 1935 with p = the sum of all tables that are no
// likelier than the one seen.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace firebreak::stats {

struct CountTest {
  double statistic = 0;
  double p_value = 1;
  std::uint64_t freedom = 0;
};

// Were both samples drawn from the same distribution? Yates: half a count towards the expected one, for 2 x 2 alone.
CountTest chi_square_contingency(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b, bool yates);
// With yates, as SciPy has it by default, 2 x 2 tables are corrected too.
CountTest g_contingency(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b, bool yates);
// Does the current sample follow the reference's shares, taken as exact? They are not: with a reference no larger than the
// current sample this raises far too many alarms (five categories, equal sizes, level 0.05: 0.32). For comparison with
// tools that do so. A category that the reference lacks gives infinity and 0.
CountTest chi_square_fit(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> current);
double cramers_v(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b);  // 0..1

struct FisherResult {
  double odds_ratio = 1;  // ad / bc, the sample's; infinite when bc is 0
  double p_value = 1;     // two-sided
};
FisherResult fisher_exact(std::array<std::uint64_t, 2> a, std::array<std::uint64_t, 2> b);

// z test of two proportions with the pooled variance, two-sided; `hits` of `n`. 1 when both are all or none.
double two_proportions_p(double hits_a, double n_a, double hits_b, double n_b);

}  // namespace firebreak::stats
