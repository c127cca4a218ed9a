#include "read/report/brief.h"

#include <gtest/gtest.h>

namespace firebreak::report {
namespace {

Json json(std::string_view text) {
  auto value = parse_json(text, 64);
  EXPECT_TRUE(value) << text;
  return value ? *value : Json(nullptr);
}

// 04:50, forty minutes in: a chain goes on behind a quarantine that ends soon, a report and a word are due, one alert nobody took.
BriefInput worst_hour() {
  BriefInput in;
  in.incident = json(R"({"id":"inc-2","index":2,"title":"Query attack","endpoint":"fraud-api","severity":"SEV-1","phase":"containment","state":"open","opened":"2026-03-07T04:10:00Z",
    "acknowledged":{"by":"user:ana","time":"2026-03-07T04:12:00Z","index":5},"impact":null,"closed":null,"roles":{"commander":"kim","communications":"leo"},
    "triage":{"verdict":"suspected_malice","by":"firebreak"},"options":null,"fields":[],"findings":[{"id":"find-1","state":"open","kind":"query_chain","verdict":null}],
    "actions":[{"id":"act-7","index":7,"what":"Quarantine the chain","class":"bounded","state":"in_force","requested_by":"user:ana","until":"2026-03-07T05:10:00Z",
      "approved_by":[{"by":"user:ben","time":"2026-03-07T04:20:00Z","index":8}],"checks":{"last":{"verdict":"green","reason":"98 % held"}}},
      {"id":"act-9","index":9,"what":"Block a caller","state":"proposed","requested_by":"user:ana","approved_by":[],"checks":{"last":null}}]})");
  in.status = json(R"({"needs_person":[{"who":"approver","what":"approve act-9","incident":"inc-2","subject":"act-9","command":"firebreak action approve act-9"},
      {"who":"kim","what":"task-4: call the bank","incident":"inc-2","subject":"task-4","command":"firebreak incident task-done inc-2 task-4 --result TEXT"},
      {"who":"analyst","what":"something else","incident":"inc-9","subject":"inc-9","command":"x"}],
    "waiting":[{"who":"ana","for":"a second person with the role approver","what":"act-9 needs 1 more yes","incident":"inc-2"},{"who":"ana","for":"b","what":"c","incident":"inc-9"}],
    "due":[{"time":"2026-03-07T05:10:00Z","what":"lease of act-7 ends","incident":"inc-2","subject":"act-7"}],"in_force":[],
    "deadlines":[{"time":"2026-03-10T04:10:00Z","what":"GDPR: notice to the authority","duty":"duty-5","stage":"notice","regime":"gdpr","incident":"inc-2","overdue":false},
      {"time":"2026-03-07T04:40:00Z","what":"DORA: initial","duty":"duty-4","stage":"initial","regime":"dora","incident":"inc-2","overdue":true},
      {"time":"2026-03-07T04:00:00Z","what":"of another","duty":"duty-1","stage":"initial","regime":"dora","incident":"inc-9","overdue":true}],
    "notify":{"alerts":[{"id":"alert-3","incident":"inc-2","state":"open","severity":"SEV-1","raised":"2026-03-07T04:11:00Z","step":2,"told":["mia"],"next":"2026-03-07T04:55:00Z"},
        {"id":"alert-2","incident":"inc-2","state":"acknowledged","told":[]}],
      "updates":[{"incident":"inc-2","audience":"customers","due":"2026-03-07T06:00:00Z","overdue":false,"first":null,"last":null},
        {"incident":"inc-2","audience":"executives","due":"2026-03-07T04:40:00Z","overdue":true,"first":"2026-03-07T04:15:00Z","last":"2026-03-07T04:15:00Z"}]}})");
  in.endpoint = json(R"({"name":"fraud-api","amount_field":"limit_bal"})");
  in.user = "kim";
  in.roles = "commander";
  in.now = *parse_time("2026-03-07T04:50:00Z");
  return in;
}

