#include "stats/onset.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "stats/bounded_mean.h"

namespace firebreak::stats {
namespace {

using Generator = std::mt19937_64;

double uniform(Generator& random) { return std::generate_canonical<double, 53>(random); }
Time at(std::uint64_t index) { return {static_cast<std::int64_t>(index) * kSecond}; }

TEST(DyadicBlocks, keep_every_value_once_in_order_in_bounded_memory) {
  struct Sum {
    double sum = 0;
    void merge(const Sum& other) { sum += other.sum; }
  };
  for (const std::size_t sizes : {std::size_t{1}, std::size_t{3}, std::size_t{20}}) {
    DyadicBlocks<Sum> blocks(4, sizes);
    for (std::uint64_t i = 0; i < 5000; ++i) {
      blocks.add(10 * i, at(i), {static_cast<double>(i)});
      if (i % 499 != 0) continue;
      std::uint64_t next = 0, count = 0;
      double sum = 0;
      blocks.each([&](const auto& block) {
        EXPECT_EQ(block.first_index, 10 * next);
        next += block.n;
        sum += block.tally.sum;
        ++count;
      });
      EXPECT_EQ(next, i + 1);
      EXPECT_EQ(sum, static_cast<double>(i * (i + 1) / 2));
      EXPECT_LE(count, 4 * sizes);
    }
    EXPECT_LE(blocks.bytes(), sizes * 5 * 64);
  }
}

TEST(MeanOnset, is_the_first_error_of_a_stream_that_then_only_errs) {
  MeanOnset onset;
  for (std::uint64_t i = 0; i < 300; ++i) onset.add(i >= 290 ? 1 : 0, 2 * i, at(i));
  const auto found = onset.estimate();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->likeliest, 580U);
  EXPECT_EQ(found->n_after, 10U);
  EXPECT_LE(found->first_index, 580U);
  EXPECT_GE(found->last_index, 580U);
  EXPECT_LE(found->last_index - found->first_index, 40U);
  EXPECT_EQ(found->likeliest_time, at(290));
}

TEST(MeanOnset, looks_only_in_the_direction_asked_for) {
  OnsetOptions options;
  options.direction = OnsetOptions::Direction::kFall;
  MeanOnset rise_only(options);
  for (std::uint64_t i = 0; i < 100; ++i) rise_only.add(i >= 50 ? 1 : 0, i, at(i));
  EXPECT_FALSE(rise_only.estimate());
  EXPECT_FALSE(MeanOnset().estimate());
}

TEST(MeanOnset, a_reference_makes_a_change_at_the_first_value_visible) {
  MeanOnset onset;
  onset.set_reference(1000, 100, 100);
  for (std::uint64_t i = 0; i < 200; ++i) onset.add(i % 2 == 0 ? 1 : 0, 7 + i, at(i));
  const auto found = onset.estimate();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->likeliest, 7U);
  EXPECT_EQ(found->n_before, 0U);
}

struct Coverage {
  int runs = 0, covered = 0, false_alarms = 0;
  double width = 0, miss = 0, delay = 0, later_width = 0;
};

// A stream whose mean rises at 2000 as it is met in earnest: a detector alarms, then the start is asked for.
template <class Draw>
Coverage after_alarms(std::uint64_t seed, double baseline, const Draw& draw) {
  Generator random(seed);
  Coverage out;
  constexpr std::uint64_t kStart = 2000;
  for (int run = 0; run < 300; ++run) {
    BoundedMeanOptions options;
    options.baseline = baseline;
    BoundedMeanDetector detector(options);
    OnsetOptions rise;
    rise.per_size = 32;
    rise.direction = OnsetOptions::Direction::kRise;
    MeanOnset onset(rise);
    double sum = 0, squares = 0;
    for (int i = 0; i < 3000; ++i) {
      const double value = draw(random, false);
      sum += value;
      squares += value * value;
    }
    onset.set_reference(3000, sum, squares);
    for (std::uint64_t i = 0; i < 20'000; ++i) {
      const double value = draw(random, i >= kStart);
      onset.add(value, i, at(i));
      if (!detector.update(value)) continue;
      if (i < kStart) {
        ++out.false_alarms;
        break;
      }
      const auto found = onset.estimate();
      ++out.runs;
      out.covered += found && found->first_index <= kStart && kStart <= found->last_index ? 1 : 0;
      out.width += static_cast<double>(found->last_index - found->first_index);
      out.miss += std::abs(static_cast<double>(found->likeliest) - kStart);
      out.delay += static_cast<double>(i - kStart);
      for (std::uint64_t later = i + 1; later < i + 1000; ++later) onset.add(draw(random, true), later, at(later));
      const auto refined = onset.estimate();
      out.later_width += static_cast<double>(refined->last_index - refined->first_index);
      break;
    }
  }
  fmt::print("delay {:.0f}, miss {:.0f}, interval {:.0f} wide, {:.0f} a thousand values later, covers {}/{}, false {}\n", out.delay / out.runs,
             out.miss / out.runs, out.width / out.runs, out.later_width / out.runs, out.covered, out.runs, out.false_alarms);
  return out;
}

void covers_at_least_95_percent(const Coverage& seen) {
  EXPECT_GE(seen.runs, 200);
  EXPECT_GE(seen.covered, seen.runs * 0.95 - 3 * std::sqrt(seen.runs * 0.95 * 0.05));
}

TEST(MeanOnset, the_interval_covers_the_start_after_an_alarm) {
  const auto errors = [](double before, double after) {
    return [=](Generator& random, bool changed) { return uniform(random) < (changed ? after : before) ? 1.0 : 0.0; };
  };
  const Coverage doubled = after_alarms(6101, 0.1, errors(0.1, 0.2));
  covers_at_least_95_percent(doubled);
  EXPECT_LT(doubled.later_width, doubled.width / 2);  // little is known at the alarm, more with every value
  covers_at_least_95_percent(after_alarms(6102, 0.3, errors(0.3, 0.4)));
  covers_at_least_95_percent(after_alarms(6103, 0.02, errors(0.02, 0.3)));
  // Losses between 0 and 1, mean of three uniform numbers; then 0.1 higher.
  covers_at_least_95_percent(after_alarms(6104, 0.4, [](Generator& random, bool changed) {
    return 0.8 * (uniform(random) + uniform(random) + uniform(random)) / 3 + (changed ? 0.1 : 0);
  }));
}

TEST(CategoryOnset, the_interval_covers_the_start) {
  Generator random(6105);
  int covered = 0;
  constexpr int kRuns = 200;
  for (int run = 0; run < kRuns; ++run) {
    OnsetOptions options;
    options.per_size = 4;
    CategoryOnset onset(8, options);
    const std::vector<std::uint64_t> reference(8, 250);
    onset.set_reference(reference);
    for (std::uint64_t i = 0; i < 1500; ++i) {
      auto category = static_cast<std::size_t>(uniform(random) * 8);
      if (i >= 1000 && category < 4 && uniform(random) < 0.4) category += 4;
      onset.add(category, i, at(i));
    }
    const auto found = onset.estimate();
    ASSERT_TRUE(found);
    covered += found->first_index <= 1000 && 1000 <= found->last_index ? 1 : 0;
    EXPECT_LE(onset.bytes(), 12U * 1024);
  }
  EXPECT_GE(covered, kRuns * 0.95 - 3 * std::sqrt(kRuns * 0.95 * 0.05));
}

}  // namespace
}  // namespace firebreak::stats
