// Playbooks in the manner of other orchestrators, in our own words: taken in by their named repairs, then run on a simulated world.
#include <gtest/gtest.h>

#include "cacao/import.h"
#include "fold/playbook/rehearsal_for_tests.h"
#include "fold/playbook/steps_for_tests.h"

namespace firebreak::playbook {
namespace {

struct Outcome {
  std::string run;
  std::set<std::string> steps;
};

Json taken_in(const Json& document) {
  const cacao::Imported imported = cacao::import_playbook(document);
  for (const cacao::Diagnostic& one : imported.left) EXPECT_NE(one.level, cacao::Level::kError) << cacao::to_text(one);
  for (const cacao::Diagnostic& one : not_runnable(imported.document)) ADD_FAILURE() << cacao::to_text(one);
  return imported.document;
}

Outcome played(const Json& document, const Recipe& recipe = {}) {
  Rehearsal story({document});
  story.input("config_applied", JsonObject{{"document", JsonObject{{"playbooks", JsonObject{{"hosts", JsonArray{"desk.example.com"}}}}}}});
  story.play(string_or(document, "id"), candidates_of(document), recipe);
  EXPECT_TRUE(story.ended());
  return {story.outcome(), story.activated()};
}

Json foreign(JsonObject workflow, JsonObject more = {}) {
  more["agent_definitions"] = JsonObject{{"desk--1", JsonObject{{"type", "other-soar-http"}, {"name", "its http part"}}}, {"desk--2", JsonObject{{"type", "other-soar-manual"}, {"name", "its people part"}}}};
  more["target_definitions"] = JsonObject{{"http-api--1", JsonObject{{"type", "http-api"}, {"name", "desk"}, {"address", JsonObject{{"dname", JsonArray{"desk.example.com"}}}}, {"port", "443"}}}};
  return document(std::move(workflow), std::move(more));
}

Json by(const std::string& agent, const std::string& type, const std::string& command, JsonObject more) {
  JsonObject step{{"type", "action"}, {"name", command}, {"agent", agent}, {"commands", JsonArray{JsonObject{{"type", type}, {"command", command}}}}};
  if (type == "http-api") step["targets"] = JsonArray{"http-api--1"};
  return with(std::move(step), more);
}

// The answer goes into a variable that only the step declares; the exception is the end that everything else ends in as well.
TEST(Foreign, manual_steps_of_another_orchestrator_are_asked_of_people) {
  const JsonObject sealed{{"__sealed__", JsonObject{{"type", "bool"}}}};
  const Json taken = taken_in(foreign({{"start--1", start("action--ask")},
                                       {"action--ask", by("desk--2", "manual", "Seal the feed.", {{"on_completion", "end--all"}, {"step_variables", sealed}, {"out_args", JsonArray{"__sealed__"}}})}},
                                      {{"workflow_exception", "end--all"}}));
  EXPECT_EQ(played(taken).run, "success");
  Recipe refused;
  refused.fail_always.insert(long_id("action--ask"));
  EXPECT_EQ(played(taken, refused).run, "failure");
}

TEST(Foreign, requests_of_another_orchestrator_are_sent_by_firebreak) {
  const Json taken = taken_in(foreign({{"start--1", start("action--look")}, {"action--look", by("desk--1", "http-api", "GET state HTTP1.1", to("end--all"))}}));
  EXPECT_EQ(played(taken).run, "success");
}

// Nobody wrote where the start is, nor what follows the branches, which end in one end.
TEST(Foreign, starts_and_ends_that_were_not_written_down) {
  const Json taken = taken_in(foreign({{"if-condition--1", JsonObject{{"type", "if-condition"}, {"condition", "__urgent__:value"}, {"on_true", "action--ask"}, {"on_false", "end--all"}}},
                                       {"action--ask", by("desk--2", "manual", "Seal the feed.", to("end--all"))}},
                                      {{"workflow_start", "if-condition--1"}, {"playbook_variables", JsonObject{{"__urgent__", JsonObject{{"type", "bool"}, {"value", "true"}}}}}}));
  const Outcome outcome = played(taken);
  EXPECT_EQ(outcome.run, "success");
  EXPECT_TRUE(outcome.steps.contains(long_id("action--ask")));
}

// An end or a step that the regular way leads to is no exception, though the playbook names it as one as well.
TEST(Foreign, the_exception_reached_by_success_is_none) {
  const JsonObject exception{{"workflow_exception", "action--tell"}};
  const auto playbook = [&] { return playbook_of({{"start--1", start("action--look")}, {"action--look", manual(to("action--tell"))}, {"action--tell", manual(to("end--1"))}}, exception); };
  Told good(playbook());
  good.says("action--look");
  good.says("action--tell");
  EXPECT_EQ(good.run().outcome, "success");
  Told bad(playbook());
  bad.says("action--look", "failure");
  bad.says("action--tell");
  EXPECT_EQ(bad.way(), "action--look=failure action--tell end--1");
  EXPECT_EQ(bad.run().outcome, "failure");
  Told twice(playbook());
  twice.says("action--look", "failure");
  twice.says("action--tell", "failure");
  EXPECT_EQ(twice.way(), "action--look=failure action--tell=failure") << "a failing exception is not tried again";
}

// on_failure may name it in so many words.
TEST(Foreign, the_exception_that_on_failure_names_is_one) {
  Told told(playbook_of({{"start--1", start("action--look")}, {"action--look", manual(to("end--1", "action--tell"))}, {"action--tell", manual(to("end--2"))}, {"end--2", end()}},
                        {{"workflow_exception", "action--tell"}}));
  told.says("action--look", "failure");
  told.says("action--tell");
  EXPECT_EQ(told.way(), "action--look=failure action--tell end--2");
  EXPECT_EQ(told.run().outcome, "failure");
}

// What would fail at every try is told before the run.
TEST(Foreign, a_request_without_a_path_does_not_start) {
  for (const char* line : {"GET https://desk.example.com/state HTTP/1.1", "POST __path__:value HTTP/1.1"}) {
    const Json one = playbook_of({{"start--1", start("action--look")}, {"action--look", http(line, to("end--1"))}}, variables({{"__path__", variable("string", {{"value", "/state"}})}}));
    const auto found = not_runnable(one);
    ASSERT_EQ(found.size(), 1U) << line;
    EXPECT_EQ(found[0].rule, "not-run-here");
    EXPECT_EQ(found[0].pointer, "/workflow/" + long_id("action--look") + "/commands/0/command");
    EXPECT_FALSE(found[0].remedy.empty());
  }
}

}  // namespace
}  // namespace firebreak::playbook
