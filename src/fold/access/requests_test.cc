// Second persons, one-time codes, keys, exclusions, broken glasses.
#include <gtest/gtest.h>

#include "fold/access/story_for_tests.h"

namespace firebreak::access {
namespace {

struct Team : Story {
  explicit Team(const std::string& preset = "team") : Story(preset) {
    add("ana", "analyst");
    add("ben", "approver");
    add("cat", "approver");
    add("kim", "commander");
    add("root", "admin");
  }
  // ben asks for the end of an incident; its request.
  std::string ask(JsonObject via = {}) {
    const auto group = give("user:ben", "incident.close", {{"incident", "inc-7"}, {"summary", "s"}, {"residual_risk", "r"}}, std::move(via));
    const Entry* asked = find_kind(group, "command_requested");
    return asked == nullptr ? "" : asked->id("ask");
  }
  std::vector<Entry> yes(const std::string& who, const std::string& id, JsonObject via = {}) {
    const auto at = state().requests.find(id);
    return give(who, "request.approve", {{"request", id}, {"digest", at == state().requests.end() ? "" : at->second.digest}}, std::move(via));
  }
};

TEST(Requests, are_carried_out_by_the_yes_of_another_person_once_and_unchanged) {
  Team team;
  const std::string id = team.ask();
  ASSERT_FALSE(id.empty());
  const auto group = team.yes("user:cat", id);
  EXPECT_EQ(code_of(group), "");
  const Entry& carried = group.back();
  EXPECT_EQ(carried.kind, "command_accepted");
  EXPECT_EQ(carried.actor, "user:ben");
  EXPECT_EQ(string_or(carried.body, "name"), "incident.close");
  EXPECT_EQ(string_or(carried.body, "approved_by"), "user:cat");
  EXPECT_EQ(string_or(command_args(carried), "incident"), "inc-7");
  EXPECT_EQ(code_of(team.yes("user:cat", id)), "not_found") << "once";
}

TEST(Requests, refuse_the_requester_the_same_way_in_the_wrong_digest_and_who_may_not_do_it) {
  Team team;
  const std::string id = team.ask({{"token", std::string(64, 'a')}, {"browser", "b1"}});
  EXPECT_EQ(code_of(team.yes("user:ben", id)), "forbidden");
  EXPECT_EQ(code_of(team.yes("user:ana", id)), "forbidden");
  EXPECT_EQ(code_of(team.yes("user:root", id)), "forbidden");
  EXPECT_EQ(code_of(team.yes("user:cat", id, {{"token", std::string(64, 'a')}})), "forbidden");
  EXPECT_EQ(code_of(team.yes("user:cat", id, {{"token", std::string(64, 'b')}, {"browser", "b1"}})), "forbidden");
  EXPECT_EQ(code_of(team.give("user:cat", "request.approve", {{"request", id}, {"digest", "other"}})), "conflict");
  EXPECT_EQ(code_of(team.yes("user:cat", id, {{"token", std::string(64, 'b')}, {"browser", "b2"}})), "");
}

TEST(Requests, expire_after_a_day) {
  Team team;
  const std::string id = team.ask();
  team.advance(kRequestLife);
  const auto group = team.yes("user:cat", id);
  EXPECT_EQ(code_of(group), "conflict");
  EXPECT_NE(find_kind(group, "request_expired"), nullptr);
  EXPECT_TRUE(team.state().requests.empty());
}

TEST(Requests, are_taken_back_by_who_asked_or_refused_by_who_may_do_it) {
  Team team;
  const std::string one = team.ask();
  EXPECT_EQ(code_of(team.give("user:ana", "request.reject", {{"request", one}, {"reason", "no"}})), "forbidden");
  EXPECT_EQ(code_of(team.give("user:ben", "request.reject", {{"request", one}, {"reason", "no"}})), "");
  const std::string two = team.ask();
  EXPECT_EQ(code_of(team.give("user:cat", "request.reject", {{"request", two}, {"reason", "no"}})), "");
}

TEST(Requests, of_somebody_who_may_not_ask_any_more_are_not_carried_out) {
  Team team;
  const std::string id = team.ask();
  EXPECT_EQ(code_of(team.give("user:root", "user.roles", {{"user", "ben"}, {"role", "viewer"}, {"reason", "left the team"}})), "");
  EXPECT_EQ(code_of(team.yes("user:cat", id)), "conflict");
}

TEST(Requests, of_an_admin_wait_for_another_admin_where_there_is_one) {
  Team team("enterprise");
  EXPECT_EQ(team.give("user:root", "user.add", {{"user", "dan"}, {"role", "admin"}})[1].kind, "command_accepted");
  const auto group = team.give("user:root", "user.add", {{"user", "eve"}, {"role", "admin"}});
  ASSERT_EQ(group[1].kind, "command_requested");
  EXPECT_FALSE(team.state().users.contains("eve"));
  EXPECT_EQ(code_of(team.give("user:dan", "mfa.enroll", {{"secret", sha256("d").hex()}})), "");
  EXPECT_EQ(code_of(team.give("user:dan", "mfa.confirm", {{"secret", sha256("d").hex()}}, {{"mfa", 5}})), "");
  EXPECT_EQ(code_of(team.yes("user:dan", group[1].id("ask"), {{"mfa", 6}})), "");
  EXPECT_TRUE(team.state().users.contains("eve"));
}

TEST(OneTimeCodes, are_asked_for_once_confirmed_and_serve_once) {
  Team team;
  const JsonObject approve{{"action", "act-1"}, {"digest", "d"}};
  EXPECT_EQ(code_of(team.give("user:ben", "action.approve", approve)), "");
  EXPECT_EQ(code_of(team.give("user:ben", "mfa.enroll", {{"secret", sha256("s").hex()}})), "");
  EXPECT_EQ(code_of(team.give("user:ben", "action.approve", approve)), "") << "not confirmed yet";
  EXPECT_EQ(code_of(team.give("user:ben", "mfa.confirm", {{"secret", sha256("s").hex()}})), "forbidden");
  EXPECT_EQ(code_of(team.give("user:ben", "mfa.confirm", {{"secret", sha256("other").hex()}}, {{"mfa", 100}})), "conflict");
  EXPECT_EQ(code_of(team.give("user:ben", "mfa.confirm", {{"secret", sha256("s").hex()}}, {{"mfa", 101}})), "");
  EXPECT_EQ(code_of(team.give("user:ben", "action.approve", approve)), "forbidden");
  EXPECT_EQ(code_of(team.give("user:ben", "action.approve", approve, {{"mfa", 101}})), "forbidden") << "used to confirm";
  const auto group = team.give("user:ben", "action.approve", approve, {{"mfa", 102}});
  EXPECT_EQ(code_of(group), "");
  EXPECT_EQ(int_or(*find(group[1].body, "via"), "mfa"), 102);
  EXPECT_EQ(code_of(team.give("user:ben", "action.approve", approve, {{"mfa", 102}})), "forbidden");
  EXPECT_EQ(code_of(team.give("user:root", "mfa.reset", {{"user", "ben"}, {"reason", "lost phone"}})), "");
  EXPECT_EQ(code_of(team.give("user:ben", "action.approve", approve)), "");
}

TEST(OneTimeCodes, are_a_must_for_approving_where_the_preset_says_so) {
  Team team("enterprise");
  const auto group = team.give("user:ben", "action.approve", {{"action", "act-1"}, {"digest", "d"}});
  EXPECT_EQ(code_of(group), "forbidden");
  EXPECT_NE(string_or(group.back().body, "reason").find("mfa enroll"), std::string::npos);
}

TEST(Keys, do_what_their_scope_says_and_no_more_than_their_owner) {
  Team team;
  const std::string expires = format_time(team.now() + 30 * kDay), hash = sha256("k").hex();
  const auto add = [&](const char* actor, JsonArray scope, const std::string& until) {
    return team.give(actor, "key.add", {{"name", "ci"}, {"key_hash", hash}, {"scope", std::move(scope)}, {"expires", until}});
  };
  EXPECT_EQ(code_of(add("user:ana", {}, expires)), "invalid");
  EXPECT_EQ(code_of(add("user:ana", {"king"}, expires)), "invalid");
  EXPECT_EQ(code_of(add("user:ana", {"administer"}, expires)), "forbidden");
  EXPECT_EQ(code_of(add("user:ana", {"timeline"}, format_time(team.now() + 500 * kDay))), "invalid");
  const auto added = add("user:ana", {"timeline"}, expires);
  ASSERT_EQ(code_of(added), "");
  const JsonObject via{{"token", hash}};
  EXPECT_EQ(code_of(team.give("user:ana", "incident.note", {{"incident", "inc-1"}, {"text", "t"}}, via)), "");
  EXPECT_EQ(code_of(team.give("user:ana", "freeze", {{"reason", "r"}}, via)), "forbidden");
  EXPECT_EQ(code_of(team.give("user:ana", "session.open", {{"session_hash", sha256("s").hex()}}, via)), "forbidden") << "a session would have no scope";
  EXPECT_EQ(code_of(team.give("user:ana", "key.add", {{"name", "b"}, {"key_hash", sha256("l").hex()}, {"scope", JsonArray{"contain"}}, {"expires", expires}}, via)), "forbidden");
  const auto who = authenticate(team.state(), sha256("k"), team.now());
  ASSERT_TRUE(who);
  EXPECT_TRUE(who->scoped);
  EXPECT_EQ(cell_of(who->rights, Duty::kTimeline), Cell::kDo);
  EXPECT_EQ(cell_of(who->rights, Duty::kContain), Cell::kNone);
  EXPECT_FALSE(authenticate(team.state(), sha256("k"), team.now() + 30 * kDay));
  const std::string id = find_kind(added, "key_added")->id("key");
  EXPECT_EQ(code_of(team.give("user:ben", "key.revoke", {{"key", id}})), "not_found");
  EXPECT_EQ(code_of(team.give("user:ana", "key.revoke", {{"key", id}})), "");
  EXPECT_FALSE(authenticate(team.state(), sha256("k"), team.now()));
}

TEST(Glass, lets_one_person_act_for_four_hours_and_marks_all_of_it) {
  Team team;
  EXPECT_EQ(code_of(team.give("user:root", "break_glass.open", {{"reason", "r"}})), "forbidden") << "an admin does not act in incidents";
  EXPECT_EQ(code_of(team.give("user:ana", "break_glass.open", {{"reason", " "}})), "invalid");
  const auto group = team.give("user:ana", "break_glass.open", {{"reason", "nobody answers"}});
  const Entry* opened = find_kind(group, "break_glass_opened");
  ASSERT_NE(opened, nullptr);
  const std::string id = opened->id("bg");
  EXPECT_EQ(code_of(team.give("user:ana", "break_glass.open", {{"reason", "again"}})), "conflict");
  const auto approve = team.give("user:ana", "action.approve", {{"action", "act-1"}, {"digest", "d"}});
  EXPECT_EQ(code_of(approve), "");
  EXPECT_EQ(string_or(approve[1].body, "break_glass"), id);
  EXPECT_EQ(code_of(team.give("user:ana", "user.add", {{"user", "eve"}, {"role", "admin"}})), "forbidden") << "users are no matter of an incident";
  EXPECT_EQ(string_or(team.give("user:ben", "freeze", {{"reason", "r"}})[1].body, "break_glass"), "") << "nobody else's";
  team.advance(kGlassLasts);
  EXPECT_EQ(code_of(team.give("user:ana", "action.approve", {{"action", "act-1"}, {"digest", "d"}})), "forbidden");
}

TEST(Glass, is_reviewed_by_somebody_else_or_escalates_after_a_day) {
  Team team;
  const std::string id = find_kind(team.give("user:ben", "break_glass.open", {{"reason", "r"}}), "break_glass_opened")->id("bg");
  const auto review = [&](const char* who) { return team.give(who, "break_glass.review", {{"break_glass", id}, {"verdict", "justified"}, {"text", "looked at it"}}); };
  EXPECT_EQ(code_of(review("user:ben")), "forbidden");
  EXPECT_EQ(code_of(review("user:root")), "forbidden") << "an admin of a team does not work on incidents";
  team.advance(kGlassLasts);
  EXPECT_NE(find_kind(team.input("tick", JsonObject{}), "break_glass_ended"), nullptr);
  team.advance(kGlassReview - kGlassLasts - 1);
  EXPECT_TRUE(team.input("tick", JsonObject{}).empty());
  team.advance(1);
  EXPECT_NE(find_kind(team.input("tick", JsonObject{}), "break_glass_overdue"), nullptr);
  EXPECT_TRUE(team.input("tick", JsonObject{}).empty()) << "once";
  EXPECT_EQ(code_of(team.give("user:ben", "break_glass.open", {{"reason", "again"}})), "forbidden") << "not before it was looked at";
  EXPECT_EQ(code_of(review("user:cat")), "");
  EXPECT_TRUE(team.state().glasses.empty());
  EXPECT_EQ(code_of(team.give("user:ben", "break_glass.open", {{"reason", "again"}})), "");
}

TEST(Exclusion, makes_an_incident_unknown_to_a_person) {
  Team team;
  EXPECT_EQ(code_of(team.give("user:kim", "incident.exclude", {{"incident", "inc-7"}, {"user", "ana"}, {"reason", "it is about ana"}})), "");
  EXPECT_FALSE(may_see(team.state(), "ana", "inc-7"));
  EXPECT_TRUE(may_see(team.state(), "ana", "inc-8"));
  EXPECT_EQ(code_of(team.give("user:ana", "incident.note", {{"incident", "inc-7"}, {"text", "t"}})), "not_found");
  EXPECT_EQ(code_of(team.give("user:kim", "incident.include", {{"incident", "inc-7"}, {"user", "ana"}, {"reason", "cleared"}})), "");
  EXPECT_TRUE(may_see(team.state(), "ana", "inc-7"));
}

TEST(Exclusion, goes_over_to_what_is_split_off_and_to_what_it_is_merged_into) {
  Team team;
  team.give("user:kim", "incident.exclude", {{"incident", "inc-7"}, {"user", "ana"}, {"reason", "it is about ana"}});
  const auto group = team.input("incident_opened", JsonObject{{"split_of", "inc-7"}, {"endpoint", "e"}});
  const std::string split = group.front().id("inc");
  EXPECT_FALSE(may_see(team.state(), "ana", split));
  team.input("incident_merged", JsonObject{{"incident", split}, {"into", "inc-9"}});
  EXPECT_FALSE(may_see(team.state(), "ana", "inc-9"));
  EXPECT_TRUE(may_see(team.state(), "ben", "inc-9"));
  EXPECT_EQ(team.replayed(), team.state());
}

TEST(Exclusion, roles_go_to_people_who_can_work_on_the_incident) {
  Team team;
  team.give("user:kim", "incident.exclude", {{"incident", "inc-7"}, {"user", "ana"}, {"reason", "r"}});
  for (const char* nobody : {"zzz", "ana"})
    EXPECT_EQ(code_of(team.give("user:kim", "incident.assign", {{"incident", "inc-7"}, {"role", "lead"}, {"user", nobody}})), "invalid") << nobody;
  EXPECT_EQ(code_of(team.give("user:kim", "incident.assign", {{"incident", "inc-7"}, {"role", "lead"}, {"user", "ben"}})), "");
}

TEST(Accounts, keep_an_admin_and_come_back_from_a_snapshot) {
  Team team;
  EXPECT_EQ(code_of(team.give("user:root", "user.roles", {{"user", "root"}, {"role", "viewer"}, {"reason", "r"}})), "conflict");
  EXPECT_EQ(code_of(team.give("user:root", "user.roles", {{"user", "root"}, {"role", "admin legal"}, {"reason", "r"}})), "forbidden") << "nobody makes themselves counsel";
  EXPECT_EQ(code_of(team.give("user:root", "password.set", {{"password", sha256("h").hex()}, {"user", "ana"}})), "");
  EXPECT_EQ(code_of(team.give("user:ana", "password.set", {{"password", sha256("h").hex()}, {"user", "ben"}})), "forbidden");
  team.ask({{"token", std::string(64, 'a')}});
  team.give("user:ana", "break_glass.open", {{"reason", "r"}});
  team.give("user:kim", "incident.exclude", {{"incident", "inc-7"}, {"user", "ana"}, {"reason", "r"}});
  const auto restored = state_from_json(*parse_json(canonical_json(to_json(team.state()))));
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(*restored, team.state());
  EXPECT_EQ(team.replayed(), team.state());
}

}  // namespace
}  // namespace firebreak::access
