#include "fold/playbook/playbook.h"

#include <gtest/gtest.h>

#include <fstream>

#include "cacao/lint.h"
#include "fold/playbook/story_for_tests.h"

namespace firebreak::playbook {
namespace {

const JsonObject kEnd = {{"type", "end"}};

Json shipped() {
  std::ifstream in(FIREBREAK_SOURCE_DIR "/content/playbooks/adversarial-evasion.json");
  std::stringstream text;
  text << in.rdbuf();
  return *parse_json(text.str());
}

TEST(Playbook, runs_the_shipped_one_with_capture_and_options_together) {
  const Json text = shipped();
  for (const auto& d : not_runnable(text)) ADD_FAILURE() << d.pointer << ": " << d.message;
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
  EXPECT_EQ(string_or(find_kind(group, "playbook_step_ended")->body, "name"), "Wait for containment");
  const Entry* const page = find_kind(story.first, "incident_task_opened");
  ASSERT_NE(page, nullptr) << "no channel is configured: a person makes the call";
  EXPECT_EQ(find_kind(group, "incident_task_opened"), nullptr) << "what follows waits for all three branches";
  const auto after = story.done(page->id("task"));
  ASSERT_NE(find_kind(after, "playbook_step_started"), nullptr);
  EXPECT_EQ(string_or(newest(story, "playbook_step_started")->body, "name"), "Copy the rest by hand");
  EXPECT_EQ(story.replayed(), story.state());
}

TEST(Playbook, takes_the_failure_route_when_evidence_cannot_be_captured) {
  Story story(document({{"start--1", JsonObject{{"type", "start"}, {"on_completion", "action--c"}}},
                        {"action--c", action("capture model,policy", {{"on_success", "end--good"}, {"on_failure", "action--t"}})},
                        {"action--t", action("task lead look", {{"on_completion", "end--bad"}})},
                        {"end--good", kEnd},
                        {"end--bad", kEnd}}));
  const std::string request = find_kind(story.first, "evidence_requested")->id("req");
  story.evidence("evidence_failed", request, "model");
  EXPECT_EQ(story.outcome_of("action--c"), "under way") << "the other item is still under way";
  story.evidence("evidence_captured", request, "policy");
  EXPECT_EQ(story.outcome_of("action--c"), "failure");
  EXPECT_EQ(story.outcome_of("action--t"), "success");
  EXPECT_EQ(story.outcome_of("end--good"), "not started");
}

TEST(Playbook, goes_to_the_exception_when_a_manual_step_fails) {
  Story story(document({{"start--1", JsonObject{{"type", "start"}, {"on_completion", "action--m"}}},
                        {"action--m", action("call the bank", {{"on_completion", "end--1"}}, "manual")},
                        {"action--x", action("task commander go on by hand", {{"on_completion", "end--2"}})},
                        {"end--1", kEnd},
                        {"end--2", kEnd}},
                       {{"workflow_exception", "action--x"}}));
  const Entry* task = find_kind(story.first, "incident_task_opened");
  ASSERT_NE(task, nullptr);
  story.input("incident_task_done", JsonObject{{"incident", story.incident}, {"task", task->id("task")}, {"result", "failure: nobody there"}});
  EXPECT_EQ(story.outcome_of("end--1"), "not started");
  EXPECT_EQ(story.outcome_of("action--x"), "success");
  EXPECT_EQ(story.run().outcome, "failure");
}

TEST(Playbook, ends_a_step_that_nobody_answers) {
  Story story(document({{"start--1", JsonObject{{"type", "start"}, {"on_completion", "action--o"}}},
                        {"action--o", action("options 3", {{"on_completion", "end--1"}, {"timeout", 60'000}})},
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
                        {"action--a", action("capture model", {{"on_completion", "end--a"}})},
                        {"action--b", action("capture policy", {{"on_completion", "end--b"}})},
                        {"end--a", kEnd},
                        {"end--b", kEnd},
                        {"end--good", kEnd},
                        {"end--bad", kEnd}}));
  std::vector<std::string> requests;
  for (const Entry& entry : story.first)
    if (entry.kind == "evidence_requested") requests.push_back(entry.id("req"));
  ASSERT_EQ(requests.size(), 2u);
  story.evidence("evidence_failed", requests[0], "model");
  EXPECT_EQ(story.outcome_of("parallel--1"), "under way");
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
                          {"end--1", kEnd}},
                         {{"playbook_variables", JsonObject{{"__rule__", text_variable()}, {"__finding_kinds__", text_variable()}}}}));
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
  EXPECT_TRUE(story.run().ended);
  EXPECT_EQ(story.run().outcome, "incident_closed");
  const auto opened = story.input("incident_opened", JsonObject{{"endpoint", "api"}, {"stream", "api"}, {"rule", "declared"}});
  EXPECT_EQ(find_kind(opened, "playbook_run_started"), nullptr);
  EXPECT_EQ(find_kind(story.input("finding_opened", JsonObject{{"kind", "drift"}, {"stream", "api"}, {"episode", "e2"}}), "playbook_run_started"), nullptr);
  EXPECT_TRUE(story.state().runs.empty()) << "the next input lets go of it";
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

// A journal that an older version wrote (steps named by their ids, no activations) is a fact: it is read as it is.
TEST(Playbook, reads_the_journal_of_an_older_version) {
  std::ifstream in(FIREBREAK_SOURCE_DIR "/test/golden/playbook/evasion/older.ndjson");
  PlaybookState state;
  std::uint64_t index = 0;
  for (std::string line; std::getline(in, line); ++index) {
    Json text = *parse_json(line);
    text.as_object().erase("index");
    const auto entry = parse_entry(index, canonical_json(text));
    ASSERT_TRUE(entry) << entry.error().message;
    apply(state, *entry);
  }
  ASSERT_EQ(state.runs.size(), 1u);
  const playbook::Run& run = state.runs.begin()->second;
  EXPECT_TRUE(run.ended);
  EXPECT_TRUE(run.open.empty());
  EXPECT_EQ(run.outcomes.at("parallel--1"), "failure");
  EXPECT_EQ(run.outcomes.at("action--t"), "success");
  EXPECT_TRUE(state.timers.empty() && state.waits.empty());
}

}  // namespace
}  // namespace firebreak::playbook
