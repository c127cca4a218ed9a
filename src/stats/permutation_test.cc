// Tests that count permutations: their level without a change, their power with one, and statistics that others gave.
#include "stats/permutation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "stats/bins.h"
#include "stats/draws.h"

namespace firebreak::stats {
namespace {

const std::vector<double> kX = {38.7, 41.5, 43.8, 44.5, 45.5, 46, 47.7, 58};
const std::vector<double> kY = {39.2, 39.3, 39.7, 41.4, 41.8, 42.9, 43.3, 45.8};

std::vector<double> normal(Draws& draws, std::size_t count, double mean = 0) {
  std::vector<double> out(count);
  for (double& value : out) value = draws.normal() + mean;
  return out;
}

TEST(Permutation, statistics_of_two_small_samples) {
  EXPECT_NEAR(energy_test(kX, kY).statistic, 1.5702308747, 1e-10);
  const double p = energy_test(kX, kY).p_value;
  EXPECT_GT(p, 0.02);
  EXPECT_LT(p, 0.15);
  EXPECT_EQ(energy_test(kX, kY).p_value, p);
  // NumPy: unbiased, Gaussian kernel of sigma 3.
  EXPECT_NEAR(mmd_test(kX, kY, 1, 3).statistic, 0.12327133441249394, 1e-12);
}

// Level 0.1 of 400 runs, three deviations.
TEST(Permutation, levels_are_kept_and_changes_found) {
  Draws draws(3);
  const PermutationOptions options{.permutations = 39};
  int energy_null = 0, mmd_null = 0, tvd_null = 0, features_null = 0, energy_moved = 0, mmd_moved = 0, features_moved = 0;
  constexpr int kRuns = 400;
  for (int run = 0; run < kRuns; ++run) {
    auto a = normal(draws, 24), b = normal(draws, 16), moved = normal(draws, 16, 1.5);
    mmd_null += mmd_test(a, b, 2, 0, options).p_value <= 0.1 ? 1 : 0;
    features_null += mmd_test_by_features(a, b, 2, 32, 0, options).p_value <= 0.1 ? 1 : 0;
    mmd_moved += mmd_test(a, moved, 2, 0, options).p_value <= 0.1 ? 1 : 0;
    features_moved += mmd_test_by_features(a, moved, 2, 32, 0, options).p_value <= 0.1 ? 1 : 0;
    for (auto* sample : {&a, &b, &moved}) std::sort(sample->begin(), sample->end());
    energy_null += energy_test(a, b, options).p_value <= 0.1 ? 1 : 0;
    energy_moved += energy_test(a, moved, options).p_value <= 0.1 ? 1 : 0;
    Counts x(4), y(4);
    for (int i = 0; i < 30; ++i) ++x[draws.below(4)];
    for (int i = 0; i < 20; ++i) ++y[draws.below(4)];
    tvd_null += total_variation_test(x, y, options).p_value <= 0.1 ? 1 : 0;
  }
  const double most = kRuns * 0.1 + 3 * std::sqrt(kRuns * 0.1 * 0.9);
  for (const int count : {energy_null, mmd_null, tvd_null, features_null}) EXPECT_LE(count, most);
  for (const int count : {energy_moved, mmd_moved, features_moved}) EXPECT_GT(count, kRuns / 2);
}

TEST(Permutation, random_features_come_near_all_pairs) {
  Draws draws(4);
  const auto a = normal(draws, 400), b = normal(draws, 400, 0.8);
  const double exact = mmd_test(a, b, 1, 1, {.permutations = 1}).statistic;
  EXPECT_NEAR(mmd_test_by_features(a, b, 1, 4'096, 1, {.permutations = 1}).statistic / exact, 1, 0.1);
}

TEST(Permutation, p_is_never_zero) {
  const Counts a = {1'000, 0}, b = {0, 1'000};
  EXPECT_DOUBLE_EQ(total_variation_test(a, b, {.permutations = 99}).p_value, 0.01);
  EXPECT_DOUBLE_EQ(total_variation_test(a, b, {.permutations = 99}).statistic, 1);
}

}  // namespace
}  // namespace firebreak::stats