std::vector<std::string> whats(const Json& page, std::string_view key) {
  std::vector<std::string> out;
  for (const Json& one : page.at(key).as_array()) out.push_back(string_or(one, "what"));
  return out;
}

TEST(Brief, says_in_one_line_what_burns_and_lists_the_rest_worst_first) {
  const Json page = brief_of(worst_hour());
  EXPECT_EQ(string_or(page, "line"), "SEV-1 for 40 min, containment: the report is overdue since 2026-03-07 04:40Z: DORA: initial; and 3 more");
  EXPECT_EQ(whats(page, "burning"), (std::vector<std::string>{"the report is overdue since 2026-03-07 04:40Z: DORA: initial", "executives should have heard by 2026-03-07 04:40Z",
                                                              "the lease of act-7 ends 2026-03-07 05:10Z: Quarantine the chain", "alert-3 is not acknowledged; called: mia"}));
  for (const Json& one : page.at("burning").as_array()) EXPECT_TRUE(string_or(one, "command").starts_with("firebreak ")) << "each can be ended: " << canonical_json(one);
}

TEST(Brief, nothing_in_force_while_findings_go_on_burns) {
  BriefInput in = worst_hour();
  in.incident.as_object()["actions"] = JsonArray{};
  EXPECT_EQ(whats(brief_of(in), "burning").at(1), "1 finding goes on and nothing is in force");
  in.incident.as_object()["acknowledged"] = nullptr;
  EXPECT_EQ(whats(brief_of(in), "burning").at(3), "nobody has said that they have it");
}

TEST(Brief, tells_a_measure_whose_effect_is_not_known_or_red_and_an_alert_that_nobody_answers) {
  BriefInput in = worst_hour();
  in.incident.as_object()["actions"].as_array()[0].as_object()["checks"].as_object()["last"] = JsonObject{{"verdict", "red"}, {"reason", "8 % of honest answers changed"}};
  in.incident.as_object()["actions"].as_array()[1].as_object()["state"] = "uncertain";
  in.status.as_object()["notify"].as_object()["alerts"].as_array()[0].as_object()["state"] = "unanswered";
  in.status.as_object()["frozen"] = json(R"({"by":"user:ana","time":"2026-03-07T04:30:00Z"})");
  const auto burning = whats(brief_of(in), "burning");
  EXPECT_EQ(burning.at(0), "alert-3 is unanswered: nobody is called any more");
  EXPECT_EQ(burning.at(2), "act-9: nobody knows whether it took effect");
  EXPECT_EQ(burning.at(3), "frozen by ana: nothing new leaves Firebreak");
  EXPECT_EQ(burning.at(4), "act-7 is in force and its effect check is red: 8 % of honest answers changed");
}

TEST(Brief, is_calm_when_nothing_burns_and_names_what_comes_next) {
  BriefInput in = worst_hour();
  in.status = JsonObject{};
  in.now = *parse_time("2026-03-07T04:20:00Z");
  const Json page = brief_of(in);
  EXPECT_EQ(string_or(page, "line"), "SEV-1 for 10 min, containment: nothing burns; next, 2026-03-07 05:10Z: the lease of act-7 ends");
  in.incident.as_object()["closed"] = json(R"({"by":"user:ana","time":"2026-03-09T08:00:00Z","summary":"contained"})");
  in.incident.as_object()["state"] = "closed";
  const Json closed = brief_of(in);
  EXPECT_EQ(string_or(closed, "line"), "closed 2026-03-09 08:00Z by ana: contained");
  EXPECT_TRUE(closed.at("decisions").as_array().empty());
}

