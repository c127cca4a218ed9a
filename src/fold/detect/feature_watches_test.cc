// What the watches promise, counted: false findings within the budget, shifts found and named, state bounded. Seeds are fixed; a limit is
// the promise plus three standard deviations of the count.
#include "fold/detect/feature_watches.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "fold/detect/detect_testing.h"

namespace firebreak::detect {
namespace {

using Generator = std::mt19937_64;

double uniform(Generator& random) { return std::generate_canonical<double, 53>(random); }

// `numeric` normal features that share a factor, and a category of five.
struct World {
  World(std::uint64_t seed, std::size_t features) : random(seed), numeric(features) {}

  FeatureRow row(std::size_t shifted = 0, double shift = 0) {
    FeatureRow out;
    const double common = normal(random);
    for (std::size_t i = 0; i < numeric; ++i) out.numeric.push_back(0.6 * common + 0.8 * normal(random) + (i < shifted ? shift : 0));
    out.categories = {std::string(1, static_cast<char>('a' + static_cast<int>(5 * uniform(random))))};
    return out;
  }
  ReferenceProfile reference(std::size_t rows) {
    FeatureSchema schema;
    for (std::size_t i = 0; i < numeric; ++i) schema.numeric.push_back("n" + std::to_string(i));
    schema.categorical = {"colour"};
    std::vector<FeatureRow> sample;
    for (std::size_t i = 0; i < rows; ++i) sample.push_back(row());
    return *build_profile(schema, sample);
  }

  Generator random;
  std::normal_distribution<double> normal;
  std::size_t numeric;
};

struct Watch {
  Watch(const ReferenceProfile& profile_in, double arl) : profile(profile_in), config(with_budget(arl)), watches(config, profile) {}
  static DetectorConfig with_budget(double arl) {
    DetectorConfig config = testing::small_config();
    config.features.arl_records = arl;
    return config;
  }
  void take(FeatureRow row, std::vector<std::size_t> mistyped = {}) {
    Observation seen;
    seen.index = index++;
    seen.time = {static_cast<std::int64_t>(seen.index) * kSecond};
    seen.features = std::move(row);
    seen.mistyped = std::move(mistyped);
    watches.observe(seen, seen.time, all);
  }
  std::vector<FindingUpdate> opened() const { return testing::opened(all); }

