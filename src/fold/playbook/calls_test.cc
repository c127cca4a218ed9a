// Commands that leave: requests over HTTP, and Firebreak's own, each over when another room has answered.
#include "fold/playbook/steps_for_tests.h"
#include "fold/playbook/verbs.h"

namespace firebreak::playbook {
namespace {

Json one(Json step, JsonObject of = {}) { return playbook_of({{"start--1", start("action--a")}, {"action--a", std::move(step)}}, of.empty() ? JsonObject{} : variables(std::move(of))); }
JsonObject retried(int attempts, JsonObject more = {}) {
  more["retry"] = JsonObject{{"attempts", attempts}, {"wait", 2'000}};
  return rules(std::move(more));
}
const Entry& ordered(const Story& story) { return *newest(story, "playbook_call_ordered"); }
std::string call_of(const Story& story) { return ordered(story).id("call"); }
void configure(Story& story) {
  story.configure({{"channels", JsonObject{{"oncall", JsonObject{}}}}}, {{"mlflow", JsonObject{}}});
}

TEST(Http, is_ordered_with_all_that_leaves_and_is_over_when_it_has_come_back) {
  Told story(one(http("GET /v1/models/__m__:value HTTP/1.1", to("end--1", "end--2"), {{"in_args", JsonArray{"__m__"}}}), {{"__m__", variable("string", {{"value", "a/b"}})}}));
  const Json& body = ordered(story).body;
  EXPECT_EQ(string_or(body, "call"), "http");
  EXPECT_EQ(string_or(*find(body, "request"), "url"), "https://api.example.com/v1/models/a%2Fb");
  EXPECT_FALSE(bool_or(body, "once")) << "a GET may be repeated";
  ASSERT_EQ(open_calls(story.state()).size(), 1u);
  story.input("playbook_call_started", JsonObject{{"call", call_of(story)}, {"attempt", 1}});
  EXPECT_EQ(open_calls(story.state())[0].started, 1u);
  story.check();
  story.called(call_of(story), {{"result", "done"}, {"status", 200}});
  EXPECT_EQ(story.way(), "action--a end--1");
  EXPECT_TRUE(open_calls(story.state()).empty());
}

TEST(Http, is_a_failure_by_its_status_unless_the_step_says_otherwise) {
  const auto way = [](int status, JsonObject more) {
    Told story(one(http("GET /x HTTP/1.1", to("end--1", "end--2"), more)));
    story.called(call_of(story), {{"result", "done"}, {"status", status}});
    return story.way();
  };
  EXPECT_EQ(way(299, {}), "action--a end--1");
  EXPECT_EQ(way(300, {}), "action--a=failure end--2");
  EXPECT_EQ(way(199, {}), "action--a=failure end--2");
  EXPECT_EQ(way(404, rules({{"success", JsonObject{{"status", "200-204,404"}}}})), "action--a end--1");
  EXPECT_EQ(way(205, rules({{"success", JsonObject{{"status", "200-204,404"}}}})), "action--a=failure end--2");
}

TEST(Http, is_tried_again_with_the_same_key) {
  Told story(one(http("GET /x HTTP/1.1", to("end--1", "end--2"), retried(3))));
  const std::string key = string_or(ordered(story).body, "key"), first = call_of(story);
  story.called(first, {{"result", "done"}, {"status", 503}});
  EXPECT_EQ(story.outcome_of("action--a"), "under way");
  EXPECT_TRUE(story.after(2 * kSecond - 1).empty()) << "it waits before the next try";
  story.after(1);
  EXPECT_NE(call_of(story), first);
  EXPECT_EQ(string_or(ordered(story).body, "key"), key);
  EXPECT_EQ(int_or(ordered(story).body, "attempt"), 2);
  EXPECT_EQ(story.called(first, {{"result", "done"}, {"status", 200}}).size(), 1u) << "the first call's late answer is nobody's";
  story.called(call_of(story), {{"result", "uncertain"}});
  story.after(2 * kSecond);
  story.called(call_of(story), {{"result", "failed"}, {"detail", "no route to host"}});
  EXPECT_EQ(story.way(), "action--a=failure end--2");
  EXPECT_EQ(story.count("playbook_call_ordered"), 3u);
}

TEST(Http, that_may_not_happen_twice_is_tried_again_only_when_it_never_left) {
  const auto orders = [](JsonObject more, JsonObject answer) {
    Told story(one(http("POST /x HTTP/1.1", to("end--1", "end--2"), more)));
    const bool once = bool_or(ordered(story).body, "once");
    story.called(call_of(story), std::move(answer));
    story.after(2 * kSecond);
    return std::to_string(story.count("playbook_call_ordered")) + (once ? " once" : "");
  };
  EXPECT_EQ(orders(retried(3), {{"result", "failed"}}), "2 once");
  EXPECT_EQ(orders(retried(3), {{"result", "uncertain"}}), "1 once");
  EXPECT_EQ(orders(retried(3), {{"result", "done"}, {"status", 500}}), "1 once");
  EXPECT_EQ(orders(retried(3, {{"idempotent", true}}), {{"result", "uncertain"}}), "2");
  EXPECT_EQ(orders(retried(3, {{"idempotent", true}}), {{"result", "done"}, {"status", 500}}), "2");
}

TEST(Http, gives_what_its_results_name_and_is_judged_by_it) {
  const JsonObject more = with({{"out_args", JsonArray{"__n__"}}}, rules({{"results", JsonArray{JsonObject{{"to", "__n__"}, {"pointer", "/left"}}}}, {"success", JsonObject{{"when", "__n__:value = 0"}}}})).as_object();
  const auto way = [&](JsonObject values) {
    Told story(one(http("GET /x HTTP/1.1", to("end--1", "end--2"), more), {{"__n__", variable("integer", {{"value", "7"}})}}));
    EXPECT_EQ(find(ordered(story).body, "results")->as_array().size(), 1u);
    story.called(call_of(story), {{"result", "done"}, {"status", 200}, {"values", std::move(values)}});
    return story.way() + " " + (story.run().variables.contains("__n__") ? story.run().variables.at("__n__") : "-");
  };
  EXPECT_EQ(way({{"__n__", "0"}}), "action--a end--1 0");
  EXPECT_EQ(way({{"__n__", "3"}}), "action--a=failure end--2 -");
  EXPECT_EQ(way({}), "action--a=failure end--2 -") << "the old value does not do";
}

TEST(Commands, run_one_after_the_other_for_each_target) {
  const Json two = JsonArray{JsonObject{{"type", "manual"}, {"command", "first"}}, JsonObject{{"type", "manual"}, {"command", "second"}}};
  const JsonObject targets{{"group--one", JsonObject{{"type", "group"}, {"name", "one"}}}, {"group--two", JsonObject{{"type", "group"}, {"name", "two"}}}};
  Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("end--1", "end--2"), {{"commands", two}, {"targets", JsonArray{"group--one", "group--two"}}})}}, {{"target_definitions", targets}}));
  std::string said;
  for (int i = 0; i < 4; ++i) {
    said += string_or(newest(story, "incident_task_opened")->body, "text") + ",";
    EXPECT_EQ(story.count("incident_task_opened"), static_cast<std::size_t>(i + 1));
    story.says("action--a");
  }
  EXPECT_EQ(said, "first,first,second,second,");
  EXPECT_EQ(story.way(), "action--a end--1");
}

