#include "fold/exercise/exercise.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "types/exercise.h"
#include "types/group_driver.h"

namespace firebreak::exercise {
namespace {

const Json kSealed = JsonObject{{"salt", "s"}, {"truth", JsonObject{{"start", "2026-03-07T03:27:00Z"}}}};

Json declaration() {
  return JsonObject{{"name", "night"},
                    {"title", "A night"},
                    {"kind", "live"},
                    {"truth_digest", sha256(canonical_json(kSealed)).hex()},
                    {"roles", JsonArray{JsonObject{{"role", "secops"}, {"team", "SecOps"}, {"may", "analyst"}}}}};
}

struct Exercise : testing::Test {
  GroupDriver<ExerciseState> driver{decide, apply, *parse_time("2026-03-07T03:00:00Z")};
  void declare() { driver.input("exercise_declared", declaration()); }
  std::string refused(const std::vector<Entry>& group) {
    const Entry* entry = find_kind(group, "command_refused");
    return entry == nullptr ? "" : string_or(entry->body, "reason");
  }
};

TEST_F(Exercise, is_declared_by_the_first_entry_alone) {
  driver.input("server_started", JsonObject{});
  declare();
  EXPECT_FALSE(driver.state().declared);
  EXPECT_EQ("", banner(driver.state()));
  EXPECT_TRUE(shown_to_players(driver.state()).is_null());
}

TEST_F(Exercise, takes_none_of_its_commands_in_production) {
  driver.input("server_started", JsonObject{});
  for (const char* name : {"exercise.inject", "exercise.skip", "exercise.decide", "exercise.message", "exercise.abort", "exercise.end"})
    EXPECT_NE(std::string::npos, refused(driver.command("user:admin", name, {})).find("no exercise")) << name;
}

TEST_F(Exercise, gives_an_inject_out_once) {
  declare();
  const JsonObject inject{{"inject", "1"}, {"type", "contextual"}, {"from", "chat"}, {"to", JsonArray{"secops"}}, {"channel", "chat"}, {"text", "odd"}};
  EXPECT_NE(nullptr, find_kind(driver.command("user:admin", "exercise.inject", inject), "exercise_inject"));
  EXPECT_NE("", refused(driver.command("user:admin", "exercise.inject", inject)));
  EXPECT_EQ(1U, driver.state().injects.size());
}

TEST_F(Exercise, marks_each_message) {
  declare();
  const auto group = driver.command("user:secops", "exercise.message", {{"to", "acquirer"}, {"channel", "mail"}, {"text", "text:x"}});
  EXPECT_EQ("EXERCISE night: nothing here is real", string_or(find_kind(group, "exercise_message")->body, "marked"));
  EXPECT_EQ("secops", string_or(find_kind(group, "exercise_message")->body, "by"));
}

TEST_F(Exercise, compares_the_sealed_part_at_the_end) {
  declare();
  EXPECT_TRUE(bool_or(find_kind(driver.command("user:admin", "exercise.end", {{"sealed", kSealed}}), "exercise_ended")->body, "matches"));
  EXPECT_NE("", refused(driver.command("user:secops", "exercise.decide", {{"decision", "d"}, {"choice", "c"}, {"reason", "r"}})));
}

TEST_F(Exercise, says_when_the_sealed_part_was_changed) {
  declare();
  driver.command("user:admin", "exercise.end", {{"sealed", JsonObject{{"salt", "s"}, {"truth", JsonObject{{"start", "2026-03-07T04:00:00Z"}}}}}});
  EXPECT_EQ("ended", driver.state().state);
  EXPECT_FALSE(driver.state().matches);
}

TEST_F(Exercise, takes_decisions_that_are_asked_for_alone_and_from_players_alone) {
  Json asking = declaration();
  asking.as_object()["asks"] = JsonArray{exercise_decision_digest(string_or(asking, "truth_digest"), "reportable")};
  driver.input("exercise_declared", asking);
  const JsonObject right{{"decision", "reportable"}, {"choice", "no"}, {"reason", "r"}}, wrong{{"decision", "nosuch"}, {"choice", "no"}, {"reason", "r"}};
  const auto refusal = driver.command("user:secops", "exercise.decide", wrong);
  EXPECT_NE(std::string::npos, refused(refusal).find("'nosuch'")) << refused(refusal);
  EXPECT_EQ("/decision", string_or(find_kind(refusal, "command_refused")->body, "pointer"));
  EXPECT_NE(nullptr, find_kind(driver.command("user:secops", "exercise.decide", right), "exercise_decided"));
  for (const char* name : {"exercise.decide", "exercise.message"})
    EXPECT_NE(std::string::npos, refused(driver.command("user:admin", name, name == std::string("exercise.decide") ? right : JsonObject{{"to", "press"}, {"channel", "mail"}, {"text", "t"}})).find("does not play")) << name;
  EXPECT_EQ(nullptr, find(shown_to_players(driver.state()), "asks"));
}

TEST_F(Exercise, records_what_a_probe_felt) {
  declare();
  const JsonObject felt{{"action", "act-7"}, {"endpoint", "api"}, {"ms", 120}, {"model_asked_before", true}, {"model_asked_after", false}};
  EXPECT_EQ(120, int_or(find_kind(driver.command("user:admin", "exercise.probe", felt), "exercise_probed")->body, "ms"));
  JsonObject bad = felt;
  bad["ms"] = -1;
  EXPECT_NE("", refused(driver.command("user:admin", "exercise.probe", bad)));
}

TEST_F(Exercise, takes_nothing_after_an_abort) {
  declare();
  driver.command("user:secops", "exercise.abort", {{"reason", "a real incident"}});
  EXPECT_EQ("aborted", driver.state().state);
  EXPECT_NE("", refused(driver.command("user:admin", "exercise.end", {{"sealed", kSealed}})));
}

TEST_F(Exercise, comes_back_from_its_snapshot_and_from_a_replay) {
  declare();
  driver.command("user:secops", "exercise.decide", {{"decision", "d"}, {"choice", "c"}, {"reason", "r"}});
  EXPECT_EQ(driver.state(), *state_from_json(to_json(driver.state())));
  EXPECT_EQ(driver.state(), driver.replayed());
}

TEST(Declaration, names_what_is_wrong) {
  EXPECT_TRUE(check_declaration(declaration()));
  Json other = declaration();
  other.as_object()["truth_digest"] = "abc";
  EXPECT_EQ("/truth_digest", check_declaration(other).error().pointer);
  other = declaration();
  other.as_object()["truth"] = "left in";
  EXPECT_FALSE(check_declaration(other));
}

}  // namespace
}  // namespace firebreak::exercise
