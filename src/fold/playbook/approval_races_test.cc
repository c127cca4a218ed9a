// Races and stuck runs that users of other engines have reported, each with what happened there. Here every order of the
// same events must come to the one end that people would expect.
#include "fold/playbook/steps_for_tests.h"

namespace firebreak::playbook {
namespace {

JsonObject asks(int people = 1) { return rules({{"approval", JsonObject{{"approvers", people}, {"within", 600'000}}}}); }
std::vector<Entry> approve(Told& story, const std::string& who, const Entry* asked = nullptr) {
  if (asked == nullptr) asked = newest(story, "playbook_approval_requested");
  return story.person(who, "approve", {{"approval", asked->id("appr")}, {"digest", string_or(asked->body, "digest")}});
}

// 4028: a workflow that was asked to pause while an inquiry waited stayed in "pausing" for ever.
TEST(StackStorm_4028_stuck_in_pausing, a_pause_beside_an_open_question_is_a_pause_at_once) {
  Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("end--1"), asks())}}));
  story.person("ana", "pause");
  EXPECT_TRUE(story.run().paused);
  EXPECT_EQ(refusal_of(approve(story, "ben")), "") << "the answer is taken";
  EXPECT_EQ(story.count("incident_task_opened"), 0u) << "and nothing leaves";
  story.person("ana", "resume");
  EXPECT_EQ(story.count("incident_task_opened"), 1u);
  story.says("action--a");
  EXPECT_EQ(story.run().outcome, "success");
}

// 4286: paused and resumed around an inquiry in a sub-workflow, it did not come out of "pausing" either.
TEST(StackStorm_4286_stuck_in_pausing_again, pauses_and_answers_in_every_order_end_the_same) {
  for (int order = 0; order < 6; ++order) {
    Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("end--1"), asks(2))}}));
    std::vector<int> what{0, 1, 2};  // pause, one yes, the other yes
    for (int i = 0; i < order; ++i) std::next_permutation(what.begin(), what.end());
    for (const int one : what) one == 0 ? story.person("ana", "pause") : approve(story, one == 1 ? "ben" : "eva");
    story.person("ana", "resume");
    EXPECT_EQ(story.count("incident_task_opened"), 1u) << order;
    story.says("action--a");
    EXPECT_EQ(story.run().outcome, "success") << order;
  }
}

// 4135: an answer that came before the workflow had noted that it was paused gave a 500, and was lost.
TEST(StackStorm_4135_answer_too_fast, an_answer_right_behind_the_question_counts) {
  Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("end--1"), asks())}}));
  EXPECT_EQ(refusal_of(approve(story, "ben")), "") << "at the same moment";
  EXPECT_EQ(story.count("incident_task_opened"), 1u);
}

// And one that comes before its question is asked is refused by name; it does nothing, and the question comes all the same.
TEST(StackStorm_4135_answer_too_fast, an_answer_before_the_question_is_refused) {
  Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("end--1"), with(asks(), {{"delay", 5'000}}).as_object())}}));
  EXPECT_NE(refusal_of(story.person("ben", "approve", {{"approval", "appr-99"}, {"digest", std::string(64, '0')}})), "");
  story.after(5 * kSecond);
  EXPECT_EQ(story.count("playbook_approval_requested"), 1u);
  EXPECT_EQ(story.count("incident_task_opened"), 0u);
  EXPECT_EQ(refusal_of(approve(story, "ben")), "");
}

// 4138: the parent paused, the nested workflow went on.
TEST(StackStorm_4138_nested_workflow_not_paused, a_pause_reaches_what_is_called_however_deep) {
  const auto level = [](const std::string& id, Json step, const std::string& name) {
    return playbook_of({{"start--1", start(name)}, {name, std::move(step)}}, {{"id", id}, {"labels", JsonArray{id == "playbook--test" ? "trigger:rule=evasion" : "called"}}});
  };
  Told story;
  story.install(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("action--b"), asks())}, {"action--b", manual(to("end--c"))}}, {{"id", "playbook--inner"}, {"labels", JsonArray{"called"}}}));
  story.install(level("playbook--middle", calls("playbook--inner", to("end--m")), "playbook-action--m"));
  story.install(level("playbook--test", calls("playbook--middle", to("end--o")), "playbook-action--o"));
  story.open();
  ASSERT_EQ(story.state().runs.size(), 3u);
  story.person("ana", "pause");
  for (const auto& [id, run] : story.state().runs) EXPECT_TRUE(run.paused) << id;
  approve(story, "ben");
  EXPECT_EQ(story.count("incident_task_opened"), 0u);
  story.person("ana", "resume");
  EXPECT_EQ(story.count("incident_task_opened"), 1u);
  story.person("ana", "pause");
  story.says("action--a");
  EXPECT_EQ(story.outcome_of("action--b"), "not started");
  story.person("ana", "resume");
  story.says("action--b");
  EXPECT_EQ(story.run().outcome, "success");
  EXPECT_EQ(story.count("playbook_run_ended"), 3u);
}

