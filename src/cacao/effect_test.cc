#include "cacao/effect.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "cacao/lint.h"
#include "cacao/sample.h"
#include "cacao/speech.h"

namespace firebreak::cacao {
namespace {

Step step_of(const std::string& type, const std::string& command) {
  Step step;
  step.type = "action";
  step.commands = {Command{type, "", command, ""}};
  return step;
}

TEST(Effect, of_our_own_commands_is_by_their_word) {
  for (const char* type : {"firebreak", "x-firebreak"}) {
    EXPECT_EQ(effect_of(step_of(type, "contain block --caller k1 --for 4h")), Effect::kActs);
    EXPECT_EQ(effect_of(step_of(type, "lift act-7")), Effect::kActs);
    EXPECT_EQ(effect_of(step_of(type, "task lead delete the rows and wipe the disk")), Effect::kNone) << "it asks a person";
    EXPECT_EQ(effect_of(step_of(type, "contain wait")), Effect::kNone);
    EXPECT_TRUE(captures_evidence(step_of(type, "capture model")));
    EXPECT_TRUE(captures_evidence(step_of(type, "evidence.capture model")));
    EXPECT_FALSE(captures_evidence(step_of(type, "task lead capture the evidence")));
    EXPECT_TRUE(asks_for_approval(step_of(type, "wait")));
    EXPECT_TRUE(asks_for_approval(step_of(type, "containment.wait")));
    EXPECT_FALSE(asks_for_approval(step_of(type, "options 3")));
  }
}

// A step that waits for people itself destroys nothing unapproved.
TEST(Effect, a_destructive_step_with_approvers_of_its_own_is_approved) {
  const auto told = [](const Json& document) {
    const auto found = lint(document, Profile::kStrictCs01);
    return std::any_of(found.begin(), found.end(), [](const Diagnostic& one) { return one.rule == "destructive-without-approval"; });
  };
  Json document = sample_playbook();
  const std::string action = "/workflow/" + sample_id("action", 2);
  change(document, action + "/commands/0/command", R"("DELETE /api/v1/keys HTTP/1.1")");
  EXPECT_TRUE(told(document));
  change(document, action + "/step_extensions", R"({"extension-definition--b7a1c2d4-5e6f-4a8b-9c0d-1e2f3a4b5c6d": {"approval": {"approvers": 2}}})");
  EXPECT_FALSE(told(document));
}

TEST(Speech, says_our_commands_as_sentences) {
  EXPECT_EQ(spoken("contain limit --scope caller --per-minute 30 --for 4h"), "proposes a measure: limit, scope caller, per minute 30, for 4h; it is in force when a second person approves it");
  EXPECT_EQ(spoken("deadline start GDPR-33 --within 72h --owner dpo"), "starts the deadline GDPR-33: 72h, for dpo");
  EXPECT_EQ(spoken("deadline start gdpr --from awareness=opened"), "starts the reporting deadlines of gdpr from awareness=opened");
  EXPECT_EQ(spoken("page oncall Come now."), "wakes oncall: Come now.");
  EXPECT_EQ(spoken("capture model,policy"), "captures as evidence: model, policy");
  EXPECT_EQ(spoken("replay2x2 old"), "replays two releases, old and ?, on inputs of before and of the incident");
  EXPECT_EQ(spoken("dance 3"), "dance 3");
  EXPECT_EQ(spoken(""), "");
}

}  // namespace
}  // namespace firebreak::cacao
