// Incidents that become one, become two, or are opened again; findings that come late; the severity that follows, is raised and is lowered.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "fold/incident/incident.h"
#include "types/group_driver.h"

namespace firebreak::incident {
namespace {

class Story : public GroupDriver<IncidentState> {
 public:
  Story() : GroupDriver(&incident::decide, &incident::apply, Time{1'772'850'000 * kSecond}) {
    for (const char* name : {"api", "batch"}) input("endpoint_registered", JsonObject{{"endpoint", JsonObject{{"name", name}}}});
  }
  std::vector<Entry> finding(const std::string& kind, const std::string& endpoint, const std::string& episode, const std::string& entry = "finding_opened") {
    FindingUpdate update;
    update.episode = episode;
    update.kind = kind;
    update.severity = Severity::kMedium;
    update.endpoint = update.stream = endpoint;
    update.first_time = now() - kHour;
    update.last_time = now();
    update.summary = kind + " was seen";
    return input(entry, firebreak::to_json(update), "detect");
  }
  std::string opened(const std::string& endpoint) {
    finding("query_chain", endpoint, endpoint + "/chain");
    const auto group = finding("outlier_burst", endpoint, endpoint + "/burst");
    const Entry* const entry = find_kind(group, "incident_opened");
    return entry == nullptr ? "" : entry->id("inc");
  }
  std::string id_of(const std::string& endpoint, const std::string& episode) const { return state().finding_of.at(endpoint + "\n" + episode); }
  std::vector<Entry> act(const std::string& name, JsonObject args, const std::string& by = "user:ana") { return command(by, name, std::move(args)); }
  std::vector<Entry> merge(const std::string& incident, const std::string& into) {
    return input("incident_merged", JsonObject{{"incident", incident}, {"into", into}, {"reason", "one attacker"}, {"from", "detection_analysis"}, {"by", "user:ana"}});
  }
  void expect_whole() {
    EXPECT_EQ(replayed(), state());
    EXPECT_EQ(incident_state_from_json(*parse_json(canonical_json(to_json(state())))).value(), state());
    for (const auto& [id, finding] : state().findings) {
      std::size_t holders = 0;
      for (const auto& [incident, of] : state().open) holders += static_cast<std::size_t>(std::count(of.findings.begin(), of.findings.end(), id));
      EXPECT_EQ(holders, state().open.contains(finding.incident) ? 1u : 0u) << id << " is in one open incident, the one that it names";
    }
  }
};

std::string refusal(const std::vector<Entry>& group) {
  const Entry* refused = find_kind(group, "command_refused");
  return refused == nullptr ? "" : string_or(refused->body, "code");
}

TEST(IncidentRelations, a_merged_incident_gives_its_findings_its_endpoint_and_its_tasks) {
  Story story;
  const std::string a = story.opened("api"), b = story.opened("batch");
  story.act("incident.task", {{"incident", b}, {"text", "look at the batch"}, {"owner", "bo"}});
  const auto group = story.merge(b, a);
  EXPECT_NE(find_kind(group, "incident_finding_linked"), nullptr) << "every room learns whose they are";
  EXPECT_EQ(group.back().kind, "incident_closed");
  EXPECT_FALSE(story.state().open.contains(b));
  EXPECT_EQ(story.state().open.at(a).findings.size(), 4u);
  EXPECT_EQ(story.state().open.at(a).tasks.size(), 1u);
  story.expect_whole();
  const auto more = story.finding("unit_change", "batch", "batch/more");
  EXPECT_EQ(string_or(find_kind(more, "incident_finding_linked")->body, "incident"), a) << "further findings of the endpoint come to it";
  EXPECT_EQ(refusal(story.act("incident.declare", {{"endpoint", "batch"}, {"title", "t"}, {"severity", "SEV-4"}})), "conflict");
  story.act("incident.close", {{"incident", a}, {"summary", "s"}, {"residual_risk", "r"}, {"reason", "r"}});
  EXPECT_TRUE(story.state().open_by_endpoint.empty());
  story.expect_whole();
}

TEST(IncidentRelations, a_split_takes_its_findings_and_leaves_the_endpoint) {
  Story story;
  const std::string a = story.opened("api");
  const std::string burst = story.id_of("api", "api/burst");
  EXPECT_EQ(refusal(story.act("incident.split", {{"incident", a}, {"findings", JsonArray{"find-999"}}, {"title", "t"}, {"reason", "r"}})), "not_found");
  EXPECT_EQ(refusal(story.act("incident.split", {{"incident", a}, {"findings", JsonArray{}}, {"title", "t"}, {"reason", "r"}})), "invalid");
  EXPECT_EQ(refusal(story.act("incident.split", {{"incident", a}, {"findings", JsonArray{burst, story.id_of("api", "api/chain")}}, {"title", "t"}, {"reason", "r"}})), "invalid");
  const auto group = story.act("incident.split", {{"incident", a}, {"findings", JsonArray{burst}}, {"title", "Odd rows"}, {"reason", "another cause"}});
  const std::string b = find_kind(group, "incident_opened")->id("inc");
  EXPECT_EQ(story.state().open.at(b).findings, std::vector<std::string>{burst});
  EXPECT_EQ(story.state().open_by_endpoint.at("api"), a);
  story.expect_whole();
  story.act("incident.close", {{"incident", a}, {"summary", "s"}, {"residual_risk", "r"}, {"reason", "r"}});
  EXPECT_EQ(story.state().open_by_endpoint.at("api"), b) << "the endpoint goes to the one that is left";
  story.expect_whole();
}

TEST(IncidentRelations, the_graver_severity_goes_on) {
  Story story;
  const std::string mild = story.opened("api"), grave = story.opened("batch");
  story.act("incident.severity", {{"incident", grave}, {"severity", "SEV-1"}, {"reason", "people are hurt"}});
  const auto group = story.merge(grave, mild);
  const Entry* const raised = find_kind(group, "incident_severity");
  ASSERT_NE(raised, nullptr);
  EXPECT_EQ(string_or(raised->body, "to"), "SEV-1");
  EXPECT_EQ(story.state().open.at(mild).severity, "SEV-1");
}

TEST(IncidentRelations, what_was_merged_across_endpoints_can_be_split_off_again) {
  Story story;
  const std::string a = story.opened("api"), b = story.opened("batch");
  story.merge(b, a);
  const auto group = story.act("incident.split", {{"incident", a}, {"findings", JsonArray{story.id_of("batch", "batch/chain")}}, {"title", "t"}, {"reason", "two after all"}});
  const std::string c = find_kind(group, "incident_opened")->id("inc");
  EXPECT_EQ(story.state().open.at(c).endpoint, "batch");
  EXPECT_EQ(story.state().open_by_endpoint.at("batch"), c);
  EXPECT_EQ(story.state().open_by_endpoint.at("api"), a);
  story.expect_whole();
}

TEST(IncidentRelations, a_finding_of_a_closed_incident_is_told_once_and_comes_back_with_it) {
  Story story;
  const std::string a = story.opened("api");
  const std::string chain = story.id_of("api", "api/chain");
  story.act("incident.close", {{"incident", a}, {"summary", "s"}, {"residual_risk", "r"}, {"reason", "r"}});
  story.advance(kHour);
  const auto late = story.finding("query_chain", "api", "api/chain", "finding_updated");
  ASSERT_NE(find_kind(late, "incident_finding_late"), nullptr);
  EXPECT_EQ(string_or(find_kind(late, "incident_finding_late")->body, "incident"), a);
  EXPECT_EQ(find_kind(late, "incident_opened"), nullptr) << "the same episode opens no second incident";
  EXPECT_EQ(find_kind(story.finding("query_chain", "api", "api/chain", "finding_updated"), "incident_finding_late"), nullptr) << "once";
  const auto twice = story.finding("query_chain", "api", "api/chain");
  EXPECT_EQ(story.id_of("api", "api/chain"), chain) << "an episode that is opened twice is one finding";
  const auto group = story.input("incident_reopened", JsonObject{{"incident", a}, {"endpoint", "api"}, {"stream", "api"}, {"title", "t"}, {"severity", "SEV-3"},
                                                                 {"rule", "r"}, {"roles", JsonObject{{"commander", "cyd"}}}, {"reason", "it goes on"}, {"by", "user:ben"}, {"with", "user:ana"}});
  EXPECT_EQ(string_or(find_kind(group, "incident_phase")->body, "to"), "detection_analysis");
  const Incident& again = story.state().open.at(a);
  EXPECT_NE(std::find(again.findings.begin(), again.findings.end(), chain), again.findings.end());
  EXPECT_EQ(again.roles.at("commander"), "cyd");
  EXPECT_FALSE(story.state().closed.contains(a));
  story.expect_whole();
}

TEST(IncidentWatch, nobody_ends_an_incident_while_what_was_brought_in_is_watched) {
  Story story;
  const std::string id = story.opened("api");
  const std::string act = story.input("action_proposed", JsonObject{{"incident", id}, {"endpoint", "api"}, {"class", "promotion"}}).front().id("act");
  const JsonObject close{{"incident", id}, {"summary", "s"}, {"residual_risk", "r"}, {"reason", "in a hurry"}};
  for (const char* step : {"shadow", "canary", "watch"}) {
    story.input("ladder_step", JsonObject{{"action", act}, {"endpoint", "api"}, {"step", step}, {"release", "2"}});
    EXPECT_EQ(refusal(story.act("incident.close", close)), "conflict") << step;
    EXPECT_EQ(refusal(story.act("incident.phase", {{"incident", id}, {"to", "post_incident"}, {"reason", "in a hurry"}})), "conflict") << step;
  }
  story.expect_whole();
  story.input("ladder_ended", JsonObject{{"action", act}, {"outcome", "promoted"}});
  EXPECT_EQ(refusal(story.act("incident.close", close)), "");
}

TEST(IncidentSeverity, follows_from_impact_and_record_unless_the_commander_has_lowered_it) {
  Story story;
  const auto declared = story.act("incident.declare", {{"endpoint", "api"}, {"title", "t"}, {"severity", "SEV-4"}});
  const std::string id = find_kind(declared, "incident_opened")->id("inc");
  const auto rate = [&](const char* functional, const char* information) {
    return story.act("incident.impact", {{"incident", id}, {"functional_now", functional}, {"functional_likely", functional}, {"information", JsonArray{information}}, {"recoverability", "Regular"}});
  };
  EXPECT_EQ(string_or(find_kind(rate("Low", "None"), "incident_severity")->body, "to"), "SEV-3") << "also of a declared one";
  EXPECT_EQ(string_or(find_kind(rate("Low", "Privacy Breach"), "incident_severity")->body, "to"), "SEV-2");
  const auto people = story.input("casefile_field", JsonObject{{"incident", id}, {"field", "people_risk"}, {"value", "high"}});
  EXPECT_EQ(string_or(find_kind(people, "incident_severity")->body, "to"), "SEV-1");
  const JsonObject lower{{"incident", id}, {"severity", "SEV-3"}, {"reason", "contained"}};
  EXPECT_EQ(refusal(story.act("incident.severity", lower)), "forbidden") << "there is no commander";
  story.act("incident.assign", {{"incident", id}, {"role", "commander"}, {"user", "cyd"}});
  EXPECT_EQ(refusal(story.act("incident.severity", lower)), "forbidden");
  EXPECT_NE(find_kind(story.act("incident.severity", lower, "user:cyd"), "incident_severity"), nullptr);
  EXPECT_EQ(find_kind(rate("High", "Privacy Breach"), "incident_severity"), nullptr) << "what the commander lowered is raised by people";
  EXPECT_NE(find_kind(story.act("incident.severity", {{"incident", id}, {"severity", "SEV-1"}, {"reason", "no"}}, "user:bo"), "incident_severity"), nullptr) << "up by anyone";
  EXPECT_EQ(refusal(story.act("incident.severity", {{"incident", id}, {"severity", "SEV-2"}, {"reason", " "}}, "user:cyd")), "invalid") << "with a reason";
  story.expect_whole();
}

// Whatever is merged, split, closed and opened again: no finding is lost or in two open incidents, and every endpoint of an open one leads to an open one.
RC_GTEST_PROP(IncidentRelationsProperty, findings_stay_whole_in_any_order, ()) {
  Story story;
  int episodes = 0;
  std::size_t opened = 0;
  for (int step = 0; step < 50; ++step) {
    const std::string endpoint = *rc::gen::element<std::string>("api", "batch");
    const auto any_open = [&]() -> std::string {
      const auto& open = story.state().open;
      return open.empty() ? "" : std::next(open.begin(), *rc::gen::inRange<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(open.size())))->first;
    };
    const std::string a = any_open(), b = any_open();
    switch (*rc::gen::inRange(0, 6)) {
      case 0:
      case 1:
        story.finding(*rc::gen::element<std::string>("query_chain", "outlier_burst"), endpoint, "e" + std::to_string(++episodes));
        ++opened;
        break;
      case 2:
        if (!a.empty() && a != b) story.merge(b, a);
        break;
      case 3:
        if (!a.empty() && story.state().open.at(a).findings.size() > 1)
          story.act("incident.split", {{"incident", a}, {"findings", JsonArray{Json(story.state().open.at(a).findings.front())}}, {"title", "t"}, {"reason", "r"}});
        break;
      case 4:
        if (!a.empty()) story.act("incident.close", {{"incident", a}, {"summary", "s"}, {"residual_risk", "r"}, {"reason", "r"}});
        break;
      default:
        for (const auto& [id, of] : story.state().closed) {
          if (of != endpoint || story.state().open_by_endpoint.contains(endpoint)) continue;
          story.input("incident_reopened", JsonObject{{"incident", id}, {"endpoint", endpoint}, {"stream", endpoint}, {"title", "t"}, {"severity", "SEV-3"}, {"rule", "r"}, {"reason", "r"}, {"by", "user:ben"}, {"with", "user:ana"}});
          break;
        }
    }
    const IncidentState& state = story.state();
    RC_ASSERT(state.findings.size() == opened);  // none was closed, so none is forgotten
    for (const auto& [id, finding] : state.findings) {
      std::size_t holders = 0;
      for (const auto& [incident, of] : state.open) holders += static_cast<std::size_t>(std::count(of.findings.begin(), of.findings.end(), id));
      RC_ASSERT(holders == (state.open.contains(finding.incident) ? 1u : 0u));
      RC_ASSERT(finding.incident.empty() || state.open.contains(finding.incident) || state.closed.contains(finding.incident));
    }
    for (const auto& [of, incident] : state.open_by_endpoint) RC_ASSERT(state.open.contains(incident));
    for (const auto& [id, incident] : state.open) RC_ASSERT(state.open_by_endpoint.contains(incident.endpoint));
  }
  RC_ASSERT(story.replayed() == story.state());
  RC_ASSERT(incident_state_from_json(*parse_json(canonical_json(to_json(story.state())))).value() == story.state());
}

}  // namespace
}  // namespace firebreak::incident
