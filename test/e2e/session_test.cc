// Signing in to the page of a real server: links are good once, forms come from its own pages, other names are refused.
#include <gtest/gtest.h>

#include "support/installation.h"

namespace firebreak {
namespace {

using testing::Installation;

// A browser's tab: keeps its cookies and what the page remembers.
struct Tab {
  Installation& place;
  std::string cookie, user, csrf;

  net::Response send(const std::string& method, const std::string& path, const Json& body = JsonObject{},
                     net::Headers extra = {}) {
    net::HttpClient http;
    net::Request request;
    request.method = method;
    request.headers = std::move(extra);
    if (method != "GET") {
      request.body = canonical_json(body);
      request.headers.emplace_back("content-type", "application/json");
    }
    if (!cookie.empty()) request.headers.emplace_back("cookie", "theme=dark; " + cookie);
    if (!user.empty()) request.headers.emplace_back("firebreak-session", user);
    const auto response = http.send(request, place.url() + path);
    return response ? *response : net::Response{0, "", {}, response.error().message};
  }
  net::Response form(const std::string& path, const Json& body) {
    return send("POST", path, body, {{"firebreak-csrf", csrf}});
  }
  net::Response sign_in(const Json& with) {
    const net::Response response = send("POST", "/api/v1/session", with);
    if (response.status != 200) return response;
    const std::string set(response.header("set-cookie"));
    EXPECT_NE(set.find("HttpOnly; SameSite=Strict"), std::string::npos) << set;
    cookie = set.substr(0, set.find(';'));
    const auto document = parse_json(response.body);
    EXPECT_TRUE(document);
    user = string_or(*document, "user");
    csrf = string_or(*document, "csrf");
    return response;
  }
};

struct Place : Installation {
  explicit Place(const std::string& clock = "system") : Installation(clock) {
    EXPECT_TRUE(start_server());
    for (const auto& [who, role] : {std::pair("ana", "analyst"), std::pair("ben", "approver")}) {
      EXPECT_TRUE(command("admin", "user.add", JsonObject{{"user", who}, {"role", role}}));
      EXPECT_TRUE(command("admin", "token.add",
                          JsonObject{{"user", who}, {"token_hash", sha256(std::string(who) + "-token-for-tests").hex()}}));
    }
  }
  std::string link_code(const std::string& who) {
    const auto answer = post("/api/v1/sign-in-links", canonical_json(JsonObject{{"user", who}}), "application/json", "admin");
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? string_or(*answer, "code") : "";
  }
};

TEST(Session, a_link_signs_in_once_and_a_second_use_is_told_what_to_do) {
  Place place;
  const std::string code = place.link_code("ana");
  Tab tab{place, {}, {}, {}};
  ASSERT_EQ(tab.sign_in(JsonObject{{"link", code}}).status, 200);
  EXPECT_EQ(tab.user, "ana");
  EXPECT_EQ(tab.send("GET", "/api/v1/status").status, 200);
  Tab thief{place, {}, {}, {}};
  const net::Response again = thief.sign_in(JsonObject{{"link", code}});
  EXPECT_EQ(again.status, 401);
  EXPECT_NE(again.body.find("firebreak sign-in"), std::string::npos) << again.body;
  // The code is no token, and a session is none either.
  EXPECT_EQ(thief.sign_in(JsonObject{{"token", code}}).status, 401);
  net::HttpClient http;
  http.set_token(tab.cookie.substr(tab.cookie.find('=') + 1));
  EXPECT_EQ(http.get(place.url() + "/api/v1/status")->status, 401);
}

TEST(Session, two_people_are_signed_in_side_by_side_and_each_acts_as_himself) {
  Place place;
  Tab ana{place, {}, {}, {}}, ben{place, {}, {}, {}};
  ASSERT_EQ(ana.sign_in(JsonObject{{"token", "ana-token-for-tests"}}).status, 200);
  ASSERT_EQ(ben.sign_in(JsonObject{{"link", place.link_code("ben")}}).status, 200);
  ana.cookie = ben.cookie = ana.cookie + "; " + ben.cookie;  // one browser, one jar
  const auto who = [](const net::Response& response) { return string_or(*parse_json(response.body), "user"); };
  EXPECT_EQ(who(ana.send("GET", "/api/v1/session")), "ana");
  EXPECT_EQ(who(ben.send("GET", "/api/v1/session")), "ben");
  const net::Response frozen = ana.form("/api/v1/commands/freeze", JsonObject{{"reason", "odd"}});
  EXPECT_EQ(frozen.status, 200);
  const auto status = place.get("/api/v1/status?min_index=" + std::string(frozen.header("firebreak-index")));
  EXPECT_EQ(string_or(status->at("frozen"), "by"), "ana") << canonical_json(status->at("frozen"));
  // A name alone opens nothing: the cookie must be that user's.
  Tab mixed{place, ana.cookie, "admin", ana.csrf};
  EXPECT_EQ(mixed.send("GET", "/api/v1/status").status, 401);
}

TEST(Session, refuses_a_form_that_no_page_of_this_server_sent) {
  Place place;
  Tab ana{place, {}, {}, {}};
  ASSERT_EQ(ana.sign_in(JsonObject{{"token", "ana-token-for-tests"}}).status, 200);
  const Json freeze = JsonObject{{"reason", "odd"}};
  EXPECT_EQ(ana.send("POST", "/api/v1/commands/freeze", freeze).status, 403);
  EXPECT_EQ(ana.send("POST", "/api/v1/commands/freeze", freeze, {{"firebreak-csrf", "0"}}).status, 403);
  EXPECT_EQ(ana.send("POST", "/api/v1/commands/freeze", freeze,
                     {{"firebreak-csrf", ana.csrf}, {"origin", "http://evil.example"}}).status, 403);
  EXPECT_EQ(place.get("/api/v1/status")->at("frozen"), Json(nullptr));
  EXPECT_EQ(ana.send("POST", "/api/v1/commands/freeze", freeze,
                     {{"firebreak-csrf", ana.csrf}, {"origin", place.url()}}).status, 200);
  // Signing in across sites would make somebody act as another without knowing.
  Tab foreign{place, {}, {}, {}};
  EXPECT_EQ(foreign.send("POST", "/api/v1/session", JsonObject{{"token", "ana-token-for-tests"}},
                         {{"origin", "http://evil.example"}}).status, 403);
}

TEST(Session, answers_to_its_own_names_only) {
  Place place;
  for (const auto& [host, status] : {std::pair("evil.example:80", 403), std::pair("127.0.0.1.evil.example", 403),
                                     std::pair("localhost", 200), std::pair("[::1]:8440", 200)}) {
    net::HttpClient http;
    net::Request request;
    request.method = "GET";
    request.headers = {{"host", host}};
    const auto response = http.send(request, place.url() + "/healthz");
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, status) << host << " " << response->body;
  }
}

TEST(Session, ends_when_signed_out_and_is_in_the_journal) {
  Place place;
  Tab ana{place, {}, {}, {}};
  ASSERT_EQ(ana.sign_in(JsonObject{{"link", place.link_code("ana")}}).status, 200);
  EXPECT_EQ(ana.send("DELETE", "/api/v1/session", JsonObject{}, {{"firebreak-csrf", ana.csrf}}).status, 200);
  EXPECT_EQ(ana.send("GET", "/api/v1/status").status, 401);
  const auto journal = place.get("/api/v1/journal?limit=200");
  ASSERT_TRUE(journal);
  std::string kinds;
  for (const Json& item : journal->at("items").as_array()) kinds += string_or(item, "kind") + " ";
  EXPECT_NE(kinds.find("session_link_added"), std::string::npos) << kinds;
  EXPECT_NE(kinds.find("session_opened"), std::string::npos);
  EXPECT_NE(kinds.find("session_closed"), std::string::npos);
  EXPECT_EQ(canonical_json(*journal).find(ana.cookie.substr(ana.cookie.find('=') + 1)), std::string::npos);
}

TEST(Clock, its_rate_is_set_by_people_and_every_change_is_an_entry) {
  Place place("fed");
  EXPECT_EQ(string_or(*place.get("/api/v1/clock"), "kind"), "fed");
  EXPECT_TRUE(place.post("/api/v1/clock", R"({"rate":0,"reason":"a decision waits"})"));
  const auto held = place.get("/api/v1/status");
  EXPECT_TRUE(bool_or(held->at("clock"), "held"));
  EXPECT_EQ(string_or(held->at("clock"), "by"), "user:ana");
  EXPECT_FALSE(place.post("/api/v1/clock", R"({"to":"2026-03-07T03:00:00Z"})"));  // an analyst does not feed it
  const auto fed = place.post("/api/v1/clock", R"({"to":"2026-03-07T03:00:00Z"})", "application/json", "admin");
  ASSERT_TRUE(fed);
  EXPECT_EQ(int_or(*fed, "rate", -1), 0);
  EXPECT_FALSE(place.post("/api/v1/clock", R"({"rate":-1,"reason":"back"})"));
  EXPECT_TRUE(place.post("/api/v1/clock", R"({"rate":null,"reason":"quiet hours"})"));
  EXPECT_EQ(place.server().end(SIGTERM), 0);
  ASSERT_TRUE(place.start_server());
  EXPECT_EQ(string_or(*place.get("/api/v1/clock"), "reason"), "quiet hours");
}

}  // namespace
}  // namespace firebreak
