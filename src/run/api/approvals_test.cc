// The two-person rule, one-time codes, keys, passwords and break-glass as they come over HTTP.
#include <regex>

#include "log/vault/totp.h"
#include "run/api/town_for_tests.h"
#include "types/command.h"

namespace firebreak::api {
namespace {

struct Pair : Town {
  explicit Pair(const std::string& preset = "pair", const std::string& owner = "") : Town(preset) {
    person("ana", "analyst");
    person("ben", "approver");
    person("cat", "approver");
    person("kim", "commander");
    program("user.add", JsonObject{{"user", "gw-1"}, {"role", "gateway"}});
    program("token.add", JsonObject{{"user", "gw-1"}, {"token_hash", sha256("gw-1's token").hex()}});
    endpoint(owner);
  }
  std::string propose(const std::string& who = "ana", double low = 0.1) {
    const auto proposed = command(who, "action.propose", review(low));
    EXPECT_EQ(proposed.status, 200) << proposed.body;
    return id_of(proposed);
  }
  net::Response approve(const std::string& who, const std::string& action, net::Headers headers = {}) {
    return command(who, "action.approve", approval(action), std::move(headers));
  }
};

TEST(TwoPersonRule, refuses_who_asked) {
  Pair town;
  town.program("user.roles", JsonObject{{"user", "ana"}, {"role", "analyst approver"}, {"reason", "r"}});
  const std::string action = town.propose();
  EXPECT_EQ(town.approve("ana", action).status, 403);
  EXPECT_EQ(town.approve("ben", action).status, 200);
}

TEST(TwoPersonRule, refuses_the_owner_of_the_endpoint) {
  Pair town("pair", "ben");
  const std::string action = town.propose();
  const auto refused = town.approve("ben", action);
  EXPECT_EQ(refused.status, 403);
  EXPECT_NE(refused.body.find("owner"), std::string::npos) << refused.body;
  EXPECT_EQ(town.approve("cat", action).status, 200);
}

TEST(TwoPersonRule, refuses_a_service_account) {
  Pair town;
  const std::string action = town.propose();
  EXPECT_EQ(town.approve("gw-1", action).status, 403);
  EXPECT_EQ(town.approve("ben", action).status, 200);
}

TEST(TwoPersonRule, refuses_a_replayed_approval) {
  Pair town;
  const std::string first = town.propose();
  const Json yes = town.approval(first);
  EXPECT_EQ(town.command("ben", "action.approve", yes).status, 200);
  EXPECT_EQ(town.command("ben", "action.approve", yes).status, 409) << "the same once more";
  const std::string second = town.propose("ana", 0.2);
  EXPECT_EQ(town.command("ben", "action.approve", JsonObject{{"action", second}, {"digest", string_or(yes, "digest")}}).status, 409) << "for another measure";
}

TEST(TwoPersonRule, refuses_an_expired_proposal) {
  Pair town;
  const std::string action = town.propose();
  const Json yes = town.approval(action);
  town.clock.feed(town.clock.now() + kDay);
  EXPECT_EQ(town.command("ben", "action.approve", yes).status, 409);
}

// Two people at one browser: one cookie jar, two sign-ins.
struct Tab {
  Town& town;
  std::string user, cookies, csrf;

