// Values that others published or computed, small enough to check by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "stats/bins.h"
#include "stats/categorical_tests.h"
#include "stats/distances.h"
#include "stats/evidently.h"
#include "stats/kolmogorov.h"
#include "stats/mean_tests.h"
#include "stats/moments.h"
#include "stats/rank_tests.h"
#include "stats/special.h"

namespace firebreak::stats {
namespace {

// Scholz & Stephens 1987, two laboratories; the values below are SciPy 1.10.1's.
const std::vector<double> kX = {38.7, 41.5, 43.8, 44.5, 45.5, 46, 47.7, 58};
const std::vector<double> kY = {39.2, 39.3, 39.7, 41.4, 41.8, 42.9, 43.3, 45.8};
// One to six, so often each.
const Counts kThen = {16, 18, 16, 14, 12, 12}, kNow = {16, 16, 16, 16, 16, 8};

TEST(Kolmogorov, two_small_samples) {
  const KolmogorovDistance d = kolmogorov_distance(kX, kY);
  EXPECT_DOUBLE_EQ(d.distance, 0.625);
  EXPECT_NEAR(kolmogorov_two_sample_exact(d.distance, 8, 8), 0.0870240870, 1e-10);
  EXPECT_NEAR(kolmogorov_two_sample_asymptotic(d.distance, 8, 8), 0.0493164, 1e-7);
}

TEST(Kolmogorov, the_branches_of_the_one_sample_tail_meet) {
  // Twice the one-sided tail, the matrix and the expansion, each at the border of its use.
  for (const double n : {50.0, 140.0, 141.0, 400.0, 2000.0}) {
    double before = 1;
    for (double square = 0.3; square < 5; square += 0.01) {
      const double p = kolmogorov_upper(n, std::sqrt(square / n));
      EXPECT_LE(p, before * (1 + 1e-5)) << n << " " << square;
      EXPECT_GT(p, before * 0.9) << n << " " << square;
      before = p;
    }
  }
}

TEST(Kolmogorov, the_largest_distance_has_one_path_each_way) {
  // Both samples apart: two of C(n + m, n) paths.
  EXPECT_NEAR(kolmogorov_two_sample_exact(1, 5, 7), 2 / 792.0, 1e-15);
  EXPECT_NEAR(std::log(kolmogorov_two_sample_exact(1, 300, 200)), std::log(2.0) - log_choose(500, 200), 1e-8);
}

TEST(RankTests, two_small_samples) {
  const TestResult exact = cramer_von_mises_exact(kX, kY);
  EXPECT_NEAR(exact.statistic, 0.4375, 1e-12);
  EXPECT_NEAR(exact.p_value, 0.0643356643, 1e-10);
  EXPECT_NEAR(anderson_darling(kX, kY).statistic, 1.7183096744, 1e-10);
  EXPECT_NEAR(anderson_darling(kX, kY).p_value, 0.0635146773, 1e-10);
  EXPECT_NEAR(mann_whitney_exact(kX, kY, Side::kLess).p_value, 0.9675213675, 1e-10);
}

TEST(MeanTests, two_small_samples) {
  EXPECT_NEAR(student_t(Moments::of(kX), Moments::of(kY)).p_value, 0.0841057202, 1e-10);
  EXPECT_NEAR(epps_singleton(kX, kY).statistic, 3.98198862, 1e-8);
  EXPECT_NEAR(epps_singleton(kX, kY).p_value, 0.4084489, 1e-7);
}

TEST(Distances, two_small_samples) {
  EXPECT_NEAR(wasserstein(kX, kY), 4.1625, 1e-12);
  EXPECT_NEAR(wasserstein(kX, kY) / Moments::of(kX).std_population(), 0.781236106, 1e-9);
  EXPECT_NEAR(energy(kX, kY), 1.5702308747, 1e-10);
}

TEST(CategoricalTests, dice) {
  EXPECT_NEAR(chi_square_fit(kThen, kNow).p_value, 0.67309, 1e-5);
  EXPECT_NEAR(chi_square_contingency(kThen, kNow, false).p_value, 0.8985262394, 1e-10);
  EXPECT_NEAR(hellinger(shares(kThen, 88), shares(kNow, 88)), 0.06812, 1e-5);
}

TEST(CategoricalTests, frouros_chi_square) {
  // a, a, b, a, a, b against b, a, c, c, c, c.
  const CountTest test = chi_square_contingency(Counts{4, 2, 0}, Counts{1, 1, 4}, false);
  EXPECT_NEAR(test.statistic, 6.13333333, 1e-8);
  EXPECT_NEAR(test.p_value, 0.04657615, 1e-8);
}

TEST(CategoricalTests, two_proportions) {
  // 0, 0, 0, 1 against 1, 1, 0, 1.
  EXPECT_NEAR(two_proportions_p(1, 4, 3, 4), 0.157, 5e-4);
  EXPECT_EQ(two_proportions_p(4, 4, 9, 9), 1);
}

TEST(CategoricalTests, the_lady_tasting_tea) {
  // Fisher 1935: three of four cups right; both sides together 34 of 70.
  const FisherResult result = fisher_exact({3, 1}, {1, 3});
  EXPECT_NEAR(result.p_value, 34 / 70.0, 1e-12);
  EXPECT_DOUBLE_EQ(result.odds_ratio, 9);
  EXPECT_NEAR(fisher_exact({4, 0}, {0, 4}).p_value, 2 / 70.0, 1e-12);
}

TEST(Special, tails_keep_their_digits) {
  EXPECT_NEAR(normal_upper(10) / 7.619853024160527e-24, 1, 1e-12);
  EXPECT_NEAR(chi_square_upper(3.841458820694124, 1), 0.05, 1e-14);
  EXPECT_NEAR(student_two_sided(12.706204736174707, 1), 0.05, 1e-13);  // the t table's first line
  EXPECT_NEAR(student_two_sided(1e-9, 5), 1, 1e-8);
  // Both forms of the Bessel function at the border between them.
  EXPECT_NEAR(bessel_k_quarter_scaled(599.999) / bessel_k_quarter_scaled(600.001), std::sqrt(600.001 / 599.999), 1e-9);
}

TEST(Evidently, a_lower_mean_is_no_drift_for_its_one_sided_test) {
  std::vector<double> then, now;
  for (int i = 0; i < 200; ++i) {
    then.push_back(i);
    now.push_back(i - 60);
  }
  for (const EvidentlyScore& score : evidently_numeric(then, now)) {
    if (score.name == "mannw") {
      EXPECT_GT(score.score, 0.99);
    } else if (score.name == "ks") {
      EXPECT_TRUE(score.drifted);
    }
  }
}

TEST(Evidently, says_that_a_score_is_not_defined) {
  const std::vector<double> constant(30, 2.0);
  for (const EvidentlyScore& score : evidently_numeric(constant, constant)) {
    EXPECT_EQ(score.error.empty(), score.name != "es" && score.name != "empirical_mmd") << score.name;
    EXPECT_FALSE(score.drifted) << score.name;
  }
}

TEST(Evidently, picks_by_the_size_of_the_reference_and_the_number_of_values) {
  const auto picked = [](std::size_t rows, int values) {
    std::vector<double> sample;
    for (std::size_t i = 0; i < rows; ++i) sample.push_back(static_cast<double>(i % static_cast<std::size_t>(values)));
    sample = sorted_copy(sample);
    return evidently_numeric(sample, sample).back().method;
  };
  EXPECT_EQ(picked(1000, 6), "ks");
  EXPECT_EQ(picked(1000, 5), "chisquare");
  EXPECT_EQ(picked(1000, 2), "z");
  EXPECT_EQ(picked(1001, 6), "wasserstein");
  EXPECT_EQ(picked(1001, 5), "jensenshannon");
}

TEST(Evidently, an_unseen_category_is_certain_drift_for_its_chi_square) {
  const auto scores = evidently_categorical(Counts{500, 400, 0}, Counts{450, 450, 1});
  EXPECT_EQ(scores.front().name, "chisquare");
  EXPECT_EQ(scores.front().score, 0);
  EXPECT_EQ(scores.back().method, "chisquare");
}

}  // namespace
}  // namespace firebreak::stats
