// The eight types of steps: where each leads on success, failure and timeout, and how branches come together.
#include "fold/playbook/steps_for_tests.h"

namespace firebreak::playbook {
namespace {

const JsonObject kException = {{"workflow_exception", "action--x"}};

TEST(Steps, lead_where_their_outcome_says) {
  const auto way = [](JsonObject routes, const std::string& outcome, const JsonObject& more = {}) {
    Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(std::move(routes))}, {"action--x", manual(to("end--x"))}}, more));
    story.says("action--a", outcome);
    story.says("action--x");
    EXPECT_TRUE(story.run().ended);
    EXPECT_EQ(story.count("playbook_run_ended"), 1u);
    return story.way() + " -> " + story.run().outcome;
  };
  EXPECT_EQ(way(to("end--1"), "success"), "action--a end--1 -> success");
  EXPECT_EQ(way(to("end--1"), "failure"), "action--a=failure -> failure") << "a failure never follows on_completion";
  EXPECT_EQ(way(to("end--1"), "failure", kException), "action--a=failure action--x end--x -> failure");
  EXPECT_EQ(way(to("end--1", "end--2"), "success"), "action--a end--1 -> success");
  EXPECT_EQ(way(to("end--1", "end--2"), "failure"), "action--a=failure end--2 -> success") << "a failure that the playbook provides for is no failure of the run";
  EXPECT_EQ(way(to("end--1", "end--2"), "failure", kException), "action--a=failure end--2 -> success") << "its own route comes first";
  EXPECT_EQ(way({{"on_success", "end--1"}}, "failure", kException), "action--a=failure action--x end--x -> failure");
  EXPECT_EQ(way({{"on_success", "end--1"}}, "success", kException), "action--a end--1 -> success");
}

TEST(Steps, of_the_exception_do_not_lead_to_it_again) {
  Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("end--1"))}, {"action--x", manual(to("action--y"))}, {"action--y", manual(to("end--x"))}}, kException));
  story.says("action--a", "failure");
  story.says("action--x");
  story.says("action--y", "failure");
  EXPECT_EQ(story.way(), "action--a=failure action--x action--y=failure");
  EXPECT_EQ(story.run().outcome, "failure");
}

TEST(Steps, end_the_run_when_the_exception_itself_fails) {
  Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("end--1"))}, {"action--x", manual(to("end--x"))}}, kException));
  story.says("action--a", "failure");
  story.says("action--x", "failure");
  EXPECT_EQ(story.way(), "action--a=failure action--x=failure");
  EXPECT_EQ(story.count("playbook_run_ended"), 1u);
}

// Inside a branch there is no exception: the branch is over, and the branching step fails.
TEST(Steps, in_a_branch_end_the_branch_by_their_failure) {
  Told story(playbook_of({{"start--1", start("parallel--p")}, {"parallel--p", parallel({"action--a", "action--b"}, to("end--1"))}, {"action--a", manual(to("end--a"))},
                          {"action--b", manual(to("end--b"))}, {"action--x", manual(to("end--x"))}}, kException));
  story.says("action--a", "failure");
  EXPECT_EQ(story.outcome_of("action--x"), "not started");
  EXPECT_EQ(story.outcome_of("parallel--p"), "under way") << "it waits for the other branch";
  story.says("action--b");
  story.says("action--x");
  EXPECT_EQ(story.way(), "action--a=failure action--b end--b parallel--p=failure action--x end--x");
}

TEST(Steps, in_a_branch_take_their_own_failure_route) {
  Told story(playbook_of({{"start--1", start("parallel--p")}, {"parallel--p", parallel({"action--a", "end--b"}, to("end--1", "end--2"))}, {"action--a", manual(to("end--a", "action--r"))},
                          {"action--r", manual(to("end--r"))}}));
  story.says("action--a", "failure");
  story.says("action--r");
  EXPECT_EQ(story.way(), "end--b action--a=failure action--r end--r parallel--p end--1");
  EXPECT_EQ(story.run().outcome, "success");
}

