// What the engine has decided and what then becomes of it stand apart in the journal: between the two, entries of the same
// group may have ended what it is about. Here such entries come late, as they would there.
#include "fold/playbook/steps_for_tests.h"

namespace firebreak::playbook {
namespace {

Json branches() {
  return playbook_of({{"start--1", start("parallel--p")}, {"parallel--p", with(parallel({"action--a", "action--b"}, to("end--1", "action--z")).as_object(), {{"timeout", 5'000}})}, {"action--a", manual(to("action--r"))},
                      {"action--r", manual(to("end--r"))}, {"action--b", manual(to("end--b"))}, {"action--z", manual(to("end--z"))}});
}
Json starts(const Story& story, const std::string& step, const std::string& parent) {
  return JsonObject{{"run", story.run().id}, {"incident", story.incident}, {"step", long_id(step)}, {"parent", parent}};
}

TEST(Guards, a_step_does_not_start_in_a_branch_that_is_over) {
  Told story(branches());
  std::uint64_t index = 0;
  ASSERT_NE(story.open_of("parallel--p", &index), nullptr);
  story.after(5 * kSecond);
  story.may_start_nothing = 1;
  EXPECT_EQ(story.input("playbook_step_started", starts(story, "action--r", "step-" + std::to_string(index))).size(), 1u);
  EXPECT_EQ(story.outcome_of("action--r"), "not started");
  story.says("action--z");
  EXPECT_EQ(story.run().outcome, "success");
}

TEST(Guards, a_step_does_not_start_in_a_run_that_is_over) {
  Told story(branches());
  story.person("ana", "cancel");
  story.may_start_nothing = 1;
  EXPECT_EQ(story.input("playbook_step_started", starts(story, "action--z", "")).size(), 1u);
  EXPECT_EQ(story.outcome_of("action--z"), "not started");
}

TEST(Guards, a_run_ends_once) {
  Told story(branches());
  story.person("ana", "cancel");
  EXPECT_EQ(story.input("playbook_run_ended", JsonObject{{"run", story.run().id}, {"incident", story.incident}, {"outcome", "failure"}}).size(), 1u) << "nobody is told again";
  EXPECT_EQ(story.run().outcome, "cancelled");
}

TEST(Guards, a_step_that_starts_as_the_run_is_paused_begins_when_it_goes_on) {
  for (const char* step : {"if-condition--i", "parallel--q"}) {
    Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to(step))},
                            {step, std::string_view(step) == "parallel--q" ? parallel({"action--y", "end--n"}, to("end--1")) : choice("__n__:value = 1", "action--y", "", to("end--1"))}, {"action--y", manual(to("end--y"))}},
                           variables({{"__n__", variable("integer", {{"value", "1"}})}})));
    story.person("ana", "pause");
    story.says("action--a");
    Json body = starts(story, step, "");
    if (std::string_view(step) == "parallel--q") body.as_object()["branches"] = 2;
    story.input("playbook_step_started", std::move(body));
    EXPECT_EQ(story.outcome_of("action--y"), "not started");
    story.person("ana", "resume");
    story.tick();
    EXPECT_EQ(story.outcome_of("action--y"), "under way") << step;
    story.says("action--y");
    EXPECT_EQ(story.run().outcome, "success");
  }
}

TEST(Guards, a_step_that_has_ended_does_not_end_again) {
  Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("action--b"))}, {"action--b", manual(to("end--1"))}}));
  std::uint64_t index = 0;
  story.open_of("action--a", &index);
  story.says("action--a");
  Json again = starts(story, "action--a", "");
  again.as_object()["activation"] = "step-" + std::to_string(index);
  again.as_object()["outcome"] = "success";
  again.as_object()["next"] = JsonArray{Json(long_id("action--b"))};
  EXPECT_EQ(story.input("playbook_step_ended", std::move(again)).size(), 1u);
  EXPECT_EQ(story.count("incident_task_opened"), 2u);
}

// A round is over in the group that pauses the run: the next one waits.
TEST(Guards, a_loop_does_not_go_round_in_a_pause) {
  Told story(playbook_of({{"start--1", start("while-condition--w")}, {"while-condition--w", loop("__n__:value = 1", "action--b", to("end--1"))}, {"action--b", manual(to("end--b"))}},
                         variables({{"__n__", variable("integer", {{"value", "1"}})}})));
  std::uint64_t outer = 0, index = 0;
  story.open_of("while-condition--w", &outer);
  const std::string parent = "step-" + std::to_string(outer);
  story.person("ana", "pause");
  story.says("action--b");
  story.input("playbook_step_started", starts(story, "end--b", parent));
  ASSERT_NE(story.open_of("end--b", &index), nullptr);
  Json ends = starts(story, "end--b", parent);
  ends.as_object()["activation"] = "step-" + std::to_string(index);
  ends.as_object()["outcome"] = "success";
  story.input("playbook_step_ended", std::move(ends));
  EXPECT_EQ(story.outcome_of("action--b"), "success") << "the first round's";
  story.person("ana", "resume");
  EXPECT_NE(story.waits("action--b"), "") << "the second";
}

