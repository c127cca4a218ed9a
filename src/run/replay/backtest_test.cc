#include "run/replay/backtest.h"

#include <gtest/gtest.h>

#include "log/record/record_testing.h"

namespace firebreak::replay {
namespace {

constexpr Time kStart{1'772'850'000 * kSecond};

FindingUpdate said(const std::string& episode, const std::string& kind, int minute, const std::string& feature = {}, FindingPhase phase = FindingPhase::kOpened) {
  FindingUpdate update;
  update.phase = phase;
  update.episode = episode;
  update.kind = kind;
  update.severity = Severity::kHigh;
  update.endpoint = update.stream = "api";
  update.feature = feature;
  update.first_time = kStart + minute * kMinute;
  update.last_time = update.first_time + 5 * kMinute;
  return update;
}

Outcome heard(const std::vector<FindingUpdate>& updates, Time from = kStart) {
  Tally tally("api", incident::built_in_rules(), from);
  for (const FindingUpdate& update : updates) tally.hear(update, update.last_time);
  return tally.outcome(7 * kDay);
}

TEST(Backtest, counts_incidents_and_what_is_in_none_as_alerts) {
  const Outcome outcome = heard({said("a", "query_chain", 0), said("b", "outlier_burst", 3), said("c", "outlier_burst", 600), said("d", "feature_range", 3 * 24 * 60)});
  ASSERT_EQ(outcome.incidents.size(), 1u);
  EXPECT_EQ(outcome.incidents[0].rule, "evasion");
  EXPECT_EQ(outcome.incidents[0].findings, 3u) << "the burst ten hours later joins it";
  EXPECT_EQ(outcome.findings.size(), 4u);
  EXPECT_DOUBLE_EQ(outcome.alerts_per_week, 2);
}

TEST(Backtest, counts_what_was_recorded_for_less_than_an_hour_as_of_an_hour) {
  EXPECT_DOUBLE_EQ(weeks_of(14 * kDay), 2);
  EXPECT_DOUBLE_EQ(weeks_of(0), 1.0 / (7 * 24));
}

TEST(Backtest, an_incident_is_worked_off_after_a_quiet_day) {
  const Outcome outcome = heard({said("a", "query_chain", 0), said("b", "outlier_burst", 3), said("c", "query_chain", 3 * 24 * 60), said("d", "outlier_burst", 3 * 24 * 60 + 5)});
  EXPECT_EQ(outcome.incidents.size(), 2u);
}

TEST(Backtest, what_opened_before_counts_on_neither_side) {
  const Outcome outcome = heard({said("a", "query_chain", 0), said("a", "query_chain", 200, "", FindingPhase::kUpdated), said("b", "outlier_burst", 205)}, kStart + kHour);
  EXPECT_EQ(outcome.findings.size(), 1u);
  EXPECT_TRUE(outcome.incidents.empty());
}

TEST(Backtest, compares_by_what_a_finding_is_about_and_when) {
  const Outcome before = heard({said("a", "feature_drift", 0, "age"), said("b", "feature_drift", 0, "income"), said("c", "outlier_burst", 500)});
  const Outcome after = heard({said("x", "feature_drift", 30, "age"), said("y", "outlier_burst", 900), said("z", "missing_values", 0, "age")});
  const Json compared = compare(before, after);
  const Json& findings = compared.at("findings");
  EXPECT_EQ(int_or(findings, "before"), 3);
  EXPECT_EQ(int_or(findings, "after"), 3);
  EXPECT_EQ(int_or(findings, "appearing"), 2) << "the burst lies six hours off, missing values are another kind";
  EXPECT_EQ(int_or(findings, "vanishing"), 2);
  EXPECT_EQ(string_or(findings.at("vanish").as_array()[0], "feature"), "income");
  EXPECT_EQ(compare(before, before).at("findings").at("appearing"), Json(0));
}

// A watcher that says something of every tenth record, as a rule would in a retro-hunt.
class Tenth final : public Watcher {
 public:
  std::vector<FindingUpdate> observe(const record::Record&, const Observation& observation) override {
    if (observation.index % 10 != 0) return {};
    FindingUpdate update = said("rule_match/tenth/" + std::to_string(observation.index), "rule_match", 0);
    update.first_time = update.last_time = observation.time;
    return {update};
  }
  std::vector<FindingUpdate> observe(const record::Record&, const LabelObservation&) override { return {}; }
  std::vector<FindingUpdate> advance(Time) override { return {}; }
};

TEST(Backtest, hunts_back_for_a_rule_that_is_new) {
  record::testing::Room room;
  Endpoint endpoint;
  endpoint.name = "api";
  endpoint.features.numeric = {"x"};
  record::Stream& stream = room.stream({.name = "api"});
  const Time start = room.clock.now() - 5 * kHour;
  std::string lines;
  for (int i = 0; i < 200; ++i)
    lines += canonical_json(JsonObject{{"type", "inference"}, {"id", "r" + std::to_string(i)}, {"time", format_time(start + i * kMinute)}, {"caller", "c"},
                                       {"features", JsonObject{{"x", i}}}, {"output", JsonObject{{"label", "approve"}, {"score", 0.5}}},
                                       {"disposition", "served"}}) + "\n";
  ASSERT_TRUE(record::testing::admit(stream, lines));
  Side none, rules;
  rules.watchers.push_back(std::make_unique<Tenth>());
  const auto answer = backtest(stream, endpoint, std::move(none), std::move(rules), start + 100 * kMinute);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(int_or(*answer, "records"), 100);
  EXPECT_GE(int_or(answer->at("findings"), "appearing"), 10);
  EXPECT_EQ(int_or(answer->at("findings"), "before"), 0);
  EXPECT_EQ(int_or(*answer, "span_s"), 99 * 60) << "of the records that count";
  EXPECT_EQ(backtest(stream, endpoint, {}, {}, start + 300 * kMinute).error().code, Code::kNotFound);
}

}  // namespace
}  // namespace firebreak::replay
