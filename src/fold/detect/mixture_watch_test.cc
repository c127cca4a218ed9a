// Seeds are fixed; a limit is the promise plus three standard deviations of the count.
#include "fold/detect/mixture_watch.h"

#include <gtest/gtest.h>

#include <climits>
#include <cmath>
#include <random>

#include "fold/detect/detect_testing.h"

namespace firebreak::detect {
namespace {

// Four normal features; two of them go together as `correlation` says. Each alone is always the same.
struct Pairs {
  explicit Pairs(std::uint64_t seed) : random(seed) {}
  FeatureRow row(double correlation) {
    const double a = normal(random), b = correlation * a + std::sqrt(1 - correlation * correlation) * normal(random);
    return {{a, b, normal(random), normal(random)}, {}};
  }
  ReferenceProfile reference() {
    std::vector<FeatureRow> rows;
    for (int i = 0; i < 3000; ++i) rows.push_back(row(0.6));
    return *build_profile({{"a", "b", "c", "d"}, {}}, rows);
  }
  std::mt19937_64 random;
  std::normal_distribution<double> normal;
};

// The features go together otherwise from row `quiet` on, and as before again from row `back` on.
std::vector<FindingUpdate> run(std::uint64_t seed, double arl, int quiet, int records, double otherwise = -0.2, int back = INT_MAX) {
  Pairs pairs(seed);
  const ReferenceProfile profile = pairs.reference();
  DetectorConfig config = testing::small_config();
  config.features.arl_records = arl;
  MixtureWatch watch(config, profile);
  std::vector<FindingUpdate> out;
  for (int i = 0; i < records; ++i) {
    Observation seen;
    seen.index = static_cast<std::uint64_t>(i);
    seen.time = {i * kSecond};
    seen.features = pairs.row(i < quiet || i >= back ? 0.6 : otherwise);
    watch.observe(seen, *ranks_of(profile, seen.features), seen.time, out);
  }
  return out;
}

TEST(MixtureWatch, sees_that_features_go_together_otherwise_though_each_is_the_same) {
  int held = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const auto found = run(seed, 1e6, 4000, 8000);
    ASSERT_FALSE(found.empty()) << seed;
    EXPECT_EQ(found.front().kind, "multivariate_drift");
    EXPECT_GE(found.front().last_index, 4000u);
    ASSERT_TRUE(found.front().onset);
    held += found.front().onset->first_index <= 4000 && 4000 <= found.front().onset->last_index ? 1 : 0;
  }
  EXPECT_GE(held, 8);
}

TEST(MixtureWatch, comes_falsely_as_seldom_as_promised) {
  constexpr int kRuns = 30, kRecords = 10'240;
  constexpr double kArl = 200'000;
  int runs = 0;
  for (std::uint64_t seed = 100; seed < 100 + kRuns; ++seed) runs += run(seed, kArl, kRecords, kRecords).empty() ? 0 : 1;
  const double chance = kRecords / kArl;
  EXPECT_LE(runs, kRuns * chance + 3 * std::sqrt(kRuns * chance * (1 - chance)));
}

TEST(MixtureWatch, a_weak_change_goes_on_until_it_is_over) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto found = run(seed, 1e6, 3000, 60'000, 0.25, 40'000);
    ASSERT_FALSE(found.empty()) << seed;
    const auto closed = std::find_if(found.begin(), found.end(), [](const FindingUpdate& one) { return one.phase == FindingPhase::kClosed; });
    ASSERT_NE(closed, found.end()) << seed;
    EXPECT_GE(closed->last_index, 37'000u) << seed;  // the last block that was unusual by itself
    EXPECT_EQ(std::count_if(found.begin(), found.end(), [](const FindingUpdate& one) { return one.phase == FindingPhase::kOpened; }), 1) << seed;
  }
}

TEST(MixtureWatch, a_cycle_that_the_reference_went_through_is_no_finding) {
  std::mt19937_64 random(9);
  std::normal_distribution<double> normal;
  const auto row = [&](int i) {
    const double cycle = std::sin(2 * M_PI * i / 700);
    return FeatureRow{{2 * cycle + normal(random), normal(random), cycle + normal(random), normal(random)}, {}};
  };
  std::vector<FeatureRow> sample;
  for (int i = 0; i < 3500; ++i) sample.push_back(row(i));
  const ReferenceProfile profile = *build_profile({{"a", "b", "c", "d"}, {}}, sample);
  EXPECT_GT(profile.mixture.excursion, profile.mixture.usual.back());
  EXPECT_EQ(*profile_from_json(to_json(profile)), profile);
  const DetectorConfig config = testing::small_config();
  MixtureWatch watch(config, profile);
  std::vector<FindingUpdate> out;
  const auto take = [&](int i, double more) {
    Observation seen;
    seen.index = static_cast<std::uint64_t>(i);
    seen.time = {i * kSecond};
    seen.features = row(i);
    for (double& value : seen.features.numeric) value += more;
    watch.observe(seen, *ranks_of(profile, seen.features), seen.time, out);
  };
  for (int i = 3500; i < 25'000; ++i) take(i, 0);
  EXPECT_TRUE(out.empty());
  for (int i = 25'000; i < 27'000; ++i) take(i, 3);
  EXPECT_FALSE(out.empty());
}

TEST(MixtureWatch, says_nothing_without_a_reference_that_is_large_enough) {
  const ReferenceProfile small = *build_profile({{"a", "b"}, {}}, std::vector<FeatureRow>{{{1, 2}, {}}, {{2, 1}, {}}});
  EXPECT_TRUE(small.mixture.usual.empty());
  Pairs pairs(7);
  const ReferenceProfile large = pairs.reference();
  EXPECT_EQ(*profile_from_json(to_json(large)), large);
}

}  // namespace
}  // namespace firebreak::detect
