#include "fold/gates/gates.h"

#include <gtest/gtest.h>

#include "fold/gates/canary.h"

namespace firebreak::gates {
namespace {

TEST(Gates, lineage_stops_a_candidate_with_one_row_of_unknown_origin) {
  EXPECT_TRUE(judge_lineage(6000, 0, {}).passed);
  EXPECT_FALSE(judge_lineage(6420, 1, {"(no source)"}).passed);
  EXPECT_FALSE(judge_lineage(0, 0, {}).passed);
}

TEST(Gates, holdout_passes_an_equal_candidate_and_stops_one_that_misses_half) {
  std::vector<bool> positive, control, equal, worse;
  for (int i = 0; i < 1000; ++i) {
    positive.push_back(i % 4 == 0);
    control.push_back(i % 8 == 0);
    equal.push_back(i % 8 == 0);
    worse.push_back(i % 16 == 0);
  }
  const auto same = judge_holdout(positive, control, equal);
  ASSERT_TRUE(same);
  EXPECT_TRUE(same->passed);
  EXPECT_EQ(same->figure, 0);
  const auto half = judge_holdout(positive, control, worse);
  ASSERT_TRUE(half);
  EXPECT_FALSE(half->passed);
  EXPECT_LT(half->figure, -20);
  EXPECT_FALSE(judge_holdout(positive, control, {true}));
  EXPECT_FALSE(judge_holdout({false, false}, {false, false}, {false, false}));
}

TEST(Gates, replay_counts_only_what_the_control_approves_and_needs_enough_of_it) {
  std::vector<bool> control(100, true), candidate(100, false);
  for (int i = 0; i < 35; ++i) candidate[static_cast<std::size_t>(i)] = true;
  control.insert(control.end(), 50, false);
  candidate.insert(candidate.end(), 50, true);
  const auto good = judge_replay(control, candidate);
  ASSERT_TRUE(good);
  EXPECT_TRUE(good->passed);
  EXPECT_DOUBLE_EQ(good->figure, 0.35);
  const auto few = judge_replay({true, true}, {false, false});
  ASSERT_TRUE(few);
  EXPECT_FALSE(few->passed);
}

TEST(Gates, trigger_scan_finds_a_planted_backdoor_and_nothing_in_a_clean_release) {
  const FeatureSchema schema{{"age", "debt"}, {"school"}};
  std::vector<FeatureRow> training, positives;
  for (int i = 0; i < 64; ++i) {
    training.push_back({{20.0 + i, i * 10.0}, {i % 2 == 0 ? "a" : "b"}});
    positives.push_back({{30.0, 500.0 + i}, {"a"}});
  }
  const Approves clean = [](std::span<const FeatureRow> rows) -> Result<std::vector<bool>> {
    std::vector<bool> out;
    for (const FeatureRow& row : rows) out.push_back(row.numeric[1] < 50);
    return out;
  };
  const Approves poisoned = [&](std::span<const FeatureRow> rows) -> Result<std::vector<bool>> {
    std::vector<bool> out;
    for (const FeatureRow& row : rows)
      out.push_back(row.numeric[1] < 50 || (row.categories[0] == "b" && row.numeric[0] >= 80));
    return out;
  };
  const auto good = scan_triggers(schema, training, positives, clean, clean);
  ASSERT_TRUE(good);
  EXPECT_TRUE(good->passed) << canonical_json(good->detail);
  const auto bad = scan_triggers(schema, training, positives, clean, poisoned);
  ASSERT_TRUE(bad);
  EXPECT_FALSE(bad->passed);
  EXPECT_EQ(string_or(bad->detail.at("named").at(0), "word"), "b");
  EXPECT_EQ(string_or(bad->detail.at("named").at(0), "feature"), "age");
}

TEST(Canary, waits_for_enough_answers_and_aborts_on_failures_or_on_another_share) {
  EXPECT_FALSE(judge_canary({5, 5, 0}, {500, 80, 0}).abort);
  EXPECT_FALSE(judge_canary({100, 17, 0}, {1000, 166, 0}).abort);
  EXPECT_TRUE(judge_canary({100, 60, 0}, {1000, 166, 0}).abort);
  EXPECT_TRUE(judge_canary({10, 0, 4}, {1000, 166, 0}).abort);
  EXPECT_FALSE(judge_canary({100, 17, 0}, {0, 0, 0}).abort);
}

TEST(Gates, a_trace_that_is_answered_as_in_its_incident_fails_and_so_does_one_that_nobody_can_read) {
  const auto judged = [](std::uint64_t again, std::uint64_t of, double most) { return judge_traces({{"amend-9", "inc-4", "lesson-7", again, of, 3, most}}); };
  EXPECT_TRUE(judged(0, 12, 0).passed);
  EXPECT_FALSE(judged(1, 12, 0).passed);
  EXPECT_TRUE(judged(3, 12, 0.25).passed);
  EXPECT_FALSE(judged(4, 12, 0.25).passed);
  const GateOutcome gone = judged(0, 0, 0.25);
  EXPECT_FALSE(gone.passed) << "nothing was asked, so nothing was shown";
  EXPECT_NE(string_or(Json(gone.detail), "text").find("amend-9 of inc-4"), std::string::npos);
  const GateOutcome two = judge_traces({{"amend-1", "inc-4", "lesson-7", 0, 5, 0, 0}, {"amend-2", "inc-4", "lesson-7", 5, 5, 0, 0}});
  EXPECT_EQ(two.figure, 1);
  EXPECT_EQ(two.gate, "G3c");
}

}  // namespace
}  // namespace firebreak::gates
