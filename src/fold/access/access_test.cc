#include "fold/access/access.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "types/command.h"

namespace firebreak::access {
namespace {

// Folds one input and all that follows from it, as the journal does.
struct Story {
  AccessState state;
  std::vector<Entry> entries;
  Time now{1'000'000'000};

  std::vector<Entry> command(const std::string& actor, const std::string& name, JsonObject args) {
    Draft draft;
    draft.kind = "command";
    draft.actor = actor;
    draft.body = JsonObject{{"name", name}, {"args", std::move(args)}};
    std::vector<Draft> open{draft};
    std::vector<Entry> group;
    for (std::size_t i = 0; i < open.size(); ++i) {
      Entry entry;
      entry.index = entries.size();
      entry.kind = open[i].kind;
      entry.actor = open[i].actor;
      entry.body = open[i].body;
      entry.time = now;
      apply(state, entry);
      for (Draft& more : decide(state, entry)) open.push_back(std::move(more));
      entries.push_back(entry);
      group.push_back(entry);
    }
    return group;
  }
};

std::string token(const std::string& text) { return sha256(text).hex(); }

Story with_ana() {
  Story story;
  story.command("firebreak", "user.add", {{"user", "ana"}, {"role", "analyst"}});
  story.command("firebreak", "token.add", {{"user", "ana"}, {"token_hash", token("secret")}});
  return story;
}

std::string code_of(const std::vector<Entry>& group) {
  return group.back().kind == "command_refused" ? string_or(group.back().body, "code") : "";
}

TEST(Access, the_program_itself_adds_the_first_user_and_token) {
  const Story story = with_ana();
  ASSERT_EQ(story.state.users.size(), 1u);
  EXPECT_EQ(story.entries[2].kind, "user_added");
  const auto principal = authenticate(story.state, sha256("secret"), story.now);
  ASSERT_TRUE(principal);
  EXPECT_EQ(principal->actor(), "user:ana");
  EXPECT_EQ(principal->role, "analyst");
}

TEST(Access, the_program_may_not_speak_for_people) {
  Story story = with_ana();
  EXPECT_EQ(code_of(story.command("firebreak", "action.lift", {{"action", "act-1"}, {"reason", "r"}})), "forbidden");
  EXPECT_EQ(code_of(story.command("firebreak", "action.approve", {{"action", "act-1"}, {"digest", "d"}})), "forbidden");
}

TEST(Access, an_accepted_command_keeps_its_actor_and_arguments_and_states_the_role) {
  Story story = with_ana();
  const auto group = story.command("user:ana", "freeze", {{"reason", "odd"}});
  ASSERT_EQ(group.size(), 2u);
  EXPECT_EQ(group[1].kind, "command_accepted");
  EXPECT_EQ(group[1].actor, "user:ana");
  EXPECT_EQ(canonical_json(group[1].body), R"({"args":{"reason":"odd"},"name":"freeze","role":"analyst"})");
}

TEST(Access, refuses_what_the_role_may_not_do) {
  Story story = with_ana();
  EXPECT_EQ(code_of(story.command("user:ana", "user.add", {{"user", "eve"}, {"role", "admin"}})), "forbidden");
  EXPECT_EQ(code_of(story.command("user:ana", "action.approve", {{"action", "a"}, {"digest", "d"}})), "forbidden");
  EXPECT_EQ(code_of(story.command("user:nobody", "freeze", {{"reason", "r"}})), "forbidden");
  EXPECT_EQ(code_of(story.command("ana", "freeze", {{"reason", "r"}})), "forbidden");
  EXPECT_FALSE(story.state.users.contains("eve"));
}

TEST(Access, services_give_no_commands_of_people) {
  Story story;
  story.command("firebreak", "user.add", {{"user", "gw-1"}, {"role", "gateway"}});
  for (const CommandSpec& command : commands())
    EXPECT_EQ(code_of(story.command("service:gw-1", std::string(command.name), {})), "forbidden") << command.name;
}

TEST(Access, refuses_unknown_commands_and_wrong_arguments) {
  Story story = with_ana();
  EXPECT_EQ(code_of(story.command("user:ana", "shutdown", {})), "not_found");
  const auto group = story.command("user:ana", "freeze", {{"reason", "r"}, {"hard", true}});
  EXPECT_EQ(code_of(group), "invalid");
  EXPECT_EQ(string_or(group.back().body, "pointer"), "/hard");
}

TEST(Access, refuses_bad_names_roles_digests_and_doubles) {
  Story story = with_ana();
  const auto refused = [&](const char* name, JsonObject args) { return code_of(story.command("firebreak", name, args)); };
  EXPECT_EQ(refused("user.add", {{"user", "Ana Berg"}, {"role", "analyst"}}), "invalid");
  EXPECT_EQ(refused("user.add", {{"user", "bo"}, {"role", "king"}}), "invalid");
  EXPECT_EQ(refused("user.add", {{"user", "bo"}, {"role", "analyst"}, {"scripted", "yes"}}), "invalid");
  EXPECT_EQ(refused("user.add", {{"user", "ana"}, {"role", "admin"}}), "conflict");
  EXPECT_EQ(refused("token.add", {{"user", "bo"}, {"token_hash", token("x")}}), "not_found");
  EXPECT_EQ(refused("token.add", {{"user", "ana"}, {"token_hash", "secret"}}), "invalid");
  EXPECT_EQ(refused("token.add", {{"user", "ana"}, {"token_hash", token("secret")}}), "conflict");
  EXPECT_EQ(refused("token.add",
                    {{"user", "ana"}, {"token_hash", token("y")}, {"expires", "1970-01-01T00:00:00Z"}}), "invalid");
  EXPECT_EQ(refused("token.revoke", {{"user", "ana"}, {"token_hash", token("other")}}), "not_found");
}

TEST(Access, a_revoked_or_expired_token_opens_nothing) {
  Story story = with_ana();
  const Time end = story.now + kHour;
  story.command("firebreak", "token.add", {{"user", "ana"}, {"token_hash", token("short")}, {"expires", format_time(end)}});
  EXPECT_TRUE(authenticate(story.state, sha256("short"), end - 1));
  EXPECT_EQ(authenticate(story.state, sha256("short"), end).error().code, Code::kUnauthorized);
  story.command("firebreak", "token.revoke", {{"user", "ana"}, {"token_hash", token("secret")}});
  EXPECT_EQ(authenticate(story.state, sha256("secret"), story.now).error().code, Code::kUnauthorized);
}

TEST(Access, a_sign_in_link_opens_one_session_for_its_own_user) {
  Story story = with_ana();
  story.command("firebreak", "user.add", {{"user", "bo"}, {"role", "approver"}});
  story.command("firebreak", "session.link", {{"user", "ana"}, {"link_hash", token("link")}});
  EXPECT_FALSE(authenticate(story.state, sha256("link"), story.now));  // it is no token
  EXPECT_EQ(code_of(story.command("user:bo", "session.open", {{"session_hash", token("b")}, {"link_hash", token("link")}})),
            "forbidden");
  EXPECT_EQ(code_of(story.command("user:ana", "session.open", {{"session_hash", token("a")}, {"link_hash", token("link")}})), "");
  EXPECT_EQ(authenticate(story.state, sha256("a"), story.now, Purpose::kSession)->user, "ana");
  EXPECT_EQ(code_of(story.command("user:ana", "session.open", {{"session_hash", token("c")}, {"link_hash", token("link")}})),
            "unauthorized");
  EXPECT_EQ(code_of(story.command("user:bo", "session.close", {{"session_hash", token("a")}})), "not_found");
  EXPECT_EQ(code_of(story.command("user:ana", "session.close", {{"session_hash", token("a")}})), "");
  EXPECT_FALSE(authenticate(story.state, sha256("a"), story.now, Purpose::kSession));
}

// Random commands by random actors: every token belongs to a user, no user is made but by an admin or the program,
// and the state is the same after a replay and after a snapshot.
RC_GTEST_PROP(AccessProperty, holds_its_invariants_under_any_commands, ()) {
  Story story = with_ana();
  story.command("firebreak", "user.add", {{"user", "root"}, {"role", "admin"}});
  const std::vector<std::string> actors{"firebreak", "user:ana", "user:root", "user:u0", "service:u1", "user:"};
  const int steps = *rc::gen::inRange(0, 40);
  for (int i = 0; i < steps; ++i) {
    const std::string actor = *rc::gen::elementOf(actors);
    const std::string user = "u" + std::to_string(*rc::gen::inRange(0, 4));
    const std::string hash = token(std::to_string(*rc::gen::inRange(0, 6)));
    const std::string role(*rc::gen::element<std::string>("admin", "analyst", "approver", "gateway", "producer", "commander analyst"));
    switch (*rc::gen::inRange(0, 6)) {
      case 3: story.command(actor, "session.link", {{"user", user}, {"link_hash", hash}}); break;
      case 4: story.command(actor, "session.open", {{"session_hash", hash}, {"link_hash", token(user)}}); break;
      case 5: story.command(actor, "session.close", {{"session_hash", hash}}); break;
      case 0: story.command(actor, "user.add", {{"user", user}, {"role", role}}); break;
      case 1: story.command(actor, "token.add", {{"user", user}, {"token_hash", hash}}); break;
      default: story.command(actor, "token.revoke", {{"user", user}, {"token_hash", hash}}); break;
    }
  }
  for (const auto& [digest, each] : story.state.tokens) RC_ASSERT(story.state.users.contains(each.user));
  AccessState replayed, admins;
  for (const Entry& entry : story.entries) {
    if (entry.kind == "user_added" && entry.actor != "firebreak")
      RC_ASSERT(has_word(replayed.users.at(entry.actor.substr(entry.actor.find(':') + 1)).role, "admin"));
    apply(replayed, entry);
  }
  RC_ASSERT(replayed == story.state);
  const auto restored = state_from_json(to_json(story.state));
  RC_ASSERT(restored.has_value());
  RC_ASSERT(*restored == story.state);
}

TEST(Access, refuses_a_snapshot_that_is_none) {
  EXPECT_FALSE(state_from_json(JsonObject{}));
  EXPECT_FALSE(state_from_json(*parse_json(R"({"users":{"a":{"role":1}},"tokens":{}})")));
  EXPECT_FALSE(state_from_json(*parse_json(R"({"users":{},"tokens":{"zz":{"user":"a","expires_us":0}}})")));
}

}  // namespace
}  // namespace firebreak::access