TEST(Guards, a_command_does_not_leave_while_its_question_is_open) {
  const Json two = JsonArray{JsonObject{{"type", "manual"}, {"command", "first"}}, JsonObject{{"type", "manual"}, {"command", "second"}}};
  Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("end--1"), with({{"commands", two}}, rules({{"approval", JsonObject{{"approvers", 1}}}})).as_object())}}));
  std::uint64_t index = 0;
  story.open_of("action--a", &index);
  Json body = starts(story, "action--a", "");
  body.as_object()["activation"] = "step-" + std::to_string(index);
  body.as_object()["unit"] = 0;
  story.input("playbook_unit_ended", std::move(body));
  EXPECT_EQ(story.count("incident_task_opened"), 0u);
  EXPECT_EQ(story.count("playbook_approval_requested"), 2u) << "it is asked about what is left";
}

TEST(Guards, a_task_that_is_asked_as_its_run_ends_is_withdrawn) {
  Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("end--1"))}}));
  const Json body = newest(story, "incident_task_opened")->body;
  story.person("ana", "cancel");
  const auto group = story.input("incident_task_opened", body);
  ASSERT_EQ(group.size(), 2u);
  EXPECT_EQ(string_or(group[1].body, "task"), group[0].id("task"));
}

class CalledLate : public testing::Test {
 protected:
  CalledLate() {
    story.install(playbook_of({{"start--1", start("action--c")}, {"action--c", manual(to("end--c"))}}, {{"id", "playbook--called"}, {"labels", JsonArray{"called"}}}));
    story.install(playbook_of({{"start--1", start("playbook-action--p")}, {"playbook-action--p", with(calls("playbook--called", to("end--1")).as_object(), {{"delay", 5'000}})}}));
    story.open();
    story.open_of("playbook-action--p", &index);
  }
  Json child_starts() const {
    return JsonObject{{"playbook", long_id("playbook--called")}, {"modified", "2026-03-01T09:00:00.000Z"}, {"incident", story.incident}, {"by", "firebreak"}, {"parent_run", story.run().id}, {"parent_step", "step-" + std::to_string(index)}};
  }
  const playbook::Run& child() const {
    return std::find_if(story.state().runs.begin(), story.state().runs.end(), [](const auto& item) { return !item.second.parent_run.empty(); })->second;
  }
  Told story;
  std::uint64_t index = 0;
};

TEST_F(CalledLate, a_playbook_does_not_start_for_a_caller_that_is_over) {
  story.person("ana", "cancel");
  story.input("playbook_run_started", child_starts());
  EXPECT_EQ(child().outcome, "cancelled");
  EXPECT_EQ(story.count("incident_task_opened"), 0u);
}

TEST_F(CalledLate, a_playbook_waits_with_a_caller_that_is_paused) {
  story.person("ana", "pause");
  story.input("playbook_run_started", child_starts());
  EXPECT_TRUE(child().paused);
  EXPECT_EQ(story.count("incident_task_opened"), 0u);
  story.person("ana", "resume");
  EXPECT_EQ(story.count("incident_task_opened"), 1u);
  story.says("action--c");
  EXPECT_EQ(child().outcome, "success");
}

// Timers that a pause holds back do not stand in the way of those that it does not.
TEST(Guards, many_delayed_steps_in_a_pause_do_not_hold_up_deadlines) {
  JsonObject steps{{"start--1", start("parallel--p")}, {"end--1", end()}, {"action--t", manual(to("end--t"), {{"timeout", 5'000}})}};
  JsonArray all{Json("action--t")};
  for (int i = 0; i < 45; ++i) {
    const std::string id = "action--b" + std::to_string(i);
    all.push_back(Json(id));
    steps[id] = manual(to("end--b" + std::to_string(i)), {{"delay", 1'000}});
  }
  steps["parallel--p"] = JsonObject{{"type", "parallel"}, {"next_steps", all}, {"on_completion", "end--1"}};
  Told story(playbook_of(std::move(steps)));
  story.person("ana", "pause");
  story.after(5 * kSecond);
  EXPECT_EQ(story.outcome_of("action--t"), "timeout");
}

TEST(Guards, a_second_try_is_of_what_was_approved) {
  const JsonObject asked = rules({{"approval", JsonObject{{"approvers", 1}}}, {"retry", JsonObject{{"attempts", 2}, {"wait", 1'000}}}});
  Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", http("GET /x HTTP/1.1", to("end--1"), asked)}}));
  const Entry* const question = newest(story, "playbook_approval_requested");
  story.person("ben", "approve", {{"approval", question->id("appr")}, {"digest", string_or(question->body, "digest")}});
  story.called(newest(story, "playbook_call_ordered")->id("call"), {{"result", "failed"}});
  story.after(kSecond);
  EXPECT_EQ(story.count("playbook_approval_requested"), 1u);
  EXPECT_EQ(story.count("playbook_call_ordered"), 2u);
  story.called(newest(story, "playbook_call_ordered")->id("call"), {{"result", "done"}, {"status", 200}});
  EXPECT_EQ(story.run().outcome, "success");
}

TEST(Guards, a_loop_that_cannot_be_decided_fails) {
  Told story(playbook_of({{"start--1", start("while-condition--w")}, {"while-condition--w", loop("__n__:value = 1", "end--b", to("end--1", "end--2"))}}, variables({{"__n__", variable("integer")}})));
  EXPECT_EQ(story.way(), "while-condition--w=failure end--2");
}

}  // namespace
}  // namespace firebreak::playbook