TEST(Commands, of_which_one_fails_end_there) {
  const Json two = JsonArray{JsonObject{{"type", "manual"}, {"command", "first"}}, JsonObject{{"type", "manual"}, {"command", "second"}}};
  Told story(one(manual(to("end--1", "end--2"), {{"commands", two}})));
  story.done(story.waits("action--a"), "failed: nobody there");
  EXPECT_EQ(story.count("incident_task_opened"), 1u);
  EXPECT_EQ(story.way(), "action--a=failure end--2");
}

// contain: the command, the proposal that it led to, the yes of a second person.
TEST(Contain, is_over_when_the_measure_is_in_force) {
  for (const char* over : {"action_in_force", "action_rejected", "action_failed", "action_expired", "action_uncertain", "action_lifted"}) {
    Told story(one(verb("contain limit --per-minute 5 --for 4h", to("end--1", "end--2"), {{"out_args", JsonArray{"__action__"}}}), {{"__action__", variable("string")}}));
    const Entry* const given = newest(story, "command_accepted");
    EXPECT_EQ(string_or(given->body, "name"), "action.propose");
    EXPECT_EQ(story.waits("action--a"), "journal:" + std::to_string(given->index));
    const auto proposed = story.caused("action_proposed", JsonObject{{"incident", story.incident}, {"class", "bounded"}}, story.waits("action--a"));
    const std::string action = proposed[0].id("act");
    EXPECT_EQ(story.waits("action--a"), action) << "it waits for the measure now";
    story.input(over, JsonObject{{"action", action}, {"reason", "no"}});
    const bool good = std::string_view(over) == "action_in_force";
    EXPECT_EQ(story.way(), good ? "action--a end--1" : "action--a=failure end--2") << over;
    EXPECT_EQ(story.run().variables.contains("__action__") ? story.run().variables.at("__action__") : "", good ? action : "");
  }
}

