#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "fold/incident/incident.h"
#include "types/group_driver.h"

namespace firebreak::incident {
namespace {

struct Sign {  // a finding, in minutes after the start of the story
  std::string kind, feature;
  int at = 0, span = 5;
  Severity severity = Severity::kMedium;
  std::string endpoint = "api", segment = {}, episode = {};
  std::vector<std::string> callers = {};
};

class Day : public GroupDriver<IncidentState> {
 public:
  Day() : GroupDriver(&incident::decide, &incident::apply, Time{1'772'850'000 * kSecond}) {
    const Json lineage = JsonObject{{"bureau", JsonArray{"score", "age", "income"}}, {"crm", JsonArray{"segment", "tenure"}}};
    for (const char* name : {"api", "other"})
      input("endpoint_registered", JsonObject{{"endpoint", JsonObject{{"name", name}, {"lineage", lineage}}}});
  }
  FindingUpdate update_of(const Sign& sign) {
    FindingUpdate update;
    update.episode = sign.episode.empty() ? sign.kind + "/" + std::to_string(++serial_) : sign.episode;
    update.kind = sign.kind;
    update.severity = sign.severity;
    update.endpoint = update.stream = sign.endpoint;
    update.first_time = start_ + sign.at * kMinute;
    update.last_time = update.first_time + sign.span * kMinute;
    update.feature = sign.feature;
    update.segment = sign.segment;
    update.callers = sign.callers;
    update.summary = sign.kind + " of " + sign.feature;
    return update;
  }
  std::vector<Entry> sees(const Sign& sign) { return input("finding_opened", firebreak::to_json(update_of(sign)), "detect"); }
  std::vector<Entry> act(const std::string& name, JsonObject args, const std::string& by = "user:ana") { return command(by, name, std::move(args)); }
  std::string when(int minutes) const { return format_time(start_ + minutes * kMinute); }
  const Incident& only() const { return state().open.begin()->second; }
  int cause_of(const std::vector<Entry>& group) const { return state().findings.at(group[0].id("find")).cause; }

 private:
  Time start_ = now();
  int serial_ = 0;
};

std::string refusal(const std::vector<Entry>& group) {
  const Entry* refused = find_kind(group, "command_refused");
  return refused == nullptr ? "" : string_or(refused->body, "code");
}

bool has_fact(const Incident& incident, const std::string& code) {
  return std::any_of(incident.triage.facts.begin(), incident.triage.facts.end(), [&](const Fact& fact) { return fact.code.starts_with(code); });
}

TEST(Causes, a_hundred_drifted_features_are_one_incident_of_one_cause) {
  Day day;
  std::size_t opened = 0;
  for (int i = 0; i < 100; ++i)
    for (const Entry& entry : day.sees({"feature_drift", "f" + std::to_string(i), i % 50, 30})) opened += entry.kind == "incident_opened";
  EXPECT_EQ(opened, 1u);
  ASSERT_EQ(day.state().open.size(), 1u);
  EXPECT_EQ(day.only().rule, "input_shift");
  EXPECT_EQ(day.only().findings.size(), 100u);
  EXPECT_EQ(day.only().causes, 1);
  std::size_t triages = 0;
  for (const Entry& entry : day.entries()) triages += entry.kind == "incident_triaged";
  EXPECT_LE(triages, 10u) << "a storm brings no verdict with each finding";
}

TEST(Causes, a_second_one_in_the_incident_is_told_apart) {
  Day day;
  for (const char* feature : {"score", "age", "income"}) day.sees({"feature_drift", feature});
  ASSERT_EQ(day.state().open.size(), 1u);
  const auto later = day.sees({"unit_change", "tenure", 9 * 60});
  EXPECT_EQ(day.cause_of(later), 2);
  EXPECT_NE(string_or(find_kind(later, "incident_finding_linked")->body, "why").find("apart from cause 1"), std::string::npos);
  const auto same_hour = day.sees({"missing_values", "segment", 3});
  EXPECT_EQ(day.cause_of(same_hour), 2) << "another source than cause 1, the source of cause 2 within a day";
  const auto kin = day.sees({"missing_values", "age", 5 * 60});
  EXPECT_EQ(day.cause_of(kin), 1) << "later, but the same source";
  EXPECT_EQ(day.only().causes, 2);
}

TEST(Causes, what_says_the_same_again_is_a_repetition) {
  Day day;
  for (const char* feature : {"score", "age", "income"}) day.sees({"feature_drift", feature});
  const auto again = day.sees({"feature_drift", "age", 120});
  EXPECT_EQ(string_or(find_kind(again, "incident_finding_linked")->body, "repeats"), day.only().findings[1]);
  Day quiet;
  for (int i = 0; i < 5; ++i) quiet.sees({"feature_drift", "age", i * 10});
  EXPECT_TRUE(quiet.state().open.empty()) << "one feature that drifts five times is no storm";
}

TEST(Causes, callers_in_common_bind_what_lies_apart) {
  Day day;
  day.sees({"query_chain", "", 0, 5, Severity::kHigh, "api", "", "", {"k1", "k2"}});
  day.sees({"outlier_burst", "", 2, 5, Severity::kHigh});
  const auto far = day.sees({"caller_mix", "", 8 * 60, 5, Severity::kMedium, "api", "", "", {"k2"}});
  EXPECT_EQ(day.cause_of(far), 1);
  EXPECT_NE(string_or(find_kind(far, "incident_finding_linked")->body, "why").find("callers in common: k2"), std::string::npos);
  EXPECT_TRUE(has_fact(day.only(), "coordinated"));
}

TEST(Rules, the_lead_rule_needs_both_halves_within_an_hour) {
  for (const int minutes : {30, 64, 66}) {
    Day day;
    EXPECT_EQ(find_kind(day.sees({"performance_drop", "", 0}), "incident_opened"), nullptr);
    const auto group = day.sees({"outlier_burst", "", minutes});
    const Entry* opened = find_kind(group, "incident_opened");
    ASSERT_EQ(opened != nullptr, minutes <= 65) << minutes;
    if (opened == nullptr) continue;
    EXPECT_EQ(string_or(opened->body, "title"), "Suspected poisoning or evasion of api");
    EXPECT_EQ(day.only().triage.verdict, "suspected_malice");
    EXPECT_TRUE(has_fact(day.only(), "outliers_and_loss"));
  }
}

TEST(Rules, one_sign_is_enough_for_tampering) {
  Day day;
  EXPECT_EQ(find_kind(day.sees({"unknown_model", "", 0, 1, Severity::kMedium}), "incident_opened"), nullptr);
  EXPECT_NE(find_kind(day.sees({"unknown_model", "", 9, 1, Severity::kHigh}), "incident_opened"), nullptr);
  EXPECT_EQ(day.only().rule, "tampering");
  EXPECT_FALSE(rules_from_json(JsonObject{{"correlation", JsonArray{JsonObject{{"name", "x"}, {"any_of", JsonArray{"a"}}, {"count", 0}, {"within_s", 1}}}}}));
  EXPECT_FALSE(rules_from_json(JsonObject{{"correlation", JsonArray{JsonObject{{"name", "x"}, {"any_of", JsonArray{"a"}}, {"kind", "b"}, {"count", 1}, {"within_s", 1}}}}}));
}

TEST(Verdicts, are_counted_and_can_be_revised) {
  Day day;
  const std::string id = day.sees({"feature_drift", "age"})[0].id("find"), other = day.sees({"feature_drift", "age", 30})[0].id("find");
  EXPECT_EQ(refusal(day.act("finding.verdict", {{"finding", "find-999"}, {"verdict", "true"}, {"reason", "r"}})), "not_found");
  EXPECT_EQ(refusal(day.act("finding.verdict", {{"finding", id}, {"verdict", "maybe"}, {"reason", "r"}})), "invalid");
  EXPECT_EQ(refusal(day.act("finding.verdict", {{"finding", id}, {"verdict", "true"}, {"reason", " "}})), "invalid");
  EXPECT_EQ(refusal(day.act("finding.verdict", {{"finding", id}, {"verdict", "duplicate"}, {"reason", "r"}})), "invalid");
  EXPECT_EQ(refusal(day.act("finding.verdict", {{"finding", id}, {"verdict", "duplicate"}, {"reason", "r"}, {"duplicate_of", id}})), "not_found");
  day.act("finding.verdict", {{"finding", id}, {"verdict", "benign"}, {"reason", "a campaign"}});
  const Tally& tally = day.state().tallies.at("api\nfeature_drift\n");
  EXPECT_EQ(tally.opened, 2u);
  EXPECT_EQ(tally.by[1], 1u);
  const auto revised = day.act("finding.verdict", {{"finding", id}, {"verdict", "true"}, {"reason", "no campaign ran"}});
  EXPECT_EQ(string_or(find_kind(revised, "finding_verdict")->body, "previous"), "benign");
  EXPECT_EQ(tally.by[0], 1u);
  EXPECT_EQ(tally.by[1], 0u);
  day.act("finding.verdict", {{"finding", other}, {"verdict", "duplicate"}, {"reason", "r"}, {"duplicate_of", id}});
  EXPECT_EQ(refusal(day.act("finding.verdict", {{"finding", id}, {"verdict", "duplicate"}, {"reason", "r"}, {"duplicate_of", other}})), "conflict");
}

TEST(Verdicts, what_means_nothing_opens_nothing) {
  Day day;
  const std::string id = day.sees({"outlier_burst", ""})[0].id("find");
  day.act("finding.verdict", {{"finding", id}, {"verdict", "test"}, {"reason", "a load test"}});
  EXPECT_EQ(find_kind(day.sees({"performance_drop", "", 10}), "incident_opened"), nullptr);
}

TEST(Mutes, keep_from_alerting_and_never_from_recording) {
  Day day;
  EXPECT_EQ(refusal(day.act("mute.add", {{"until", day.when(60)}, {"reason", "r"}})), "invalid") << "everything is never muted";
  EXPECT_EQ(refusal(day.act("mute.add", {{"kind", "feature_drift"}, {"until", day.when(-1)}, {"reason", "r"}})), "invalid");
  EXPECT_EQ(refusal(day.act("mute.add", {{"kind", "feature_drifts"}, {"until", day.when(60)}, {"reason", "r"}})), "invalid");
  EXPECT_EQ(refusal(day.act("mute.add", {{"kind", "feature_drift"}, {"until", day.when(200 * 24 * 60)}, {"reason", "r"}})), "invalid");
  const auto added = day.act("mute.add", {{"kind", "feature_drift"}, {"endpoint", "api"}, {"until", day.when(60)}, {"reason", "migration"}});
  ASSERT_NE(find_kind(added, "mute_added"), nullptr);
  for (const char* feature : {"score", "age", "income", "segment"}) {
    const auto group = day.sees({"feature_drift", feature});
    ASSERT_NE(find_kind(group, "finding_muted"), nullptr) << feature;
    EXPECT_EQ(string_or(find_kind(group, "finding_muted")->body, "by"), "user:ana");
  }
  EXPECT_TRUE(day.state().open.empty());
  EXPECT_EQ(day.state().findings.size(), 4u) << "they are findings all the same";
  EXPECT_EQ(find_kind(day.sees({"feature_drift", "age", 5, 5, Severity::kMedium, "other"}), "finding_muted"), nullptr);
  day.advance(61 * kMinute);
  for (const char* feature : {"a", "b"}) EXPECT_EQ(find_kind(day.sees({"feature_drift", feature}), "finding_muted"), nullptr) << "it is over by itself";
  EXPECT_TRUE(day.state().open.empty()) << "those that were muted do not count";
  EXPECT_NE(find_kind(day.sees({"feature_drift", "c"}), "incident_opened"), nullptr);
}

TEST(Mutes, end_by_a_person_and_the_finding_counts_with_its_next_update) {
  Day day;
  const std::string id = find_kind(day.act("mute.add", {{"kind", "outlier_burst"}, {"until", day.when(60)}, {"reason", "load test"}}), "mute_added")->id("mute");
  const FindingUpdate burst = day.update_of({"outlier_burst", ""});
  day.input("finding_opened", firebreak::to_json(burst), "detect");
  EXPECT_EQ(find_kind(day.sees({"query_chain", "", 3, 5, Severity::kHigh}), "incident_opened"), nullptr);
  EXPECT_EQ(refusal(day.act("mute.lift", {{"mute", "mute-999"}, {"reason", "r"}})), "not_found");
  day.act("mute.lift", {{"mute", id}, {"reason", "over"}});
  const auto group = day.input("finding_updated", firebreak::to_json(burst), "detect");
  EXPECT_NE(find_kind(group, "finding_unmuted"), nullptr);
  EXPECT_NE(find_kind(group, "incident_opened"), nullptr);
}

TEST(Mutes, hold_back_a_rule_but_nothing_critical) {
  Day day;
  day.act("mute.add", {{"rule", "evasion"}, {"until", day.when(60)}, {"reason", "red team"}});
  day.sees({"query_chain", "", 0, 5, Severity::kHigh});
  const auto group = day.sees({"outlier_burst", "", 2, 5, Severity::kHigh});
  EXPECT_NE(find_kind(group, "finding_muted"), nullptr);
  EXPECT_EQ(find_kind(group, "incident_opened"), nullptr);
  day.act("mute.add", {{"endpoint", "api"}, {"until", day.when(60)}, {"reason", "maintenance"}});
  EXPECT_NE(find_kind(day.sees({"rule_match", "", 5, 1, Severity::kCritical}), "incident_opened"), nullptr);
  Day named;
  named.act("mute.add", {{"rule", "bulk_export"}, {"until", named.when(60)}, {"reason", "backup"}});
  EXPECT_NE(find_kind(named.sees({"rule_match", "", 0, 1, Severity::kHigh, "api", "", "rule_match/bulk_export/7"}), "finding_muted"), nullptr);
  EXPECT_EQ(find_kind(named.sees({"rule_match", "", 0, 1, Severity::kHigh, "api", "", "rule_match/bulk_exports/7"}), "finding_muted"), nullptr);
}

TEST(Changes, explain_a_shift_and_turn_the_triage) {
  Day day;
  EXPECT_EQ(refusal(day.act("change.add", {{"kind", "party"}, {"to", day.when(60)}, {"reason", "r"}})), "invalid");
  EXPECT_EQ(refusal(day.act("change.add", {{"kind", "deploy"}, {"endpoint", "nowhere"}, {"to", day.when(60)}, {"reason", "r"}})), "not_found");
  EXPECT_EQ(refusal(day.act("change.add", {{"kind", "deploy"}, {"from", day.when(60)}, {"to", day.when(60)}, {"reason", "r"}})), "invalid");
  for (const char* feature : {"score", "age", "income"}) day.sees({"feature_drift", feature, 30, 60 * 3});
  EXPECT_EQ(day.only().triage.verdict, "undetermined");
  const auto added = day.act("change.add", {{"kind", "campaign"}, {"endpoint", "api"}, {"from", day.when(20)}, {"to", day.when(500)}, {"reason", "spring"}}, "service:ci");
  ASSERT_NE(find_kind(added, "incident_triaged"), nullptr);
  EXPECT_EQ(day.only().triage.verdict, "benign_drift");
  EXPECT_TRUE(has_fact(day.only(), "change:chg-"));
  day.act("change.cancel", {{"change", find_kind(added, "change_added")->id("chg")}, {"reason", "it did not run"}});
  EXPECT_EQ(day.only().triage.verdict, "undetermined");
}

TEST(Changes, a_promotion_counts_as_a_deploy_by_itself) {
  Day day;
  day.input("ladder_step", JsonObject{{"action", "act-7"}, {"endpoint", "api"}, {"release", "2.0"}, {"step", "5"}});
  ASSERT_EQ(day.state().changes.at("act-7").kind, "deploy");
  for (const char* feature : {"score", "age", "income"}) day.sees({"feature_drift", feature, 30, 200});
  EXPECT_TRUE(has_fact(day.only(), "change:act-7"));
  EXPECT_EQ(refusal(day.act("change.cancel", {{"change", "act-7"}, {"reason", "r"}})), "conflict");
}

TEST(Triage, a_retrain_before_a_drop_speaks_for_both_sides) {
  Day day;
  day.act("change.add", {{"kind", "retrain"}, {"from", day.when(-300)}, {"to", day.when(2)}, {"reason", "weekly"}});
  day.sees({"performance_drop", "", 0});
  day.sees({"outlier_burst", "", 10});
  EXPECT_TRUE(has_fact(day.only(), "retrain:"));
  EXPECT_TRUE(has_fact(day.only(), "change:"));
  EXPECT_EQ(day.only().triage.verdict, "suspected_malice");
}

TEST(Triage, the_same_shift_elsewhere_speaks_for_the_feed) {
  Day day;
  day.sees({"unit_change", "age", 3, 5, Severity::kMedium, "other"});
  for (const char* feature : {"score", "age", "income"}) day.sees({"unit_change", feature});
  EXPECT_TRUE(has_fact(day.only(), "elsewhere"));
  EXPECT_TRUE(has_fact(day.only(), "upstream"));
  EXPECT_TRUE(has_fact(day.only(), "one_source"));
  EXPECT_EQ(day.only().triage.verdict, "benign_drift");
}

TEST(Triage, a_persons_verdict_stands_and_the_facts_go_on) {
  Day day;
  for (const char* feature : {"score", "age", "income"}) day.sees({"feature_drift", feature, 0, 200});
  const std::string id = day.only().id;
  EXPECT_EQ(refusal(day.act("incident.triage", {{"incident", id}, {"verdict", "fine"}, {"reason", "r"}})), "invalid");
  EXPECT_EQ(refusal(day.act("incident.triage", {{"incident", id}, {"verdict", "benign_drift"}, {"reason", ""}})), "invalid");
  day.act("incident.triage", {{"incident", id}, {"verdict", "benign_drift"}, {"reason", "spring sale"}});
  day.sees({"query_chain", "", 10, 5, Severity::kHigh});
  EXPECT_EQ(day.only().triage.verdict, "benign_drift");
  EXPECT_EQ(day.only().triage.by, "user:ana");
  EXPECT_TRUE(has_fact(day.only(), "query_chain"));
  EXPECT_EQ(day.only().triage.computed, "suspected_malice");
  day.act("incident.triage", {{"incident", id}, {"verdict", "suspected_malice"}, {"reason", "the chain"}}, "user:cyd");
  EXPECT_EQ(day.only().triage.by, "user:cyd");
}

TEST(Tuning, is_approved_by_another_person_and_by_digest) {
  Day day;
  const JsonObject args{{"endpoint", "api"}, {"document", JsonObject{{"name", "quieter"}}}, {"backtest", JsonObject{{"digest", "d"}}}, {"reason", "noise"}};
  const auto proposed = day.act("detectors.propose", args);
  const Entry* entry = find_kind(proposed, "detectors_proposed");
  ASSERT_NE(entry, nullptr);
  const std::string id = entry->id("tune"), digest = string_or(entry->body, "digest");
  EXPECT_EQ(refusal(day.act("detectors.approve", {{"proposal", id}, {"digest", digest}})), "forbidden") << "never your own";
  EXPECT_EQ(refusal(day.act("detectors.approve", {{"proposal", id}, {"digest", "other"}}, "user:ben")), "conflict");
  const auto approved = day.act("detectors.approve", {{"proposal", id}, {"digest", digest}}, "user:ben");
  EXPECT_EQ(find_kind(approved, "detectors_approved")->body.at("document"), args.at("document"));
  EXPECT_EQ(refusal(day.act("detectors.approve", {{"proposal", id}, {"digest", digest}}, "user:cyd")), "not_found");
  const std::string second = find_kind(day.act("detectors.propose", args), "detectors_proposed")->id("tune");
  EXPECT_NE(find_kind(day.act("detectors.reject", {{"proposal", second}, {"reason", "not now"}}), "detectors_rejected"), nullptr);
  EXPECT_TRUE(day.state().proposals.empty());
  day.act("detectors.propose", args);
  EXPECT_EQ(*incident_state_from_json(*parse_json(canonical_json(to_json(day.state())), 64)), day.state());
  EXPECT_EQ(day.replayed(), day.state());
}

TEST(Casework, takes_entries_from_before_it) {
  IncidentState state;
  Entry entry;
  entry.index = 5;
  entry.kind = "incident_opened";
  entry.body = JsonObject{{"endpoint", "api"}, {"stream", "api"}, {"title", "t"}, {"severity", "SEV-2"}, {"rule", "evasion"}, {"findings", JsonArray{"find-3"}}};
  apply(state, entry);
  EXPECT_EQ(state.open.at("inc-5").causes, 1);
  entry.index = 6;
  entry.kind = "incident_finding_linked";
  entry.body = JsonObject{{"incident", "inc-5"}, {"finding", "find-4"}, {"kind", "query_chain"}, {"summary", "s"}};
  apply(state, entry);
  EXPECT_EQ(state.open.at("inc-5").findings.size(), 2u);
}

RC_GTEST_PROP(CaseworkProperties, replay_and_restored_snapshots_agree_whatever_happens, ()) {
  Day day;
  const int steps = *rc::gen::inRange(1, 50);
  for (int i = 0; i < steps; ++i) {
    const std::string endpoint = *rc::gen::element<std::string>("api", "other");
    const int at = *rc::gen::inRange(0, 3'000);
    switch (*rc::gen::inRange(0, 8)) {
      case 0: day.act("mute.add", {{"kind", "feature_drift"}, {"endpoint", endpoint}, {"until", format_time(day.now() + 5 * kMinute)}, {"reason", "r"}}); break;
      case 1: day.act("change.add", {{"kind", "deploy"}, {"from", day.when(at)}, {"to", day.when(at + 90)}, {"reason", "r"}}); break;
      case 2: {
        if (day.state().judged.empty()) break;
        const std::string id = "find-" + std::to_string(day.state().judged.rbegin()->first);
        day.act("finding.verdict", {{"finding", id}, {"verdict", *rc::gen::element<std::string>("true", "benign", "test")}, {"reason", "r"}});
        break;
      }
      default:
        day.sees({*rc::gen::element<std::string>("feature_drift", "unit_change", "outlier_burst", "performance_drop", "query_chain"),
                  *rc::gen::element<std::string>("", "age", "score", "tenure", "x"), at, *rc::gen::inRange(0, 90), Severity::kHigh, endpoint});
    }
    day.advance(*rc::gen::inRange(0, 3) * kMinute);
  }
  for (const auto& [id, incident] : day.state().open)
    for (const std::string& finding : incident.findings) {
      const Finding& of = day.state().findings.at(finding);
      RC_ASSERT(of.incident == id);
      RC_ASSERT(of.cause >= 1 && of.cause <= incident.causes);
    }
  RC_ASSERT(day.replayed() == day.state());
  const auto restored = incident_state_from_json(*parse_json(canonical_json(to_json(day.state())), 64));
  RC_ASSERT(restored.has_value());
  RC_ASSERT(*restored == day.state());
}

}  // namespace
}  // namespace firebreak::incident
