#include "fold/detect/chains.h"

#include <gtest/gtest.h>

#include "fold/detect/detect_testing.h"

namespace firebreak::detect {
namespace {

using testing::of_kind;
using testing::request;
using testing::small_config;
using testing::small_profile;

struct Bench {
  DetectorConfig config = small_config();
  StreamDetector detector{config, small_profile()};
  std::vector<FindingUpdate> chains;
  std::uint64_t index = 0;

  void send(double second, const std::string& caller, std::vector<double> numbers,
            const std::string& colour = "red") {
    take(detector.observe(request(index++, second, caller, std::move(numbers), colour)));
  }
  void take(const std::vector<FindingUpdate>& updates) {
    for (FindingUpdate& update : of_kind(updates, "query_chain")) chains.push_back(std::move(update));
  }
};

// Steps that move all four fields a little.
std::vector<double> walk(int step) {
  return {311.0 + step % 3, 612.0 + step % 4, 223.0 + step % 5, 834.0 + step % 7};
}

TEST(Chains, six_near_requests_of_six_callers_are_one_chain) {
  Bench bench;
  for (int i = 0; i < 6; ++i) bench.send(i, "key-" + std::to_string(i), walk(i));
  ASSERT_EQ(bench.chains.size(), 1U);
  EXPECT_EQ(bench.chains[0].phase, FindingPhase::kOpened);
  EXPECT_EQ(bench.chains[0].digests.size(), 6U);
  EXPECT_EQ(bench.chains[0].callers.size(), 6U);
  EXPECT_EQ(bench.chains[0].indexes, (std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5}));
}

TEST(Chains, exact_copies_are_no_evidence) {
  Bench bench;
  for (int i = 0; i < 100; ++i) bench.send(i, "key-" + std::to_string(i % 9), walk(0));
  EXPECT_TRUE(bench.chains.empty());
}

TEST(Chains, a_copy_that_comes_back_after_the_window_is_no_new_query) {
  Bench bench;
  for (int day = 0; day < 12; ++day)
    for (int i = 0; i < 4; ++i) bench.send(day * 3 * 86400 + i, "nightly", walk(i));
  EXPECT_TRUE(bench.chains.empty());
}

TEST(Chains, moving_one_field_in_steps_is_a_tool_and_no_attack) {
  Bench bench;
  for (int i = 0; i < 40; ++i) bench.send(i, "what-if", {311.0 + i, 612, 223, 834});
  EXPECT_TRUE(bench.chains.empty());
}

TEST(Chains, other_categories_never_link) {
  Bench bench;
  for (int i = 0; i < 10; ++i) bench.send(i, "key", walk(i), "colour-" + std::to_string(i));
  EXPECT_TRUE(bench.chains.empty());
}

TEST(Chains, a_category_that_is_new_each_time_keeps_nobody_apart) {
  auto training = testing::small_training();
  for (std::size_t i = 0; i < training.size(); ++i) training[i].categories[0] = "order-" + std::to_string(i);
  const DetectorConfig config = small_config();
  StreamDetector detector(config, *build_profile(testing::small_schema(), training));
  std::vector<FindingUpdate> chains;
  for (int i = 0; i < 6; ++i)
    for (FindingUpdate& update : of_kind(detector.observe(request(static_cast<std::uint64_t>(i), i, "key-" + std::to_string(i), walk(i), "order-9" + std::to_string(i))), "query_chain"))
      chains.push_back(std::move(update));
  ASSERT_EQ(chains.size(), 1U);
  EXPECT_EQ(chains[0].digests.size(), 6U);
}

TEST(Chains, agreeing_on_the_imputed_value_links_nobody) {
  Bench bench;
  // The medians of the training rows are 499 and 500.
  for (int i = 0; i < 12; ++i)
    bench.send(i, "integration", {500, 499, i % 2 == 0 ? 500.0 : 31.0 * i, i % 3 == 0 ? 499.0 : 17.0 * i});
  EXPECT_TRUE(bench.chains.empty());
}

TEST(Chains, growth_is_reported_once_a_second_and_says_only_what_is_new) {
  Bench bench;
  for (int i = 0; i < 6; ++i) bench.send(0.01 * i, "key", walk(i));
  for (int i = 6; i < 16; ++i) bench.send(0.1 + 0.01 * i, "key", walk(i));
  ASSERT_EQ(bench.chains.size(), 1U);
  bench.take(bench.detector.advance({2 * kSecond}));
  ASSERT_EQ(bench.chains.size(), 2U);
  EXPECT_EQ(bench.chains[1].phase, FindingPhase::kUpdated);
  EXPECT_EQ(bench.chains[1].digests.size(), 10U);
  EXPECT_TRUE(bench.chains[1].callers.empty());
  EXPECT_EQ(bench.chains[1].count, 16U);
}

TEST(Chains, the_sender_of_a_copy_joins_unless_the_key_has_two_days_of_history) {
  Bench bench;
  bench.send(0, "customer", {10, 20, 30, 40});
  const double later = 3 * 86400;
  for (int i = 0; i < 6; ++i) bench.send(later + i, "key", walk(i));
  bench.send(later + 10, "customer", walk(3));
  bench.send(later + 11, "fresh", walk(3));
  bench.take(bench.detector.advance({static_cast<std::int64_t>(later + 20) * kSecond}));
  std::vector<std::string> callers;
  for (const FindingUpdate& update : bench.chains)
    callers.insert(callers.end(), update.callers.begin(), update.callers.end());
  EXPECT_EQ(callers, (std::vector<std::string>{"key", "fresh"}));
  EXPECT_EQ(bench.chains.back().numbers.at("established_callers"), 1);
}

TEST(Chains, of_two_chains_that_meet_the_earlier_goes_on_and_the_other_is_closed) {
  Bench bench;
  const auto near = [](double a, double b, int i) {
    return std::vector<double>{a + i % 3, b + i % 4, 223.0 + i % 5, 834.0 + i % 7};
  };
  for (int i = 0; i < 6; ++i) bench.send(i, "a", near(100, 612, i));
  for (int i = 0; i < 6; ++i) bench.send(10 + i, "b", near(700, 212, i));
  const std::string earlier = bench.chains.front().episode, later = bench.chains.back().episode;
  ASSERT_NE(earlier, later);
  for (int i = 1; i < 24; ++i) bench.send(20 + i, "c", near(100 + 25 * i, 612 - 400 * i / 24, i));
  bench.take(bench.detector.advance({60 * kSecond}));
  int closed = 0;
  for (const FindingUpdate& update : bench.chains) {
    if (update.phase != FindingPhase::kClosed) continue;
    ++closed;
    EXPECT_EQ(update.episode, later);
  }
  EXPECT_EQ(closed, 1);
  EXPECT_EQ(bench.chains.back().episode, earlier);
  EXPECT_EQ(bench.chains.back().count, 35U);
}

TEST(Chains, a_chain_is_closed_when_its_last_query_left_the_window) {
  Bench bench;
  for (int i = 0; i < 6; ++i) bench.send(i, "key", walk(i));
  bench.take(bench.detector.advance({kDay + kHour}));
  ASSERT_EQ(bench.chains.size(), 2U);
  EXPECT_EQ(bench.chains[1].phase, FindingPhase::kClosed);
}

TEST(Chains, the_state_stays_within_its_bytes_whatever_is_sent) {
  Bench bench;
  bench.config.chains.max_bytes = 2 << 20;
  StreamDetector detector(bench.config, small_profile());
  std::uint64_t state = 1;
  const auto number = [&state] {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<double>(state >> 54);
  };
  std::size_t most = 0;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    detector.observe(request(i, static_cast<double>(i) * 0.001, "key-" + std::to_string(i % 3000),
                             {number(), number(), number(), number()}, "colour-" + std::to_string(i % 500)));
    most = std::max(most, detector.bytes());
  }
  // The table of remembered digests, the label join and the watches of five features come on top of the rings.
  EXPECT_LE(most, (std::size_t{3} << 20) + (256u << 10));
}

TEST(Chains, the_share_of_steps_within_two_fields_is_what_it_says) {
  EXPECT_EQ(two_field_share({}), 1);
  EXPECT_EQ(two_field_share({0b01, 0b01, 0b10, 0b11}), 1);
  EXPECT_EQ(two_field_share({0b0001, 0b0001, 0b0010, 0b0100}), 0.75);
  EXPECT_EQ(two_field_share({0b1111, 0b1111}), 0);
}

}  // namespace
}  // namespace firebreak::detect
