#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>

#include "fold/reporting/story_for_tests.h"

namespace firebreak::reporting {
namespace {

// Enough YAML for the shipped file: plain digits are numbers, true and false flags, all else text.
Json json_of(const YAML::Node& node) {
  if (node.IsSequence()) {
    JsonArray out;
    for (const auto& one : node) out.push_back(json_of(one));
    return out;
  }
  if (node.IsMap()) {
    JsonObject out;
    for (const auto& one : node) out[one.first.as<std::string>()] = json_of(one.second);
    return out;
  }
  const std::string text = node.as<std::string>();
  if (node.Tag() != "?") return Json(text);
  if (text == "true" || text == "false") return text == "true";
  if (!text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; })) return std::stoll(text);
  return Json(text);
}

}  // namespace

const std::vector<Json>& shipped_regimes() {
  static const std::vector<Json> regimes = [] {
    const Json document = json_of(YAML::LoadFile(FIREBREAK_SOURCE_DIR "/content/deadlines/regimes.yaml"));
    const JsonArray& list = document.at("regimes").as_array();
    return std::vector<Json>(list.begin(), list.end());
  }();
  return regimes;
}

namespace {

// A row for each regime and kind of counting: what happened, and when the stage is due. Worked out by hand.
struct Case {
  const char *regime, *events, *facts, *stage, *due;
};
constexpr Case kCases[] = {
    {"gdpr", R"({"awareness": "2026-06-12T08:00:00Z"})", "[]", "authority", "2026-06-15T08:00:00Z"},
    {"gdpr", R"({"awareness": "2026-06-12T08:00:00Z"})", "[]", "subjects", "does_not_apply"},
    {"gdpr", R"({"awareness": "2026-06-12T08:00:00Z"})", R"(["high_risk"])", "subjects", "2026-06-12T08:00:00Z"},
    {"nis2", R"({"awareness": "2026-06-12T08:00:00Z"})", "[]", "early_warning", "2026-06-13T08:00:00Z"},
    {"nis2", R"({"awareness": "2026-06-12T08:00:00Z"})", "[]", "final", "2026-07-15T08:00:00Z"},
    {"nis2", R"({"awareness": "2026-06-12T08:00:00Z"})", R"(["ongoing"])", "final", "does_not_apply"},
    {"nis2", R"({"awareness": "2026-06-12T08:00:00Z"})", R"(["trust_service"])", "notification", "2026-06-13T08:00:00Z"},
    // The earlier of two: 24 h after awareness, before 4 h after the classification …
    {"dora", R"({"awareness": "2026-06-11T09:00:00Z", "classification": "2026-06-12T07:00:00Z"})", "[]", "initial", "2026-06-12T09:00:00Z"},
    // … and classified later than that: 4 h alone.
    {"dora", R"({"awareness": "2026-06-10T09:00:00Z", "classification": "2026-06-12T07:00:00Z"})", "[]", "initial", "2026-06-12T11:00:00Z"},
    {"dora", R"({"awareness": "2026-06-11T09:00:00Z", "classification": "2026-06-12T07:00:00Z"})", "[]", "intermediate", "2026-06-15T09:00:00Z"},
    {"dora", R"({"awareness": "2026-06-11T09:00:00Z"})", "[]", "intermediate_update", "waits"},
    // Friday and four business days: Thursday, 17:30.
    {"sec-8k", R"({"materiality": "2026-06-12T07:00:00Z"})", "[]", "initial", "2026-06-18T17:30:00Z"},
    {"sec-8k", R"({"materiality": "2026-06-12T07:00:00Z"})", "[]", "amendment", "waits"},
    {"hipaa", R"({"discovery": "2026-06-12T07:00:00Z"})", "[]", "individuals", "2026-08-11T07:00:00Z"},
    {"hipaa", R"({"discovery": "2026-06-12T07:00:00Z"})", "[]", "hhs_annual", "2027-03-01T23:59:59Z"},
    {"hipaa", R"({"discovery": "2026-06-12T07:00:00Z"})", R"(["affected_500_or_more"])", "hhs", "2026-08-11T07:00:00Z"},
    {"ai-act-73", R"({"awareness": "2026-06-12T07:00:00Z"})", "[]", "report", "2026-06-27T07:00:00Z"},
    {"ai-act-73", R"({"awareness": "2026-06-12T07:00:00Z"})", R"(["death"])", "report", "2026-06-22T07:00:00Z"},
    {"ai-act-73", R"({"awareness": "2026-06-12T07:00:00Z"})", R"(["widespread_or_critical_infrastructure"])", "report", "2026-06-14T07:00:00Z"},
    {"ai-act-55", R"({"awareness": "2026-06-12T07:00:00Z"})", R"(["cybersecurity_breach"])", "first_report", "2026-06-17T07:00:00Z"},
    {"nydfs", R"({"determination": "2026-06-12T07:00:00Z"})", "[]", "notice", "2026-06-15T07:00:00Z"},
    {"nydfs", R"({"payment": "2026-06-12T07:00:00Z"})", "[]", "extortion_payment", "2026-06-13T07:00:00Z"},
    {"us-banks", R"({"determination": "2026-06-12T07:00:00Z"})", "[]", "notice", "2026-06-13T19:00:00Z"},
    {"ftc-safeguards", R"({"discovery": "2026-06-12T07:00:00Z"})", R"(["affected_500_or_more"])", "notice", "2026-07-12T07:00:00Z"},
    {"circia", R"({"reasonable_belief": "2026-06-12T07:00:00Z"})", "[]", "incident", "2026-06-15T07:00:00Z"},
    {"card-brands", R"({"suspicion": "2026-06-12T07:00:00Z"})", "[]", "visa_report", "2026-06-15T07:00:00Z"},
    {"card-brands", R"({"suspicion": "2026-06-12T07:00:00Z"})", "[]", "visa_accounts", "2026-06-26T23:59:59Z"},
};

TEST(Reporting, starts_every_regime_with_its_deadlines) {
  for (const Case& one : kCases) {
    Story story("2026-06-12T08:00:00Z");
    const std::string duty = story.started(one.regime, parse_json(one.events)->as_object(), parse_json(one.facts)->as_array());
    ASSERT_NE(duty, "") << one.regime;
    EXPECT_EQ(story.due(duty, one.stage), one.due) << one.regime << " " << one.events << " " << one.facts << " " << one.stage;
    EXPECT_EQ(story.replayed(), story.state()) << one.regime;
    EXPECT_EQ(*state_from_json(*parse_json(canonical_json(to_json(story.state())))), story.state()) << one.regime;
  }
}

TEST(Reporting, follows_what_is_filed_from_stage_to_stage) {
  Story story;
  const std::string duty = story.started("dora", {{"awareness", "now"}, {"classification", "now"}});
  EXPECT_EQ(story.due(duty, "initial"), "2026-06-12T12:00:00Z");
  EXPECT_EQ(story.due(duty, "intermediate"), "2026-06-15T12:00:00Z");
  EXPECT_TRUE(story.stage(duty, "intermediate").expected);
  story.to("2026-06-12T13:00:00Z");
  const auto group = story.met(duty, "initial");
  EXPECT_TRUE(bool_or(find_kind(group, "deadline_met")->body, "late"));
  EXPECT_EQ(story.due(duty, "intermediate"), "2026-06-15T13:00:00Z");
  EXPECT_FALSE(story.stage(duty, "intermediate").expected);
  story.to("2026-06-14T13:00:00Z");
  story.met(duty, "intermediate", "2026-06-14T10:00:00Z");
  EXPECT_EQ(story.due(duty, "final"), "2026-07-14T10:00:00Z");
  EXPECT_FALSE(story.stage(duty, "intermediate").late);
  EXPECT_EQ(story.replayed(), story.state());
}

TEST(Reporting, starts_anew_when_it_is_classified_anew) {
  Story story;
  const std::string duty = story.started("dora", {{"awareness", "now"}, {"classification", "now"}});
  story.met(duty, "initial");
  story.to("2026-06-13T09:00:00Z");
  const std::string relief = Story::relief(story.give("deadline.restart", duty, {{"reason", "a second service is down"}}));
  ASSERT_NE(relief, "") << "the intermediate report, which runs, moves back";
  ASSERT_NE(find_kind(story.confirm(relief), "deadline_told"), nullptr);
  EXPECT_EQ(story.due(duty, "initial"), "2026-06-13T13:00:00Z") << "what was filed before counts no more";
  EXPECT_TRUE(runs(story.duty(duty), story.stage(duty, "initial")));
  const std::string gdpr = story.started("gdpr", {{"awareness", "now"}});
  EXPECT_EQ(Story::refusal(story.give("deadline.restart", gdpr, {{"reason", "r"}})).substr(0, 8), "conflict");
}

TEST(Reporting, a_report_needs_its_proof) {
  Story story;
  const std::string duty = story.started("gdpr", {{"awareness", "opened"}});
  const auto met = [&](JsonObject args) { return Story::refusal(story.give("deadline.met", duty, std::move(args))); };
  EXPECT_THAT(met({{"stage", "authority"}}), ::testing::StartsWith("invalid /reference"));
  EXPECT_THAT(met({{"stage", "authority"}, {"reference", "  "}}), ::testing::StartsWith("invalid /reference"));
  EXPECT_THAT(met({{"stage", "authority"}, {"evidence", "ev-3"}}), ::testing::StartsWith("not_found /evidence"));
  EXPECT_THAT(met({{"stage", "nobody"}, {"reference", "r"}}), ::testing::StartsWith("not_found /stage"));
  EXPECT_THAT(met({{"stage", "authority"}, {"reference", "r"}, {"at", "2026-06-12T08:00:01Z"}}), ::testing::StartsWith("invalid /at")) << "not yet";
  const auto captured = story.input("evidence_captured", JsonObject{{"incident", story.incident}, {"item", "receipt"}});
  EXPECT_EQ(met({{"stage", "authority"}, {"evidence", captured[0].id("ev")}}), "");
  EXPECT_EQ(story.stage(duty, "authority").met, story.now());
  EXPECT_EQ(story.duty(duty).told.back().evidence, captured[0].id("ev"));
}

TEST(Reporting, no_report_is_proven_before_its_cause) {
  Story story;
  const std::string duty = story.started("gdpr", {{"awareness", "now"}});
  EXPECT_THAT(Story::refusal(story.give("deadline.met", duty, {{"stage", "authority"}, {"reference", "an old letter"}, {"at", "2020-01-01T00:00:00Z"}})), ::testing::StartsWith("invalid /at"));
  EXPECT_TRUE(runs(story.duty(duty), story.stage(duty, "authority")));
}

TEST(Reporting, one_person_sets_nothing_aside) {
  Story story;
  const std::string duty = story.started("gdpr", {{"awareness", "now"}});
  EXPECT_THAT(Story::refusal(story.give("deadline.set_aside", duty, {{"reason", " "}})), ::testing::StartsWith("invalid /reason"));
  const auto proposed = story.give("deadline.set_aside", duty, {{"reason", "no risk to anybody"}});
  const std::string relief = Story::relief(proposed);
  ASSERT_NE(relief, "");
  EXPECT_TRUE(runs(story.duty(duty), story.stage(duty, "authority")));
  EXPECT_THAT(Story::refusal(story.confirm(relief, "user:ana")), ::testing::StartsWith("forbidden"));
  EXPECT_THAT(Story::refusal(story.confirm(relief, "playbook:run-3")), ::testing::StartsWith("forbidden"));
  EXPECT_TRUE(runs(story.duty(duty), story.stage(duty, "authority")));
  const auto done = story.confirm(relief);
  const Entry* const aside = find_kind(done, "deadline_set_aside");
  ASSERT_NE(aside, nullptr);
  EXPECT_EQ(string_or(aside->body, "by"), "user:ana");
  EXPECT_EQ(string_or(aside->body, "with"), "user:ben");
  EXPECT_FALSE(runs(story.duty(duty), story.stage(duty, "authority")));
  EXPECT_EQ(story.duty(duty).aside.at("authority"), (SetAside{"no risk to anybody", "user:ana", "user:ben"}));
  EXPECT_THAT(Story::refusal(story.confirm(relief)), ::testing::StartsWith("not_found")) << "once";
  // The decision is taken up again when the facts are others: by one.
  EXPECT_NE(find_kind(story.give("deadline.reopen", duty, {{"stage", "authority"}, {"reason", "labels came"}}), "deadline_reopened"), nullptr);
  EXPECT_TRUE(runs(story.duty(duty), story.stage(duty, "authority")));
  EXPECT_EQ(story.replayed(), story.state());
}

TEST(Reporting, what_moves_a_deadline_back_needs_two_and_what_brings_it_forward_one) {
  Story story;
  const std::string duty = story.started("ai-act-73", {{"awareness", "now"}});
  EXPECT_EQ(Story::relief(story.give("deadline.fact", duty, {{"fact", "death"}, {"holds", true}, {"reason", "the hospital called"}})), "");
  EXPECT_EQ(story.due(duty, "report"), "2026-06-22T08:00:00Z");
  const std::string relief = Story::relief(story.give("deadline.fact", duty, {{"fact", "death"}, {"holds", false}, {"reason", "another cause"}}));
  ASSERT_NE(relief, "");
  EXPECT_EQ(story.due(duty, "report"), "2026-06-22T08:00:00Z");
  story.confirm(relief);
  EXPECT_EQ(story.due(duty, "report"), "2026-06-27T08:00:00Z");
  // An earlier awareness brings it forward; taking it back needs two.
  EXPECT_EQ(Story::relief(story.give("deadline.happened", duty, {{"events", JsonObject{{"awareness", "2026-06-11T08:00:00Z"}}}})), "");
  EXPECT_EQ(story.due(duty, "report"), "2026-06-26T08:00:00Z");
  const auto back = story.give("deadline.withdraw", duty, {{"event", "awareness"}, {"at", "2026-06-11T08:00:00Z"}, {"reason", "a typo"}});
  EXPECT_EQ(story.due(duty, "report"), "2026-06-26T08:00:00Z");
  EXPECT_NE(find_kind(story.command("user:law", "deadline.reject", {{"relief", Story::relief(back)}, {"reason", "no typo"}}), "deadline_relief_rejected"), nullptr);
  EXPECT_TRUE(story.duty(duty).reliefs.empty());
  EXPECT_EQ(story.replayed(), story.state());
}

// DORA counts the final report from the last intermediate one: whoever files another one has the final one later.
TEST(Reporting, another_report_of_a_stage_moves_what_comes_after_it_by_two_alone) {
  Story story;
  const std::string duty = story.started("dora", {{"awareness", "now"}, {"classification", "now"}});
  story.to("2026-06-12T11:00:00Z");
  story.met(duty, "initial");
  story.to("2026-06-14T11:00:00Z");
  story.met(duty, "intermediate");
  const std::string final = story.due(duty, "final");
  EXPECT_EQ(final, "2026-07-14T11:00:00Z");
  story.to("2026-06-20T11:00:00Z");
  const auto again = story.met(duty, "intermediate");
  EXPECT_EQ(find_kind(again, "deadline_met"), nullptr);
  const std::string relief = Story::relief(again);
  ASSERT_NE(relief, "");
  EXPECT_EQ(story.due(duty, "final"), final) << "one person's word moves nothing back";
  EXPECT_NE(Story::refusal(story.confirm(relief, "user:ana")), "");
  EXPECT_NE(find_kind(story.confirm(relief, "user:ben"), "deadline_told"), nullptr);
  EXPECT_EQ(story.due(duty, "final"), "2026-07-20T11:00:00Z");
  EXPECT_EQ(format_time(story.stage(duty, "intermediate").met), "2026-06-14T11:00:00Z") << "the earliest proof stays the proof";
  // One that moves nothing back is a further proof, at once.
  EXPECT_NE(find_kind(story.met(duty, "intermediate", "2026-06-15T11:00:00Z"), "deadline_met"), nullptr);
  EXPECT_EQ(story.due(duty, "final"), "2026-07-20T11:00:00Z");
  EXPECT_EQ(story.replayed(), story.state());
}

TEST(Reporting, a_relief_whose_deadline_has_moved_is_void_and_says_why) {
  Story story;
  const std::string duty = story.started("ai-act-73", {{"awareness", "now"}}, {"death"});
  const std::string relief = Story::relief(story.give("deadline.fact", duty, {{"fact", "death"}, {"holds", false}, {"reason", "another cause"}}));
  const std::string aside = Story::relief(story.give("deadline.set_aside", duty, {{"stage", "report"}, {"reason", "nothing of it is so"}}));
  ASSERT_NE(relief, "");
  ASSERT_NE(aside, "");
  const auto earlier = story.give("deadline.happened", duty, {{"events", JsonObject{{"awareness", "2026-06-11T08:00:00Z"}}}});
  const Entry* const gone = find_kind(earlier, "deadline_relief_void");
  ASSERT_NE(gone, nullptr);
  EXPECT_EQ(string_or(gone->body, "relief"), relief);
  EXPECT_NE(string_or(gone->body, "reason").find("was due at 2026-06-22T08:00:00Z when it was asked for"), std::string::npos) << string_or(gone->body, "reason");
  EXPECT_TRUE(story.duty(duty).reliefs.empty()) << "the other one eased the same deadline";
  EXPECT_NE(Story::refusal(story.confirm(relief)).find("not_found"), std::string::npos);
  // A report that is proven leaves nothing to set aside.
  const std::string late = Story::relief(story.give("deadline.set_aside", duty, {{"stage", "report"}, {"reason", "nothing of it is so"}}));
  ASSERT_NE(late, "");
  const auto met = story.met(duty, "report");
  ASSERT_NE(find_kind(met, "deadline_relief_void"), nullptr);
  EXPECT_TRUE(story.duty(duty).reliefs.empty());
  EXPECT_EQ(story.replayed(), story.state());
  const auto restored = state_from_json(*parse_json(canonical_json(to_json(story.state()))));
  ASSERT_TRUE(restored.has_value());
  EXPECT_EQ(*restored, story.state());
}

TEST(Reporting, stops_where_the_regime_knows_that_and_goes_on) {
  Story story;
  const std::string hipaa = story.started("hipaa", {{"discovery", "now"}});
  const JsonObject statement{{"from", "2026-08-01T00:00:00Z"}, {"until", "2026-09-01T00:00:00Z"}, {"reason", "statement of the prosecutor"}};
  const std::string relief = Story::relief(story.give("deadline.stop", hipaa, statement));
  ASSERT_NE(relief, "");
  const auto stopped = story.confirm(relief);
  EXPECT_EQ(story.due(hipaa, "individuals"), "2026-09-01T00:00:00Z");
  const std::string stop = string_or(find_kind(stopped, "deadline_stopped")->body, "stop");
  story.to("2026-08-05T00:00:00Z");
  EXPECT_NE(find_kind(story.give("deadline.resume", hipaa, {{"stop", stop}}), "deadline_resumed"), nullptr);
  EXPECT_EQ(story.due(hipaa, "individuals"), "2026-08-11T08:00:00Z") << "the stop is over when the time is";
  EXPECT_THAT(Story::refusal(story.give("deadline.resume", hipaa, {{"stop", "stop-9999"}})), ::testing::StartsWith("not_found /stop"));
  const std::string gdpr = story.started("gdpr", {{"awareness", "now"}});
  EXPECT_THAT(Story::refusal(story.give("deadline.stop", gdpr, statement)), ::testing::StartsWith("conflict"));
  EXPECT_EQ(story.replayed(), story.state());
}

std::vector<std::string> levels(const std::vector<Entry>& group) {
  std::vector<std::string> out;
  for (const Entry& entry : group)
    if (entry.kind == "deadline_reminder") out.push_back(string_or(entry.body, "stage") + " " + string_or(entry.body, "level"));
  return out;
}

TEST(Reporting, reminds_once_each_before_and_when_it_is_over) {
  Story story;
  const std::string duty = story.started("gdpr", {{"awareness", "now"}});
  using Levels = std::vector<std::string>;
  EXPECT_EQ(levels(story.tick()), Levels{}) << "72 h are left";
  story.to("2026-06-14T08:00:00Z");
  EXPECT_EQ(levels(story.tick()), Levels{"authority 1d"});
  EXPECT_EQ(levels(story.tick()), Levels{});
  story.to("2026-06-15T07:30:00Z");
  EXPECT_EQ(levels(story.tick()), Levels{"authority 1h"}) << "4h was skipped: nothing ticked";
  story.to("2026-06-15T08:00:00Z");
  EXPECT_EQ(levels(story.tick()), Levels{}) << "still in time";
  story.to("2026-06-15T08:00:01Z");
  EXPECT_EQ(levels(story.tick()), Levels{"authority overdue"});
  EXPECT_EQ(levels(story.tick()), Levels{});
  story.met(duty, "authority");
  EXPECT_TRUE(story.stage(duty, "authority").late);
  story.to("2026-06-30T00:00:00Z");
  EXPECT_EQ(levels(story.tick()), Levels{});
  EXPECT_EQ(story.replayed(), story.state());
}

TEST(Reporting, closing_the_incident_ends_no_duty) {
  Story story;
  const std::string duty = story.started("nis2", {{"awareness", "now"}});
  story.input("incident_closed", JsonObject{{"incident", story.incident}});
  story.to("2026-06-13T09:00:00Z");
  EXPECT_EQ(levels(story.tick()), std::vector<std::string>{"early_warning overdue"});
  EXPECT_EQ(Story::refusal(story.met(duty, "early_warning")), "");
  EXPECT_EQ(Story::refusal(story.start("gdpr", {{"awareness", "now"}})), "") << "personal data are found later";
}

TEST(Reporting, keeps_the_version_that_a_duty_was_started_with) {
  Story story;
  const std::string duty = story.started("us-banks", {{"determination", "now"}});
  Json changed = shipped_regimes()[8];
  ASSERT_EQ(string_or(changed, "id"), "us-banks");
  JsonObject& stage = changed.at("stages").as_array()[0].as_object();
  stage["text"] = "12 hours";
  stage["periods"].as_array()[0].as_object()["hours"] = 12;
  story.configure(changed);
  EXPECT_EQ(Story::refusal(story.give("deadline.happened", duty, {{"events", JsonObject{{"determination", "2026-06-12T07:00:00Z"}}}})), "");
  EXPECT_EQ(story.due(duty, "notice"), "2026-06-13T19:00:00Z");
  const auto other = story.input("incident_opened", JsonObject{{"endpoint", "b"}, {"findings", JsonArray{}}});
  story.incident = other[0].id("inc");
  EXPECT_EQ(story.due(story.started("us-banks", {{"determination", "now"}}), "notice"), "2026-06-12T20:00:00Z");
}

TEST(Reporting, says_what_it_can_not_start) {
  Story story;
  EXPECT_THAT(Story::refusal(story.start("nobody", {})), ::testing::StartsWith("not_found /regime"));
  EXPECT_THAT(Story::refusal(story.start("gdpr", {{"materiality", "now"}})), ::testing::StartsWith("invalid /events/materiality 'gdpr' has no event"));
  EXPECT_THAT(Story::refusal(story.start("gdpr", {{"awareness", "2026-06-12T09:00:00Z"}})), ::testing::StartsWith("invalid /events/awareness"));
  EXPECT_THAT(Story::refusal(story.start("gdpr", {{"awareness", "yesterday"}})), ::testing::StartsWith("invalid /events/awareness"));
  EXPECT_THAT(Story::refusal(story.start("gdpr", {{"filed:authority", "now"}})), ::testing::HasSubstr("deadline.met"));
  EXPECT_THAT(Story::refusal(story.start("gdpr", {}, {"death"})), ::testing::StartsWith("invalid /facts"));
  story.started("gdpr", {{"awareness", "now"}});
  EXPECT_THAT(Story::refusal(story.start("gdpr", {{"awareness", "now"}})), ::testing::HasSubstr("is this duty already"));
  EXPECT_THAT(Story::refusal(story.command("user:ana", "deadline.start", {{"incident", story.incident}, {"regime", "circia"}})), ::testing::HasSubstr("draft"));
  EXPECT_THAT(Story::refusal(story.command("user:ana", "deadline.start", {{"incident", "inc-9999"}, {"regime", "gdpr"}})), ::testing::StartsWith("not_found /incident"));
}

TEST(Reporting, holds_the_evidence_until_the_notice_is_proven) {
  Story story;
  const auto group = story.start("ai-act-73", {{"awareness", "now"}});
  const Entry* const set = find_kind(group, "evidence_hold_set");
  ASSERT_NE(set, nullptr);
  EXPECT_EQ(string_or(set->body, "endpoint"), "api");
  const std::string duty = string_or(set->body, "duty");
  EXPECT_EQ(string_or(find_kind(story.met(duty, "report"), "evidence_hold_lifted")->body, "why"), "the notice is proven");
  EXPECT_FALSE(story.duty(duty).holds);
  EXPECT_EQ(find_kind(story.start("gdpr", {{"awareness", "now"}}), "evidence_hold_set"), nullptr);
}

TEST(Reporting, two_people_override_the_hold_and_the_deadline_goes_on) {
  Story story;
  const std::string duty = story.started("ai-act-73", {{"awareness", "now"}});
  const std::string relief = Story::relief(story.give("deadline.override", duty, {{"reason", "patients are at risk now"}}));
  EXPECT_TRUE(story.duty(duty).holds);
  EXPECT_THAT(Story::refusal(story.confirm(relief, "user:ana")), ::testing::StartsWith("forbidden"));
  const auto done = story.confirm(relief);
  EXPECT_NE(find_kind(done, "evidence_hold_overridden"), nullptr);
  EXPECT_NE(find_kind(done, "evidence_hold_lifted"), nullptr);
  EXPECT_TRUE(runs(story.duty(duty), story.stage(duty, "report")));
  EXPECT_THAT(Story::refusal(story.give("deadline.override", duty, {{"reason", "again"}})), ::testing::StartsWith("conflict"));
  EXPECT_EQ(story.replayed(), story.state());
}

TEST(Reporting, a_playbook_adds_to_the_duty_that_there_is) {
  Story story;
  const std::string duty = story.started("gdpr", {});
  EXPECT_EQ(story.due(duty, "authority"), "waits");
  const auto group = story.input("command_accepted",
                                 JsonObject{{"name", "deadline.start"}, {"role", "playbook"}, {"args", JsonObject{{"incident", story.incident}, {"regime", "gdpr"}, {"events", JsonObject{{"awareness", "opened"}}}}}},
                                 "playbook:run-7");
  ASSERT_NE(find_kind(group, "deadline_told"), nullptr) << Story::refusal(group);
  EXPECT_EQ(story.due(duty, "authority"), "2026-06-15T08:00:00Z");
  EXPECT_EQ(story.state().duties.size(), 1U);
}

}  // namespace
}  // namespace firebreak::reporting
