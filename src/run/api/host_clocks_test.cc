#include "run/api/host_clocks.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>

namespace firebreak::api {
namespace {

const Time kNow = *parse_time("2026-03-07T04:00:00Z");

RC_GTEST_PROP(HostClocks, measure_a_clock_that_is_five_minutes_off_through_a_network_that_is_slow_now_and_then, ()) {
  HostClocks clocks;
  const std::int64_t lead = *rc::gen::element<std::int64_t>(-5 * kMinute, 5 * kMinute, 0);
  std::size_t told = 0;
  for (int i = 0; i < 40; ++i) {
    const bool slow = i % 4 == 3;
    const std::int64_t delay = slow ? *rc::gen::inRange<std::int64_t>(kSecond, 20 * kSecond) : *rc::gen::inRange<std::int64_t>(0, kSecond / 5);
    const Time sent = kNow + i * kMinute;
    told += clocks.note("gw-1", sent + lead, sent + delay).has_value() ? 1 : 0;
  }
  const HostClock seen = clocks.all().at(0);
  RC_ASSERT(std::abs(seen.ahead_us - lead) < kSecond);
  RC_ASSERT(lead == 0 || told >= 1u);
  RC_ASSERT(told <= 6u);
}

TEST(HostClocks, one_odd_batch_moves_nothing) {
  HostClocks clocks;
  for (int i = 0; i < 16; ++i) EXPECT_FALSE(clocks.note("tap", kNow + i * kSecond, kNow + i * kSecond + 10'000));
  EXPECT_FALSE(clocks.note("tap", kNow + kDay, kNow + 17 * kSecond));
  EXPECT_LT(std::abs(clocks.all().at(0).ahead_us), kSecond);
}

TEST(HostClocks, say_it_once_and_again_when_it_is_right) {
  HostClocks clocks;
  int told = 0;
  for (int i = 0; i < 20; ++i) told += clocks.note("tap", kNow + i * kSecond + 5 * kMinute, kNow + i * kSecond).has_value() ? 1 : 0;
  EXPECT_EQ(told, 1);
  EXPECT_EQ(clocks.all().at(0).ahead_us, 5 * kMinute);
  std::int64_t last = -1;
  for (int i = 0; i < 40; ++i)
    if (const auto news = clocks.note("tap", kNow + i * kSecond, kNow + i * kSecond)) last = news->ahead_us;
  EXPECT_EQ(last, 0);
}

}  // namespace
}  // namespace firebreak::api
