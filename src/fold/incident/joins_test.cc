// Findings on several endpoints become one incident by what they share, with the reason in the entry, and a split undoes it for good.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "fold/incident/incident.h"
#include "types/group_driver.h"

namespace firebreak::incident {
namespace {

class Story : public GroupDriver<IncidentState> {
 public:
  Story() : GroupDriver(&incident::decide, &incident::apply, Time{1'780'970'000 * kSecond}) {
    for (const char* name : {"ratings", "recommender", "scores"}) input("endpoint_registered", JsonObject{{"endpoint", JsonObject{{"name", name}}}});
  }
  std::vector<Entry> finding(const std::string& kind, const std::string& endpoint, const std::vector<std::string>& callers = {}, const std::string& episode = "", Severity severity = Severity::kMedium) {
    FindingUpdate update;
    update.episode = episode.empty() ? kind + std::to_string(entries().size()) : episode;
    update.kind = kind;
    update.severity = severity;
    update.endpoint = update.stream = endpoint;
    update.first_time = now() - kMinute;
    update.last_time = now();
    update.summary = kind + " was seen";
    update.callers = callers;
    const bool known = state().finding_of.contains(endpoint + "\n" + update.episode);
    return input(known ? "finding_updated" : "finding_opened", firebreak::to_json(update), "detect");
  }
  void trained_on(const std::string& endpoint, const std::string& source) {
    input("release_registered", JsonObject{{"endpoint", endpoint}, {"release", "1"}, {"sources", JsonArray{JsonObject{{"name", source}, {"rows", 1}}}}});
  }
  // An incident on `ratings` in which svc-train stands.
  std::string poisoned() {
    finding("query_chain", "ratings", {"svc-train"});
    const auto group = finding("outlier_burst", "ratings");
    const Entry* const entry = find_kind(group, "incident_opened");
    return entry == nullptr ? "" : entry->id("inc");
  }
  void expect_whole() {
    EXPECT_EQ(replayed(), state());
    EXPECT_EQ(incident_state_from_json(*parse_json(canonical_json(to_json(state())))).value(), state());
  }
};

const Entry* linked(const std::vector<Entry>& group) { return find_kind(group, "incident_finding_linked"); }

TEST(IncidentJoins, a_shared_principal_joins_another_endpoint_and_says_so) {
  Story story;
  const std::string id = story.poisoned();
  ASSERT_FALSE(id.empty());
  story.advance(20 * kMinute);
  const auto group = story.finding("caller_mix", "scores", {"svc-train"});
  ASSERT_NE(linked(group), nullptr);
  EXPECT_EQ(string_or(linked(group)->body, "incident"), id);
  EXPECT_EQ(string_or(linked(group)->body, "endpoint"), "scores");
  EXPECT_NE(string_or(linked(group)->body, "why").find("same principal svc-train as find-"), std::string::npos) << string_or(linked(group)->body, "why");
  EXPECT_NE(string_or(linked(group)->body, "why").find("on ratings, 19 min apart"), std::string::npos) << string_or(linked(group)->body, "why");
  const Json& how = linked(group)->body.at("joined");
  EXPECT_EQ(string_or(how, "by"), "principal");
  EXPECT_EQ(string_or(how, "what"), "svc-train");
  EXPECT_EQ(int_or(how, "apart_s"), 19 * 60);
  EXPECT_EQ(story.state().open.size(), 1u);
  EXPECT_EQ(string_or(linked(story.finding("unit_change", "scores"))->body, "incident"), id) << "further findings of the endpoint come to it";
  story.expect_whole();
}

TEST(IncidentJoins, a_shared_asset_joins_what_speaks_of_data_and_models_alone) {
  Story story;
  story.trained_on("recommender", "ratings-2026");
  story.input("asset_linked", JsonObject{{"asset", "ratings"}, {"needs", "bucket"}, {"by", "user:ana"}});
  story.input("asset_linked", JsonObject{{"asset", "bucket"}, {"needs", "ratings-2026"}, {"by", "user:ana"}});
  story.finding("unknown_model", "recommender", {}, "", Severity::kHigh);
  ASSERT_EQ(story.state().open.size(), 1u);
  EXPECT_EQ(linked(story.finding("caller_mix", "ratings")), nullptr) << "how callers ask says nothing about a source";
  const auto group = story.finding("feature_drift", "ratings");
  ASSERT_NE(linked(group), nullptr);
  EXPECT_EQ(string_or(linked(group)->body.at("joined"), "what"), "ratings-2026") << "found through the inventory, two steps down";
  story.input("asset_unlinked", JsonObject{{"asset", "bucket"}, {"needs", "ratings-2026"}, {"by", "user:ana"}});
  story.expect_whole();
}

TEST(IncidentJoins, neither_chance_nor_distance_in_time_joins) {
  Story story;
  story.poisoned();
  EXPECT_EQ(linked(story.finding("caller_mix", "scores", {"somebody-else"})), nullptr);
  EXPECT_EQ(linked(story.finding("caller_mix", "recommender")), nullptr) << "the time alone joins nothing";
  story.advance(kDay + kHour);
  EXPECT_EQ(linked(story.finding("caller_mix", "scores", {"svc-train"})), nullptr);
  story.expect_whole();
}

TEST(IncidentJoins, time_joins_where_endpoints_are_said_to_be_one_system) {
  Story story;
  EXPECT_FALSE(joins_from_json(*parse_json(R"({"correlation":{"rules":[],"joins":[{"name":"x","by":"time","within_s":600}]}})")));
  EXPECT_FALSE(joins_from_json(*parse_json(R"({"correlation":{"rules":[],"joins":[{"name":"x","by":"name","within_s":600}]}})")));
  const Json rules = *parse_json(R"({"correlation":{"rules":[{"name":"tampering","any_of":["unknown_model","caller_mix"],"count":1,"within_s":60}],
    "joins":[{"name":"one_system","by":"time","within_s":600,"endpoints":["ratings","recommender"]}]}})");
  story.input("config_applied", JsonObject{{"document", JsonObject{{"rules", rules}}}});
  story.finding("unknown_model", "recommender");
  const auto group = story.finding("caller_mix", "ratings");
  ASSERT_NE(linked(group), nullptr);
  EXPECT_EQ(string_or(linked(group)->body.at("joined"), "by"), "time");
  EXPECT_NE(find_kind(story.finding("unknown_model", "scores"), "incident_opened"), nullptr) << "not of the system";
  story.expect_whole();
}

TEST(IncidentJoins, an_incident_takes_in_what_was_free_before_it_opened_and_what_that_leads_to) {
  Story story;
  story.trained_on("recommender", "forged");
  story.trained_on("scores", "forged");
  story.finding("caller_mix", "scores", {"svc-train"});
  story.finding("feature_drift", "scores", {}, "drift");
  story.finding("feature_drift", "recommender", {}, "other-drift");
  EXPECT_TRUE(story.state().open.empty());
  const std::string id = story.poisoned();
  EXPECT_EQ(story.state().open.at(id).findings.size(), 3u) << "the caller's finding; drift shares no caller with it";
  EXPECT_EQ(string_or(linked(story.finding("feature_drift", "scores", {}, "drift"))->body, "incident"), id) << "its endpoint's go on with it";
  EXPECT_EQ(story.state().findings.at(story.state().finding_of.at("recommender\nother-drift")).incident, id) << "and what shares a source with that";
  std::size_t links = 0;
  for (const Entry& entry : story.entries()) links += entry.kind == "incident_finding_linked";
  EXPECT_EQ(links, 3u) << "each once";
  story.expect_whole();
}

TEST(IncidentJoins, a_stream_of_no_endpoint_joins_by_what_it_shares_and_brings_nothing_else_with_it) {
  Story story;
  const std::string id = story.poisoned();
  const auto group = story.finding("rule_match", "", {"svc-train"}, "alias moved");
  ASSERT_NE(linked(group), nullptr);
  EXPECT_EQ(string_or(linked(group)->body, "incident"), id);
  EXPECT_EQ(linked(story.finding("rule_match", "", {"somebody-else"}, "another pipeline")), nullptr);
  EXPECT_FALSE(story.state().open_by_endpoint.contains(""));
  story.expect_whole();
}

TEST(IncidentJoins, two_that_are_open_stay_two_and_are_told_once) {
  Story story;
  const std::string old = story.poisoned();
  story.finding("query_chain", "scores", {"key-1"}, "chain");
  const std::string young = find_kind(story.finding("outlier_burst", "scores"), "incident_opened")->id("inc");
  const auto group = story.finding("query_chain", "scores", {"svc-train"}, "chain");
  const Entry* const told = find_kind(group, "incident_related");
  ASSERT_NE(told, nullptr);
  EXPECT_EQ(string_or(told->body, "incident"), young);
  EXPECT_EQ(string_or(told->body, "other"), old);
  EXPECT_NE(string_or(told->body, "reason").find("same principal svc-train"), std::string::npos);
  EXPECT_EQ(find_kind(story.finding("query_chain", "scores", {"svc-train"}, "chain"), "incident_related"), nullptr);
  EXPECT_EQ(story.state().open.size(), 2u);
  story.expect_whole();
}

TEST(IncidentJoins, what_was_split_off_does_not_come_back) {
  Story story;
  const std::string id = story.poisoned();
  story.finding("caller_mix", "scores", {"svc-train"}, "mix");
  const std::string mix = story.state().finding_of.at("scores\nmix");
  ASSERT_EQ(story.state().findings.at(mix).incident, id);
  const auto split = story.command("user:ana", "incident.split", {{"incident", id}, {"findings", JsonArray{mix}}, {"title", "A nightly job"}, {"reason", "it always runs then"}});
  const std::string own = find_kind(split, "incident_opened")->id("inc");
  EXPECT_EQ(find_kind(split, "incident_related"), nullptr);
  EXPECT_EQ(story.state().open_by_endpoint.at("scores"), own);
  story.finding("caller_mix", "scores", {"svc-train"}, "mix");
  EXPECT_EQ(story.state().findings.at(mix).incident, own);
  for (const std::string& one : {own, id}) story.command("user:ana", "incident.triage", {{"incident", one}, {"verdict", "benign_drift"}, {"reason", "a job of ours"}});
  story.command("user:ana", "incident.close", {{"incident", own}, {"summary", "s"}, {"residual_risk", "none"}, {"reason", "no incident"}});
  EXPECT_EQ(linked(story.finding("caller_mix", "scores", {"svc-train"}, "again")), nullptr) << "a person has said that the two are apart";
  story.command("user:ana", "incident.close", {{"incident", id}, {"summary", "s"}, {"residual_risk", "r"}, {"reason", "r"}});
  EXPECT_TRUE(story.state().apart.empty());
  story.expect_whole();
}

// Whatever comes in whatever order: a finding is in one open incident at most, and no link is written twice.
RC_GTEST_PROP(IncidentJoinsProperty, every_finding_is_in_one_incident_and_is_linked_once_to_it, ()) {
  Story story;
  story.trained_on("recommender", "forged");
  story.trained_on("ratings", "forged");
  const std::vector<std::string> kinds{"query_chain", "outlier_burst", "caller_mix", "feature_drift", "unknown_model"}, places{"ratings", "recommender", "scores"}, callers{"a", "b", "c"};
  for (const int step : *rc::gen::container<std::vector<int>>(40, rc::gen::inRange(0, 3 * 5 * 3 * 4))) {
    const auto at = static_cast<std::size_t>(step);
    const std::string place = places[at % 3];
    if (at % 4 == 3 && !story.state().open.empty()) {
      const Incident& incident = story.state().open.begin()->second;
      if (incident.findings.size() > 1) story.command("user:ana", "incident.split", {{"incident", incident.id}, {"findings", JsonArray{incident.findings.back()}}, {"title", "t"}, {"reason", "r"}});
    }
    story.finding(kinds[at / 3 % 5], place, {callers[at / 15 % 3]}, kinds[at / 3 % 5] + std::to_string(at % 2));
    story.advance(kMinute);
  }
  std::set<std::pair<std::string, std::string>> links;
  for (const Entry& entry : story.entries())
    if (entry.kind == "incident_finding_linked") RC_ASSERT(links.emplace(string_or(entry.body, "incident"), string_or(entry.body, "finding")).second);
  for (const auto& [id, finding] : story.state().findings) {
    std::size_t holders = 0;
    for (const auto& [incident, of] : story.state().open) holders += static_cast<std::size_t>(std::count(of.findings.begin(), of.findings.end(), id));
    RC_ASSERT(holders == (story.state().open.contains(finding.incident) ? 1u : 0u));
  }
  RC_ASSERT(story.replayed() == story.state());
}

}  // namespace
}  // namespace firebreak::incident
