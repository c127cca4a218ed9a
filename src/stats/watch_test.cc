// What the watches of features stand on: ranks among a finite reference, evidence against uniform ranks, rare events, onsets. Seeds are
// fixed; a limit is the promise plus three standard deviations of the count.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "stats/bounded_mean.h"
#include "stats/conformal.h"
#include "stats/onset_posterior.h"
#include "stats/rare_events.h"
#include "stats/special.h"
#include "stats/uniform_evidence.h"

namespace firebreak::stats {
namespace {

using Generator = std::mt19937_64;

double uniform(Generator& random) { return std::generate_canonical<double, 53>(random); }
double most(double p, double runs) { return runs * p + 3 * std::sqrt(runs * p * (1 - p)); }

// Normal values in 32 bins that had equal mass in a reference of `reference` values.
struct Bins {
  Bins(Generator& random, int reference) : counts(33) {
    std::normal_distribution<double> normal;
    std::vector<double> values(static_cast<std::size_t>(reference));
    for (double& value : values) value = normal(random);
    std::sort(values.begin(), values.end());
    for (std::size_t i = 1; i < 33; ++i) edges.push_back(values[i * values.size() / 33]);
    for (const double value : values) ++counts[cell(value)];
  }
  std::size_t cell(double value) const {
    return static_cast<std::size_t>(std::upper_bound(edges.begin(), edges.end(), value) - edges.begin());
  }
  std::vector<double> edges;
  std::vector<std::uint64_t> counts;
};

// Values until the evidence reaches `limit`, asked every kStep of them; 0 when it does not.
int alarm_after(Generator& random, int reference, double limit, int quiet, double shift, int values) {
  const Bins bins(random, reference);
  ConformalRanks ranks(bins.counts);
  UniformEvidence evidence;
  std::normal_distribution<double> normal;
  for (int i = 1; i <= values; ++i) {
    const double value = normal(random) + (i > quiet ? shift : 0);
    evidence.add(ranks.add(bins.cell(value), uniform(random)));
    if (evidence.n() % UniformEvidence::kStep == 0 && evidence.log_evidence() >= std::log(limit)) return i;
  }
  return 0;
}

TEST(UniformEvidence, keeps_its_promise_against_a_small_reference) {
  Generator random(701);
  constexpr int kRuns = 300, kValues = 3000;
  int alarms = 0;
  for (int run = 0; run < kRuns; ++run) alarms += alarm_after(random, 200, 20 * kValues, kValues, 0, kValues) != 0 ? 1 : 0;
  EXPECT_LE(alarms, most(0.05 * (1 + 64.0 / kValues), kRuns));
}

TEST(UniformEvidence, its_mean_is_at_most_the_number_of_values) {
  Generator random(702);
  constexpr int kRuns = 4000, kValues = 256;
  double sum = 0, squares = 0;
  for (int run = 0; run < kRuns; ++run) {
    UniformEvidence evidence;
    for (int i = 0; i < kValues; ++i) evidence.add(uniform(random));
    const double value = std::exp(evidence.log_evidence());
    sum += value;
    squares += value * value;
  }
  const double mean = sum / kRuns, error = std::sqrt((squares / kRuns - mean * mean) / kRuns);
  EXPECT_LE(mean, kValues + UniformEvidence::kStep + 3 * error);
  EXPECT_GE(mean, kValues / 4);  // and it does not throw its wealth away
}

TEST(UniformEvidence, finds_a_quarter_of_a_standard_deviation_long_after_the_start) {
  Generator random(703);
  constexpr int kRuns = 40, kQuiet = 5000;
  double delay = 0;
  for (int run = 0; run < kRuns; ++run) {
    const int at = alarm_after(random, 3000, 1e8, kQuiet, 0.25, kQuiet + 4000);
    ASSERT_GT(at, kQuiet) << run;
    delay += at - kQuiet;
  }
  RecordProperty("mean_delay", std::to_string(delay / kRuns));
  EXPECT_LT(delay / kRuns, 1200);
}

TEST(UniformEvidence, is_bounded_and_does_not_depend_on_when_it_is_asked) {
  Generator random(704);
  UniformEvidence asked, quiet;
  std::size_t largest = 0;
  for (int i = 0; i < 200'000; ++i) {
    const double value = uniform(random);
    asked.add(value);
    quiet.add(value);
    if (i % 64 == 63) (void)asked.log_evidence();
    largest = std::max(largest, asked.bytes());
  }
  EXPECT_EQ(asked.log_evidence(), quiet.log_evidence());
  EXPECT_LE(largest, 12'000u);
}

TEST(RareEvents, equals_the_detector_that_is_told_every_value) {
  Generator random(705);
  for (const double baseline : {0.0005, 0.01, 0.3, 0.9}) {
    RareEvents events(baseline);
    BoundedMeanDetector each({.baseline = baseline, .threshold = 1e300, .least_rise = 1.5, .stakes = 8});
    for (std::uint64_t i = 1; i <= 5000; ++i) {
      const bool hit = uniform(random) < 1.2 * baseline;
      if (hit) events.hit(i);
      each.update(hit ? 1 : 0);
      if (events.hits() == 0 || i % 97 != 0) continue;
      EXPECT_NEAR(events.log_evidence(i), std::log(each.evidence()), 1e-6) << baseline << " at " << i;
    }
  }
}

TEST(RareEvents, keeps_its_promise_when_the_chance_comes_from_an_urn) {
  Generator random(707);
  constexpr int kRuns = 400, kValues = 4000;
  int alarms = 0, found = 0;
  for (int run = 0; run < kRuns; ++run) {
    const double chance = run % 2 == 0 ? 0.004 : 0.0005;
    Urn urn;
    for (int i = 0; i < 500; ++i) urn.add(uniform(random) < chance);
    RareEvents events(0.0005);
    bool alarmed = false;
    for (std::uint64_t i = 1; i <= kValues && !alarmed; ++i) {
      const bool hit = uniform(random) < (i > kValues / 2 && run >= kRuns / 2 ? 0.05 : chance);
      if (hit) events.hit(i, std::max(urn.chance(), 0.0005));
      urn.add(hit);
      alarmed = hit && events.log_evidence(i) >= std::log(20.0 * kValues);
    }
    (run < kRuns / 2 ? alarms : found) += alarmed ? 1 : 0;
  }
  EXPECT_LE(alarms, most(0.05, kRuns / 2));
  EXPECT_EQ(found, kRuns / 2);
}

TEST(RareEvents, stands_on_an_upper_limit_that_covers) {
  EXPECT_NEAR(binomial_upper_limit(0, 100, 0.05), 1 - std::pow(0.05, 0.01), 1e-12);
  EXPECT_NEAR(binomial_upper_limit(10, 100, 0.025), 0.1762226, 1e-6);  // the textbook's 95 % interval
  EXPECT_EQ(binomial_upper_limit(5, 5, 0.05), 1);
}

TEST(OnsetPosterior, holds_the_beginning_as_often_as_it_says) {
  Generator random(706);
  std::normal_distribution<double> normal;
  int held = 0;
  double width = 0;
  constexpr int kRuns = 300;
  for (int run = 0; run < kRuns; ++run) {
    const int before = 500 + static_cast<int>(uniform(random) * 500), after = 400;
    ShiftWeights weights;
    OnsetPosterior onset;
    for (int age = 1; age <= before + after; ++age) {
      const double value = std::erfc(-(normal(random) + (age <= after ? 0.7 : 0)) / std::sqrt(2.0)) / 2;
      onset.add_older_weight(weights.add_older(UniformEvidence::cell_of(value)));
    }
    const auto ages = onset.interval(0.05);
    held += ages.newest <= after && after <= ages.oldest ? 1 : 0;
    width += static_cast<double>(ages.oldest - ages.newest);
  }
  RecordProperty("mean_width", std::to_string(width / kRuns));
  EXPECT_GE(held, 0.9 * kRuns);
  EXPECT_LT(width / kRuns, 200);
}

TEST(OnsetPosterior, finds_the_first_of_rare_events_to_the_value) {
  LearnedChance chance(0.001);
  OnsetPosterior onset;
  for (int age = 1; age <= 1000; ++age) onset.add_older(chance.log_ratio(age <= 20));
  const auto ages = onset.interval(0.05);
  EXPECT_EQ(ages.likeliest, 20u);
  EXPECT_LE(ages.oldest, 40u);
  EXPECT_GE(ages.newest, 18u);
}

}  // namespace
}  // namespace firebreak::stats