TEST(Brief, says_what_the_severity_follows_from_while_the_impact_is_not_rated) {
  BriefInput in = worst_hour();
  const auto said = [&] {
    for (const std::string& what : whats(brief_of(in), "decisions"))
      if (what.starts_with("the impact")) return what;
    return std::string();
  };
  in.incident.as_object()["rule"] = "query_attack";
  EXPECT_EQ(said(), "the impact is not rated; SEV-1 follows from what opened it: query_attack");
  in.incident.as_object()["declared_by"] = "user:ana";
  EXPECT_EQ(said(), "the impact is not rated; SEV-1 is what ana declared");
  in.incident.as_object()["timeline"] = json(R"([{"kind":"incident_severity","time":"2026-03-07T04:20:00Z","text":"Severity SEV-3 -> SEV-2 by ana: more callers"},
    {"kind":"incident_severity","time":"2026-03-07T04:30:00Z","text":"Severity SEV-2 -> SEV-1 by firebreak: DORA is due in 4 h"},{"kind":"casefile_row","text":"x"}])");
  EXPECT_EQ(said(), "the impact is not rated; SEV-1 follows from 2026-03-07 04:30Z: Severity SEV-2 -> SEV-1 by firebreak: DORA is due in 4 h");
}

TEST(Brief, tells_apart_what_waits_for_who_asks_and_for_others) {
  BriefInput in = worst_hour();
  EXPECT_EQ(whats(brief_of(in), "yours"), (std::vector<std::string>{"task-4: call the bank"}));
  EXPECT_EQ(whats(brief_of(in), "others"), (std::vector<std::string>{"approve act-9"})) << "and of no other incident";
  in.user = "ben";
  in.roles = "analyst approver";
  EXPECT_EQ(whats(brief_of(in), "yours"), (std::vector<std::string>{"approve act-9"}));
  EXPECT_EQ(brief_of(in).at("waiting").as_array().size(), 1u);
  in.status.as_object()["needs_person"].as_array()[1].as_object()["who"] = "communications";
  in.user = "leo";
  in.roles = "legal";
  EXPECT_EQ(whats(brief_of(in), "yours"), (std::vector<std::string>{"task-4: call the bank"})) << "leo has this role in the incident";
}

TEST(Brief, names_what_only_the_commander_decides) {
  BriefInput in = worst_hour();
  EXPECT_EQ(string_or(brief_of(in), "commander"), "kim");
  EXPECT_EQ(whats(brief_of(in), "decisions"), (std::vector<std::string>{"the impact is not rated; SEV-1 is what it was opened with"}));
  JsonObject& incident = in.incident.as_object();
  incident["roles"] = JsonObject{};
  incident["triage"] = nullptr;
  incident["impact"] = json(R"({"functional_now":"Low","functional_likely":"High","information":["None"],"recoverability":"Regular"})");
  incident["options"] = json(R"({"options":[{"name":"a"},{"name":"b"}]})");
  incident["actions"] = JsonArray{};
  incident["findings"] = JsonArray{};
  incident["phase"] = "post_incident";
  incident["fields"] = json(R"([{"field":"ai_goal","value":["privacy compromise"]}])");
  const Json page = brief_of(in);
  EXPECT_TRUE(page.at("commander").is_null());
  EXPECT_EQ(canonical_json(page.at("class_missing").at(1)), R"({"choices":["training","deployment"],"field":"ai_stage"})");
  EXPECT_EQ(whats(page, "decisions"),
            (std::vector<std::string>{"nobody commands: take it, or name who does", "drift or malice: nobody has said", "2 measures are worked out and none is proposed",
                                      "its class by NIST AI 100-2 has no ai_system_type, ai_stage, ai_capability, ai_knowledge: it cannot be closed"}));
}

