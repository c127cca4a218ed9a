#include "fold/playbook/playbook.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "types/group_driver.h"

namespace firebreak::playbook {
namespace {

Json shipped() {
  std::ifstream in(FIREBREAK_SOURCE_DIR "/content/playbooks/adversarial-evasion.json");
  std::stringstream text;
  text << in.rdbuf();
  return *parse_json(text.str());
}

Json action(const std::string& command, JsonObject routes, const std::string& type = "x-firebreak") {
  JsonObject step{{"type", "action"}, {"name", command}, {"agent", "x-firebreak--1"},
                  {"commands", JsonArray{JsonObject{{"type", type}, {"command", command}}}}};
  for (auto& route : routes) step[route.key()] = route.value();
  return step;
}

Json document(JsonObject workflow, const std::string& exception = "") {
  JsonObject playbook{{"type", "playbook"},
                      {"spec_version", "cacao-2.0"},
                      {"id", "playbook--1"},
                      {"name", "test"},
                      {"created_by", "identity--1"},
                      {"created", "2026-03-01T09:00:00.000Z"},
                      {"modified", "2026-03-01T09:00:00.000Z"},
                      {"labels", JsonArray{"trigger:rule=evasion"}},
                      {"workflow_start", "start--1"},
                      {"agent_definitions", JsonObject{{"x-firebreak--1", JsonObject{{"type", "x-firebreak"}, {"name", "f"}}}}}};
  if (!exception.empty()) playbook["workflow_exception"] = exception;
  playbook["workflow"] = std::move(workflow);
  return playbook;
}

class Story : public GroupDriver<PlaybookState> {
 public:
  explicit Story(const Json& playbook) : GroupDriver(&playbook::decide, &playbook::apply, Time{1'772'850'000 * kSecond}) {
    installed = command("user:root", "playbook.install", {{"document", playbook}});
    const auto chain = input("finding_opened", JsonObject{{"kind", "query_chain"}, {"stream", "api"}, {"endpoint", "api"},
                                                          {"episode", "e1"}, {"first", 100}, {"last", 180}});
    const auto opened = input("incident_opened", JsonObject{{"endpoint", "api"}, {"stream", "api"}, {"rule", "evasion"},
                                                            {"severity", "SEV-2"}, {"findings", JsonArray{chain[0].id("find")}}});
    incident = opened[0].id("inc");
    first = opened;
  }
  const Run& run() const { return state().runs.begin()->second; }
  std::string outcome_of(const std::string& step) const {
    const auto at = run().steps.find(step);
    return at == run().steps.end() ? "not started" : at->second.outcome;
  }
  std::vector<Entry> evidence(const std::string& kind, const std::string& request, const std::string& item) {
    return input(kind, JsonObject{{"request", request}, {"incident", incident}, {"item", item}, {"reason", "gone"}});
  }

  std::vector<Entry> installed, first;
  std::string incident;
};

const JsonObject kEnd = {{"type", "end"}};

TEST(Playbook, runs_the_shipped_one_with_capture_and_options_together) {
  const Json text = shipped();
  for (const Diagnostic& d : lint(text)) ADD_FAILURE() << d.pointer << ": " << d.message;
  Story story(text);
  ASSERT_NE(find_kind(story.installed, "playbook_installed"), nullptr);
  EXPECT_LT(entry_bytes(*find_kind(story.installed, "playbook_installed")).size(), 32u * 1024);
  const Entry* evidence = find_kind(story.first, "evidence_requested");
  const Entry* forecast = find_kind(story.first, "forecast_requested");
  ASSERT_TRUE(evidence != nullptr && forecast != nullptr) << "both start in the group that opens the incident";
  EXPECT_EQ(int_or(evidence->body, "first"), 100);
  EXPECT_EQ(int_or(evidence->body, "last"), 180);
  story.input("options_offered", JsonObject{{"request", forecast->id("req")}, {"incident", story.incident}});
  for (const char* item : {"model", "dataset", "policy", "inferences"})
    EXPECT_EQ(find_kind(story.evidence("evidence_captured", evidence->id("req"), item), "playbook_step_ended"), nullptr);
  EXPECT_NE(find_kind(story.evidence("evidence_captured", evidence->id("req"), "counters"), "playbook_step_ended"), nullptr);
  EXPECT_FALSE(story.run().ended) << "containment is still waited for";
  const auto proposed = story.input("action_proposed", JsonObject{{"incident", story.incident}, {"class", "bounded"}});
  const auto group = story.input("action_in_force", JsonObject{{"action", proposed[0].id("act")}});
  ASSERT_NE(find_kind(group, "playbook_run_ended"), nullptr);
  EXPECT_EQ(story.run().outcome, "success");
  EXPECT_EQ(story.replayed(), story.state());
}

TEST(Playbook, takes_the_failure_route_when_evidence_cannot_be_captured) {
  Story story(document({{"start--1", JsonObject{{"type", "start"}, {"on_completion", "action--c"}}},
                        {"action--c", action("evidence.capture model,policy", {{"on_success", "end--good"}, {"on_failure", "action--t"}})},
                        {"action--t", action("task.open lead look", {{"on_completion", "end--bad"}})},
                        {"end--good", kEnd},
                        {"end--bad", kEnd}}));
  const std::string request = find_kind(story.first, "evidence_requested")->id("req");
  story.evidence("evidence_failed", request, "model");
  EXPECT_EQ(story.outcome_of("action--c"), "") << "the other item is still under way";
  story.evidence("evidence_captured", request, "policy");
  EXPECT_EQ(story.outcome_of("action--c"), "failure");
  EXPECT_EQ(story.outcome_of("action--t"), "success");
  EXPECT_EQ(story.outcome_of("end--good"), "not started");
}

TEST(Playbook, goes_to_the_exception_when_a_manual_step_fails) {
  Story story(document({{"start--1", JsonObject{{"type", "start"}, {"on_completion", "action--m"}}},
                        {"action--m", action("call the bank", {{"on_completion", "end--1"}}, "manual")},
                        {"action--x", action("task.open commander go on by hand", {{"on_completion", "end--2"}})},
                        {"end--1", kEnd},
                        {"end--2", kEnd}},
                       "action--x"));
  const Entry* task = find_kind(story.first, "incident_task_opened");
  ASSERT_NE(task, nullptr);
  story.input("incident_task_done", JsonObject{{"incident", story.incident}, {"task", task->id("task")}, {"result", "failure: nobody there"}});
  EXPECT_EQ(story.outcome_of("end--1"), "not started");
  EXPECT_EQ(story.outcome_of("action--x"), "success");
  EXPECT_EQ(story.run().outcome, "failure");
}

TEST(Playbook, ends_a_step_that_nobody_answers) {
  Story story(document({{"start--1", JsonObject{{"type", "start"}, {"on_completion", "action--o"}}},
                        {"action--o", action("options.offer 3", {{"on_completion", "end--1"}, {"timeout", 60'000}})},
                        {"end--1", kEnd}}));
  story.advance(59 * kSecond);
  EXPECT_TRUE(story.input("tick", JsonObject{}).empty());
  story.advance(kSecond);
  const auto group = story.input("tick", JsonObject{});
  EXPECT_EQ(string_or(find_kind(group, "playbook_step_ended")->body, "outcome"), "timeout");
  EXPECT_EQ(story.run().outcome, "failure");
  story.input("options_offered", JsonObject{{"request", find_kind(story.first, "forecast_requested")->id("req")}});
  EXPECT_TRUE(story.run().ended) << "a late answer changes nothing";
}

TEST(Playbook, waits_for_all_branches_and_fails_when_one_failed) {
  Story story(document({{"start--1", JsonObject{{"type", "start"}, {"on_completion", "parallel--1"}}},
                        {"parallel--1", JsonObject{{"type", "parallel"}, {"next_steps", JsonArray{"action--a", "action--b"}},
                                                   {"on_success", "end--good"}, {"on_failure", "end--bad"}}},
                        {"action--a", action("evidence.capture model", {{"on_completion", "end--a"}})},
                        {"action--b", action("evidence.capture policy", {{"on_completion", "end--b"}})},
                        {"end--a", kEnd},
                        {"end--b", kEnd},
                        {"end--good", kEnd},
                        {"end--bad", kEnd}}));
  std::vector<std::string> requests;
  for (const Entry& entry : story.first)
    if (entry.kind == "evidence_requested") requests.push_back(entry.id("req"));
  ASSERT_EQ(requests.size(), 2u);
  story.evidence("evidence_failed", requests[0], "model");
  EXPECT_EQ(story.outcome_of("parallel--1"), "");
  story.evidence("evidence_captured", requests[1], "policy");
  EXPECT_EQ(story.outcome_of("parallel--1"), "failure");
  EXPECT_EQ(story.outcome_of("end--bad"), "success");
}

TEST(Playbook, branches_on_what_the_incident_is) {
  const auto with = [](const std::string& condition) {
    Story story(document({{"start--1", JsonObject{{"type", "start"}, {"on_completion", "if-condition--1"}}},
                          {"if-condition--1", JsonObject{{"type", "if-condition"}, {"condition", condition},
                                                         {"on_true", "end--yes"}, {"on_false", "end--no"}, {"on_completion", "end--1"}}},
                          {"end--yes", kEnd},
                          {"end--no", kEnd},
                          {"end--1", kEnd}}));
    EXPECT_TRUE(story.run().ended);
    return story.outcome_of("end--yes") == "success";
  };
  EXPECT_TRUE(with("__rule__:value = 'evasion'"));
  EXPECT_FALSE(with("__rule__:value != 'evasion'"));
  EXPECT_TRUE(with("__finding_kinds__:value LIKE '%chain%'"));
  EXPECT_FALSE(with("__finding_kinds__:value LIKE '%drop'"));
}

TEST(Playbook, ends_with_its_incident_and_starts_by_hand) {
  Story story(shipped());
  story.input("incident_closed", JsonObject{{"incident", story.incident}});
  EXPECT_TRUE(story.state().runs.empty());
  const auto opened = story.input("incident_opened", JsonObject{{"endpoint", "api"}, {"stream", "api"}, {"rule", "declared"}});
  EXPECT_EQ(find_kind(opened, "playbook_run_started"), nullptr);
  const std::string id = string_or(shipped(), "id");
  const auto started = story.command("user:ana", "playbook.run", {{"playbook", id}, {"incident", opened[0].id("inc")}});
  EXPECT_NE(find_kind(started, "playbook_run_started"), nullptr);
  EXPECT_NE(find_kind(story.command("user:ana", "playbook.run", {{"playbook", id}, {"incident", opened[0].id("inc")}}), "command_refused"), nullptr);
}

TEST(Playbook, takes_a_new_version_only_when_it_is_newer) {
  Json text = shipped();
  Story story(text);
  EXPECT_NE(find_kind(story.command("user:root", "playbook.install", {{"document", text}}), "command_refused"), nullptr);
  text.as_object()["name"] = "changed in place";
  EXPECT_NE(find_kind(story.command("user:root", "playbook.install", {{"document", text}}), "command_refused"), nullptr);
  text.as_object()["modified"] = "2099-03-02T09:00:00.000Z";
  EXPECT_NE(find_kind(story.command("user:root", "playbook.install", {{"document", text}}), "playbook_installed"), nullptr);
}

TEST(Playbook, does_not_start_when_it_is_revoked_expired_or_not_valid_yet) {
  const auto started = [](const char* key, Json value) {
    Json text = shipped();
    text.as_object()[key] = std::move(value);
    Story story(text);
    const Entry* const task = find_kind(story.first, "incident_task_opened");
    const bool runs = find_kind(story.first, "playbook_run_started") != nullptr;
    EXPECT_EQ(runs, task == nullptr || find(task->body, "run") != nullptr) << "what does not come is told";
    const auto by_hand = story.command("user:ana", "playbook.run", {{"playbook", string_or(text, "id")}, {"incident", story.incident}});
    EXPECT_EQ(find_kind(by_hand, "command_refused") != nullptr, true) << "under way, or not in force";
    EXPECT_EQ(story.replayed(), story.state());
    return runs;
  };
  // The story opens its incident on 2026-03-07.
  EXPECT_TRUE(started("revoked", false));
  EXPECT_FALSE(started("revoked", true));
  EXPECT_TRUE(started("valid_until", "2026-03-08T00:00:00Z"));
  EXPECT_FALSE(started("valid_until", "2026-03-07T00:00:00Z"));
  EXPECT_TRUE(started("valid_from", "2026-03-07T00:00:00Z"));
  EXPECT_FALSE(started("valid_from", "2026-03-08T00:00:00Z"));
}

TEST(Playbook, comes_back_from_a_snapshot_in_the_middle_of_a_run) {
  Story story(shipped());
  const auto restored = playbook_state_from_json(*parse_json(canonical_json(to_json(story.state())), 64));
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(*restored, story.state());
}

// Each row: what is wrong, and where lint says so.
struct Wrong {
  const char* what;
  JsonObject workflow;
  const char* pointer;
};

TEST(PlaybookLint, names_the_place_of_every_mistake) {
  const Json start = JsonObject{{"type", "start"}, {"on_completion", "action--1"}};
  const Json good = action("task.open lead x", {{"on_completion", "end--1"}});
  const std::vector<Wrong> rows = {
      {"dangling reference", {{"start--1", start}, {"action--1", action("task.open lead x", {{"on_completion", "end--9"}})}}, "/workflow/action--1/on_completion"},
      {"no successor", {{"start--1", start}, {"action--1", action("task.open lead x", {})}}, "/workflow/action--1"},
      {"completion and success", {{"start--1", start}, {"action--1", action("task.open lead x", {{"on_completion", "end--1"}, {"on_success", "end--1"}})}, {"end--1", kEnd}}, "/workflow/action--1/on_completion"},
      {"failure alone", {{"start--1", start}, {"action--1", action("task.open lead x", {{"on_failure", "end--1"}})}, {"end--1", kEnd}}, "/workflow/action--1/on_failure"},
      {"end with a successor", {{"start--1", start}, {"action--1", good}, {"end--1", JsonObject{{"type", "end"}, {"on_completion", "action--1"}}}}, "/workflow/end--1"},
      {"unknown step type", {{"start--1", start}, {"action--1", good}, {"end--1", kEnd}, {"while-condition--1", JsonObject{{"type", "while-condition"}}}}, "/workflow/while-condition--1/type"},
      {"unknown command", {{"start--1", start}, {"action--1", action("rm -rf", {{"on_completion", "end--1"}})}, {"end--1", kEnd}}, "/workflow/action--1/commands/0/command"},
      {"foreign command type", {{"start--1", start}, {"action--1", action("ls", {{"on_completion", "end--1"}}, "bash")}, {"end--1", kEnd}}, "/workflow/action--1/commands/0/type"},
      {"negative timeout", {{"start--1", start}, {"action--1", action("options.offer", {{"on_completion", "end--1"}, {"timeout", -1}})}, {"end--1", kEnd}}, "/workflow/action--1/timeout"},
      {"one branch", {{"start--1", JsonObject{{"type", "start"}, {"on_completion", "parallel--1"}}}, {"parallel--1", JsonObject{{"type", "parallel"}, {"next_steps", JsonArray{"end--1"}}, {"on_completion", "end--1"}}}, {"end--1", kEnd}}, "/workflow/parallel--1/next_steps"},
      {"a loop", {{"start--1", start}, {"action--1", action("task.open lead x", {{"on_completion", "action--2"}})}, {"action--2", action("task.open lead x", {{"on_completion", "action--1"}})}}, "/workflow/action--1"},
      {"bad condition", {{"start--1", JsonObject{{"type", "start"}, {"on_completion", "if-condition--1"}}}, {"if-condition--1", JsonObject{{"type", "if-condition"}, {"condition", "1 = 1"}, {"on_true", "end--2"}, {"on_completion", "end--1"}}}, {"end--1", kEnd}, {"end--2", kEnd}}, "/workflow/if-condition--1/condition"},
  };
  for (const Wrong& row : rows) {
    const auto found = lint(document(row.workflow));
    const bool named = std::any_of(found.begin(), found.end(), [&](const Diagnostic& d) { return d.error && d.pointer == row.pointer; });
    EXPECT_TRUE(named) << row.what << ": " << (found.empty() ? "nothing found" : found[0].pointer + " " + found[0].message);
    EXPECT_FALSE(playbook_from_json(document(row.workflow))) << row.what;
  }
}

TEST(PlaybookLint, refuses_branches_that_share_a_step) {
  const auto found = lint(document({{"start--1", JsonObject{{"type", "start"}, {"on_completion", "parallel--1"}}},
                                    {"parallel--1", JsonObject{{"type", "parallel"}, {"next_steps", JsonArray{"action--a", "action--b"}}, {"on_completion", "end--1"}}},
                                    {"action--a", action("options.offer", {{"on_completion", "end--2"}})},
                                    {"action--b", action("options.offer", {{"on_completion", "end--2"}})},
                                    {"end--1", kEnd},
                                    {"end--2", kEnd}}));
  EXPECT_TRUE(std::any_of(found.begin(), found.end(), [](const Diagnostic& d) { return d.error && d.pointer == "/workflow/end--2"; }));
}

TEST(PlaybookLint, stays_bounded_on_nested_branches_that_share_everything) {
  JsonObject workflow{{"start--1", JsonObject{{"type", "start"}, {"on_completion", "parallel--0"}}}, {"end--1", kEnd}};
  for (int i = 0; i < 90; ++i) {
    const std::string next = i == 89 ? "end--1" : "parallel--" + std::to_string(i + 1);
    workflow["parallel--" + std::to_string(i)] =
        JsonObject{{"type", "parallel"}, {"next_steps", JsonArray{next, next}}, {"on_completion", "end--1"}};
  }
  EXPECT_FALSE(playbook_from_json(document(workflow)));
}

}  // namespace
}  // namespace firebreak::playbook
