#include "read/report/postmortem.h"

#include <gtest/gtest.h>

#include "types/casefile.h"

namespace firebreak::report {
namespace {

Json json(std::string_view text) {
  auto value = parse_json(text, 64);
  EXPECT_TRUE(value) << text;
  return value ? *value : Json(nullptr);
}

Json incident() {
  return json(R"({"id":"inc-2","index":2,"title":"Query attack","endpoint":"fraud-api","severity":"SEV-1","phase":"closed","state":"closed","opened":"2026-03-05T04:10:00Z","first_time":"2026-03-05T04:00:00Z",
    "roles":{"lead":"ana","commander":"kim"},"acknowledged":{"by":"user:ana","time":"2026-03-05T04:12:00Z","index":5},"triage":{"verdict":"suspected_malice"},
    "closed":{"by":"user:kim","time":"2026-03-05T18:00:00Z","index":90,"summary":"contained in 10 minutes","residual_risk":"35 % of winning queries still pass"},
    "phases":[{"phase":"detection_analysis","time":"2026-03-05T04:10:00Z"},{"phase":"post_incident","time":"2026-03-05T12:10:00Z"}],
    "impacts":[{"functional_now":"Low","functional_likely":"High","information":["None"],"recoverability":"Regular","time":"2026-03-05T04:30:00Z","index":20,"by":"user:ana"}],
    "impact":{"functional_now":"Low"},"affected":{"inferences":412,"caller_count":20,"index":33,"time":"2026-03-05T05:00:00Z"},
    "fields":[{"field":"cause","text":"a borrowed | key","said":{"by":"ana","index":41}},{"field":"cost_amount","value":5000,"said":{"by":"ana","index":42}},{"field":"ai_goal","value":["integrity violation"],"said":{"by":"ana","index":43}}],
    "findings":[{"id":"find-1","state":"closed","kind":"query_chain","verdict":null}],
    "causes":[{"cause":1,"count":2,"kinds":{"query_chain":2},"began":{"first":"2026-03-05T04:00:00Z"}}],"relations":[],"labels":[{"state":"holds","framework":"atlas","version":"5.6.0","label":"AML.T0015"}],
    "actions":[{"id":"act-7","index":7,"what":"Quarantine the chain","state":"lifted","requested_by":"user:ana","approved_by":[{"by":"user:ben","index":8}],"in_force":{"time":"2026-03-05T04:20:00Z","index":12}},
      {"id":"act-9","index":9,"what":"Block a caller","state":"rejected","requested_by":"user:ana","approved_by":[],"in_force":null}],
    "runs":[{"id":"run-4","index":4,"name":"evasion","state":"success","by":"firebreak"}],"indicators":[{"id":"ind-1","index":50,"state":"stands","sign":"precursor","type":"caller","value":"k-7","tlp":"TLP:AMBER","said":{"by":"ana"}}],
    "lessons":[{"id":"lesson-1","index":60,"text":"the second key came late","question":"needed_sooner","said":{"by":"bo"}},{"id":"lesson-2","index":61,"text":"a night shift was awake","question":"lucky","said":{"by":"bo"}},
      {"id":"lesson-3","index":62,"text":"drill it","said":{"by":"bo"}}],
    "follow_ups":[{"id":"follow-1","index":70,"text":"a rule for borrowed keys","owner":"bo","due":"2026-04-01T00:00:00Z","acceptance":"the replay finds all 43","state":"open","overdue":false,"closed":null}],
    "deadlines":[{"id":"duty-5","name":"DORA","stages":[{"stage":"initial","name":"Initial notification","state":"met","due":"2026-03-06T04:00:00Z"},{"stage":"final","state":"does_not_apply"}]}],
    "gates":[],"taints":[],"remedy":null,
    "timeline":[{"log":"journal","index":2,"time":"2026-03-05T04:10:00Z","kind":"incident_opened","actor":"firebreak","type":"event","text":"Incident inc-2 opened"},
      {"log":"journal","index":3,"time":"2026-03-05T04:10:00Z","kind":"finding_opened","actor":"detect","type":"event","text":"Finding find-1"},
      {"log":"journal","index":30,"time":"2026-03-05T05:00:00Z","kind":"casefile_row","actor":"user:bo","type":"fact","by":"bo","occurred":"2026-03-05T03:59:00Z","text":"Fact by bo: 12 callers","corrected_by":"row-31"},
      {"log":"journal","index":31,"time":"2026-03-05T05:10:00Z","kind":"casefile_row","actor":"user:bo","type":"fact","by":"bo","occurred":"2026-03-05T03:59:00Z","text":"Fact by bo: 13 <callers>"},
      {"log":"journal","index":32,"time":"2026-03-05T05:20:00Z","kind":"message_delivered","actor":"firebreak","type":"event","text":"Message msg-8 delivered to team"}]})");
}

const Json& question(const Json& postmortem, std::string_view name) {
  for (const Json& one : postmortem.at("questions").as_array())
    if (string_or(one, "question") == name) return one;
  ADD_FAILURE() << "nobody asks " << name;
  return postmortem;
}

const Time kNow = *parse_time("2026-03-06T09:00:00Z");

TEST(Postmortem, asks_all_questions_of_the_standard_and_lists_each_that_nobody_has_answered) {
  const Json made = postmortem_of(incident(), kNow);
  ASSERT_EQ(made.at("questions").as_array().size(), 13u) << "ten of NIST SP 800-61r2 3.4.1, and what went well, badly and luckily";
  for (const Json& one : made.at("questions").as_array()) {
    EXPECT_FALSE(string_or(one, "asks").empty()) << canonical_json(one);
    EXPECT_EQ(bool_or(one, "answered"), string_or(one, "command").empty());
  }
  EXPECT_EQ(canonical_json(made.at("unanswered")), R"(["performance","procedures","inhibited","differently","sharing","tools","went_well","went_badly"])");
  EXPECT_EQ(string_or(question(made, "tools"), "command"), "firebreak incident lesson inc-2 TEXT --question tools");
  EXPECT_EQ(string_or(question(made, "lucky").at("answers").at(0), "text"), "a night shift was awake");
  EXPECT_EQ(string_or(made.at("lessons").at(0), "text"), "drill it") << "one that answers no question is not lost";
  Json empty = incident();
  for (const char* key : {"lessons", "indicators", "follow_ups", "timeline"}) empty.as_object()[key] = JsonArray{};
  empty.as_object()["closed"] = nullptr;
  EXPECT_EQ(postmortem_of(empty, kNow).at("unanswered").as_array().size(), 13u) << "nothing is made up";
}

TEST(Postmortem, fills_in_what_the_record_holds_with_the_entry_that_says_so) {
  const Json made = postmortem_of(incident(), kNow);
  EXPECT_EQ(string_or(made, "owner"), "ana");
  EXPECT_EQ(string_or(made.at("overview"), "text"), "contained in 10 minutes");
  EXPECT_EQ(int_or(made.at("overview"), "index"), 90);
  const Json& happened = question(made, "what_happened").at("record");
  ASSERT_EQ(happened.as_array().size(), 2u) << "the summary and the fact that stands";
  EXPECT_EQ(string_or(happened.at(1), "text"), "2026-03-05T03:59:00Z: Fact by bo: 13 <callers>");
  EXPECT_EQ(string_or(question(made, "precursors").at("record").at(0), "text"), "caller (precursor): k-7, TLP:AMBER");
  EXPECT_EQ(string_or(question(made, "corrective").at("record").at(0), "text"), "follow-1: a rule for borrowed keys");
  EXPECT_EQ(string_or(question(made, "procedures").at("near").at(0), "text"), "playbook evasion (run-4): success");
  EXPECT_EQ(string_or(question(made, "inhibited").at("near").at(0), "text"), "act-9 rejected: Block a caller");
  EXPECT_EQ(string_or(question(made, "sharing").at("near").at(0), "text"), "Message msg-8 delivered to team");
  std::vector<std::int64_t> seconds;
  for (const Json& one : made.at("times").as_array()) seconds.push_back(int_or(one, "seconds", -1));
  EXPECT_EQ(seconds, (std::vector<std::int64_t>{600, 120, 600, 8 * 3600, 49'800}));
  EXPECT_EQ(string_or(made.at("factors").at(0), "text"), "a borrowed | key");
  EXPECT_EQ(canonical_json(made.at("resolution").at(0).at("approved_by")), R"(["ben"])");
  EXPECT_EQ(made.at("resolution").as_array().size(), 1u) << "what never came into force resolved nothing";
  EXPECT_EQ(canonical_json(made.at("responders")), R"([{"roles":["lead"],"user":"ana"},{"roles":[],"user":"ben"},{"roles":[],"user":"bo"},{"roles":["commander"],"user":"kim"}])");
  EXPECT_EQ(made.at("reports").as_array().size(), 1u);
  EXPECT_EQ(made.at("timeline").as_array().size(), 3u) << "without the comings and goings of findings, and without what was corrected";
  EXPECT_TRUE(made.at("ai").at("missing").as_array().empty()) << "a finding says its class";
}

TEST(Postmortem, lists_who_took_it_up_judged_asked_and_approved_and_not_who_kept_the_endpoint_in_order) {
  Json of = json(R"({"id":"inc-1","endpoint":"fraud-api","roles":{},"closed":null,"acknowledged":{"by":"secops"},"triage":{"verdict":"suspected_malice","by":"judge"},
    "actions":[{"id":"act-1","requested_by":"user:asks","approved_by":[{"by":"duty"},{"by":"user:second"}],"ended":{"by":"firebreak"},"lifted":null}],
    "tasks":[{"id":"task-1","by":"firebreak","done":{"by":"does"}}],"evidence":[{"custody":[{"by":"evidence"}]}],
    "timeline":[{"kind":"release_registered","actor":"user:facilitator"},{"kind":"gate_requested","actor":"user:tester"},{"kind":"action_lease","actor":"effects"}]})");
  std::vector<std::string> users;
  const Json made = postmortem_of(of, kNow);
  for (const Json& one : made.at("responders").as_array()) users.push_back(string_or(one, "user"));
  EXPECT_EQ(users, (std::vector<std::string>{"asks", "does", "duty", "judge", "second", "secops", "tester"}));
  of.as_object()["lessons"] = json(R"([{"id":"lesson-1","said":{"by":"facilitator"}}])");
  EXPECT_NE(canonical_json(postmortem_of(of, kNow).at("responders")).find("facilitator"), std::string::npos) << "who acts on it is one of them";
}

TEST(Postmortem, is_the_endpoint_owners_while_nobody_leads_commands_or_has_closed_it) {
  Json of = incident();
  EXPECT_EQ(string_or(postmortem_of(of, kNow, "olga"), "owner"), "ana");
  of.as_object()["roles"] = JsonObject{};
  EXPECT_EQ(string_or(postmortem_of(of, kNow, "olga"), "owner"), "kim") << "who closed it";
  of.as_object()["closed"] = nullptr;
  EXPECT_EQ(string_or(postmortem_of(of, kNow, "olga"), "owner"), "olga");
  EXPECT_TRUE(postmortem_of(of, kNow).at("owner").is_null());
}

TEST(Postmortem, a_figure_nobody_measured_is_absent_and_what_did_not_happen_says_so) {
  Json bare = incident();
  JsonObject& of = bare.as_object();
  for (const char* key : {"affected", "acknowledged", "closed"}) of[key] = nullptr;
  for (const char* key : {"fields", "impacts", "actions", "phases"}) of[key] = JsonArray{};
  const Json made = postmortem_of(bare, kNow);
  for (const auto& [name, value] : made.at("impact").as_object()) EXPECT_TRUE(value.is_null()) << name;
  const std::string text = postmortem_markdown(made);
  for (const char* said : {"The impact was not rated.", "Decisions affected: nobody measured it", "Cost: nobody has stated it", "from the opening to the acknowledgement: did not happen", "It is not closed; nobody has summed it up."})
    EXPECT_NE(text.find(said), std::string::npos) << said << "\n" << text;
}

TEST(Postmortem, as_markdown_has_the_sections_and_takes_no_markup_from_what_people_typed) {
  const std::string text = postmortem_markdown(postmortem_of(incident(), kNow));
  for (const char* section : {"## Overview", "## Impact", "## How long it took", "## Contributing factors", "## Resolution", "## The attack, by NIST AI 100-2", "## Responders", "## Questions of the review", "### What went well?",
                              "### What did not go so well?", "### Where were we lucky?", "## Follow-ups", "## Messages and reports", "## Timeline (UTC)"})
    EXPECT_NE(text.find(section), std::string::npos) << section;
  EXPECT_NE(text.find("8 of 13 questions are not answered"), std::string::npos) << text;
  EXPECT_NE(text.find("**Not answered.** `firebreak incident lesson inc-2 TEXT --question tools`"), std::string::npos);
  EXPECT_NE(text.find("a borrowed \\| key, ana (journal 41)"), std::string::npos) << "a table is not broken: " << text;
  EXPECT_NE(text.find("13 \\<callers\\>"), std::string::npos);
  EXPECT_EQ(text.find("<callers>"), std::string::npos);
  EXPECT_NE(text.find("| follow-1 | a rule for borrowed keys | bo |"), std::string::npos);
  EXPECT_EQ(postmortem_html(postmortem_of(incident(), kNow)).find("<callers>"), std::string::npos);
}

TEST(Postmortem, its_meeting_is_held_within_five_business_days) {
  EXPECT_EQ(format_time(meeting_due(*parse_time("2026-03-05T18:00:00Z"))), "2026-03-12T23:59:59Z") << "a Thursday: over one weekend";
  EXPECT_EQ(format_time(meeting_due(*parse_time("2026-03-06T18:00:00Z"))), "2026-03-13T23:59:59Z");
  EXPECT_EQ(format_time(meeting_due(*parse_time("2026-03-07T18:00:00Z"))), "2026-03-13T23:59:59Z") << "a Saturday";
  EXPECT_EQ(format_time(meeting_due(*parse_time("2026-03-09T00:00:00Z"))), "2026-03-16T23:59:59Z");
}

}  // namespace
}  // namespace firebreak::report
