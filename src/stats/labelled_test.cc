// Properties of the figures of labelled answers; their numbers are held by test/conformance/performance_test.cc.
#include "stats/labelled.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "stats/calibration.h"
#include "stats/cbpe.h"
#include "stats/mean_band.h"

namespace firebreak::stats {
namespace {

using Generator = std::mt19937_64;

double uniform(Generator& random) { return std::generate_canonical<double, 53>(random); }

struct Sample {
  std::vector<double> scores, flagged, labels;
};

// Scores that are the chance of a positive; rounded so that many are equal.
Sample sample(Generator& random, std::size_t n, double unit) {
  Sample out;
  for (std::size_t i = 0; i < n; ++i) {
    const double chance = uniform(random) * uniform(random);
    out.scores.push_back(std::round(chance * unit) / unit);
    out.labels.push_back(uniform(random) < chance ? 1 : 0);
    out.flagged.push_back(out.scores.back() >= 0.4 ? 1 : 0);
  }
  return out;
}

TEST(Labelled, auc_is_the_share_of_pairs_in_the_right_order) {
  Generator random(6201);
  for (int run = 0; run < 20; ++run) {
    const Sample rows = sample(random, 60, run % 2 == 0 ? 5 : 1e6);
    double won = 0, pairs = 0;
    for (std::size_t i = 0; i < rows.labels.size(); ++i) {
      for (std::size_t j = 0; j < rows.labels.size(); ++j) {
        if (rows.labels[i] != 1 || rows.labels[j] != 0) continue;
        ++pairs;
        won += rows.scores[i] > rows.scores[j] ? 1 : rows.scores[i] == rows.scores[j] ? 0.5 : 0;
      }
    }
    EXPECT_NEAR(roc_auc(rows.scores, rows.labels), won / pairs, 1e-12);
  }
}

TEST(Labelled, says_nothing_where_there_is_nothing) {
  EXPECT_TRUE(std::isnan(Confusion().precision()));
  EXPECT_TRUE(std::isnan(roc_auc({}, {})));
  const std::vector<double> one = {0.5}, positive = {1};
  EXPECT_TRUE(std::isnan(roc_auc(one, positive)));
  EXPECT_EQ(average_precision(one, positive), 1);
  EXPECT_EQ(log_loss(positive, positive), -std::log1p(-0x1p-52));
}

TEST(Labelled, a_short_list_misses_the_places_it_does_not_fill) {
  const std::vector<double> shown = {1, 0, 1}, none;
  EXPECT_DOUBLE_EQ(precision_at(5, shown), 0.4);
  EXPECT_DOUBLE_EQ(precision_at(1, shown), 1);
  EXPECT_DOUBLE_EQ(precision_at(3, none), 0);
  EXPECT_DOUBLE_EQ(ndcg_at(2, shown, shown), 1 / (1 + 1 / std::log2(3)));
}

TEST(IsotonicFit, rises_and_keeps_the_mean) {
  Generator random(6202);
  for (int run = 0; run < 30; ++run) {
    const Sample rows = sample(random, 200, run % 2 == 0 ? 12 : 1e6);
    const IsotonicFit fit(rows.scores, rows.labels);
    double last = -1, sum = 0, labels = 0;
    for (double at = -0.2; at < 1.2; at += 0.01) {
      EXPECT_GE(fit(at), last);
      last = fit(at);
    }
    for (std::size_t i = 0; i < rows.scores.size(); ++i) {
      sum += fit(rows.scores[i]);
      labels += rows.labels[i];
    }
    EXPECT_NEAR(sum, labels, 1e-9);
  }
  EXPECT_EQ(IsotonicFit()(1.5), 1);
}

TEST(Calibration, is_worth_it_for_scores_that_are_off_and_not_for_those_that_are_right) {
  Generator random(6203);
  Sample rows = sample(random, 4000, 1e6);
  for (double& score : rows.scores) score = std::pow(score, 3);
  EXPECT_TRUE(improves_calibration(rows.scores, rows.labels));
  EXPECT_FALSE(improves_calibration(rows.scores, rows.scores));  // no label is 1 or 0: one class
  const std::vector<double> same(100, 0.3), zero(100, 0.0);
  EXPECT_FALSE(improves_calibration(same, zero));
}

TEST(Cbpe, lies_within_three_sampling_errors_of_what_the_labels_say) {
  Generator random(6204);
  const Sample reference = sample(random, 4000, 1e6);
  const SamplingError error(reference.scores, reference.flagged, reference.labels, {1, -1, -5, 2});
  const IsotonicFit fit(reference.scores, reference.labels);
  int inside = 0, all = 0;
  for (int run = 0; run < 100; ++run) {
    const Sample rows = sample(random, 500, 1e6);
    std::vector<double> chances;
    for (const double score : rows.scores) chances.push_back(fit(score));
    const Figures expected = figures_of(rows.scores, rows.flagged, chances, {1, -1, -5, 2});
    const Figures realised = figures_of(rows.scores, rows.flagged, rows.labels, {1, -1, -5, 2});
    for (std::size_t i = 0; i < kFigures; ++i) {
      const auto which = static_cast<Figure>(i);
      const Band band = band_of(which, at(expected, which), error.of(which, 500));
      inside += band.low <= at(realised, which) && at(realised, which) <= band.high ? 1 : 0;
      ++all;
    }
  }
  EXPECT_GE(inside, all * 0.98);
}

TEST(MeanBand, covers_the_mean_at_all_times_together) {
  Generator random(6205);
  constexpr int kRuns = 400, kValues = 1500;
  for (const double mean : {0.02, 0.2, 0.6}) {
    int missed = 0;
    for (int run = 0; run < kRuns; ++run) {
      double sum = 0;
      bool out = false;
      for (int i = 1; i <= kValues && !out; ++i) {
        sum += uniform(random) < mean ? 1 : 0;
        if (i > 40 && i % 10 != 0) continue;
        const MeanBand band = mean_band(i, sum, 0.05);
        out = band.low > mean || band.high < mean;
      }
      missed += out ? 1 : 0;
    }
    EXPECT_LE(missed, kRuns * 0.05 + 3 * std::sqrt(kRuns * 0.05 * 0.95));
  }
  EXPECT_NEAR(lower_share(249, 147, 0.05), 0.5366, 0.0005);
  EXPECT_LT(mean_band(1500, 300, 0.05).high - mean_band(1500, 300, 0.05).low, 0.08);
  EXPECT_EQ(mean_band(0, 0, 0.05).high, 1);
}

TEST(MeanBand, limits_of_a_finished_sample_hold_with_their_chance) {
  Generator random(6206);
  constexpr int kRuns = 2000;
  for (const double mean : {0.05, 0.4}) {
    int above = 0, below = 0, above_share = 0, above_bernstein = 0;
    for (int run = 0; run < kRuns; ++run) {
      double sum = 0;
      for (int i = 0; i < 300; ++i) sum += uniform(random) < mean ? 1 : 0;
      above += upper_limit(300, sum, 0.05) < mean ? 1 : 0;
      below += lower_limit(300, sum, 0.05) > mean ? 1 : 0;
      above_share += upper_share(300, sum, 0.05) < mean ? 1 : 0;
      double halves = 0, squares = 0;  // values with the same mean and half the spread
      for (int i = 0; i < 300; ++i) {
        const double value = uniform(random) < 0.5 ? 0.5 * mean : 1.5 * mean;
        halves += value;
        squares += value * value;
      }
      above_bernstein += upper_limit(300, halves, squares, 0.05) < mean ? 1 : 0;
    }
    EXPECT_LE(above_share, kRuns * 0.05 + 3 * std::sqrt(kRuns * 0.05 * 0.95));
    EXPECT_LE(above_bernstein, kRuns * 0.05 + 3 * std::sqrt(kRuns * 0.05 * 0.95));
    EXPECT_LE(above, kRuns * 0.05 + 3 * std::sqrt(kRuns * 0.05 * 0.95));
    EXPECT_LE(below, kRuns * 0.05 + 3 * std::sqrt(kRuns * 0.05 * 0.95));
  }
}

}  // namespace
}  // namespace firebreak::stats
