// Repeated rows: what chance repeats is usual, what comes more often is told.
#include "fold/detect/record_watch.h"

#include <gtest/gtest.h>

#include <random>

#include "fold/detect/detect_testing.h"

namespace firebreak::detect {
namespace {

using testing::opened;

// Rows of four numbers below `values`: with few of them most rows repeat another.
struct Rows {
  Rows(std::uint64_t seed, unsigned values_in) : random(seed), values(values_in) {}
  Observation next() {
    std::vector<double> numbers;
    for (int i = 0; i < 4; ++i) numbers.push_back(static_cast<double>(random() % values));
    const std::uint64_t at = index++;
    return testing::request(at, static_cast<double>(at), "c" + std::to_string(random() % 50), std::move(numbers), random() % 2 == 0 ? "red" : "green");
  }
  ReferenceProfile reference(int rows) {
    std::vector<FeatureRow> sample;
    for (int i = 0; i < rows; ++i) sample.push_back(next().features);
    ReferenceProfile profile = *build_profile(testing::small_schema(), sample);
    profile.ordered = true;
    return profile;
  }
  std::mt19937_64 random;
  std::uint64_t index = 0;
  unsigned values;
};

TEST(RecordWatch, rows_that_chance_repeats_are_no_finding) {
  for (const unsigned values : {2u, 4u, 7u, 12u})
    for (const std::uint64_t seed : {1u, 2u, 3u}) {
      Rows rows(100 * values + seed, values);
      const ReferenceProfile profile = rows.reference(2000);
      const DetectorConfig config = testing::small_config();
      RecordWatch watch(config, profile);
      std::vector<FindingUpdate> all;
      for (int i = 0; i < 20'000; ++i) {
        const Observation seen = rows.next();
        watch.observe(seen, seen.time, all);
      }
      EXPECT_TRUE(opened(all, "duplicate_requests").empty()) << values << " values, seed " << seed;
    }
}

TEST(RecordWatch, a_block_that_is_sent_again_is_told_with_its_share) {
  Rows rows(7, 60);
  const ReferenceProfile profile = rows.reference(2000);
  const DetectorConfig config = testing::small_config();
  RecordWatch watch(config, profile);
  std::vector<FindingUpdate> all;
  std::vector<Observation> block;
  for (int i = 0; i < 1500; ++i) {
    Observation seen = rows.next();
    watch.observe(seen, seen.time, all);
    if (i >= 1400) block.push_back(std::move(seen));
  }
  EXPECT_TRUE(all.empty());
  for (Observation seen : block) {
    seen.index = rows.index++;
    seen.time = {static_cast<std::int64_t>(seen.index) * kSecond};
    watch.observe(seen, seen.time, all);
  }
  const auto found = opened(all, "duplicate_requests");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_LE(found.front().last_index, 3500u + 30);
}

// Two days of a record a minute; what `delay_us` says came at once, or was read in from a file long after.
std::vector<FindingUpdate> silence_after_records_that_came(std::int64_t delay_us) {
  Rows rows(8, 60);
  const ReferenceProfile profile = rows.reference(200);
  const DetectorConfig config = testing::small_config();
  RecordWatch watch(config, profile);
  std::vector<FindingUpdate> all;
  Time now;
  for (int i = 0; i < 2 * 24 * 60; ++i) {
    Observation seen = rows.next();
    seen.time = {i * kMinute};
    seen.delay_us = delay_us;
    watch.observe(seen, now, all);
    now = seen.time;
  }
  watch.advance(now + 20 * kMinute, all);
  return opened(all, "volume_drop");
}

TEST(RecordWatch, silence_is_told_of_records_that_came_as_they_happened) {
  EXPECT_EQ(silence_after_records_that_came(kSecond).size(), 1u);
  EXPECT_TRUE(silence_after_records_that_came(kDay).empty());
}

}  // namespace
}  // namespace firebreak::detect
