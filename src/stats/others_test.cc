// The values that Deequ and TensorFlow Data Validation hold their own scores against, and Evidently's for its tests of categories.
#include "stats/others.h"

#include <gtest/gtest.h>

#include <cmath>

#include "stats/distances.h"
#include "stats/evidently.h"
#include "stats/permutation.h"

namespace firebreak::stats {
namespace {

double largest(const Counts& a, const Counts& b) {
  return l_infinity(shares(a, static_cast<double>(total(a))), shares(b, static_cast<double>(total(b))));
}

double robust(const Counts& a, const Counts& b, std::optional<double> alpha = std::nullopt) {
  return deequ_robust(largest(a, b), static_cast<double>(total(a)), static_cast<double>(total(b)), alpha);
}

// awslabs/deequ 2.0, KLLDistanceTest.
TEST(Deequ, l_infinity) {
  EXPECT_DOUBLE_EQ(largest({10, 20, 25, 10, 5}, {11, 20, 25, 10, 10}), 0.06015037593984962);
  EXPECT_EQ(robust({10, 20, 25, 10, 5}, {11, 20, 25, 10, 10}), 0);
  const Counts a = {10, 20, 25, 10, 5, 0}, b = {20, 0, 25, 10, 10, 11};
  EXPECT_NEAR(largest(a, b), 0.2857142857142857, 1e-12);
  EXPECT_EQ(robust(a, b), 0);
  const Counts c = {207, 20, 25, 14, 25, 13, 0}, d = {22, 20, 25, 12, 13, 0, 15};
  EXPECT_NEAR(robust(c, d, 0.003), 0.2726338046550349, 1e-12);
  EXPECT_NEAR(robust(c, d, 0.1), 0.33774199396969184, 1e-12);
}

TEST(Deequ, chi_square_with_regrouping) {
  const Counts a = {207, 20, 25, 14, 25, 13, 0}, b = {223, 20, 25, 12, 13, 0, 15};
  EXPECT_NEAR(deequ_chi_square(a, b).statistic, 28.175042782458068, 1e-9);
  EXPECT_NEAR(deequ_chi_square(a, b).p_value, 3.3640191298478506e-5, 1e-12);
  EXPECT_NEAR(deequ_chi_square(Counts{207, 20, 25, 14, 25}, Counts{223, 20, 25, 12, 13}).p_value, 0.013227994814265176, 1e-12);
  EXPECT_NEAR(deequ_chi_square(Counts{100, 20, 25, 10, 5, 2}, Counts{100, 22, 25, 5, 13, 2}).statistic, 8.789790456457125, 1e-9);
  EXPECT_NEAR(deequ_chi_square(Counts{100, 40, 30, 10, 0}, Counts{100, 40, 30, 0, 4}).statistic, 0.38754325259515626, 1e-9);
  EXPECT_NEAR(deequ_chi_square(Counts{100, 4, 3, 27}, Counts{100, 4, 3, 34}).statistic, 1.1507901668129925, 1e-9);
  EXPECT_NEAR(deequ_chi_square(Counts{100, 4, 3, 27, 20, 20, 20, 20}, Counts{100, 2, 1, 34, 20, 20, 20, 20}).statistic, 6.827423492761593, 1e-9);
  EXPECT_TRUE(std::isnan(deequ_chi_square(Counts{100, 4, 3}, Counts{100, 4, 3}).statistic));
}

TEST(Deequ, psi_of_deciles) {
  const std::vector<double> expected = {428, 425, 414, 427, 440, 447, 380, 386, 444, 386}, actual = {426, 437, 429, 391, 469, 433, 360, 443, 371, 418};
  std::vector<double> p, q;
  for (const double count : expected) p.push_back(count / 4'177);
  for (const double count : actual) q.push_back(count / 4'177);
  EXPECT_NEAR(psi(q, p), 0.007406694184014186, 1e-12);
}

// tensorflow/data-validation, anomalies/metrics_test.cc.
TEST(Tfdv, jensen_shannon_of_histograms) {
  using Buckets = std::vector<Bucket>;
  const Buckets same = {{1, 2.3333333, 2.9866667}, {2.3333333, 3.6666667, 1.0066667}, {3.6666667, 5, 2.0066667}};
  EXPECT_NEAR(tfdv_jensen_shannon(same, 1, same, 1), 0, 1e-12);
  EXPECT_NEAR(tfdv_jensen_shannon(Buckets{{1, 2, 2}, {2, 3, 2}}, 0, Buckets{{2, 4, 2}, {4, 6, 2}}, 0), 0.65563906222, 1e-10);
  EXPECT_NEAR(tfdv_jensen_shannon(Buckets{{0, 1, 2}, {1, 2, 2}}, 0, Buckets{{3, 4, 2}, {4, 6, 2}}, 0), 1, 1e-12);
  EXPECT_NEAR(tfdv_jensen_shannon(Buckets{{1, 1, 4}}, 0, Buckets{{2, 4, 2}, {4, 6, 2}}, 0), 1, 1e-12);
  EXPECT_NEAR(tfdv_jensen_shannon(Buckets{{1, 2, 3}}, 1, Buckets{{1, 2, 4}}, 0), 0.13792538096, 1e-10);
}

TEST(Tfdv, l_infinity_of_tokens) {
  EXPECT_NEAR(l_infinity(std::vector{0.1, 0.9}, std::vector{0.3, 0.7}), 0.2, 1e-12);
  EXPECT_NEAR(l_infinity(std::vector{0.0, 0.9, 0.1}, std::vector{0.3, 0.7, 0.0}), 0.3, 1e-12);
}

double score(const std::vector<EvidentlyScore>& scores, const std::string& name) {
  for (const EvidentlyScore& one : scores)
    if (one.name == name) return one.error.empty() ? one.score : -1;
  return -2;
}

// Evidently 0.7.21, tests/stattests/test_stattests.py: one to six, so often each.
TEST(Evidently, scores_of_its_own_tests) {
  const Counts then = {16, 18, 16, 14, 12, 12}, now = {16, 16, 16, 16, 16, 8};
  const auto scores = evidently_categorical(then, now);
  EXPECT_NEAR(score(scores, "chisquare"), 0.67309, 1e-5);
  EXPECT_NEAR(hellinger(shares(then, 88), shares(now, 88)), 0.06812, 1e-5);
  // Counted over other draws; and the third of all deals that is exactly as far apart counts in ours, in theirs as rounding has it.
  EXPECT_NEAR(score(scores, "TVD"), 0.928, 0.06);
  EXPECT_NEAR(score(evidently_categorical(then, Counts{10, 10, 24, 24, 10, 10}), "TVD"), 0.085, 0.03);
  EXPECT_NEAR(score(evidently_categorical(then, Counts{10, 24, 12, 16, 8, 16}), "TVD"), 0.309, 0.04);
  EXPECT_NEAR(score(evidently_categorical(Counts{5, 5, 8}, Counts{4, 6, 8}), "g_test"), 0.8176, 1e-4);
  EXPECT_EQ(score(evidently_categorical(Counts{5, 5, 9}, Counts{4, 6, 8}), "g_test"), -1);  // sizes differ: it fails there
  EXPECT_EQ(score(scores, "fisher_exact"), -1);                                             // more than two values
}

}  // namespace
}  // namespace firebreak::stats
