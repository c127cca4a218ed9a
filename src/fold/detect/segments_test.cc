// A drop that lies in one part of the traffic is named by that part, one that lies everywhere by none.
#include "fold/detect/segments.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

#include "fold/detect/detect_testing.h"

namespace firebreak::detect {
namespace {

using Generator = std::mt19937_64;

double uniform(Generator& random) { return std::generate_canonical<double, 53>(random); }

ReferenceProfile profile() {
  std::vector<FeatureRow> rows;
  for (int i = 0; i < 800; ++i)
    rows.push_back({{i * 1.0, (i * 7 % 800) * 1.0}, {"c" + std::to_string(i % 5), "d" + std::to_string(i % 3)}});
  return *build_profile({{"amount", "age"}, {"channel", "country"}}, rows);
}

Observation request(Generator& random, std::uint64_t index) {
  Observation seen;
  seen.index = index;
  seen.caller = "key" + std::to_string(static_cast<int>(std::pow(uniform(random), 2) * 300));
  seen.features.numeric = {uniform(random) * 800, uniform(random) * 800};
  const int channel = static_cast<int>(uniform(random) * 5), country = static_cast<int>(uniform(random) * 3);
  seen.features.categories = {"c" + std::to_string(channel), "d" + std::to_string(country)};
  return seen;
}

// Errors at 0.1; from answer 2000 on at `worse` where `bad` says so. What is named?
std::map<std::string, int> named(std::uint64_t seed, double worse, const std::function<bool(const Observation&)>& bad,
                                 double* share = nullptr) {
  std::map<std::string, int> out;
  Generator random(seed);
  constexpr int kRuns = 60;
  for (int run = 0; run < kRuns; ++run) {
    Segments segments({}, profile());
    for (std::uint64_t i = 0; i < 2600; ++i) {
      const Observation seen = request(random, i);
      const SegmentKeys keys = segments.observe(seen);
      Losses losses = kNoLosses;
      losses[2] = uniform(random) < (i >= 2000 && bad(seen) ? worse : 0.1) ? 1 : 0;
      segments.judge(keys, i, losses);
    }
    const auto found = segments.explain(Measure::kError, 2000);
    ++out[found ? found->segment : ""];
    if (found && share != nullptr) *share += found->share / kRuns;
    EXPECT_FALSE(segments.explain(Measure::kRecall, 2000));
  }
  for (const auto& [segment, count] : out) fmt::print("{}: {}\n", segment.empty() ? "none" : segment, count);
  return out;
}

TEST(Segments, name_the_category_that_a_drop_lies_in) {
  double share = 0;
  auto found = named(6401, 0.5, [](const Observation& seen) { return seen.features.categories[0] == "c3"; }, &share);
  EXPECT_GE(found["channel=c3"], 57);
  EXPECT_GT(share, 0.8);
}

TEST(Segments, name_the_bin_of_a_number) {
  auto found = named(6402, 0.7, [](const Observation& seen) { return seen.features.numeric[1] >= 700; });
  EXPECT_GE(found["age=700 and more"] + found["age=699 and more"], 57);
}

TEST(Segments, name_the_caller) {
  auto found = named(6403, 0.9, [](const Observation& seen) { return seen.caller == "key0"; });
  EXPECT_GE(found["caller=key0"], 50);
}

TEST(Segments, name_nobody_when_all_lose_alike) {
  auto found = named(6404, 0.25, [](const Observation&) { return true; });
  EXPECT_GE(found[""], 57);  // at most one in a hundred by chance
}

TEST(Segments, keep_the_frequent_and_give_up_the_rare) {
  SegmentOptions options;
  options.values = 8;
  Segments segments(options, ReferenceProfile());
  Generator random(6405);
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    Observation seen;
    seen.caller = i % 4 == 0 ? "big" : "rare" + std::to_string(i);
    segments.observe(seen);
  }
  const auto tallies = segments.tallies();
  ASSERT_EQ(tallies.size(), 8U);
  EXPECT_EQ(tallies[0].segment, "caller=big");
  EXPECT_GE(tallies[0].answers, 5000U);
  EXPECT_LE(tallies[0].answers - tallies[0].overcounted, 5000U);
}

TEST(Segments, a_label_that_is_taken_back_leaves_no_trace) {
  Generator random(6406);
  Segments once({}, profile()), twice({}, profile());
  for (std::uint64_t i = 0; i < 500; ++i) {
    const Observation seen = request(random, i);
    const SegmentKeys keys = once.observe(seen);
    twice.observe(seen);
    Losses right = kNoLosses, wrong = kNoLosses;
    right[2] = i % 3 == 0 ? 1 : 0;
    wrong[1] = wrong[2] = 1;
    once.judge(keys, i, right);
    twice.judge(keys, i, wrong);
    twice.take_back(i);
    twice.judge(keys, i, right);
  }
  const auto a = once.tallies(), b = twice.tallies();
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].judged, b[i].judged);
    EXPECT_EQ(a[i].loss, b[i].loss);
  }
}

}  // namespace
}  // namespace firebreak::detect
