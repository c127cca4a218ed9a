// Simulations: what is promised about false alarms and coverage, counted. Seeds are fixed; a limit is the promise plus three
// standard deviations of the count.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "stats/bounded_mean.h"
#include "stats/evidence.h"
#include "stats/many.h"

namespace firebreak::stats {
namespace {

using Generator = std::mt19937_64;

double uniform(Generator& random) { return std::generate_canonical<double, 53>(random); }

std::size_t category(Generator& random, const std::vector<double>& shares) {
  double left = uniform(random);
  for (std::size_t i = 0; i + 1 < shares.size(); ++i)
    if ((left -= shares[i]) < 0) return i;
  return shares.size() - 1;
}

// Most hits in `runs` that a chance of `p` explains.
double most(double p, double runs) { return runs * p + 3 * std::sqrt(runs * p * (1 - p)); }

const std::vector<double> kShares = {0.5, 0.25, 0.15, 0.07, 0.03}, kShifted = {0.45, 0.27, 0.16, 0.08, 0.04};

// The value at which the evidence reaches 1/alpha, or 0.
std::uint64_t first_alarm(Generator& random, MultinomialEvidence evidence, const std::vector<double>& shares, int values, double alpha) {
  for (int i = 0; i < values; ++i) {
    evidence.add(category(random, shares));
    if (i % 10 == 9 && evidence.log_e() >= std::log(1 / alpha)) return evidence.n();
  }
  return 0;
}

TEST(MultinomialEvidence, seldom_alarms_without_a_change_however_often_one_looks) {
  Generator random(6001);
  constexpr int kRuns = 400;
  int alarms = 0;
  for (int run = 0; run < kRuns; ++run) alarms += first_alarm(random, MultinomialEvidence::against_shares(kShares), kShares, 2000, 0.05) > 0 ? 1 : 0;
  EXPECT_LE(alarms, most(0.05, kRuns));
}

TEST(MultinomialEvidence, finds_a_small_change) {
  Generator random(6002);
  double sum = 0;
  constexpr int kRuns = 40;
  for (int run = 0; run < kRuns; ++run) {
    const auto at = first_alarm(random, MultinomialEvidence::against_shares(kShares), kShifted, 10'000, 0.05);
    ASSERT_GT(at, 0u);
    sum += static_cast<double>(at);
  }
  EXPECT_LT(sum / kRuns, 3000);
}

TEST(MultinomialEvidence, a_sample_as_reference_costs_no_false_alarms) {
  Generator random(6003);
  constexpr int kRuns = 200;
  int alarms = 0, alarms_as_if_exact = 0;
  for (int run = 0; run < kRuns; ++run) {
    Counts reference(kShares.size(), 1);  // one each, so that the shares can be taken as exact for comparison
    for (int i = 0; i < 200; ++i) ++reference[category(random, kShares)];
    const auto as_shares = shares(reference, static_cast<double>(total(reference)));
    for (std::uint64_t& count : reference) --count;
    alarms += first_alarm(random, MultinomialEvidence::against_counts(reference, 0.01), kShares, 2000, 0.04) > 0 ? 1 : 0;
    alarms_as_if_exact += first_alarm(random, MultinomialEvidence::against_shares(as_shares), kShares, 2000, 0.04) > 0 ? 1 : 0;
  }
  EXPECT_LE(alarms, most(0.05, kRuns));
  EXPECT_GT(alarms_as_if_exact, kRuns / 2);  // what the care is for
}

TEST(MultinomialEvidence, a_sample_as_reference_still_finds_a_change_and_an_unseen_category) {
  Generator random(6004);
  Counts reference(6);
  for (int i = 0; i < 5000; ++i) ++reference[category(random, kShares)];
  EXPECT_EQ(reference[5], 0u);
  auto evidence = MultinomialEvidence::against_counts(reference, 0.01);
  EXPECT_GT(first_alarm(random, evidence, {0.4, 0.3, 0.18, 0.08, 0.04}, 20'000, 0.05), 0u);
  for (int i = 0; i < 300; ++i) evidence.add(i % 10 == 0 ? 5 : category(random, kShares));
  EXPECT_GT(evidence.log_e(), std::log(20));
}

TEST(MultinomialEvidence, parts_add_up_and_order_does_not_matter) {
  Generator random(6005);
  const Counts reference = {40, 30, 0, 5};
  auto whole = MultinomialEvidence::against_counts(reference, 0.01), left = whole, right = whole;
  for (int i = 0; i < 100; ++i) {
    const std::size_t at = category(random, {0.4, 0.3, 0.2, 0.1});
    whole.add(at);
    (i % 3 == 0 ? left : right).add(at);
  }
  right.merge(left);
  EXPECT_DOUBLE_EQ(whole.log_e(), right.log_e());
  right.restart();
  EXPECT_EQ(right.log_e(), 0);
}

TEST(MultinomialEvidence, one_value_is_a_ratio_one_can_check_by_hand) {
  // Mixture around (1/4, 3/4) with eight observations: (2 / 8) / (1/4) at first, then (2 + 1) / (8 + 1) / (1/4).
  auto evidence = MultinomialEvidence::against_shares(std::vector<double>{0.25, 0.75}, 8);
  evidence.add(0);
  EXPECT_NEAR(evidence.log_e(), 0, 1e-12);
  evidence.add(0);
  EXPECT_NEAR(evidence.log_e(), std::log(4 / 3.0), 1e-12);
}

TEST(RelativeEntropyBound, covers_the_shares_that_made_the_sample) {
  Generator random(6006);
  constexpr int kRuns = 1000, kValues = 100;
  const double bound = relative_entropy_bound(kShares.size(), 0.05);
  int outside = 0;
  for (int run = 0; run < kRuns; ++run) {
    Counts counts(kShares.size());
    for (int i = 0; i < kValues; ++i) ++counts[category(random, kShares)];
    double apart = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const double count = static_cast<double>(counts[i]);
      if (count > 0) apart += count * std::log(count / kValues / kShares[i]);
    }
    outside += apart >= bound ? 1 : 0;
  }
  EXPECT_LE(outside, most(0.05, kRuns));
}

// Values until the detector speaks, at most `limit`.
double run_length(Generator& random, const BoundedMeanOptions& options, double mean, int limit) {
  BoundedMeanDetector detector(options);
  for (int i = 1; i <= limit; ++i)
    if (detector.update(uniform(random) < mean ? 1 : 0)) return i;
  return limit;
}

TEST(BoundedMeanDetector, speaks_falsely_no_more_often_than_its_threshold_says) {
  Generator random(6010);
  for (const auto form : {BoundedMeanOptions::Form::kShiryaevRoberts, BoundedMeanOptions::Form::kCusum}) {
    BoundedMeanOptions options;
    options.baseline = 0.1;
    options.threshold = 200;
    options.form = form;
    constexpr int kRuns = 400;
    double sum = 0, squares = 0;
    for (int run = 0; run < kRuns; ++run) {
      const double length = run_length(random, options, 0.1, 5000);
      sum += length;
      squares += length * length;
    }
    const double mean = sum / kRuns, error = std::sqrt((squares / kRuns - mean * mean) / kRuns);
    EXPECT_GE(mean + 3 * error, options.threshold);
  }
}

TEST(BoundedMeanDetector, finds_a_doubled_error_rate_within_a_few_hundred_values) {
  Generator random(6011);
  BoundedMeanOptions options;
  options.baseline = 0.1;
  constexpr int kRuns = 200;
  double sum = 0;
  for (int run = 0; run < kRuns; ++run) sum += run_length(random, options, 0.2, 20'000);
  EXPECT_LT(sum / kRuns, 300);
}

TEST(BoundedMeanDetector, starts_anew_after_it_spoke) {
  BoundedMeanOptions options;
  options.baseline = 0.1;
  options.threshold = 100;
  BoundedMeanDetector detector(options);
  int spoke = 0;
  for (int i = 0; i < 100; ++i) spoke += detector.update(1) ? 1 : 0;
  EXPECT_GT(spoke, 5);
  EXPECT_LT(detector.evidence(), options.threshold);
}

TEST(MeanConfidenceSequence, covers_the_mean_at_all_times_together) {
  Generator random(6020);
  constexpr int kRuns = 400;
  int missed = 0;
  double width = 0;
  for (int run = 0; run < kRuns; ++run) {
    MeanConfidenceSequence sequence(0.05);
    for (int i = 0; i < 2000; ++i) sequence.add(uniform(random) < 0.2 ? 1 : 0);
    missed += sequence.low() > 0.2 || sequence.high() < 0.2 ? 1 : 0;  // the intersection: missed once is missed
    width += (sequence.high() - sequence.low()) / kRuns;
  }
  EXPECT_LE(missed, most(0.05, kRuns));
  EXPECT_LT(width, 0.1);
}

TEST(EBh, rejects_as_many_as_their_evidence_carries) {
  // Four at level 0.1: the largest must reach 40, the second 20, the third 13.3, the fourth 10.
  const auto logs = [](std::vector<double> e) {
    for (double& value : e) value = std::log(value);
    return e;
  };
  EXPECT_EQ(e_bh(logs({1, 41, 2, 3}), 0.1), (std::vector<std::size_t>{1}));
  EXPECT_EQ(e_bh(logs({21, 1, 39, 1}), 0.1), (std::vector<std::size_t>{0, 2}));
  EXPECT_EQ(e_bh(logs({39, 1, 19, 1}), 0.1), (std::vector<std::size_t>{}));
  EXPECT_EQ(e_bh(logs({11, 11, 11, 11}), 0.1).size(), 4u);
  EXPECT_TRUE(e_bh({}, 0.1).empty());
}

TEST(EBh, keeps_the_share_of_false_ones_when_all_depend_on_each_other) {
  // Twenty streams, ten without a change, that share most of their luck.
  Generator random(6030);
  constexpr int kRuns = 300, kStreams = 20;
  double false_share = 0;
  for (int run = 0; run < kRuns; ++run) {
    std::vector<double> wealth(kStreams);
    for (int i = 0; i < 200; ++i) {
      const double shared = uniform(random);
      for (int s = 0; s < kStreams; ++s) {
        const double luck = uniform(random) < 0.8 ? shared : uniform(random);
        wealth[static_cast<std::size_t>(s)] += std::log1p(0.3 * (luck < (s < 10 ? 0.5 : 0.7) ? 1 : -1));
      }
    }
    const auto rejected = e_bh(wealth, 0.1);
    double wrong = 0;
    for (const std::size_t at : rejected) wrong += at < 10 ? 1 : 0;
    false_share += rejected.empty() ? 0 : wrong / static_cast<double>(rejected.size()) / kRuns;
  }
  EXPECT_LE(false_share, 0.1 + 3 * std::sqrt(0.1 * 0.9 / kRuns));
}

}  // namespace
}  // namespace firebreak::stats
