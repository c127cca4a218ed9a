// What an incident must say of itself before it is closed, and what raises its severity by itself.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "fold/incident/incident.h"
#include "types/casefile.h"
#include "types/group_driver.h"

namespace firebreak::incident {
namespace {

struct Story : GroupDriver<IncidentState> {
  Story() : GroupDriver(&incident::decide, &incident::apply, Time{1'772'850'000 * kSecond}) { input("endpoint_registered", JsonObject{{"endpoint", JsonObject{{"name", "api"}}}}); }
  std::string declared(const std::string& severity = "SEV-3") {
    const auto group = command("user:ana", "incident.declare", {{"endpoint", "api"}, {"title", "odd answers"}, {"severity", severity}});
    const Entry* const opened = find_kind(group, "incident_opened");
    return opened == nullptr ? "" : opened->id("inc");
  }
  std::string found(const std::string& first, const std::string& second) {
    std::vector<Entry> group;
    for (const std::string& kind : {first, second}) {
      FindingUpdate update;
      update.episode = kind + "/1";
      update.kind = kind;
      update.severity = Severity::kHigh;
      update.endpoint = update.stream = "api";
      update.first_time = now() - kHour;
      update.last_time = now();
      update.summary = kind + " was seen";
      group = input("finding_opened", firebreak::to_json(update));
    }
    const Entry* const opened = find_kind(group, "incident_opened");
    return opened == nullptr ? "" : opened->id("inc");
  }
  void set(const std::string& id, std::string_view field, Json value = "x") { input("casefile_field", JsonObject{{"incident", id}, {"field", field}, {"value", std::move(value)}, {"by", "user:ana"}}); }
  std::string close(const std::string& id) {
    const auto group = command("user:ana", "incident.close", {{"incident", id}, {"summary", "s"}, {"residual_risk", "r"}, {"reason", "it is over"}});
    const Entry* const refused = find_kind(group, "command_refused");
    return refused == nullptr ? "" : string_or(refused->body, "reason");
  }
  // The stage starts now and is due in so much.
  std::vector<Entry> duty(const std::string& id, std::int64_t due, JsonObject more = {}, const std::string& kind = "deadline_started") {
    JsonObject stage{{"stage", "early_warning"}, {"state", "due"}, {"start", format_time(now())}, {"due", format_time(now() + due)}};
    for (auto& member : more) stage[member.key()] = member.value();
    JsonObject later{{"stage", "final"}, {"state", "due"}, {"start", format_time(now())}, {"due", format_time(now() + 30 * kDay)}};
    return input(kind, JsonObject{{"incident", id}, {"regime", "nis2"}, {"stages", JsonArray{std::move(later), std::move(stage)}}, {"by", "user:leo"}});
  }
  void expect_whole() {
    EXPECT_EQ(replayed(), state());
    EXPECT_EQ(incident_state_from_json(*parse_json(canonical_json(to_json(state())))).value(), state());
  }
};

TEST(IncidentClass, is_demanded_before_an_incident_is_closed_and_says_what_is_missing) {
  Story story;
  const std::string id = story.declared();
  std::string why = story.close(id);
  for (const std::string_view field : kAttackFields) EXPECT_NE(why.find(field), std::string::npos) << why;
  EXPECT_NE(why.find("firebreak incident set " + id + " ai_system_type VALUE"), std::string::npos) << why;
  EXPECT_NE(why.find("predictive, generative"), std::string::npos) << "the words to choose from: " << why;
  EXPECT_NE(why.find("firebreak incident set " + id + " no_attack TEXT"), std::string::npos) << why;
  for (const char* field : {"ai_system_type", "ai_goal", "ai_knowledge"}) story.set(id, field);
  why = story.close(id);
  EXPECT_NE(why.find("not set: ai_stage, ai_capability;"), std::string::npos) << why;
  for (const char* field : {"ai_stage", "ai_capability"}) story.set(id, field);
  story.expect_whole();
  EXPECT_EQ(story.close(id), "");
}

TEST(IncidentClass, follows_from_findings_that_nobody_has_said_mean_nothing) {
  Story story;
  const std::string id = story.found("query_chain", "outlier_burst");
  ASSERT_NE(id, "");
  std::vector<std::string> findings = story.state().open.at(id).findings;
  for (const std::string& finding : findings) story.command("user:ana", "finding.verdict", {{"finding", finding}, {"verdict", "test"}, {"reason", "our own"}});
  EXPECT_NE(story.close(id).find("ai_goal"), std::string::npos) << "what the findings said of an attack does not hold";
  story.command("user:ana", "finding.verdict", {{"finding", findings.front()}, {"verdict", "true"}, {"reason", "it was not ours"}});
  EXPECT_EQ(story.close(id), "");
}

TEST(IncidentClass, is_not_asked_of_what_a_person_says_is_no_attack_or_of_drift) {
  Story story;
  const std::string first = story.declared();
  story.set(first, kNoAttack, "the feed sent last week's file");
  EXPECT_EQ(story.close(first), "");
  const std::string second = story.declared();
  story.command("user:ana", "incident.triage", {{"incident", second}, {"verdict", "benign_drift"}, {"reason", "a season"}});
  EXPECT_EQ(story.close(second), "");
  const std::string third = story.declared();
  story.command("user:ana", "incident.triage", {{"incident", third}, {"verdict", "undetermined"}, {"reason", "who knows"}});
  EXPECT_NE(story.close(third), "");
}

TEST(IncidentClass, is_kept_when_an_incident_is_opened_again) {
  Story story;
  const std::string id = story.declared();
  story.set(id, kNoAttack, "a feed");
  ASSERT_EQ(story.close(id), "");
  story.input("incident_reopened", JsonObject{{"incident", id}, {"endpoint", "api"}, {"classed", JsonArray{"no_attack"}}, {"reason", "again"}, {"by", "user:ben"}});
  EXPECT_EQ(story.close(id), "");
}

// Whatever is set in whatever order: closed exactly when all five are, or one says that it is none.
RC_GTEST_PROP(IncidentClassProperty, no_order_of_fields_closes_an_incident_without_its_class, ()) {
  Story story;
  const std::string id = story.declared();
  std::set<std::string> set;
  for (const int at : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 7))) {
    const std::string field = at < 5 ? std::string(kAttackFields[at]) : at == 5 ? std::string(kNoAttack) : "cause";
    if (field == kNoAttack && set.size() % 2 == 0) continue;  // not too often: else nothing is tried
    story.set(id, field);
    if (field != "cause") set.insert(field);
  }
  const bool whole = set.contains(std::string(kNoAttack)) || set.size() == 5;
  RC_ASSERT(story.close(id).empty() == whole);
}

TEST(IncidentSeverity, rises_with_a_reporting_deadline_of_at_most_a_day_and_says_why) {
  Story story;
  const std::string id = story.declared();
  EXPECT_EQ(find_kind(story.duty(id, 72 * kHour), "incident_severity"), nullptr) << "three days are not urgent";
  const Entry* raised = nullptr;
  const auto group = story.duty(id, 24 * kHour);
  raised = find_kind(group, "incident_severity");
  ASSERT_NE(raised, nullptr);
  EXPECT_EQ(string_or(raised->body, "to"), "SEV-1");
  EXPECT_EQ(string_or(raised->body, "by"), "firebreak");
  EXPECT_EQ(string_or(raised->body, "reason"), "a reporting deadline of at most 24 h runs: nis2, early_warning, due " + format_time(story.now() + kDay));
  EXPECT_EQ(find_kind(story.duty(id, 4 * kHour, {}, "deadline_told"), "incident_severity"), nullptr) << "it is the gravest already";
  story.expect_whole();
}

TEST(IncidentSeverity, does_not_rise_by_what_waits_is_met_or_only_expected_nor_against_the_commanders_word) {
  Story story;
  const std::string id = story.declared();
  for (JsonObject more : {JsonObject{{"state", "waits"}}, JsonObject{{"met", format_time(story.now())}}, JsonObject{{"expected", true}}})
    EXPECT_EQ(find_kind(story.duty(id, kHour, std::move(more)), "incident_severity"), nullptr);
  EXPECT_NE(find_kind(story.duty(id, kHour, {}, "deadline_told"), "incident_severity"), nullptr) << "an event that was told makes it run";
  story.input("incident_role", JsonObject{{"incident", id}, {"role", "commander"}, {"user", "ana"}, {"by", "user:ana"}});
  story.command("user:ana", "incident.severity", {{"incident", id}, {"severity", "SEV-3"}, {"reason", "it is a drill's"}});
  EXPECT_EQ(find_kind(story.duty(id, kHour), "incident_severity"), nullptr);
  EXPECT_EQ(story.state().open.at(id).severity, "SEV-3");
}

}  // namespace
}  // namespace firebreak::incident
