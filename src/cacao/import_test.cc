#include "cacao/import.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "cacao/sample.h"
#include "cacao/text.h"

namespace firebreak::cacao {
namespace {

const std::string kAction = "/workflow/" + sample_id("action", 2);

std::vector<std::string> names(const Imported& imported) {
  std::vector<std::string> out;
  for (const Repair& one : imported.repairs) out.push_back(one.name);
  return out;
}

// The ways in which published playbooks on AI incidents deviate: another step type, another word for the successor, no
// version, identifiers that are words, a list written as a text, a numeric value.
TEST(Import, takes_what_drafts_and_editors_write_and_says_what_it_made_of_it) {
  const auto dirty = parse_json(R"({
    "type": "playbook", "id": "playbook--injection-1", "name": "draft", "created_by": "identity--someone",
    "created": "2025-03-01T09:00:00Z", "modified": "2025-03-01T10:00:00+01:00", "playbook_type": "detection",
    "playbook_variables": {"__score__": {"type": "number", "value": 0.7}},
    "workflow_start": "start--begin",
    "workflow": {
      "start--begin": {"type": "start", "on_completion": "decision--injected"},
      "decision--injected": {"type": "decision", "condition": "__score__:value > 0.5", "on_true": "action--alert", "next_step": "end--done"},
      "action--alert": {"type": "action", "name": "alert", "playbook_activity": "compose-content", "agent": "group--soc",
        "commands": [{"type": "manual", "command": "Call the desk."}], "on_completion": "end--alerted"},
      "end--alerted": {"type": "end"}, "end--done": {"type": "end"}
    },
    "agent_definitions": {"group--soc": {"type": "group", "name": "SOC"}}
  })");
  ASSERT_TRUE(dirty);
  const Imported imported = import_playbook(*dirty);
  const auto said = names(imported);
  for (const char* name : {"spec-version-added", "step-type-decision", "next-step-renamed", "identifier-made", "activity-moved", "playbook-type-renamed",
                           "playbook-type-listed", "timestamp-not-milliseconds", "variable-value-not-text", "variable-type-number"})
    EXPECT_NE(std::find(said.begin(), said.end(), name), said.end()) << name;
  EXPECT_FALSE(has_errors(imported.left)) << to_text(imported.left[0]);
  for (const Repair& one : imported.repairs)
    if (!one.after.empty()) {
      EXPECT_NE(find_pointer(imported.document, one.pointer), nullptr) << to_text(one);
    }
  EXPECT_EQ(string_or(imported.document, "modified"), "2025-03-01T09:00:00.000Z");
  EXPECT_EQ(string_or(imported.document.at("playbook_variables").at("__score__"), "type"), "float");
}

// Guidance in the form of a playbook: words as identifiers, nobody named, questions instead of conditions, tails that
// branches share. It imports to one that lints without an error.
TEST(Import, makes_a_playbook_of_guidance) {
  const auto guidance = parse_json(R"({
    "type": "playbook", "id": "playbook--multi-channel", "name": "Injection", "playbook_types": ["incident-response"], "created_by": "A response team",
    "created": "2024-04-30T00:00:00Z", "modified": "2024-04-30T00:00:00Z", "workflow_start": "start-node",
    "workflow": {
      "start-node": {"type": "start", "next_step": "detect"},
      "detect": {"type": "action", "name": "Detect", "description": "Watch the inputs.", "action_type": "detection", "next_step": "is-injected"},
      "is-injected": {"type": "decision", "name": "Is it an injection?", "conditions": {"yes": "which-way", "no": "end-node"}},
      "which-way": {"type": "decision", "name": "Which way did it come?", "conditions": {"user": "quarantine", "web": "filter", "agent": "alert"}},
      "quarantine": {"type": "action", "name": "Quarantine the session", "next_step": "alert"},
      "filter": {"type": "action", "name": "Filter the documents", "next_step": "alert"},
      "alert": {"type": "action", "name": "Alert", "next_step": "log"},
      "log": {"type": "action", "name": "Log", "playbook_activity": "compose-content", "next_step": "end-node"},
      "end-node": {"type": "end"}
    }
  })");
  ASSERT_TRUE(guidance);
  const Imported imported = import_playbook(*guidance);
  for (const Diagnostic& one : imported.left) EXPECT_NE(one.level, Level::kError) << to_text(one);
  const auto said = names(imported);
  EXPECT_EQ(std::count(said.begin(), said.end(), "decision-asked"), 2);
  EXPECT_EQ(std::count(said.begin(), said.end(), "done-by-people"), 7);
  const std::string drawn = tree(read_playbook(imported.document));
  const std::string expected =
      "start\n"
      "action  Detect\n"
      "    manual: Watch the inputs.  (incident responders)\n"
      "action  Is it an injection?\n"
      "    manual: Is it an injection? Answer yes or no.  (incident responders)\n"
      "switch-condition  [__answer_1__:value]\n"
      "  case 'yes':\n"
      "    action  Which way did it come?\n"
      "        manual: Which way did it come? Answer user or web or agent.  (incident responders)\n"
      "    switch-condition  [__answer_2__:value]\n"
      "      case 'user':\n"
      "        action  Quarantine the session\n"
      "            manual: Quarantine the session  (incident responders)\n"
      "        end\n"
      "      case 'web':\n"
      "        action  Filter the documents\n"
      "            manual: Filter the documents  (incident responders)\n"
      "        end\n"
      "      case 'agent':\n"
      "        end\n"
      "    action  Alert\n"
      "        manual: Alert  (incident responders)\n"
      "    action  Log\n"
      "        manual: Log  (incident responders)\n"
      "    end\n"
      "  case 'no':\n"
      "    end\n"
      "end\n";
  EXPECT_EQ(drawn.substr(drawn.find("start\n")), expected);
  const Imported again = import_playbook(imported.document);
  EXPECT_EQ(again.document, imported.document);
}