TEST(Contain, that_is_refused_fails) {
  Told story(one(verb("contain block --caller c1 --for 4h", to("end--1", "end--2"))));
  story.caused("command_refused", JsonObject{{"reason", "no such endpoint"}}, "journal:1");
  EXPECT_EQ(story.outcome_of("action--a"), "under way") << "somebody else's command";
  story.caused("command_refused", JsonObject{{"reason", "no such endpoint"}}, story.waits("action--a"));
  EXPECT_EQ(story.way(), "action--a=failure end--2");
}

TEST(Lift, is_over_when_the_measure_is_gone) {
  for (const char* over : {"action_lifted", "action_expired"}) {
    Told story(one(verb("lift act-7", to("end--1", "end--2"))));
    EXPECT_EQ(story.open_of("action--a")->waits_for.size(), 2u);
    story.input(over, JsonObject{{"action", "act-7"}});
    EXPECT_EQ(story.way(), std::string_view(over) == "action_lifted" ? "action--a end--1" : "action--a=failure end--2");
  }
}

TEST(Wait, is_over_with_any_measure_of_the_incident) {
  Told story(one(verb("wait", to("end--1"))));
  const auto other = story.input("action_proposed", JsonObject{{"incident", "inc-0"}, {"class", "bounded"}});
  story.input("action_in_force", JsonObject{{"action", other[0].id("act")}});
  EXPECT_EQ(story.outcome_of("action--a"), "under way");
  const auto proposed = story.input("action_proposed", JsonObject{{"incident", story.incident}, {"class", "bounded"}});
  story.input("action_in_force", JsonObject{{"action", proposed[0].id("act")}});
  EXPECT_EQ(story.way(), "action--a end--1");
}

TEST(Gate, is_judged_by_the_gates) {
  for (const char* kind : {"candidate_cleared", "candidate_refused"}) {
    Told story(one(verb("gate rel-2", to("end--1", "end--2"))));
    const auto asked = story.caused("gate_requested", JsonObject{{"release", "rel-2"}}, story.waits("action--a"));
    story.input(kind, JsonObject{{"request", asked[0].id("req")}});
    EXPECT_EQ(story.way(), std::string_view(kind) == "candidate_cleared" ? "action--a end--1" : "action--a=failure end--2");
  }
}

TEST(Requests, give_what_was_found_out_and_may_be_asked_again) {
  Told story(one(verb("impact", to("end--1", "end--2"), with({{"out_args", JsonArray{"__inferences__"}}}, retried(2)).as_object()), {{"__inferences__", variable("integer")}}));
  EXPECT_EQ(int_or(newest(story, "impact_requested")->body, "first"), 100);
  story.input("impact_told", JsonObject{{"request", story.waits("action--a")}, {"error", "the archive is busy"}});
  story.after(2 * kSecond);
  EXPECT_EQ(story.count("impact_requested"), 2u);
  story.input("impact_told", JsonObject{{"request", story.waits("action--a")}, {"values", JsonObject{{"__inferences__", 81}, {"__callers__", "c1"}}}});
  EXPECT_EQ(story.way(), "action--a end--1");
  EXPECT_EQ(story.run().variables.at("__inferences__"), "81");
  EXPECT_FALSE(story.run().variables.contains("__callers__")) << "the step gives what its out_args name";
}

TEST(Messages, leave_over_a_configured_channel_else_a_person_tells_them) {
  Told by_hand(one(verb("page oncall \"come here\"", to("end--1"))));
  EXPECT_EQ(by_hand.count("playbook_call_ordered"), 0u);
  EXPECT_NE(string_or(newest(by_hand, "incident_task_opened")->body, "text").find("come here"), std::string::npos);
  by_hand.says("action--a");
  EXPECT_EQ(by_hand.run().outcome, "success");
  Told story;
  story.install(one(verb("page oncall \"come here\"", to("end--1"))));
  configure(story);
  story.open();
  EXPECT_EQ(string_or(ordered(story).body, "call"), "channel");
  story.called(call_of(story), {{"result", "done"}});
  EXPECT_EQ(story.run().outcome, "success");
}