// 4864: an inquiry in one branch crashed the engine when a task in another branch was still running.
TEST(StackStorm_4864_parallel_task_beside_an_inquiry, branches_and_the_answer_come_in_any_order) {
  for (int order = 0; order < 6; ++order) {
    Told story(playbook_of({{"start--1", start("parallel--p")}, {"parallel--p", parallel({"action--a", "action--b"}, to("end--1", "end--2"))}, {"action--a", manual(to("end--a"), asks())}, {"action--b", manual(to("action--c"))},
                            {"action--c", manual(to("end--b"))}}));
    std::vector<int> what{0, 1, 2};  // the answer, the task beside it, and the one behind that: each when it can
    for (int i = 0; i < order; ++i) std::next_permutation(what.begin(), what.end());
    for (int round = 0; round < 3; ++round)
      for (const int one : what) {
        if (one == 0 && story.waits("action--a").starts_with("appr-")) approve(story, "ben");
        else if (one == 0) story.says("action--a");
        if (one == 1) story.says("action--b");
        if (one == 2) story.says("action--c");
      }
    EXPECT_EQ(story.run().outcome, "success") << order;
    EXPECT_EQ(story.outcome_of("end--1"), "success") << order;
    EXPECT_EQ(story.count("incident_task_opened"), 3u) << order;
  }
}

// Two people answer at once, one yes and one no: the first counts, the second hears that it was answered.
TEST(StackStorm_4135_answer_too_fast, of_two_answers_the_first_counts) {
  for (const bool yes_first : {true, false}) {
    Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("end--1", "end--2"), asks())}}));
    const Entry asked = *newest(story, "playbook_approval_requested");
    const auto reject = [&] { return story.person("eva", "reject", {{"approval", asked.id("appr")}, {"reason", "no"}}); };
    if (!yes_first) {
      EXPECT_EQ(refusal_of(reject()), "");
    }
    EXPECT_EQ(refusal_of(approve(story, "ben", &asked)).empty(), yes_first);
    if (yes_first) {
      EXPECT_NE(refusal_of(reject()), "");
    }
    EXPECT_EQ(story.count("incident_task_opened"), yes_first ? 1u : 0u);
  }
}

// Executions stayed in EXECUTING for hours or days, in every one of these threads, because an answer never came: here the
// engine itself ends whatever nobody answers, and no run is under way when all its steps are over.
TEST(Shuffle_15_979_1006_1378_1435_1439_1574_1967_stuck_in_executing, whatever_is_never_answered_ends) {
  const Json steps[] = {manual(to("end--1")), manual(to("end--1"), asks()), verb("options 3", to("end--1")), verb("capture model", to("end--1")), verb("contain block --caller c --for 4h", to("end--1")),
                        verb("wait", to("end--1")), verb("lift act-1", to("end--1")), verb("impact", to("end--1")), verb("replay2x2 a b", to("end--1")), verb("gate rel-1", to("end--1")),
                        verb("page oncall x", to("end--1")), http("GET /x HTTP/1.1", to("end--1")), http("POST /x HTTP/1.1", to("end--1"))};
  for (const Json& step : steps) {
    Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", step}}));
    EXPECT_FALSE(story.run().ended);
    story.after(kDay);
    EXPECT_TRUE(story.run().ended) << canonical_json(step);
    EXPECT_EQ(story.run().outcome, "failure");
    EXPECT_TRUE(story.state().timers.empty() && story.state().waits.empty());
    EXPECT_TRUE(story.after(kDay).empty());
  }
}

// A branching step that times out and leads nowhere left its run without anything under way, and without an end.
TEST(Shuffle_15_979_1006_1378_1435_1439_1574_1967_stuck_in_executing, a_branching_step_without_a_route_ends_the_run) {
  for (const char* step : {"parallel--p", "while-condition--p", "if-condition--p", "switch-condition--p"}) {
    JsonObject workflow{{"start--1", start(step)}, {"action--a", manual(to("end--a"), {{"timeout", 50'000}})}};
    Json branching = std::string_view(step) == "parallel--p"          ? parallel({"action--a", "end--b"}, to("end--1"))
                     : std::string_view(step) == "while-condition--p" ? loop("__n__:value = 1", "action--a", to("end--1"))
                     : std::string_view(step) == "if-condition--p"    ? choice("__n__:value = 1", "action--a", "", to("end--1"))
                                                                      : cases("__n__", {{"1", "action--a"}}, to("end--1"));
    branching.as_object()["timeout"] = 5'000;
    workflow[step] = std::move(branching);
    Told story(playbook_of(std::move(workflow), variables({{"__n__", variable("integer", {{"value", "1"}})}})));
    story.after(5 * kSecond);
    EXPECT_TRUE(story.run().ended) << step;
    EXPECT_EQ(story.run().outcome, "failure");
    EXPECT_EQ(story.outcome_of("action--a"), "cancelled");
  }
}

// A crash at any moment: what the log holds is where it goes on.
TEST(Shuffle_15_979_1006_1378_1435_1439_1574_1967_stuck_in_executing, a_crash_at_any_moment_loses_nothing) {
  Told story(playbook_of({{"start--1", start("parallel--p")}, {"parallel--p", parallel({"action--a", "action--b"}, to("end--1"))}, {"action--a", manual(to("end--a"), asks())}, {"action--b", verb("options 3", to("end--b"))}}));
  const auto& all = story.entries();
  PlaybookState state;
  for (const Entry& entry : all) {
    apply(state, entry);
    const auto restored = playbook_state_from_json(*parse_json(canonical_json(to_json(state)), 64));
    ASSERT_TRUE(restored && *restored == state) << entry.kind;
  }
}

}  // namespace
}  // namespace firebreak::playbook
