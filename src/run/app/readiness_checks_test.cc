#include "run/app/readiness_checks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace firebreak::app {
namespace {

const Time kNow = *parse_time("2026-03-07T03:00:00Z");

ReadinessFacts all_well() {
  ReadinessFacts facts;
  facts.endpoint = "fraud-api";
  facts.owner_team = "payments-risk";
  facts.on_call = "payments-risk-oncall";
  facts.has_fallback = facts.good_registered = facts.good_holdout = facts.baseline = facts.signatures_known = true;
  facts.last_known_good = "1.0.0";
  facts.fallback_proven = facts.kill_proven = kNow - kDrilledWithin;
  facts.newest_record = kNow - kRecordsWithin;
  facts.newest_label = kNow - kLabelsWithin;
  facts.playbooks = 12;
  facts.channels = facts.on_call_known = true;
  facts.regimes = {"gdpr"};
  facts.standing_valid = 1;
  return facts;
}

bool says(const ReadinessFacts& facts, const std::string& check, const std::string& words) {
  for (const ReadinessCheck& one : readiness_checks(facts, kNow))
    if (one.name == check) return one.why.find(words) != std::string::npos;
  return false;
}

std::vector<std::string> red(const ReadinessFacts& facts) { return strings_or_empty(to_json(facts.endpoint, readiness_checks(facts, kNow)), "red"); }

TEST(Readiness, is_whole_when_all_is_well_up_to_the_last_microsecond) {
  const Json report = to_json("fraud-api", readiness_checks(all_well(), kNow));
  EXPECT_TRUE(strings_or_empty(report, "red").empty()) << canonical_json(report);
  EXPECT_EQ(int_or(report, "ready"), int_or(report, "of"));
}

// One fact at a time: exactly the check that looks at it turns red, says why and names a command.
TEST(Readiness, each_missing_fact_turns_its_own_check_red) {
  struct Case {
    const char* name;
    std::vector<std::string> red;
    std::function<void(ReadinessFacts&)> spoil;
  };
  const Case cases[] = {
      {"no owner", {"owner"}, [](auto& f) { f.owner_team.clear(); }},
      {"no on-call", {"owner", "reachable"}, [](auto& f) { f.on_call.clear(); }},
      {"no channel", {"reachable"}, [](auto& f) { f.channels = false; }},
      {"nobody behind the name", {"reachable"}, [](auto& f) { f.on_call_known = false; }},
      {"no regime chosen", {"regimes"}, [](auto& f) { f.regimes.clear(); }},
      {"a regime nobody configured", {"regimes"}, [](auto& f) { f.unknown_regimes = {"gdpr"}; }},
      {"an approval that expired", {"standing"}, [](auto& f) { f.standing_lapsed = {"std-7 (review, expired)"}; }},
      {"a playbook that is not there", {"playbooks"}, [](auto& f) { f.absent_playbooks = {"Kill switch"}; }},
      {"no records", {"records"}, [](auto& f) { f.newest_record.reset(); }},
      {"old records", {"records"}, [](auto& f) { f.newest_record = *f.newest_record - 1; }},
      {"records missing", {"records"}, [](auto& f) { f.capture_gap = true; }},
      {"no baseline", {"baseline"}, [](auto& f) { f.baseline = false; }},
      {"no labels", {"labels"}, [](auto& f) { f.newest_label.reset(); }},
      {"old labels", {"labels"}, [](auto& f) { f.newest_label = *f.newest_label - 1; }},
      {"nothing good", {"last_known_good"}, [](auto& f) { f.last_known_good.clear(); }},
      {"bytes unknown", {"last_known_good"}, [](auto& f) { f.good_registered = false; }},
      {"no holdout", {"holdout"}, [](auto& f) { f.good_holdout = false; }},
      {"a holdout that was read", {"holdout"}, [](auto& f) { f.holdout_breach = "trainer read it"; }},
      {"no rules", {"fallback", "kill_switch"}, [](auto& f) { f.has_fallback = false; }},
      {"fallback never proven", {"fallback"}, [](auto& f) { f.fallback_proven.reset(); }},
      {"proven long ago", {"kill_switch"}, [](auto& f) { f.kill_proven = *f.kill_proven - 1; }},
      {"no playbooks", {"playbooks"}, [](auto& f) { f.playbooks = 0; }},
      {"no trusted keys", {"playbooks"}, [](auto& f) { f.signatures_known = false; }},
      {"unsigned", {"playbooks"}, [](auto& f) { f.unsigned_playbooks = {"Kill switch"}; }},
  };
  for (const Case& one : cases) {
    ReadinessFacts facts = all_well();
    one.spoil(facts);
    EXPECT_EQ(red(facts), one.red) << one.name;
    for (const ReadinessCheck& check : readiness_checks(facts, kNow)) {
      EXPECT_FALSE(check.why.empty()) << one.name;
      EXPECT_EQ(check.command.empty(), check.ready != Ready::kNo) << one.name << ": " << check.name;
      EXPECT_EQ(check.command.find(" list --"), std::string::npos) << check.command << ": lists of findings take no such option";
    }
  }
}

TEST(Readiness, does_not_ask_of_a_tapped_endpoint_what_it_cannot_do) {
  ReadinessFacts facts = all_well();
  facts.tap = true;
  facts.has_fallback = false;
  facts.fallback_proven.reset();
  facts.kill_proven.reset();
  EXPECT_TRUE(red(facts).empty());
  EXPECT_EQ(int_or(to_json("e", readiness_checks(facts, kNow)), "of"), 9);
}

TEST(Readiness, says_that_nobody_configured_the_gateway) {
  ReadinessFacts facts = all_well();
  facts.absent_gateway = "gw-99";
  EXPECT_EQ(red(facts), std::vector<std::string>{"kill_switch"});
  EXPECT_TRUE(says(facts, "kill_switch", "no gateway 'gw-99' is configured"));
}

}  // namespace
}  // namespace firebreak::app
