#include "fold/detect/statistics.h"

#include <gtest/gtest.h>

namespace firebreak::detect {
namespace {

// Expected values: SciPy 1.17.1, binom.sf(k - 1, n, p) and binomtest(k, n).proportion_ci(0.95, "wilson").
TEST(Statistics, binomial_upper_tail_agrees_with_scipy) {
  EXPECT_NEAR(binomial_upper_tail(8, 20, 0.015) / 2.7485812365003177e-10, 1, 1e-9);
  EXPECT_NEAR(binomial_upper_tail(5, 1000, 0.015), 0.9991955341207417, 1e-9);
  EXPECT_NEAR(binomial_upper_tail(3, 10, 0.5), 0.9453125, 1e-12);
}

TEST(Statistics, binomial_upper_tail_is_one_for_nothing_and_zero_for_the_impossible) {
  EXPECT_EQ(binomial_upper_tail(0, 0, 0.1), 1);
  EXPECT_EQ(binomial_upper_tail(11, 10, 0.1), 0);
  EXPECT_EQ(binomial_upper_tail(1, 10, 0), 0);
}

TEST(Statistics, wilson_agrees_with_scipy_and_stays_within_zero_and_one) {
  const Interval half = wilson(59, 100, 1.959963984540054);
  EXPECT_NEAR(half.low, 0.4920143005341078, 1e-9);
  EXPECT_NEAR(half.high, 0.6813268697886348, 1e-9);
  EXPECT_EQ(wilson(0, 5, 2).low, 0);
  EXPECT_EQ(wilson(5, 5, 2).high, 1);
  EXPECT_EQ(wilson(0, 0, 2).high, 1);
}

}  // namespace
}  // namespace firebreak::detect