TEST(Steps, wait_for_every_branch_whatever_the_order) {
  for (const bool first : {true, false}) {
    Told story(playbook_of({{"start--1", start("parallel--p")}, {"parallel--p", parallel({"action--a", "action--b", "action--c"}, to("end--1", "end--2"))}, {"action--a", manual(to("end--a"))},
                            {"action--b", manual(to("action--d"))}, {"action--c", manual(to("end--c"))}, {"action--d", manual(to("end--d"))}}));
    for (const char* one : {"action--a", "action--b", "action--c"}) EXPECT_EQ(story.outcome_of(one), "under way");
    EXPECT_EQ(story.open_of("parallel--p")->open_branches, 3u);
    story.says(first ? "action--a" : "action--c");
    story.says("action--b");
    EXPECT_EQ(story.open_of("parallel--p")->open_branches, 2u) << "a branch goes on in its second step";
    story.says(first ? "action--c" : "action--a");
    EXPECT_EQ(story.outcome_of("parallel--p"), "under way");
    story.says("action--d");
    EXPECT_EQ(story.outcome_of("parallel--p"), "success");
    EXPECT_EQ(story.outcome_of("end--1"), "success");
    EXPECT_EQ(story.run().outcome, "success");
  }
}

TEST(Steps, choose_by_condition) {
  const auto way = [](const std::string& value, const std::string& no) {
    Told story(playbook_of({{"start--1", start("if-condition--i")}, {"if-condition--i", choice("__n__:value > 3", "action--y", no, to("end--1", "end--2"))}, {"action--y", manual(to("end--y"))},
                            {"action--n", manual(to("end--n"))}}, variables({{"__n__", variable("integer", {{"value", value}})}})));
    story.says("action--y");
    story.says("action--n", "failure");
    return story.way();
  };
  EXPECT_EQ(way("4", "action--n"), "action--y end--y if-condition--i end--1");
  EXPECT_EQ(way("3", "action--n"), "action--n=failure if-condition--i=failure end--2");
  EXPECT_EQ(way("3", ""), "if-condition--i end--1") << "neither: there is nothing to do";
  EXPECT_EQ(way("4", ""), "action--y end--y if-condition--i end--1");
}

TEST(Steps, fail_by_a_condition_that_cannot_be_decided) {
  Told story(playbook_of({{"start--1", start("if-condition--i")}, {"if-condition--i", choice("__n__:value > 3", "end--y", "end--n", to("end--1", "end--2"))}},
                         variables({{"__n__", variable("integer")}})));
  EXPECT_EQ(story.way(), "if-condition--i=failure end--2") << "a variable without value is no 'no'";
}

TEST(Steps, choose_by_case) {
  const auto way = [](const JsonObject& value, JsonObject ways) {
    Told story(playbook_of({{"start--1", start("switch-condition--s")}, {"switch-condition--s", cases("__n__", std::move(ways), to("end--1", "end--2"))}},
                           variables({{"__n__", variable("string", value)}})));
    return story.way();
  };
  const JsonObject both{{"low", "end--l"}, {"high", "end--h"}, {"default", "end--d"}};
  EXPECT_EQ(way({{"value", "high"}}, both), "end--h switch-condition--s end--1");
  EXPECT_EQ(way({{"value", "low"}}, both), "end--l switch-condition--s end--1");
  EXPECT_EQ(way({{"value", "odd"}}, both), "end--d switch-condition--s end--1");
  EXPECT_EQ(way({}, both), "end--d switch-condition--s end--1");
  EXPECT_EQ(way({{"value", "odd"}}, {{"low", "end--l"}}), "switch-condition--s=failure end--2") << "no case and no default: what nobody thought of must not look done";
  EXPECT_EQ(way({}, {{"low", "end--l"}}), "switch-condition--s=failure end--2") << "no value is no case";
}