  void sign_in(const std::string& who) {
    net::Headers headers;
    if (!cookies.empty()) headers.emplace_back("cookie", cookies);
    const auto response = town.send("", "POST", "/api/v1/session", JsonObject{{"token", who + "'s token"}}, headers);
    ASSERT_EQ(response.status, 200) << response.body;
    for (const auto& [name, value] : response.headers)
      if (name == "set-cookie") cookies += (cookies.empty() ? "" : "; ") + value.substr(0, value.find(';'));
    user = who;
    csrf = string_or(*parse_json(response.body), "csrf");
  }
  net::Response command(const std::string& name, const Json& args) {
    return town.command("", name, args, {{"cookie", cookies}, {"firebreak-session", user}, {"firebreak-csrf", csrf}});
  }
};

TEST(TwoPersonRule, refuses_an_approval_from_the_session_that_asked) {
  Pair town("team");
  Tab ana{town, {}, {}, {}};
  ana.sign_in("ana");
  const auto proposed = ana.command("action.propose", Town::review(0.1));
  ASSERT_EQ(proposed.status, 200) << proposed.body;
  const std::string action = Town::id_of(proposed);
  Tab beside{town, {}, ana.cookies, {}};
  beside.sign_in("ben");
  const auto refused = beside.command("action.approve", town.approval(action));
  EXPECT_EQ(refused.status, 403);
  EXPECT_NE(refused.body.find("session"), std::string::npos) << refused.body;
  Tab elsewhere{town, {}, {}, {}};
  elsewhere.sign_in("ben");
  EXPECT_EQ(elsewhere.command("action.approve", town.approval(action)).status, 200);
}

TEST(RolesOverHttp, one_command_of_each_duty_is_kept_to_the_matrix) {
  Town town("enterprise");
  town.endpoint();
  for (const std::string_view role : kHumanRoles)
    if (role != "admin") town.person("a-" + std::string(role), std::string(role));
  struct Sample {
    const char* name;
    Json args;
  };
  const Sample samples[] = {
      {"incident.declare", JsonObject{{"endpoint", "api"}, {"title", "t"}, {"severity", "SEV-3"}}},
      {"incident.severity", JsonObject{{"incident", "inc-9"}, {"severity", "SEV-2"}, {"reason", "r"}}},
      {"incident.note", JsonObject{{"incident", "inc-9"}, {"text", "t"}}},
      {"evidence.capture", JsonObject{{"incident", "inc-9"}, {"items", JsonArray{"records"}}}},
      {"action.lift", JsonObject{{"action", "act-9"}, {"reason", "r"}}},
      {"playbook.reject", JsonObject{{"approval", "appr-9"}, {"reason", "r"}}},
      {"hold.lift", JsonObject{{"hold", "hold-9"}, {"reason", "r"}}},
      {"release.gate", JsonObject{{"endpoint", "api"}, {"release", "1"}}},
      {"incident.close", JsonObject{{"incident", "inc-9"}, {"summary", "s"}, {"residual_risk", "r"}}},
      {"token.revoke", JsonObject{{"user", "x"}, {"token_hash", "y"}}},
  };
  const Preset& strict = *find_preset("enterprise");
  for (const Sample& sample : samples) {
    const CommandSpec& command = *find_command(sample.name);
    for (const std::string_view role : kHumanRoles) {
      const std::string who = role == "admin" ? "root" : "a-" + std::string(role);
      const Cell cell = cell_of(rights_of(role, strict), command.duty);
      const auto response = town.command(who, sample.name, sample.args);
      const std::string told = std::string(role) + " " + sample.name + ": " + response.body;
      if (cell < Cell::kPropose) {
        EXPECT_EQ(response.status, 403) << told;
      } else if (command.step == Step::kDo && cell != Cell::kDo && role != "admin") {
        EXPECT_NE(response.status, 200) << told << ": not without a second person";
        EXPECT_NE(response.status, 403) << told << ": it waits, or what is asked for is judged at once";
      } else {
        EXPECT_NE(response.status, 403) << told;
      }
    }
  }
  // Reading: the audit is for some, the rest for all.
  for (const std::string_view role : kHumanRoles) {
    const std::string who = role == "admin" ? "root" : "a-" + std::string(role);
    const bool audits = cell_of(rights_of(role, strict), Duty::kAudit) >= Cell::kView;
    EXPECT_EQ(town.send(who, "GET", "/api/v1/journal").status, audits ? 200 : 403) << role;
    EXPECT_EQ(town.send(who, "GET", "/api/v1/incidents").status, 200) << role;
    EXPECT_EQ(town.send(who, "GET", "/api/v1/users").status, role == "admin" || role == "auditor" ? 200 : 403) << role;
  }
  // The auditor and the viewer change nothing by the other routes either.
  for (const char* who : {"a-auditor", "a-viewer"}) {
    EXPECT_EQ(town.send(who, "POST", "/api/v1/blobs", JsonObject{}).status, 403);
    EXPECT_EQ(town.send(who, "PUT", "/api/v1/endpoints/api", JsonObject{}).status, 403);
    EXPECT_EQ(town.send(who, "POST", "/api/v1/holds", JsonObject{}).status, 403);
    EXPECT_EQ(town.send(who, "POST", "/api/v1/tunings", JsonObject{}).status, 403);
    EXPECT_EQ(town.send(who, "POST", "/api/v1/rules", JsonObject{}).status, 403);
    EXPECT_EQ(town.send(who, "POST", "/api/v1/erasures", JsonObject{}).status, 403);
    EXPECT_EQ(town.send(who, "POST", "/api/v1/sign-in-links", JsonObject{}).status, 403);
    EXPECT_EQ(town.send(who, "POST", "/api/v1/endpoints/api/profiles", JsonObject{}).status, 403);
    EXPECT_EQ(town.send(who, "POST", "/api/v1/archive/build", JsonObject{}).status, 403);
    EXPECT_EQ(town.send(who, "PUT", "/api/v1/streams/s", JsonObject{}).status, 403);
  }
}

TEST(OneTimeCodes, are_enrolled_confirmed_asked_for_and_taken_once) {
  Pair town;
  const auto enrolled = town.send("ben", "POST", "/api/v1/mfa", JsonObject{});
  ASSERT_EQ(enrolled.status, 201) << enrolled.body;
  const std::string secret = string_or(*parse_json(enrolled.body), "secret");
  // base32 back to octets, as an authenticator does.
  std::string octets;
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : secret) {
    bits = (bits << 5) | static_cast<std::uint32_t>(c >= 'A' ? c - 'A' : c - '2' + 26);
    if ((have += 5) >= 8) octets += static_cast<char>(bits >> (have -= 8));
  }
  const auto code = [&] { return vault::totp(octets, town.clock.now().us / vault::kStep); };
  EXPECT_EQ(town.send("ben", "POST", "/api/v1/mfa/confirm", JsonObject{{"code", "12"}}).status, 401);
  EXPECT_EQ(town.send("ben", "POST", "/api/v1/mfa/confirm", JsonObject{{"code", code()}}).status, 200);
  const std::string action = town.propose();
  EXPECT_EQ(town.approve("ben", action).status, 403) << "without a code";
  EXPECT_EQ(town.approve("ben", action, {{"firebreak-code", code()}}).status, 403) << "it confirmed the secret already";
  town.clock.feed(town.clock.now() + vault::kStep);
  EXPECT_EQ(town.approve("ben", action, {{"firebreak-code", "000000"}}).status == 200, code() == "000000");
  const auto approved = town.approve("ben", action, {{"firebreak-code", code()}});
  EXPECT_EQ(approved.status, 200) << approved.body;
  EXPECT_NE(approved.body.find("\"mfa\":"), std::string::npos) << approved.body;
  EXPECT_EQ(town.send("root", "GET", "/api/v1/journal?limit=1000").body.find(secret), std::string::npos);
}

TEST(OneTimeCodes, cannot_be_guessed_on_and_on) {
  Pair town;
  (void)town.send("ben", "POST", "/api/v1/mfa", JsonObject{});
  int status = 0;
  for (int i = 0; i < 6; ++i) status = town.send("ben", "POST", "/api/v1/mfa/confirm", JsonObject{{"code", "x"}}).status;
  EXPECT_EQ(status, 429);
}

TEST(Passwords, sign_in_and_a_door_that_is_tried_too_often_stays_shut) {
  Pair town;
  EXPECT_EQ(town.send("ana", "PUT", "/api/v1/password", JsonObject{{"password", "short"}}).status, 400);
  EXPECT_EQ(town.send("ana", "PUT", "/api/v1/password", JsonObject{{"password", "correct horse battery"}}).status, 200);
  EXPECT_EQ(town.send("ana", "PUT", "/api/v1/password", JsonObject{{"password", "correct horse battery"}, {"user", "ben"}}).status, 403);
  const auto knock = [&](const char* user, const char* password) { return town.send("", "POST", "/api/v1/session", JsonObject{{"user", user}, {"password", password}}).status; };
  EXPECT_EQ(knock("ana", "correct horse battery"), 200);
  EXPECT_EQ(knock("ben", "correct horse battery"), 401) << "he has none";
  EXPECT_EQ(knock("nobody", "correct horse battery"), 401);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(knock("ana", "wrong horse battery"), 401);
  EXPECT_EQ(knock("ana", "correct horse battery"), 429) << "even the right one";
  EXPECT_EQ(town.send("root", "GET", "/api/v1/journal?limit=1000").body.find("argon2"), std::string::npos);
}

TEST(Keys, are_made_once_shown_listed_kept_to_their_scope_and_revoked) {
  Pair town;
  const auto made = town.send("ana", "POST", "/api/v1/keys", JsonObject{{"name", "ci"}, {"scope", JsonArray{"timeline"}}, {"days", 7}});
  ASSERT_EQ(made.status, 201) << made.body;
  const Json key = *parse_json(made.body);
  const net::Headers bearer{{"authorization", "Bearer " + string_or(key, "key")}};
  EXPECT_EQ(town.command("", "change.add", JsonObject{{"kind", "deploy"}, {"to", "2026-03-08T00:00:00Z"}, {"reason", "r"}}, bearer).status, 200);
  EXPECT_EQ(town.command("", "freeze", JsonObject{{"reason", "r"}}, bearer).status, 403);
  EXPECT_EQ(town.send("", "PUT", "/api/v1/password", JsonObject{{"password", "correct horse battery"}}, bearer).status, 403);
  EXPECT_EQ(town.send("", "POST", "/api/v1/keys", JsonObject{{"name", "b"}, {"scope", JsonArray{"contain"}}}, bearer).status, 403);
  EXPECT_EQ(town.send("", "POST", "/api/v1/session", JsonObject{{"token", string_or(key, "key")}}).status, 403);
  EXPECT_NE(town.send("ana", "GET", "/api/v1/keys").body.find("\"name\":\"ci\""), std::string::npos);
  EXPECT_EQ(town.send("ben", "GET", "/api/v1/keys").body.find("\"name\":\"ci\""), std::string::npos);
  EXPECT_EQ(town.command("ana", "key.revoke", JsonObject{{"key", string_or(key, "id")}}).status, 200);
  EXPECT_EQ(town.send("", "GET", "/api/v1/incidents", nullptr, bearer).status, 401);
  const auto brief = town.send("ana", "POST", "/api/v1/keys", JsonObject{{"name", "day"}, {"scope", JsonArray{"timeline"}}, {"days", 1}});
  town.clock.feed(town.clock.now() + kDay);
  EXPECT_EQ(town.send("", "GET", "/api/v1/incidents", nullptr, {{"authorization", "Bearer " + string_or(*parse_json(brief.body), "key")}}).status, 401);
}

TEST(BreakGlass, lets_one_act_alone_marked_and_asks_for_a_review_that_escalates) {
  Pair town;
  const std::string action = town.propose("ben");
  ASSERT_FALSE(action.empty());
  EXPECT_EQ(town.approve("ben", action).status, 403);
  const auto opened = town.command("ben", "break_glass.open", JsonObject{{"reason", "nobody answers the phone"}});
  ASSERT_EQ(opened.status, 200) << opened.body;
  const std::string glass = Town::id_of(opened);
  const auto approved = town.approve("ben", action);
  EXPECT_EQ(approved.status, 200) << approved.body;
  EXPECT_NE(approved.body.find("\"break_glass\":\"" + glass + "\""), std::string::npos) << approved.body;
  EXPECT_NE(town.send("ana", "GET", "/api/v1/status").body.find("firebreak break-glass --review " + glass), std::string::npos);
  EXPECT_NE(town.send("ana", "GET", "/api/v1/actions/" + action).body.find("\"break_glass\":\"" + glass + "\""), std::string::npos);
  town.clock.feed(town.clock.now() + kDay);
  (void)town.journal->submit_wait(Draft{"tick", JsonObject{}, "firebreak", {}, {}});
  EXPECT_NE(town.send("ana", "GET", "/api/v1/status").body.find("OVERDUE"), std::string::npos);
  const Json verdict = JsonObject{{"break_glass", glass}, {"verdict", "justified"}, {"text", "the phone was dead"}};
  EXPECT_EQ(town.command("ben", "break_glass.review", verdict).status, 403);
  EXPECT_EQ(town.command("cat", "break_glass.review", verdict).status, 200);
  EXPECT_EQ(town.send("ana", "GET", "/api/v1/status").body.find("OVERDUE"), std::string::npos);
}

TEST(Requests, show_what_waits_and_are_answered_by_another_person) {
  Pair team("team");
  EXPECT_EQ(team.command("ana", "incident.declare", JsonObject{{"endpoint", "api"}, {"title", "t"}, {"severity", "SEV-3"}}).status, 200);
  const std::string incident = string_or(parse_json(team.send("ana", "GET", "/api/v1/incidents").body)->at("items").as_array()[0], "id");
  const auto asked = team.command("ana", "incident.severity", JsonObject{{"incident", incident}, {"severity", "SEV-1"}, {"reason", "it spreads"}});
  ASSERT_EQ(asked.status, 202) << asked.body;
  const Json waiting = parse_json(team.send("kim", "GET", "/api/v1/requests").body)->at("items").as_array().at(0);
  EXPECT_EQ(string_or(waiting, "id"), Town::id_of(asked));
  const Json yes = JsonObject{{"request", string_or(waiting, "id")}, {"digest", string_or(waiting, "digest")}};
  EXPECT_EQ(team.command("ana", "request.approve", yes).status, 403);
  EXPECT_EQ(team.command("kim", "request.approve", yes).status, 200);
  EXPECT_NE(team.send("ana", "GET", "/api/v1/incidents/" + incident).body.find("SEV-1"), std::string::npos);
}

TEST(Requests, that_nobody_could_carry_out_are_refused_at_once) {
  Pair team("team");
  ASSERT_EQ(team.command("ana", "incident.declare", JsonObject{{"endpoint", "api"}, {"title", "t"}, {"severity", "SEV-3"}}).status, 200);
  const std::string incident = string_or(parse_json(team.send("ana", "GET", "/api/v1/incidents").body)->at("items").as_array()[0], "id");
  const auto nowhere = team.command("ana", "incident.severity", JsonObject{{"incident", "inc-4711"}, {"severity", "SEV-1"}, {"reason", "it spreads"}});
  EXPECT_EQ(nowhere.status, 404) << nowhere.body;
  EXPECT_EQ(team.command("ana", "incident.severity", JsonObject{{"incident", incident}, {"severity", "SEV-9"}, {"reason", "it spreads"}}).status, 400);
  EXPECT_TRUE(parse_json(team.send("kim", "GET", "/api/v1/requests").body)->at("items").as_array().empty()) << "nobody is asked";
  EXPECT_EQ(team.command("ana", "incident.severity", JsonObject{{"incident", incident}, {"severity", "SEV-1"}, {"reason", "it spreads"}}).status, 202);
}

// Every GET route there is, by the person from whom the incident is kept: nothing of it anywhere.
TEST(NeedToKnow, no_route_shows_an_incident_to_whom_it_is_kept_from) {
  Pair town;
  ASSERT_EQ(town.command("kim", "incident.declare", JsonObject{{"endpoint", "api"}, {"title", "Insider-Otto"}, {"severity", "SEV-2"}}).status, 200);
  const std::string incident = string_or(parse_json(town.send("kim", "GET", "/api/v1/incidents").body)->at("items").as_array()[0], "id");
  ASSERT_EQ(town.command("kim", "incident.task", JsonObject{{"incident", incident}, {"text", "look at Insider-Otto's desk"}, {"owner", "kim"}}).status, 200);
  Json propose = Town::review(0.3);
  propose.as_object()["incident"] = incident;
  const std::string action = Town::id_of(town.command("root", "action.propose", propose));
  ASSERT_TRUE(action.starts_with("act-"));
  const auto walk = [&](const std::string& who, bool hidden) {
    int seen = 0, routes = 0;
    for (const auto& [method, route] : town.api->routes()) {
      if (method != "GET" || route == "/api/v1/events" || !route.starts_with("/api/")) continue;
      for (const std::string& id : {incident, action}) {
        const std::string path = std::regex_replace(route, std::regex("\\{[^}]*\\}"), id);
        const auto response = town.send(who, "GET", path + (route == "/api/v1/journal" ? "?limit=1000" : ""));
        const bool told = response.body.find("Insider-Otto") != std::string::npos || std::regex_search(response.body, std::regex(incident + "(?![0-9])")) ||
                          std::regex_search(response.body, std::regex(action + "(?![0-9])"));
        EXPECT_FALSE(hidden && told) << path << ": " << response.body.substr(0, 2'000);
        seen += told ? 1 : 0;
      }
      ++routes;
    }
    EXPECT_GT(routes, 30);
    return seen;
  };
  EXPECT_GT(walk("ana", false), 8) << "before, she sees it";
  ASSERT_EQ(town.command("kim", "incident.exclude", JsonObject{{"incident", incident}, {"user", "ana"}, {"reason", "it is about ana"}}).status, 200);
  EXPECT_EQ(walk("ana", true), 0);
  EXPECT_GT(walk("ben", false), 8) << "nobody else is concerned";
  // Found or not found: the answer is the same.
  const auto one = town.send("ana", "GET", "/api/v1/incidents/" + incident), other = town.send("ana", "GET", "/api/v1/incidents/inc-4711");
  EXPECT_EQ(one.status, 404);
  EXPECT_EQ(one.body, other.body);
  const auto declared = town.command("ana", "incident.declare", JsonObject{{"endpoint", "api"}, {"title", "odd answers"}, {"severity", "SEV-3"}});
  EXPECT_EQ(declared.status, 409) << declared.body;
  EXPECT_NE(declared.body.find("tell a commander or an admin"), std::string::npos) << declared.body;
  EXPECT_EQ(declared.body.find(incident), std::string::npos);
  for (const char* odd : {"%00", "a%00b", "%FF"})
    for (const std::string& path : {std::string("/api/v1/search"), "/api/v1/incidents/" + incident + "/timeline"})
      EXPECT_EQ(town.send("kim", "GET", path + "?q=" + odd).status, 400) << path << odd;
  EXPECT_EQ(town.command("ana", "incident.note", JsonObject{{"incident", incident}, {"text", "t"}}).status, 404);
  EXPECT_EQ(town.command("ana", "action.lift", JsonObject{{"action", action}, {"reason", "r"}}).status, 404);
  EXPECT_EQ(town.send("ana", "POST", "/api/v1/reports", JsonObject{{"incident", incident}}).status, 404);
  // The events, from the first on.
  const auto events = [&](const std::string& who) {
    net::HttpClient http;
    http.set_token(who + "'s token");
    std::string all;
    town.program("token.add", JsonObject{{"user", "kim"}, {"token_hash", sha256(std::to_string(town.journal->size())).hex()}});
    const std::string end = "id: " + std::to_string(town.journal->size() - 1) + "\n";
    (void)http.stream(town.server->url() + "/api/v1/events?from=0", {}, [&](std::string_view part) {
      all += part;
      return all.find(end) == std::string::npos;
    }, 20'000'000);
    return all;
  };
  EXPECT_EQ(events("ana").find("Insider-Otto"), std::string::npos);
  EXPECT_EQ(events("ana").find("\"" + incident + "\""), std::string::npos);
  EXPECT_NE(events("ben").find("Insider-Otto"), std::string::npos);
  EXPECT_EQ(town.command("kim", "incident.include", JsonObject{{"incident", incident}, {"user", "ana"}, {"reason", "cleared"}}).status, 200);
  EXPECT_EQ(town.send("ana", "GET", "/api/v1/incidents/" + incident).status, 200);
}

}  // namespace
}  // namespace firebreak::api
