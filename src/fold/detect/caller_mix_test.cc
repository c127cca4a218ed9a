// Who asks: bursts of usual callers are no finding, a caller or a crowd beyond everything before is.
#include "fold/detect/caller_mix.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "fold/detect/detect_testing.h"

namespace firebreak::detect {
namespace {

struct Day {
  Day() : config(testing::small_config()), mix(config) {}
  void take(const std::string& caller, int records = 1) {
    for (int i = 0; i < records; ++i) {
      const std::uint64_t at = index++;
      const Observation seen = testing::request(at, static_cast<double>(at) * seconds, caller, {1, 2, 3, 4});
      mix.observe(seen, seen.time, all);
    }
  }
  // Sixty callers of unequal weight, each sending some records in a row.
  void usual(std::uint64_t records) {
    for (const std::uint64_t end = index + records; index < end;)
      take("c" + std::to_string(static_cast<int>(60 * std::pow(uniform(random), 2))),
           1 + static_cast<int>(random() % 6));
  }
  std::vector<FindingUpdate> opened() const { return testing::opened(all); }
  DetectorConfig config;
  CallerMix mix;
  std::vector<FindingUpdate> all;
  std::mt19937_64 random{5};
  std::uniform_real_distribution<double> uniform{0, 1};
  std::uint64_t index = 0;
  double seconds = 1;  // between records
};

TEST(CallerMix, bursts_of_usual_callers_are_no_finding) {
  Day day;
  day.usual(200'000);
  EXPECT_TRUE(day.all.empty());
}

TEST(CallerMix, a_caller_that_takes_the_traffic_is_named_and_let_go) {
  Day day;
  day.usual(8000);
  const std::uint64_t onset = day.index;
  for (int i = 0; i < 600; ++i) {
    day.take("greedy", 9);
    day.usual(1);
  }
  ASSERT_EQ(day.opened().size(), 1u);
  const FindingUpdate found = day.opened().front();
  EXPECT_EQ(found.kind, "caller_mix");
  EXPECT_EQ(found.callers, std::vector<std::string>{"greedy"});
  EXPECT_LE(found.last_index, onset + 2 * CallerMix::kBlock);
  EXPECT_GE(found.numbers.at("value"), found.numbers.at("limit"));
  day.usual(1000);
  EXPECT_EQ(day.all.back().phase, FindingPhase::kClosed);
}

TEST(CallerMix, a_crowd_of_new_callers_is_told) {
  Day day;
  day.usual(8000);
  for (int i = 0; i < 600; ++i) day.take("key-" + std::to_string(i));
  ASSERT_EQ(day.opened().size(), 1u);
  EXPECT_EQ(day.opened().front().kind, "cardinality_burst");
}

TEST(CallerMix, what_lasts_a_day_is_usual) {
  Day day;
  day.usual(8000);
  day.seconds = 60;
  const std::uint64_t began = day.index;
  while (day.index < began + 4000) {
    day.take("greedy", 9);
    day.usual(1);
  }
  EXPECT_EQ(day.opened().size(), 1u);
  EXPECT_EQ(day.all.back().phase, FindingPhase::kClosed);
}

TEST(CallerMix, says_nothing_where_nobody_is_named_or_everybody_is_new) {
  Day day;
  day.take("", 20'000);
  for (int i = 0; i < 20'000; ++i) day.take("once-" + std::to_string(i));
  EXPECT_TRUE(day.all.empty());
}

}  // namespace
}  // namespace firebreak::detect
