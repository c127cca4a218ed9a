// Sketches: what they promise about error, by simulation; that parts and wholes agree; that octets come back or are refused.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "stats/distinct_sketch.h"
#include "stats/quantile_sketch.h"

namespace firebreak::stats {
namespace {

double true_rank(const std::vector<double>& sorted, double value) {
  return static_cast<double>(std::upper_bound(sorted.begin(), sorted.end(), value) - sorted.begin()) / static_cast<double>(sorted.size());
}

TEST(QuantileSketch, is_exact_until_the_first_coin) {
  QuantileSketch sketch(7);
  for (int i = 200; i > 0; --i) sketch.add(i);
  EXPECT_EQ(sketch.rank_error(), 0);
  EXPECT_EQ(sketch.quantile(0.5), 100);
  EXPECT_EQ(sketch.rank(50), 0.25);
}

// 200 streams, nine ranks each: beyond the bound of alpha = 0.01 lie at most 1 % of them, three deviations granted, and the bound
// says something.
TEST(QuantileSketch, ranks_keep_within_the_proven_bound) {
  std::mt19937_64 random(11);
  int outside = 0, asked = 0;
  for (std::uint64_t run = 0; run < 200; ++run) {
    std::vector<double> values(6'000);
    for (double& value : values) value = run % 2 == 0 ? std::normal_distribution<double>()(random) : std::floor(std::exponential_distribution<double>(0.02)(random));
    if (run % 3 == 0) std::sort(values.begin(), values.end());
    QuantileSketch sketch(run);
    for (const double value : values) sketch.add(value);
    std::sort(values.begin(), values.end());
    const double bound = sketch.rank_error(0.01);
    EXPECT_LT(bound, 0.017);
    for (double q = 0.1; q < 0.95; q += 0.1, ++asked) {
      const double at = values[static_cast<std::size_t>(q * 6'000)];
      outside += std::fabs(sketch.rank(at) - true_rank(values, at)) > bound ? 1 : 0;
    }
  }
  EXPECT_LE(outside, asked * 0.01 + 3 * std::sqrt(asked * 0.01 * 0.99));
}

TEST(QuantileSketch, merged_parts_keep_the_bound_they_state) {
  std::mt19937_64 random(12);
  std::normal_distribution<double> normal;
  int outside = 0, asked = 0;
  for (std::uint64_t run = 0; run < 60; ++run) {
    std::vector<double> values;
    QuantileSketch whole(run);
    for (std::uint64_t part = 0; part < 8; ++part) {
      QuantileSketch sketch(run * 100'000 + part * 1'500);
      for (int i = 0; i < 1'500; ++i) {
        values.push_back(normal(random) + static_cast<double>(part));
        sketch.add(values.back());
      }
      whole.merge(sketch);
    }
    std::sort(values.begin(), values.end());
    EXPECT_EQ(whole.n(), values.size());
    EXPECT_LT(whole.rank_error(), 0.025);
    for (double q = 0.05; q < 1; q += 0.1, ++asked) {
      const double at = values[static_cast<std::size_t>(q * static_cast<double>(values.size()))];
      outside += std::fabs(whole.rank(at) - true_rank(values, at)) > whole.rank_error() ? 1 : 0;
    }
  }
  EXPECT_LE(outside, asked * 0.01 + 3 * std::sqrt(asked * 0.01 * 0.99));
}

TEST(QuantileSketch, stays_small_and_repeats) {
  std::mt19937_64 random(13);
  QuantileSketch one(5), same(5), other(6);
  for (int i = 0; i < 300'000; ++i) {
    const auto value = static_cast<double>(random() >> 11);
    one.add(value);
    same.add(value);
    other.add(value);
  }
  EXPECT_EQ(one, same);
  EXPECT_NE(one.points(), other.points());
  EXPECT_LT(one.retained(), QuantileSketch::kMostRetained);
  EXPECT_LT(one.encode().size(), 8'192u);
  std::uint64_t weight = 0;
  for (const auto& point : one.points()) weight += point.weight;
  EXPECT_EQ(weight, one.n());
}

RC_GTEST_PROP(QuantileSketch, comes_back_from_its_octets, (const std::vector<std::int16_t>& values)) {
  QuantileSketch sketch(values.size(), 16);
  for (int again = 0; again < 5; ++again)
    for (const std::int16_t value : values) sketch.add(value);
  const auto back = QuantileSketch::decode(sketch.encode());
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == sketch);
}

RC_GTEST_PROP(QuantileSketch, refuses_octets_that_are_none, (const std::vector<std::int16_t>& values, std::size_t at, std::uint8_t octet)) {
  QuantileSketch sketch(3, 16);
  for (const std::int16_t value : values) sketch.add(value);
  Bytes octets = sketch.encode();
  octets[at % octets.size()] = static_cast<char>(octet);
  // Anything that is taken is a sketch of a weight that fits, in its canonical form.
  if (const auto back = QuantileSketch::decode(octets)) RC_ASSERT(back->encode() == octets);
  RC_ASSERT(!QuantileSketch::decode(octets.substr(0, at % octets.size())));
}

// 120 sketches of each size: the mean square error is that of the theory (chi-square of 120, 3.3 deviations), and there is no bias.
TEST(DistinctSketch, the_relative_error_is_one_point_six_percent) {
  std::mt19937_64 random(14);
  for (const std::uint64_t size : {1'000, 20'000, 100'000}) {
    double squares = 0, sum = 0;
    constexpr int kRuns = 120;
    for (int run = 0; run < kRuns; ++run) {
      DistinctSketch sketch;
      for (std::uint64_t i = 0; i < size; ++i) sketch.add_hash(random());
      const double error = sketch.estimate() / static_cast<double>(size) - 1;
      squares += error * error;
      sum += error;
    }
    const double expected = 1.04 / std::sqrt(4096.0);
    EXPECT_LT(squares / kRuns, expected * expected * (1 + 3.3 * std::sqrt(2.0 / kRuns))) << size;
    EXPECT_LT(std::fabs(sum / kRuns), 3.3 * expected / std::sqrt(static_cast<double>(kRuns))) << size;
  }
}

TEST(DistinctSketch, hashes_of_numbers_and_texts_are_as_good_as_random) {
  DistinctSketch numbers, texts;
  for (int i = 0; i < 50'000; ++i) {
    numbers.add(static_cast<double>(i) / 4);
    texts.add("customer " + std::to_string(i));
  }
  EXPECT_NEAR(numbers.estimate(), 50'000, 3 * 0.01625 * 50'000);
  EXPECT_NEAR(texts.estimate(), 50'000, 3 * 0.01625 * 50'000);
  DistinctSketch few;
  few.add(0.0);
  few.add(-0.0);
  few.add(std::string_view("a"));
  EXPECT_NEAR(few.estimate(), 2, 0.01);
}

RC_GTEST_PROP(DistinctSketch, parts_in_any_order_give_the_same_sketch, (std::vector<std::uint64_t> hashes, std::size_t cut)) {
  DistinctSketch whole, first, second;
  for (const std::uint64_t hash : hashes) whole.add_hash(hash);
  if (!hashes.empty()) cut %= hashes.size();
  std::reverse(hashes.begin(), hashes.end());
  for (std::size_t i = 0; i < hashes.size(); ++i) (i < cut ? first : second).add_hash(hashes[i]);
  second.merge(first);
  RC_ASSERT(second == whole);
  const auto back = DistinctSketch::decode(whole.encode());
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == whole);
}

TEST(DistinctSketch, comes_back_from_both_forms_and_refuses_others) {
  std::mt19937_64 random(15);
  DistinctSketch sketch;
  for (int i = 0; i < 9'000; ++i) sketch.add_hash(random());
  Bytes octets = sketch.encode();
  EXPECT_EQ(octets.size(), 3'073u);
  EXPECT_EQ(*DistinctSketch::decode(octets), sketch);
  octets.pop_back();
  EXPECT_EQ(DistinctSketch::decode(octets).error().code, Code::kCorrupt);
  EXPECT_FALSE(DistinctSketch::decode(Bytes("\2\1\0\1\0\0\1", 7)));  // places that go back
  EXPECT_FALSE(DistinctSketch::decode(""));
}

}  // namespace
}  // namespace firebreak::stats