  ReferenceProfile profile;
  DetectorConfig config;
  FeatureWatches watches;
  std::vector<FindingUpdate> all;
  std::uint64_t index = 0;
};

TEST(FeatureWatches, a_hundred_features_looked_at_for_a_year_stay_within_the_budget) {
  World world(11, 100);
  Watch watch(world.reference(2000), 1e6);
  for (int day = 0; day < 365; ++day)
    for (int request = 0; request < 40; ++request) watch.take(world.row());
  EXPECT_TRUE(watch.opened().empty()) << watch.opened().front().summary;
}

TEST(FeatureWatches, false_findings_come_as_seldom_as_promised) {
  constexpr int kRuns = 60, kRecords = 2000;
  constexpr double kArl = 20'000;
  int runs_with_any = 0;
  for (int run = 0; run < kRuns; ++run) {
    World world(100 + static_cast<std::uint64_t>(run), 15);
    Watch watch(world.reference(600), kArl);
    for (int i = 0; i < kRecords && watch.all.empty(); ++i) watch.take(world.row());
    runs_with_any += watch.all.empty() ? 0 : 1;
  }
  const double chance = (kRecords + 64) / kArl + 0.01;
  EXPECT_LE(runs_with_any, kRuns * chance + 3 * std::sqrt(kRuns * chance * (1 - chance)));
}

TEST(FeatureWatches, few_of_many_findings_are_false_though_features_depend_on_each_other) {
  std::size_t right = 0, wrong = 0;
  for (std::uint64_t run = 0; run < 6; ++run) {
    World world(300 + run, 30);
    Watch watch(world.reference(2000), 20'000);
    for (int i = 0; i < 2500; ++i) watch.take(world.row(10, i < 500 ? 0 : 0.35));
    for (const FindingUpdate& one : watch.opened()) ++(std::stoi("0" + one.feature.substr(1)) < 10 && one.feature[0] == 'n' ? right : wrong);
  }
  EXPECT_GE(right, 57u);  // of 60
  EXPECT_LE(wrong, (right + wrong) / 10);
}

TEST(FeatureWatches, a_shift_is_told_with_the_feature_and_an_interval_that_holds_its_beginning) {
  int held = 0;
  double delay = 0;
  constexpr int kRuns = 30, kOnset = 1500;
  for (int run = 0; run < kRuns; ++run) {
    World world(500 + static_cast<std::uint64_t>(run), 5);
    Watch watch(world.reference(2000), 1e6);
    for (int i = 0; i < 4000 && watch.all.empty(); ++i) watch.take(world.row(1, i < kOnset ? 0 : 0.5));
    ASSERT_FALSE(watch.all.empty());
    const FindingUpdate& found = watch.all.front();
    EXPECT_EQ(found.kind, "feature_drift");
    EXPECT_EQ(found.feature, "n0");
    ASSERT_TRUE(found.onset);
    held += found.onset->first_index <= kOnset && kOnset <= found.onset->last_index ? 1 : 0;
    delay += static_cast<double>(watch.index) - kOnset;
  }
  EXPECT_GE(held, kRuns * 8 / 10);
  EXPECT_LT(delay / kRuns, 400);
}

FeatureRow broken(World& world, const std::string& how, int i) {
  FeatureRow row = world.row();
  if (how == "missing_values" && i % 8 == 0) row.numeric[2] = std::numeric_limits<double>::quiet_NaN();
  if (how == "feature_range" && i % 30 == 0) row.numeric[2] = -999'999;
  if (how == "unseen_category" && i % 20 == 0) row.categories[0] = "zz_new";
  if (how == "stale_feature") row.numeric[2] = 0.123;
  if (how == "unit_change") row.numeric[2] = 1000 * row.numeric[2];
  return row;
}

TEST(FeatureWatches, every_fault_is_named_for_what_it_is) {
  for (const std::string how : {"missing_values", "feature_range", "unseen_category", "stale_feature", "unit_change", "type_mismatch"}) {
    World world(700, 6);
    Watch watch(world.reference(2000), 1e6);
    for (int i = 0; i < 1000; ++i) watch.take(world.row());
    for (int i = 0; i < 600 && watch.all.empty(); ++i)
      watch.take(broken(world, how, i), how == "type_mismatch" && i % 10 == 0 ? std::vector<std::size_t>{2} : std::vector<std::size_t>());
    ASSERT_FALSE(watch.all.empty()) << how;
    EXPECT_EQ(watch.all.front().kind, how) << watch.all.front().summary;
    EXPECT_EQ(watch.all.front().feature, how == "unseen_category" ? "colour" : "n2");
  }
}

TEST(FeatureWatches, what_the_reference_lacks_as_well_is_no_finding_until_it_is_more) {
  World world(800, 3);
  const auto with_holes = [&world](double share) {
    FeatureRow row = world.row();
    if (uniform(world.random) < share) row.numeric[0] = std::numeric_limits<double>::quiet_NaN();
    return row;
  };
  std::vector<FeatureRow> sample;
  for (int i = 0; i < 1000; ++i) sample.push_back(with_holes(0.1));
  Watch watch(*build_profile({{"n0", "n1", "n2"}, {"colour"}}, sample), 1e6);
  for (int i = 0; i < 4000; ++i) watch.take(with_holes(0.1));
  EXPECT_TRUE(watch.all.empty());
  for (int i = 0; i < 1000; ++i) watch.take(with_holes(0.3));
  ASSERT_FALSE(watch.all.empty());
  EXPECT_EQ(watch.all.front().kind, "missing_values");
}

TEST(FeatureWatches, a_season_that_the_reference_went_through_is_no_finding) {
  World world(900, 2);
  const auto in_season = [&world](int i) {
    FeatureRow row = world.row();
    row.numeric[0] += 1.5 * std::sin(2 * M_PI * i / 500);
    return row;
  };
  std::vector<FeatureRow> sample;
  for (int i = 0; i < 3000; ++i) sample.push_back(in_season(i));
  Watch watch(*build_profile({{"n0", "n1"}, {"colour"}}, sample), 1e6);
  for (int i = 0; i < 6000; ++i) watch.take(in_season(i));
  EXPECT_TRUE(watch.opened().empty());
  for (int i = 0; i < 1500; ++i) {
    FeatureRow row = in_season(i);
    row.numeric[0] += 2;
    watch.take(std::move(row));
  }
  EXPECT_FALSE(watch.opened().empty());
}

// What the reference showed often by chance comes less often later; with many categories that is most of them.
TEST(FeatureWatches, a_category_of_many_equal_values_is_no_shift) {
  for (const int values : {10, 30, 31, 50, 100, 200}) {
    World world(1300 + static_cast<std::uint64_t>(values), 1);
    const auto row = [&world, values] {
      FeatureRow out = world.row();
      out.categories = {std::to_string(static_cast<int>(values * uniform(world.random)))};
      return out;
    };
    std::vector<FeatureRow> sample;
    for (int i = 0; i < 3000; ++i) sample.push_back(row());
    Watch watch(*build_profile({{"n0"}, {"colour"}}, sample), 1e6);
    for (int i = 0; i < 30'000; ++i) watch.take(row());
    EXPECT_TRUE(watch.all.empty()) << values << ": " << watch.all.front().summary;
    for (int i = 0; i < 1500; ++i) {
      FeatureRow shifted = row();
      if (i % 4 == 0) shifted.categories = {"7"};
      watch.take(std::move(shifted));
    }
    EXPECT_FALSE(watch.all.empty()) << values;
  }
}

// A new value of a long tail comes as often as the reference's later half showed new ones.
TEST(FeatureWatches, a_long_tail_of_categories_is_no_shift) {
  World world(1400, 1);
  const auto row = [&world] {
    FeatureRow out = world.row();
    out.categories = {std::to_string(static_cast<int>(std::pow(uniform(world.random), -1.5)))};
    return out;
  };
  std::vector<FeatureRow> sample;
  for (int i = 0; i < 3000; ++i) sample.push_back(row());
  Watch watch(*build_profile({{"n0"}, {"colour"}}, sample), 1e6);
  for (int i = 0; i < 30'000; ++i) watch.take(row());
  EXPECT_TRUE(watch.all.empty()) << watch.all.front().summary;
}

// Numbers of orders: every value is new, all have one of two forms.
TEST(FeatureWatches, another_form_of_values_that_are_all_new_is_told) {
  World world(1500, 1);
  const auto row = [&world](const std::string& before) {
    FeatureRow out = world.row();
    out.categories = {before + std::to_string(static_cast<int>(1e6 * uniform(world.random)))};
    return out;
  };
  std::vector<FeatureRow> sample;
  for (int i = 0; i < 2000; ++i) sample.push_back(row(i % 3 == 0 ? "EU-" : "order "));
  Watch watch(*build_profile({{"n0"}, {"number"}}, sample), 1e6);
  for (int i = 0; i < 10'000; ++i) watch.take(row(i % 3 == 0 ? "US-" : "order "));
  EXPECT_TRUE(watch.all.empty()) << watch.all.front().summary;
  for (int i = 0; i < 300; ++i) watch.take(row(i % 10 == 0 ? "' OR 1=1 --" : "order "));
  ASSERT_EQ(watch.opened().size(), 1u);
  EXPECT_EQ(watch.opened().front().kind, "pattern_mismatch");
  EXPECT_NE(watch.opened().front().summary.find("OR 1=1"), std::string::npos) << watch.opened().front().summary;
}

// One in a hundred, for good: told with a share, and not ended while it goes on.
TEST(FeatureWatches, a_rare_new_value_is_one_finding_as_long_as_it_comes) {
  World world(1600, 2);
  Watch watch(world.reference(3000), 1e6);
  for (int i = 0; i < 2000; ++i) watch.take(world.row());
  for (int i = 0; i < 12'000; ++i) {
    FeatureRow row = world.row();
    if (uniform(world.random) < 0.01) row.categories = {"violet"};
    watch.take(std::move(row));
  }
  ASSERT_EQ(watch.opened().size(), 1u);
  EXPECT_LT(watch.opened().front().numbers.at("share"), 0.5);
  EXPECT_NE(watch.all.back().phase, FindingPhase::kClosed);
  for (int i = 0; i < 4000; ++i) watch.take(world.row());
  EXPECT_EQ(watch.all.back().phase, FindingPhase::kClosed);
}

TEST(FeatureWatches, an_episode_ends_when_the_values_are_the_references_again) {
  World world(1000, 3);
  Watch watch(world.reference(2000), 1e6);
  for (int i = 0; i < 1000; ++i) watch.take(world.row());
  for (int i = 0; i < 800; ++i) watch.take(world.row(1, 1));
  ASSERT_EQ(watch.opened().size(), 1u);
  for (int i = 0; i < 2500; ++i) watch.take(world.row());
  EXPECT_EQ(watch.all.back().phase, FindingPhase::kClosed);
  EXPECT_EQ(watch.all.back().episode, watch.opened().front().episode);
  EXPECT_EQ(watch.opened().size(), 1u);
}

TEST(FeatureWatches, hold_no_more_than_16_kib_a_feature_whatever_comes) {
  World world(1100, 4);
  Watch watch(world.reference(2000), 1e9);
  for (int i = 0; i < 150'000; ++i) watch.take(world.row());
  EXPECT_LE(watch.watches.bytes(), 5 * (FeatureWatch::kBytes + 4096) + (96u << 10));
  EXPECT_TRUE(watch.opened().empty());
}

TEST(FeatureWatches, say_the_same_of_a_stream_whatever_comes_after) {
  const auto run = [](int records) {
    World world(1200, 4);
    Watch watch(world.reference(1000), 1e6);
    for (int i = 0; i < records; ++i) watch.take(world.row(2, i < 800 ? 0 : 0.8));
    return watch.all;
  };
  const auto whole = run(3000);
  ASSERT_GE(whole.size(), 2u);
  for (const int records : {900, 1100, 1500, 2200}) {
    const auto part = run(records);
    ASSERT_LE(part.size(), whole.size());
    EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin())) << records;
  }
}

}  // namespace
}  // namespace firebreak::detect