TEST(Loops, go_on_while_the_condition_holds) {
  Told story(playbook_of({{"start--1", start("while-condition--w")}, {"while-condition--w", loop("__go__:value = 'yes'", "action--b", to("end--1", "end--2"))},
                          {"action--b", manual(to("end--b"), {{"out_args", JsonArray{"__go__"}}})}}, variables({{"__go__", variable("string", {{"value", "yes"}})}})));
  story.says("action--b", "success", {{"__go__", "yes"}});
  EXPECT_EQ(story.outcome_of("while-condition--w"), "under way");
  EXPECT_EQ(story.open_of("while-condition--w")->iterations, 2u);
  story.says("action--b", "success", {{"__go__", "no"}});
  EXPECT_EQ(story.way(), "action--b end--b action--b end--b while-condition--w end--1");
}

TEST(Loops, that_do_not_hold_at_once_do_nothing) {
  Told story(playbook_of({{"start--1", start("while-condition--w")}, {"while-condition--w", loop("__go__:value = 'yes'", "end--b", to("end--1"))}},
                         variables({{"__go__", variable("string", {{"value", "no"}})}})));
  EXPECT_EQ(story.way(), "while-condition--w end--1");
}

TEST(Loops, fail_at_their_bound_and_by_a_failure_inside) {
  const auto body = [](const std::string& outcome) {
    Told story(playbook_of({{"start--1", start("while-condition--w")}, {"while-condition--w", with(loop("__go__:value = 'yes'", "action--b", to("end--1", "end--2")).as_object(), rules({{"iterations", 2}}))},
                            {"action--b", manual(to("end--b"))}}, variables({{"__go__", variable("string", {{"value", "yes"}})}})));
    for (int i = 0; i < 5; ++i) story.says("action--b", outcome);
    return story.way();
  };
  EXPECT_EQ(body("success"), "action--b end--b action--b end--b while-condition--w=failure end--2");
  EXPECT_EQ(body("failure"), "action--b=failure while-condition--w=failure end--2");
}

TEST(Loops, of_steps_that_take_no_time_come_to_their_end_with_the_next_inputs) {
  Told story(playbook_of({{"start--1", start("while-condition--w")}, {"while-condition--w", with(loop("__go__:value = 'yes'", "end--b", to("end--1", "end--2")).as_object(), rules({{"iterations", 60}}))}},
                         variables({{"__go__", variable("string", {{"value", "yes"}})}})));
  EXPECT_LT(story.first.size(), 600u) << "one group has an end";
  int ticks = 0;
  for (; !story.run().ended && ticks < 100; ++ticks) EXPECT_LT(story.after(kSecond).size(), 600u);
  EXPECT_EQ(story.outcome_of("while-condition--w"), "failure");
  EXPECT_EQ(story.count("playbook_step_started"), 2u + 60u + 1u);
  EXPECT_GE(ticks, 40) << "after its first turns it turns with the inputs";
}