TEST(Brief, states_a_figure_only_where_something_states_it) {
  BriefInput in = worst_hour();
  Json page = brief_of(in);
  EXPECT_FALSE(page.at("money").at("measured").as_bool());
  EXPECT_TRUE(page.at("money").at("figures").as_array().empty());
  EXPECT_EQ(string_or(page.at("money"), "text"), "nobody measured it: 'limit_bal' states the amount of a request, but no chain of queries says which requests are the attack's");
  EXPECT_TRUE(page.at("harm").at("decisions").at("affected").is_null());
  EXPECT_EQ(string_or(page.at("harm").at("decisions"), "text"), "nobody measured it");
  EXPECT_EQ(canonical_json(page).find(":0,"), std::string::npos) << "no zero stands for what nobody measured: " << canonical_json(page);
  in.picture = json(R"({"chain":{"points":[]},"cost":{"money_per_hour":0,"money_unit":"EUR","customers":0,"method":"m"}})");
  EXPECT_FALSE(brief_of(in).at("money").at("measured").as_bool()) << "a picture without a chain has zeros that nobody measured";
  in.endpoint = nullptr;
  EXPECT_EQ(string_or(brief_of(in).at("money"), "text"), "nobody measured it: the endpoint 'fraud-api' names no amount_field");
  in.picture = json(R"({"chain":{"points":[{"n":0}]},"cost":{"money_per_hour":1200,"money_unit":"EUR","customers":31,"method":"the sum of 'limit_bal'","entries":[]}})");
  in.incident.as_object()["fields"] = json(R"([{"field":"cost_amount","value":5000,"said":{"by":"ana","index":40}},{"field":"cost_unit","text":"EUR lost"},{"field":"cost_status","value":"estimated"},
    {"field":"people_risk","value":"high"}])");
  in.incident.as_object()["affected"] = json(R"({"inferences":412,"caller_count":20,"time":"2026-03-07T04:30:00Z","index":33})");
  page = brief_of(in);
  EXPECT_EQ(string_or(page.at("money"), "text"), "1200 EUR an hour (upper bound); 5000 EUR lost (estimated)");
  EXPECT_EQ(page.at("money").at("figures").at(1).at("source").at("index").as_int64(), 40);
  EXPECT_EQ(string_or(page.at("harm").at("decisions"), "text"), "412 decisions affected, of 20 callers, as counted at 2026-03-07T04:30:00Z");
  EXPECT_EQ(string_or(page.at("harm"), "people_risk"), "high");
  EXPECT_EQ(int_or(page.at("harm"), "other_customers"), 31);
  in.incident.as_object()["remedy"] = json(R"({"index":50,"counts":{"affected":420,"changed":43,"open":12,"reversed":20,"confirmed":11,"told":8}})");
  EXPECT_EQ(string_or(brief_of(in).at("harm").at("decisions"), "text"), "420 decisions affected; 43 would be others now, 12 are open, 8 customers told") << "the list is newer than the count";
}

TEST(Brief, says_of_each_measure_until_when_by_whose_yes_and_whether_it_works) {
  const Json page = brief_of(worst_hour());
  ASSERT_EQ(page.at("in_force").as_array().size(), 1u);
  const Json& one = page.at("in_force").at(0);
  EXPECT_EQ(string_or(one, "until"), "2026-03-07T05:10:00Z");
  EXPECT_EQ(int_or(one, "left_s"), 1200);
  EXPECT_EQ(canonical_json(one.at("approved_by")), R"(["ben"])");
  EXPECT_EQ(string_or(one, "verdict"), "green");
  EXPECT_EQ(string_or(page.at("next_update"), "audience"), "executives");
  EXPECT_EQ(int_or(page.at("next_update"), "left_s"), -600);
  EXPECT_EQ(string_or(page.at("next_deadline"), "duty"), "duty-4");
  EXPECT_EQ(string_or(page.at("next_deadline"), "command"), "firebreak deadline draft inc-2 dora initial");
  EXPECT_EQ(page.at("deadlines").as_array().size(), 2u);
  EXPECT_EQ(page.at("alerts").as_array().size(), 1u) << "who was acknowledged waits for nobody";
}

}  // namespace
}  // namespace firebreak::report
