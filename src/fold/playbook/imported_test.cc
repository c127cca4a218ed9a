// Six shapes in which a standards body has published playbooks for AI incidents, in our own words: each imports with named repairs, and
// what comes of it runs to its end.
#include <gtest/gtest.h>

#include <algorithm>

#include "cacao/import.h"
#include "fold/playbook/rehearsal_for_tests.h"

namespace firebreak::playbook {
namespace {

struct Shape {
  const char* name;
  const char* variables;
  const char* workflow_start;
  const char* workflow;
  std::vector<std::string> repairs;  // names that must be among those told
  std::map<std::string, std::string> answers;
  std::vector<std::string> ran, not_ran;  // names of steps
};

const std::vector<std::string> kGuidance = {"spec-version-added", "identifier-made", "next-step-renamed", "decision-asked", "done-by-people", "step-type-decision"};

std::vector<Shape> shapes() {
  return {
      {"poisoned_rows", R"({"__limit__": {"type": "number", "value": 0.9}})", "start--begin", R"({
         "start--begin": {"type": "start", "on_completion": "action--score"},
         "action--score": {"type": "action", "name": "Score every row", "commands": [{"type": "jupyter-nb", "command": "scores.ipynb over __limit__:value"}], "on_completion": "action--look"},
         "action--look": {"type": "action", "name": "A person looks", "commands": [{"type": "manual", "command": "Say which rows over the limit are bad."}], "on_completion": "end--done"},
         "end--done": {"type": "end"}})",
       {"identifier-made", "variable-value-not-text", "variable-type-number", "command-by-hand", "agent-added"}, {}, {"Score every row", "A person looks"}, {}},
      {"injection_over_several_channels", "{}", "begin", R"({
         "begin": {"type": "start", "next_step": "watch"},
         "watch": {"type": "action", "name": "Watch all inputs", "next_step": "found"},
         "found": {"type": "decision", "name": "Is it an injection?", "conditions": {"yes": "way", "no": "close"}},
         "way": {"type": "decision", "name": "Which way did it come?", "conditions": {"typed": "shut", "page": "clean", "settings": "stop"}},
         "shut": {"type": "action", "name": "Shut the session in", "next_step": "call"},
         "clean": {"type": "action", "name": "Rank the documents again", "next_step": "call"},
         "stop": {"type": "action", "name": "Stop the agent", "next_step": "call"},
         "call": {"type": "action", "name": "Call the desk", "next_step": "note"},
         "note": {"type": "action", "name": "Write it down", "next_step": "close"},
         "close": {"type": "end"}})",
       kGuidance, {{"__answer_1__", "yes"}, {"__answer_2__", "page"}}, {"Rank the documents again", "Call the desk", "Write it down"}, {"Shut the session in", "Stop the agent"}},
      {"injected_memory", "{}", "begin", R"({
         "begin": {"type": "start", "next_step": "watch"},
         "watch": {"type": "action", "name": "Watch what is remembered", "next_step": "odd"},
         "odd": {"type": "decision", "name": "Is a memory odd?", "conditions": {"yes": "apart", "no": "close"}},
         "apart": {"type": "action", "name": "Keep the session apart", "next_step": "call"},
         "call": {"type": "action", "name": "Call the desk", "next_step": "read"},
         "read": {"type": "action", "name": "Read the memory", "next_step": "prune"},
         "prune": {"type": "action", "name": "Prune the memory", "next_step": "note"},
         "note": {"type": "action", "name": "Write it down", "next_step": "close"},
         "close": {"type": "end"}})",
       kGuidance, {{"__answer_1__", "yes"}}, {"Keep the session apart", "Prune the memory", "Write it down"}, {}},
      {"poisoned_retrieval", "{}", "begin", R"({
         "begin": {"type": "start", "next_step": "tags"},
         "tags": {"type": "action", "name": "Watch the tags", "next_step": "planted"},
         "planted": {"type": "decision", "name": "Was a tag planted?", "conditions": {"yes": "hold", "no": "close"}},
         "hold": {"type": "action", "name": "Hold the item back", "next_step": "curators"},
         "curators": {"type": "action", "name": "Call the curators", "next_step": "tagging"},
         "tagging": {"type": "action", "name": "Tag it by hand", "next_step": "index"},
         "index": {"type": "action", "name": "Build the index again", "next_step": "close"},
         "close": {"type": "end"}})",
       kGuidance, {{"__answer_1__", "no"}}, {"Watch the tags"}, {"Hold the item back", "Build the index again"}},
      {"stolen_cloud_credentials", "{}", "begin", R"({
         "begin": {"type": "start", "next_step": "calls"},
         "calls": {"type": "action", "name": "Find odd calls", "playbook_activity": "match-indicator", "next_step": "forged"},
         "forged": {"type": "decision", "name": "Was a request forged?", "conditions": {"yes": "apart", "no": "close"}},
         "apart": {"type": "action", "name": "Take the instance apart and disable its keys", "next_step": "call"},
         "call": {"type": "action", "name": "Call the desk", "next_step": "grants"},
         "grants": {"type": "action", "name": "Audit the grants", "next_step": "objects"},
         "objects": {"type": "action", "name": "Audit the object store", "next_step": "tell"},
         "tell": {"type": "action", "name": "Tell authorities and customers", "next_step": "close"},
         "close": {"type": "end"}})",
       {"spec-version-added", "identifier-made", "next-step-renamed", "decision-asked", "done-by-people", "activity-moved"}, {{"__answer_1__", "yes"}},
       {"Audit the grants", "Tell authorities and customers"}, {}},
      {"backdoored_memory_or_retrieval", "{}", "begin", R"({
         "begin": {"type": "start", "next_step": "watch"},
         "watch": {"type": "action", "name": "Watch for a trigger", "next_step": "hit"},
         "hit": {"type": "decision", "name": "Did a trigger fire?", "conditions": {"yes": "apart", "no": "close"}},
         "apart": {"type": "action", "name": "Keep the records apart", "next_step": "call"},
         "call": {"type": "action", "name": "Call the desk", "next_step": "read"},
         "read": {"type": "action", "name": "Read the payload", "next_step": "clean"},
         "clean": {"type": "action", "name": "Clean memory and index", "next_step": "note"},
         "note": {"type": "action", "name": "Write it down", "next_step": "close"},
         "close": {"type": "end"}})",
       kGuidance, {{"__answer_1__", "yes"}}, {"Keep the records apart", "Clean memory and index", "Write it down"}, {}},
  };
}

