// What people do to a run: approve, reject, pause, resume, cancel, start it again, answer.
#include "fold/playbook/steps_for_tests.h"

namespace firebreak::playbook {
namespace {

const JsonObject kWho = {{"__who__", text_variable()}};
JsonObject approved_by(int people) { return rules({{"approval", JsonObject{{"approvers", people}, {"within", 60'000}}}}); }

Json asks(int people, JsonObject routes = to("end--1", "end--2")) {
  return playbook_of({{"start--1", start("action--a")}, {"action--a", manual(std::move(routes), approved_by(people))}});
}

std::string digest(const Story& story) { return string_or(newest(story, "playbook_approval_requested")->body, "digest"); }
std::vector<Entry> approve(Told& story, const std::string& who, std::string of = {}) {
  return story.person(who, "approve", {{"approval", newest(story, "playbook_approval_requested")->id("appr")}, {"digest", of.empty() ? digest(story) : of}});
}
std::vector<Entry> reject(Told& story, const std::string& who) { return story.person(who, "reject", {{"approval", newest(story, "playbook_approval_requested")->id("appr")}, {"reason", "no"}}); }

TEST(Approvals, need_as_many_people_as_are_asked_for) {
  Told story(asks(2));
  EXPECT_EQ(story.count("incident_task_opened"), 0u);
  EXPECT_EQ(refusal_of(approve(story, "ana")), "");
  EXPECT_EQ(story.count("incident_task_opened"), 0u) << "one of two";
  EXPECT_NE(refusal_of(approve(story, "ana")), "") << "nobody counts twice";
  EXPECT_EQ(story.count("incident_task_opened"), 0u);
  approve(story, "ben");
  EXPECT_EQ(story.count("incident_task_opened"), 1u);
  EXPECT_NE(refusal_of(approve(story, "eva")), "") << "it is answered";
  EXPECT_EQ(story.count("incident_task_opened"), 1u);
  story.says("action--a");
  EXPECT_EQ(story.way(), "action--a end--1");
}

TEST(Approvals, are_not_given_by_who_started_the_run) {
  Told story;
  story.install(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("end--1"), approved_by(1))}}, {{"labels", JsonArray{}}}));
  story.open();
  story.command("user:ana", "playbook.run", {{"playbook", long_id("playbook--test")}, {"incident", story.incident}});
  EXPECT_NE(refusal_of(approve(story, "ana")).find("started the run"), std::string::npos);
  EXPECT_EQ(story.count("incident_task_opened"), 0u);
  const auto by_program = story.command("service:bot", "playbook.approve", {{"approval", newest(story, "playbook_approval_requested")->id("appr")}, {"digest", digest(story)}});
  EXPECT_NE(refusal_of(by_program), "") << "only people";
  approve(story, "ben");
  EXPECT_EQ(story.count("incident_task_opened"), 1u);
}

TEST(Approvals, are_of_what_was_shown) {
  Told story(asks(1));
  EXPECT_NE(refusal_of(approve(story, "ana", std::string(64, '0'))), "");
  EXPECT_EQ(story.count("incident_task_opened"), 0u);
  EXPECT_EQ(refusal_of(approve(story, "ana")), "");
}

TEST(Approvals, lapse) {
  Told story(asks(1));
  story.after(60 * kSecond - 1);
  EXPECT_EQ(story.way(), "");
  story.advance(1);
  EXPECT_NE(refusal_of(approve(story, "ana")).find("lapsed"), std::string::npos) << "no tick has come yet";
  story.tick();
  EXPECT_EQ(story.way(), "action--a=failure end--2");
  EXPECT_NE(refusal_of(approve(story, "ana")), "");
  EXPECT_EQ(story.count("incident_task_opened"), 0u);
}

TEST(Approvals, that_are_refused_take_the_way_of_a_failure) {
  Told story(asks(2));
  approve(story, "ana");
  reject(story, "ben");
  EXPECT_EQ(story.way(), "action--a=failure end--2");
  EXPECT_EQ(story.count("incident_task_opened"), 0u);
  EXPECT_NE(refusal_of(approve(story, "eva")), "");
}

// A branch beside it changes the variable that the command holds: the yes was for something else.
TEST(Approvals, are_void_when_a_parallel_branch_changes_the_command) {
  Told story(playbook_of({{"start--1", start("parallel--p")}, {"parallel--p", parallel({"action--a", "action--v"}, to("end--1", "end--2"))},
                          {"action--a", with(with(action("Block __who__:value", to("end--a"), "manual").as_object(), approved_by(2)).as_object(), {{"in_args", JsonArray{"__who__"}}})},
                          {"action--v", manual(to("end--v"), {{"out_args", JsonArray{"__who__"}}})}},
                         variables({{"__who__", variable("string", {{"value", "mallory"}})}})));
  const std::string old = digest(story);
  approve(story, "ana");
  story.says("action--v", "success", {{"__who__", "alice"}});
  approve(story, "ben", old);
  ASSERT_EQ(story.count("playbook_approval_void"), 1u);
  ASSERT_EQ(story.count("playbook_approval_requested"), 2u);
  EXPECT_NE(digest(story), old);
  EXPECT_EQ(story.count("incident_task_opened"), 1u) << "the other branch's alone";
  approve(story, "ana");
  approve(story, "ben");
  EXPECT_NE(string_or(newest(story, "incident_task_opened")->body, "text").find("alice"), std::string::npos);
  story.says("action--a");
  EXPECT_EQ(story.run().outcome, "success");
}

TEST(Approvals, of_several_commands_hold_for_each_of_them) {
  const Json two = JsonArray{JsonObject{{"type", "manual"}, {"command", "first"}}, JsonObject{{"type", "manual"}, {"command", "then __who__:value"}}};
  for (const bool changed : {false, true}) {
    Told story(playbook_of({{"start--1", start("parallel--p")}, {"parallel--p", parallel({"action--a", "action--v"}, to("end--1", "end--2"))},
                            {"action--a", manual(to("end--a"), with({{"commands", two}, {"in_args", JsonArray{"__who__"}}}, approved_by(1)).as_object())},
                            {"action--v", manual(to("end--v"), {{"out_args", JsonArray{"__who__"}}})}},
                           variables({{"__who__", variable("string", {{"value", "mallory"}})}})));
    approve(story, "ana");
    if (changed) story.says("action--v", "success", {{"__who__", "alice"}});
    story.says("action--a");
    EXPECT_EQ(story.count("playbook_approval_requested"), changed ? 2u : 1u) << "the second command is the one that was shown, or is asked about again";
    if (changed) approve(story, "ben");
    story.says("action--a");
    EXPECT_EQ(story.outcome_of("action--a"), "success");
  }
}

TEST(Pauses, keep_back_what_follows_and_no_more) {
  Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("action--b"))}, {"action--b", manual(to("end--1"))}}));
  EXPECT_NE(refusal_of(story.person("ana", "resume")), "");
  story.person("ana", "pause");
  EXPECT_NE(refusal_of(story.person("ana", "pause")), "");
  story.says("action--a");
  EXPECT_EQ(story.way(), "action--a");
  EXPECT_EQ(story.outcome_of("action--b"), "not started");
  EXPECT_FALSE(story.run().ended);
  story.person("ana", "resume");
  EXPECT_EQ(story.outcome_of("action--b"), "under way");
  story.says("action--b");
  EXPECT_EQ(story.run().outcome, "success");
}