TEST(Messages, go_to_contacts_when_there_are_some_and_end_with_what_became_of_them) {
  for (const std::string& word : {std::string("page"), std::string("notify")}) {
    for (const bool done : {true, false}) {
      Told story;
      story.install(one(verb(word + " oncall \"come here\"", to("end--1", "end--2"))));
      configure(story);
      story.input("notify_applied", JsonObject{{"document", JsonObject{{"rotations", JsonObject{{"oncall", JsonObject{}}}}}}});
      story.open();
      const Json& body = ordered(story).body;
      EXPECT_EQ(string_or(body, "call"), "notify") << "before a channel of the same name";
      EXPECT_EQ(string_or(body.at("request"), "verb"), word);
      EXPECT_EQ(string_or(body.at("request"), "to"), "oncall");
      JsonObject answer{{"call", call_of(story)}, {"result", done ? "done" : "failed"}};
      story.input("notify_ended", std::move(answer));
      EXPECT_EQ(story.way(), done ? "action--a end--1" : "action--a=failure end--2");
    }
  }
}

TEST(Connectors, are_asked_when_they_are_configured) {
  const Json playbook = one(verb("connector mlflow set_alias --model fraud --alias prod", to("end--1", "end--2")));
  Told without(playbook);
  EXPECT_EQ(without.way(), "action--a=failure end--2");
  Told story;
  story.install(playbook);
  configure(story);
  story.open();
  EXPECT_EQ(string_or(*find(*find(ordered(story).body, "request"), "request"), "do"), "set_alias");
  story.called(call_of(story), {{"result", "done"}, {"error", "no such model"}});
  EXPECT_EQ(story.way(), "action--a=failure end--2");
}

TEST(Verbs, that_take_no_time_are_over_at_once) {
  Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", verb("deadline start report --within 72h", to("action--b"), {{"out_args", JsonArray{"__due__"}}})},
                          {"action--b", verb("phase containment because", to("action--c"))}, {"action--c", verb("task lead look", to("end--1"))}}, variables({{"__due__", variable("string")}})));
  EXPECT_EQ(story.way(), "action--a action--b action--c end--1");
  EXPECT_EQ(story.run().variables.at("__due__"), format_time(story.now() + 72 * kHour));
  EXPECT_EQ(string_or(newest(story, "phase_requested")->body, "to"), "containment");
}

TEST(Verbs, start_the_reporting_deadlines_of_a_regime_and_take_the_next_due_time) {
  Told story(playbook_of({{"start--1", start("action--a")},
                          {"action--a", verb("deadline start gdpr --from awareness=opened --from processor_awareness --fact high_risk", to("end--1", "end--2"), {{"out_args", JsonArray{"__due__", "__duty__"}}})}},
                         variables({{"__due__", variable("string")}, {"__duty__", variable("string")}})));
  EXPECT_EQ(story.way(), "") << "it waits for what the command led to";
  const Entry* const given = newest(story, "command_accepted");
  ASSERT_NE(given, nullptr);
  EXPECT_EQ(string_or(given->body, "name"), "deadline.start");
  EXPECT_EQ(given->body.at("args"), Json(JsonObject{{"incident", story.run().incident}, {"regime", "gdpr"}, {"events", JsonObject{{"awareness", "opened"}, {"processor_awareness", "now"}}}, {"facts", JsonArray{"high_risk"}}}));
  const std::string cause = "journal:" + std::to_string(given->index);
  story.caused("deadline_started",
               JsonObject{{"incident", story.run().incident}, {"regime", "gdpr"},
                          {"stages", JsonArray{JsonObject{{"stage", "authority"}, {"due", "2026-06-15T08:00:00Z"}}, JsonObject{{"stage", "subjects"}, {"due", "2026-06-13T08:00:00Z"}, {"met", "2026-06-13T07:00:00Z"}}}}},
               cause);
  EXPECT_EQ(story.way(), "action--a end--1");
  EXPECT_EQ(story.run().variables.at("__due__"), "2026-06-15T08:00:00Z");
  EXPECT_EQ(story.run().variables.at("__duty__"), newest(story, "deadline_started")->id("duty"));
  EXPECT_FALSE(check_verb("deadline start gdpr --from =now"));
  EXPECT_FALSE(check_verb("deadline start gdpr --owner dpo"));
}

TEST(Connectors, change_nothing_while_a_duty_holds_the_evidence) {
  for (const auto& [what, way] : {std::pair("set_alias --model fraud --alias prod --to 3", "action--a action--b=failure end--2"), std::pair("read --model fraud", "action--a")}) {
    Told story;
    configure(story);
    story.install(playbook_of({{"start--1", start("action--a")}, {"action--a", action("look", to("action--b"), "manual")},
                               {"action--b", verb(std::string("connector mlflow ") + what, to("end--1", "end--2"))}}));
    story.open();
    story.input("evidence_hold_set", JsonObject{{"duty", "duty-90"}, {"incident", story.incident}});
    story.says("action--a");
    EXPECT_EQ(story.way(), way) << what;
  }
}

}  // namespace
}  // namespace firebreak::playbook