// The first is a playbook of its time with faults; the others are guidance: no version, another word for the type.
Json document_of(const Shape& shape) {
  const bool guidance = std::string_view(shape.workflow_start) == "begin";
  JsonObject out{{"type", "playbook"}, {"id", std::string("playbook--") + shape.name}, {"name", shape.name}, {"created_by", "somebody"}, {"created", "2025-02-01T08:00:00Z"},
                 {"modified", "2025-02-01T08:00:00Z"}, {"playbook_types", JsonArray{guidance ? "incident-response" : "detection"}}, {"playbook_variables", *parse_json(shape.variables)},
                 {"workflow_start", shape.workflow_start}, {"workflow", *parse_json(shape.workflow)}};
  if (!guidance) out["spec_version"] = "cacao-2.0";
  return out;
}

class ImportedPlaybook : public ::testing::TestWithParam<std::size_t> {};

TEST_P(ImportedPlaybook, is_repaired_by_name_and_runs_to_its_end) {
  const Shape shape = shapes()[GetParam()];
  const cacao::Imported imported = cacao::import_playbook(document_of(shape));
  for (const auto& one : imported.left) EXPECT_NE(one.level, cacao::Level::kError) << cacao::to_text(one);
  for (const std::string& name : shape.repairs)
    EXPECT_TRUE(std::any_of(imported.repairs.begin(), imported.repairs.end(), [&](const cacao::Repair& one) { return one.name == name; })) << name;
  EXPECT_EQ(cacao::import_playbook(imported.document).document, imported.document);
  for (const auto& one : not_runnable(imported.document)) ADD_FAILURE() << cacao::to_text(one);

  Rehearsal rehearsal({imported.document});
  rehearsal.play(string_or(imported.document, "id"), candidates_of(imported.document), {shape.answers, {}, {}, {}, false});
  ASSERT_TRUE(rehearsal.ended());
  EXPECT_EQ(rehearsal.outcome(), "success");
  std::set<std::string> names;
  const cacao::Playbook playbook = cacao::read_playbook(imported.document);
  for (const std::string& step : rehearsal.activated()) names.insert(playbook.step(step)->name);
  for (const std::string& name : shape.ran) EXPECT_TRUE(names.contains(name)) << name;
  for (const std::string& name : shape.not_ran) EXPECT_FALSE(names.contains(name)) << name;
}

INSTANTIATE_TEST_SUITE_P(Shapes, ImportedPlaybook, ::testing::Range<std::size_t>(0, 6), [](const auto& one) { return std::string(shapes()[one.param].name); });

}  // namespace
}  // namespace firebreak::playbook