// What one pause kept back went on with its end: the next pause has nothing of it.
TEST(Pauses, do_not_let_a_command_leave_twice) {
  const Json three = JsonArray{JsonObject{{"type", "manual"}, {"command", "1"}}, JsonObject{{"type", "manual"}, {"command", "2"}}, JsonObject{{"type", "manual"}, {"command", "3"}}};
  Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("end--1"), {{"commands", three}})}}));
  story.person("ana", "pause");
  story.says("action--a");
  EXPECT_EQ(story.count("incident_task_opened"), 1u);
  story.person("ana", "resume");
  EXPECT_EQ(story.count("incident_task_opened"), 2u);
  story.person("ana", "pause");
  story.person("ana", "resume");
  EXPECT_EQ(story.count("incident_task_opened"), 2u);
  story.says("action--a");
  story.says("action--a");
  EXPECT_EQ(story.count("incident_task_opened"), 3u);
  EXPECT_EQ(story.way(), "action--a end--1");
}

TEST(Pauses, do_not_begin_what_was_delayed_or_is_to_be_tried_again) {
  Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("end--1"), {{"delay", 5'000}})}}));
  story.person("ana", "pause");
  EXPECT_TRUE(story.after(6 * kSecond).empty());
  story.person("ana", "resume");
  story.tick();
  EXPECT_NE(story.waits("action--a"), "");
}

TEST(Pauses, do_not_stop_deadlines) {
  Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("end--1", "action--b"), {{"timeout", 5'000}})}, {"action--b", manual(to("end--2"))}}));
  story.person("ana", "pause");
  story.after(5 * kSecond);
  EXPECT_EQ(story.way(), "action--a=timeout");
  story.person("ana", "resume");
  EXPECT_EQ(story.outcome_of("action--b"), "under way");
}

// The branching step is over before the pause is: nothing of its branches goes on.
TEST(Pauses, keep_nothing_of_a_branch_that_is_over) {
  Told story(playbook_of({{"start--1", start("parallel--p")}, {"parallel--p", with(parallel({"action--a", "action--c"}, to("end--1", "action--z")).as_object(), {{"timeout", 5'000}})},
                          {"action--a", manual(to("action--b"))}, {"action--b", manual(to("end--b"))}, {"action--c", manual(to("end--c"))}, {"action--z", manual(to("end--z"))}}));
  story.person("ana", "pause");
  story.says("action--a");
  story.after(5 * kSecond);
  story.person("ana", "resume");
  EXPECT_EQ(story.outcome_of("action--b"), "not started");
  EXPECT_EQ(story.outcome_of("action--z"), "under way");
  story.says("action--z");
  EXPECT_EQ(story.run().outcome, "success");
}

TEST(Pauses, hold_a_loop_between_two_rounds) {
  Told story(playbook_of({{"start--1", start("while-condition--w")}, {"while-condition--w", loop("__go__:value = 'yes'", "action--b", to("end--1"))},
                          {"action--b", manual(to("end--b"), {{"out_args", JsonArray{"__go__"}}})}}, variables({{"__go__", variable("string", {{"value", "yes"}})}})));
  story.says("action--b", "success", {{"__go__", "yes"}});
  story.person("ana", "pause");
  story.says("action--b", "success", {{"__go__", "yes"}});
  story.person("ana", "resume");
  story.says("action--b", "success", {{"__go__", "no"}});
  EXPECT_EQ(story.way(), "action--b end--b action--b end--b action--b end--b while-condition--w end--1");
}

TEST(Cancelled_runs, withdraw_what_they_asked_people_for) {
  Told story(playbook_of({{"start--1", start("parallel--p")}, {"parallel--p", parallel({"action--a", "action--b"}, to("end--1"))}, {"action--a", manual(to("end--a"))}, {"action--b", verb("options 3", to("end--b"))}}));
  const std::string task = story.waits("action--a"), request = story.waits("action--b");
  const auto group = story.person("ana", "cancel", {{"reason", "false alarm"}});
  ASSERT_NE(find_kind(group, "incident_task_done"), nullptr);
  EXPECT_EQ(string_or(find_kind(group, "incident_task_done")->body, "task"), task);
  EXPECT_EQ(story.run().outcome, "cancelled");
  EXPECT_TRUE(story.state().timers.empty() && story.state().waits.empty());
  EXPECT_EQ(story.input("options_offered", JsonObject{{"request", request}}).size(), 1u) << "a late answer changes nothing";
  EXPECT_NE(refusal_of(story.person("ana", "cancel")), "");
  EXPECT_EQ(story.count("playbook_run_ended"), 1u);
}

TEST(Cancelled_runs, can_be_started_again_from_a_step_with_what_they_knew) {
  Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("action--b"), {{"out_args", JsonArray{"__who__"}}})},
                          {"action--b", with(action("Call __who__:value", to("parallel--p"), "manual").as_object(), {{"in_args", JsonArray{"__who__"}}})},
                          {"parallel--p", parallel({"action--c", "end--d"}, to("end--1"))}, {"action--c", manual(to("end--c"))}},
                         variables({{"__who__", variable("string")}})));
  const std::string old = story.run().id;
  EXPECT_NE(refusal_of(story.person("ana", "rerun", {{"run", old}})), "") << "it is under way";
  story.says("action--a", "success", {{"__who__", "alice"}});
  story.person("ana", "cancel");
  EXPECT_NE(refusal_of(story.person("ana", "rerun", {{"run", old}, {"from", long_id("action--c")}})), "") << "inside a branch nobody would wait for the end";
  EXPECT_NE(refusal_of(story.person("ana", "rerun", {{"run", old}, {"from", "action--none"}})), "");
  EXPECT_NE(refusal_of(story.person("ana", "rerun", {{"run", "run-0"}})), "");
  const auto group = story.person("ana", "rerun", {{"run", old}, {"from", long_id("action--b")}});
  ASSERT_NE(find_kind(group, "playbook_run_started"), nullptr);
  EXPECT_EQ(string_or(find_kind(group, "playbook_run_started")->body, "rerun_of"), old);
  ASSERT_NE(find_kind(group, "incident_task_opened"), nullptr);
  EXPECT_NE(string_or(find_kind(group, "incident_task_opened")->body, "text").find("alice"), std::string::npos);
}

TEST(Answers, give_what_the_step_asks_for_of_its_type) {
  Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("end--1", "end--2"), {{"out_args", JsonArray{"__n__"}}})}}, variables({{"__n__", variable("integer")}, {"__m__", variable("string", {{"value", "x"}})}})));
  const Json* const form = find(find_kind(story.first, "incident_task_opened")->body, "form");
  ASSERT_NE(form, nullptr);
  EXPECT_EQ(string_or(form->at(0), "type"), "integer");
  const auto answer = [&](const std::string& outcome, JsonObject values) { return story.person("ana", "answer", {{"task", story.waits("action--a")}, {"outcome", outcome}, {"values", std::move(values)}}); };
  EXPECT_NE(refusal_of(answer("success", {})), "");
  EXPECT_NE(refusal_of(answer("success", {{"__n__", "many"}})), "");
  EXPECT_NE(refusal_of(answer("success", {{"__n__", "3"}, {"__m__", "y"}})), "");
  EXPECT_NE(refusal_of(answer("maybe", {{"__n__", "3"}})), "");
  EXPECT_NE(refusal_of(story.person("ana", "answer", {{"task", "task-0"}, {"outcome", "success"}})), "");
  EXPECT_EQ(refusal_of(answer("success", {{"__n__", "3"}})), "");
  EXPECT_EQ(story.run().variables.at("__n__"), "3");
  EXPECT_EQ(story.way(), "action--a end--1");
}

TEST(Answers, that_leave_out_what_was_asked_for_fail_the_step) {
  Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("end--1", "end--2"), {{"out_args", JsonArray{"__n__"}}})}}, variables({{"__n__", variable("integer")}})));
  story.done(story.waits("action--a"));
  EXPECT_EQ(story.way(), "action--a=failure end--2");
}

}  // namespace
}  // namespace firebreak::playbook