TEST(Import, takes_as_many_questions_as_a_workflow_may_have_steps) {
  Json document = sample_playbook();
  JsonObject& workflow = document.at("workflow").as_object();
  for (int i = 0; i < 700; ++i)
    workflow["question-" + std::to_string(i)] = JsonObject{{"type", "decision"}, {"name", "Is it?"}, {"conditions", JsonObject{{"yes", sample_id("end", 3)}, {"no", sample_id("end", 8)}}}};
  const Imported imported = import_playbook(document);
  const auto said = names(imported);
  EXPECT_EQ(std::count(said.begin(), said.end(), "decision-asked"), 700);
  EXPECT_EQ(imported.left.at(0).rule, "too-large") << "each question became three steps";
}

TEST(Import, of_what_was_imported_changes_nothing) {
  Json document = sample_playbook();
  change(document, kAction + "/delay", "0");
  change(document, "/created", "\"2026-03-01T09:00:00Z\"");
  change(document, "/playbook_variables/__count__/value", "3");
  const Imported once = import_playbook(document);
  EXPECT_EQ(once.repairs.size(), 3U);
  const Imported twice = import_playbook(once.document);
  EXPECT_TRUE(twice.repairs.empty());
  EXPECT_EQ(twice.document, once.document);
}

TEST(Import, keeps_extensions_and_properties_that_it_does_not_know) {
  Json document = sample_playbook();
  const std::string extension = sample_id("extension-definition", 9);
  change(document, "/extension_definitions", "{\"" + extension + R"(": {"type": "extension-definition", "name": "layout", "created_by": ")" + sample_id("identity", 1) +
                                                 R"(", "schema": "https://example.com/layout.json", "version": "1.0.0"}})");
  change(document, kAction + "/step_extensions", "{\"" + extension + R"(": {"x": 1.5, "nested": [null, {"deep": "kept"}]}})");
  change(document, kAction + "/vendor_note", R"({"any": [1, 2]})");
  change(document, "/created", "\"2026-03-01T09:00:00Z\"");
  const Imported imported = import_playbook(document);
  change(document, "/created", "\"2026-03-01T09:00:00.000Z\"");
  EXPECT_EQ(imported.document, document);
  EXPECT_EQ(names(imported), (std::vector<std::string>{"timestamp-not-milliseconds", "unknown-property"}));
  EXPECT_FALSE(imported.repairs[1].changed());
}

TEST(Import, takes_signatures_off_when_it_changed_what_they_are_over) {
  Json document = sample_playbook();
  const std::string signature = R"([{"type": "jss", "id": ")" + sample_id("jss", 1) + R"(", "created": "2026-03-01T09:00:00.000Z", "modified": "2026-03-01T09:00:00.000Z",
    "signee": "us", "related_to": "playbook--00000000-0000-4000-8000-00000000000a", "related_version": "2026-03-01T09:00:00.000Z", "hash_algorithm": "sha-256",
    "algorithm": "Ed25519", "public_key": "AA==", "value": "AA"}])";
  change(document, "/signatures", signature);
  EXPECT_TRUE(import_playbook(document).repairs.empty());
  change(document, kAction + "/delay", "0");
  const Imported imported = import_playbook(document);
  EXPECT_EQ(names(imported), (std::vector<std::string>{"delay-zero", "signatures-removed"}));
  EXPECT_EQ(find(imported.document, "signatures"), nullptr);
}

TEST(Import, refuses_to_guess) {
  Json document = sample_playbook();
  change(document, kAction + "/on_success", "\"" + sample_id("end", 3) + "\"");
  const Imported imported = import_playbook(document);
  EXPECT_TRUE(imported.repairs.empty());
  ASSERT_FALSE(imported.left.empty());
  EXPECT_EQ(imported.left[0].rule, "successors-conflict");
  EXPECT_TRUE(has_errors(import_playbook(JsonArray{}).left));
}

}  // namespace
}  // namespace firebreak::cacao