// Nobody answers all night: one task that counts, and not one for each turn.
TEST(Reminders, of_a_loop_are_one_task_that_counts_until_it_is_done) {
  Told story(playbook_of({{"start--1", start("while-condition--w")}, {"while-condition--w", with(loop("__go__:value = 'yes'", "action--r", to("end--1", "end--2")).as_object(), rules({{"iterations", 500}}))},
                          {"action--r", with(action("task ana No update for 50 minutes.", {{"on_completion", "end--r"}}).as_object(), {{"delay", 50 * 60 * 1'000}})}, {"end--r", JsonObject{{"type", "end"}}}},
                         variables({{"__go__", variable("string", {{"value", "yes"}})}})));
  const auto night = [&] {
    for (int minute = 0; minute < 12 * 60; ++minute) (void)story.after(kMinute);
  };
  night();
  EXPECT_EQ(story.count("incident_task_opened"), 1u);
  EXPECT_GE(story.count("incident_task_repeated"), 12u);
  EXPECT_EQ(string_or(newest(story, "incident_task_repeated")->body, "task"), newest(story, "incident_task_opened")->id("task"));
  EXPECT_EQ(playbook_state_from_json(parse_json(canonical_json(to_json(story.state()))).value()).value(), story.state()) << "a start in between knows it too";
  (void)story.done(newest(story, "incident_task_opened")->id("task"));
  night();
  EXPECT_EQ(story.count("incident_task_opened"), 2u) << "what was done is said anew";
  (void)story.input("incident_closed", JsonObject{{"incident", story.incident}});
  EXPECT_TRUE(story.state().reminders.empty());
}

TEST(Branches, within_branches_come_together_one_after_the_other) {
  Told story(playbook_of({{"start--1", start("parallel--p")}, {"parallel--p", parallel({"if-condition--i", "action--c"}, to("end--1", "end--2"))}, {"action--c", manual(to("end--c"))},
                          {"if-condition--i", choice("__n__:value = 1", "parallel--q", "", to("action--after"))}, {"parallel--q", parallel({"action--a", "action--b"}, to("end--q"))},
                          {"action--a", manual(to("end--a"))}, {"action--b", manual(to("end--b"))}, {"action--after", manual(to("end--after"))}}, variables({{"__n__", variable("integer", {{"value", "1"}})}})));
  story.says("action--b");
  story.says("action--c");
  story.says("action--a");
  EXPECT_EQ(story.way(), "action--b end--b action--c end--c action--a end--a parallel--q end--q if-condition--i");
  story.says("action--after", "failure");
  EXPECT_EQ(story.run().outcome, "success");
  EXPECT_EQ(story.outcome_of("parallel--p"), "failure");
}

TEST(Timeouts, take_the_way_of_a_failure) {
  Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("end--1", "end--2"), {{"timeout", 5'000}})}}));
  EXPECT_TRUE(story.after(5 * kSecond - 1).empty());
  const std::string task = story.waits("action--a");
  const auto group = story.after(1);
  EXPECT_EQ(story.way(), "action--a=timeout end--2");
  ASSERT_NE(find_kind(group, "incident_task_done"), nullptr) << "nobody has to answer any more";
  EXPECT_EQ(string_or(find_kind(group, "incident_task_done")->body, "task"), task);
  EXPECT_TRUE(story.state().timers.empty() && story.state().waits.empty());
}

TEST(Timeouts, end_an_action_that_names_none_after_a_day) {
  Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("end--1"))}}));
  story.after(kDay - 1);
  EXPECT_FALSE(story.run().ended);
  story.after(1);
  EXPECT_EQ(story.way(), "action--a=timeout");
}

// What is under way in the branches is cancelled, deep down, and withdrawn from people.
TEST(Timeouts, of_a_branching_step_cancel_all_that_stands_in_it) {
  for (const bool routed : {true, false}) {
    Told story(playbook_of({{"start--1", start("parallel--p")}, {"parallel--p", with(parallel({"action--a", "if-condition--i"}, routed ? to("end--1", "end--2") : to("end--1")).as_object(), {{"timeout", 5'000}})},
                            {"action--a", manual(to("end--a"))}, {"if-condition--i", choice("__n__:value = 1", "action--b", "", to("end--i"))}, {"action--b", manual(to("end--b"))}},
                           variables({{"__n__", variable("integer", {{"value", "1"}})}})));
    const std::string a = story.waits("action--a"), b = story.waits("action--b");
    const auto group = story.after(5 * kSecond);
    EXPECT_EQ(story.way(), routed ? "parallel--p=timeout action--a=cancelled if-condition--i=cancelled action--b=cancelled end--2" : "parallel--p=timeout action--a=cancelled if-condition--i=cancelled action--b=cancelled");
    EXPECT_TRUE(story.run().ended) << "also when nothing follows";
    EXPECT_EQ(story.run().outcome, routed ? "success" : "failure");
    std::set<std::string> withdrawn;
    for (const Entry& entry : group)
      if (entry.kind == "incident_task_done") withdrawn.insert(string_or(entry.body, "task"));
    EXPECT_EQ(withdrawn, (std::set<std::string>{a, b}));
  }
}

// Both are due with the same tick: what stands inside does not go on.
TEST(Timeouts, of_a_step_and_of_what_it_stands_in_at_once_are_one) {
  Told story(playbook_of({{"start--1", start("parallel--p")}, {"parallel--p", with(parallel({"action--a", "action--b"}, to("end--1", "end--2")).as_object(), {{"timeout", 5'000}})},
                          {"action--a", manual(to("end--a", "action--r"), {{"timeout", 5'000}})}, {"action--r", manual(to("end--r"))}, {"action--b", manual(to("end--b"))}}));
  story.after(5 * kSecond);
  EXPECT_EQ(story.way(), "parallel--p=timeout action--a=cancelled action--b=cancelled end--2");
  EXPECT_EQ(story.outcome_of("action--r"), "not started");
}

// An answer that arrives with the input that also brings the end of the branching step: it counts, and nothing is left over.
TEST(Timeouts, beside_an_answer_come_with_the_next_input) {
  Told story(playbook_of({{"start--1", start("parallel--p")}, {"parallel--p", with(parallel({"action--a", "action--b"}, to("end--1", "end--2")).as_object(), {{"timeout", 5'000}})},
                          {"action--a", verb("options 3", to("action--r"))}, {"action--r", manual(to("end--r"))}, {"action--b", manual(to("end--b"))}}));
  story.advance(5 * kSecond);
  story.input("options_offered", JsonObject{{"request", story.waits("action--a")}});
  EXPECT_EQ(story.outcome_of("action--a"), "success");
  story.check();
  story.tick();
  EXPECT_EQ(story.way(), "action--a parallel--p=timeout action--b=cancelled action--r=cancelled end--2");
}

// However many there are: those that end with the step around them do not keep it from its end.
TEST(Timeouts, of_many_branches_do_not_keep_their_step_from_its_own) {
  JsonObject steps{{"start--1", start("parallel--p")}, {"end--1", end()}};
  JsonArray branches;
  for (int i = 0; i < 45; ++i) {
    const std::string id = "action--b" + std::to_string(i);
    branches.push_back(Json(id));
    steps[id] = manual(to("end--b" + std::to_string(i)), {{"timeout", 1'000}});
  }
  steps["parallel--p"] = JsonObject{{"type", "parallel"}, {"next_steps", branches}, {"on_completion", "end--1"}, {"timeout", 5'000}};
  Told story(playbook_of(std::move(steps)));
  story.after(5 * kSecond);
  EXPECT_EQ(story.run().outcome, "failure");
  EXPECT_EQ(story.count("playbook_run_ended"), 1u);
}

TEST(Delays, hold_a_step_back_and_do_not_count_against_its_timeout) {
  Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("end--1"), {{"delay", 10'000}, {"timeout", 5'000}})}}));
  EXPECT_EQ(story.waits("action--a"), "");
  EXPECT_TRUE(story.after(10 * kSecond - 1).empty());
  story.after(1);
  EXPECT_NE(story.waits("action--a"), "");
  story.after(5 * kSecond - 1);
  EXPECT_FALSE(story.run().ended);
  story.after(1);
  EXPECT_EQ(story.way(), "action--a=timeout");
}

TEST(Hosts, are_those_of_the_configuration_that_counts_now) {
  const Json text = playbook_of({{"start--1", start("action--a")}, {"action--a", http("POST /tickets HTTP/1.1", to("end--1", "action--b"))}, {"action--b", manual(to("end--2"))}});
  for (const bool named : {true, false}) {
    Told story;
    for (const bool last : {false, true})
      story.input("config_applied", JsonObject{{"document", JsonObject{{"playbooks", JsonObject{{"hosts", JsonArray{named == last ? "api.example.com" : "elsewhere.example.com"}}}}}}});
    story.install(text);
    story.open();
    EXPECT_EQ(story.count("playbook_call_ordered"), named ? 1u : 0u);
    EXPECT_EQ(story.outcome_of("action--a"), named ? "under way" : "failure");
  }
}

// What is taken from the answer goes by what a variable holds; the value is one token of the pointer, whatever stands in it.
TEST(Connectors, are_asked_for_what_a_variable_names) {
  const JsonObject rule{{"step_extensions", JsonObject{{"extension-definition--b7a1c2d4-5e6f-4a8b-9c0d-1e2f3a4b5c6d",
                                                        JsonObject{{"results", JsonArray{JsonObject{{"to", "__now__"}, {"pointer", "/weights/__variant__:value"}}}}}}}},
                        {"out_args", JsonArray{"__now__"}}};
  Told story;
  story.input("config_applied", JsonObject{{"document", JsonObject{{"callers", JsonObject{{"endpoints", JsonObject{}}}}}}});
  story.install(playbook_of({{"start--1", start("action--a")}, {"action--a", verb("connector endpoints read --endpoint api", to("end--1", "end--2"), rule)}},
                            variables({{"__variant__", variable("string", {{"value", "blue/green"}})}, {"__now__", variable("float")}})));
  story.open();
  const Entry* const ordered = newest(story, "playbook_call_ordered");
  ASSERT_NE(ordered, nullptr);
  EXPECT_EQ(string_or(ordered->body.at("results").at(0), "pointer"), "/weights/blue~1green");
  story.input("playbook_call_ended", JsonObject{{"call", story.waits("action--a")}, {"result", "done"}, {"values", JsonObject{{"__now__", "0.5"}, {"__weights__", "{}"}}}});
  EXPECT_EQ(story.outcome_of("action--a"), "success");
  EXPECT_EQ(story.run().variables.at("__now__"), "0.5");
  EXPECT_FALSE(story.run().variables.contains("__weights__"));
}

TEST(Groups, have_an_end_however_long_the_way_is) {
  JsonObject steps{{"start--1", start("action--0")}};
  for (int i = 0; i < 40; ++i) steps["action--" + std::to_string(i)] = verb("task lead look", to(i == 39 ? "end--1" : "action--" + std::to_string(i + 1)));
  JsonArray many;
  for (int i = 0; i < 200; ++i) many.push_back(JsonObject{{"type", "firebreak"}, {"command", "task lead a"}});
  steps["action--30"] = verb("task lead look", to("action--31"), {{"commands", many}});
  Told story(playbook_of(std::move(steps)));
  EXPECT_LT(story.first.size(), 900u);
  for (int i = 0; i < 20 && !story.run().ended; ++i) EXPECT_LT(story.after(kSecond).size(), 900u);
  EXPECT_EQ(story.run().outcome, "success");
  EXPECT_EQ(story.count("incident_task_opened") + story.count("incident_task_repeated"), 39u + 200u);
}

TEST(Groups, have_an_end_however_wide_a_step_is) {
  JsonObject steps{{"start--1", start("parallel--p")}};
  JsonArray branches;
  for (int i = 0; i < 240; ++i) {
    branches.push_back(Json("end--b" + std::to_string(i)));
    steps["end--b" + std::to_string(i)] = JsonObject{{"type", "end"}, {"name", "e"}};
  }
  steps["parallel--p"] = JsonObject{{"type", "parallel"}, {"next_steps", branches}, {"on_completion", "end--1"}};
  steps["end--1"] = end();
  Told story(document(std::move(steps)));
  EXPECT_LT(story.first.size(), 600u);
  for (int i = 0; i < 20 && !story.run().ended; ++i) EXPECT_LT(story.after(kSecond).size(), 600u);
  EXPECT_EQ(story.run().outcome, "success");
}

}  // namespace
}  // namespace firebreak::playbook
