// Tickets in both directions on a whole installation: a Jira and a ServiceNow that go down and come back, a server that is killed between, and
// what they tell, signed, repeated, forged, and as an echo of our own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <mutex>
#include <sstream>

#include "base/clock.h"
#include "base/digest.h"
#include "support/installation.h"
#include "world/connect/messenger.h"

namespace firebreak {
namespace {

using ::testing::HasSubstr;
using testing::Finished;
using testing::Installation;
using testing::run;

template <class Condition>
bool holds(Condition condition) {
  for (int i = 0; i < 1'200; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  return false;
}

// Both trackers at one port: what they keep outlives that they are down.
struct Trackers {
  void up() {
    net::ServerOptions options;
    options.port = port;
    server = std::move(*net::HttpServer::start(options, [this](net::Request request, net::Responder responder) {
      const std::lock_guard lock(mutex);
      responder(answer(request));
    }));
  }
  void down() { server.reset(); }
  net::Response answer(const net::Request& request) {
    const std::string signature(request.header("firebreak-signature"));
    if (signature != connect::webhook_signature("shared-secret", std::string(request.header("firebreak-timestamp")), request.body)) return {401, "application/json", {}, R"({"why":"not signed"})"};
    const Json body = request.body.empty() ? Json(JsonObject{}) : *parse_json(request.body, 64);
    const std::string& path = request.path;
    const auto ok = [](int status, const Json& document) { return net::Response{status, "application/json", {}, canonical_json(document)}; };
    if (path == "/rest/api/2/search") {
      JsonArray issues;
      for (const auto& [key, issue] : jira)
        for (const Json& label : issue.at("fields").at("labels").as_array())
          if (request.query_or("jql").find("\"" + std::string(label.as_string()) + "\"") != std::string::npos) issues.push_back(JsonObject{{"key", key}});
      return ok(200, JsonObject{{"issues", issues}});
    }
    if (path == "/rest/api/2/issue") {
      const std::string key = "SEC-" + std::to_string(jira.size() + 1);
      jira[key] = body.get_object();
      if (drops-- > 0) return {503, "text/plain", {}, "made, and the answer is lost"};
      return ok(201, JsonObject{{"id", "1"}, {"key", key}});
    }
    if (path.starts_with("/rest/api/2/issue/SEC-1/comment")) {
      if (request.method == "GET") return ok(200, JsonObject{{"comments", comments}});
      comments.push_back(JsonObject{{"id", std::to_string(100 + comments.size())}, {"body", string_or(body, "body")}});
      return ok(201, comments.back());
    }
    if (path == "/rest/api/2/issue/SEC-1/transitions") {
      transitions.push_back(string_or(body.at("transition"), "id"));
      return {204, "", {}, ""};
    }
    if (path == "/rest/api/2/issue/SEC-1") return ok(200, JsonObject{{"fields", JsonObject{{"status", JsonObject{{"name", transitions.empty() ? "Open" : "Done"}}}}}});
    if (path == "/api/now/table/incident" && request.method == "GET") return ok(200, JsonObject{{"result", JsonArray{}}});
    if (path == "/api/now/table/incident") {
      snow = body;
      return ok(201, JsonObject{{"result", JsonObject{{"sys_id", "a1b2c3"}, {"number", "INC0001"}}}});
    }
    if (path == "/api/now/table/sys_journal_field") return ok(200, JsonObject{{"result", JsonArray{}}});
    if (path == "/api/now/table/incident/a1b2c3" && request.method == "PATCH") {
      notes.push_back(body);
      return ok(200, JsonObject{{"result", JsonObject{{"sys_id", "a1b2c3"}}}});
    }
    return {404, "application/json", {}, R"({"errorMessages":["no such thing"]})"};
  }
  template <class Look>
  auto with(Look look) {
    const std::lock_guard lock(mutex);
    return look();
  }
  const testing::Port port;
  std::mutex mutex;
  std::map<std::string, JsonObject> jira;
  JsonArray comments;
  std::vector<std::string> transitions;
  Json snow;
  std::vector<Json> notes;
  int drops = 0;
  std::unique_ptr<net::HttpServer> server;
};

struct Desk : Installation {
  Desk() {
    for (const char* name : {"token", "secret"}) {
      const std::string path = folder() / (std::string("tracker.") + name);
      write(path, std::string("shared-") + name + "\n");
      ::chmod(path.c_str(), 0600);
    }
    const std::string url = "http://127.0.0.1:" + std::to_string(trackers.port);
    const std::string common = ", url: '" + url + "', account: firebreak, token_file: tracker.token, secret_file: tracker.secret";
    write(folder() / "firebreak.yaml", "tickets: {trackers: {jira: {shape: jira, project: SEC, close_transition: '31'" + common + "}, snow: {shape: servicenow" + common + "}}}\n");
    EXPECT_TRUE(start_server());
    EXPECT_TRUE(command("admin", "user.add", JsonObject{{"user", "ana"}, {"role", "analyst"}}));
    EXPECT_TRUE(command("admin", "token.add", JsonObject{{"user", "ana"}, {"token_hash", sha256(token("ana")).hex()}}));
    EXPECT_EQ(as("admin", {"onboard", "shop"}).code, 0) << out;
    const auto opened = command("ana", "incident.declare", JsonObject{{"endpoint", "shop"}, {"title", "odd answers"}, {"severity", "SEV-2"}});
    incident = opened ? string_or(*opened, "id") : "";
  }
  Finished as(const std::string& who, std::vector<std::string> words) {
    words.insert(words.begin(), FIREBREAK_BINARY);
    for (const std::string& word : {std::string("--url"), url(), std::string("--token"), token(who)}) words.push_back(word);
    std::filesystem::remove(folder() / "cli.err");
    Finished finished = run(words, folder() / "cli.err");
    out = finished.out + (std::stringstream() << std::ifstream(folder() / "cli.err").rdbuf()).str();
    return finished;
  }
  Json ticket(const std::string& id) { return get("/api/v1/tickets/" + id, "ana").value_or(Json(JsonObject{})); }
  // What Jira's webhook sends, with its signature and the time of now, or another.
  net::Response tell(Json body, const std::string& secret = "shared-secret", std::int64_t late_s = 0) {
    body.as_object()["timestamp"] = SystemClock().now().us / 1'000 - late_s * 1'000;
    return send(canonical_json(body), secret);
  }
  net::Response send(const std::string& body, const std::string& secret = "shared-secret") {
    net::HttpClient http;
    net::Request request;
    request.method = "POST";
    request.body = body;
    request.headers = {{"content-type", "application/json"}, {"x-hub-signature", "sha256=" + hmac_sha256(secret, body).hex()}};
    return http.send(request, url() + "/api/v1/tickets/jira/news").value_or(net::Response{});
  }
  std::string facts() {
    const auto page = get("/api/v1/incidents/" + incident + "/timeline?type=fact", "ana");
    return page ? canonical_json(*page) : "";
  }
  Trackers trackers;
  std::string incident, out;
};

Json comment(const std::string& id, const std::string& text, const std::string& author) {
  return JsonObject{{"webhookEvent", "comment_created"}, {"issue", JsonObject{{"key", "SEC-1"}}}, {"comment", JsonObject{{"id", id}, {"body", text}, {"author", JsonObject{{"name", author}}}}}};
}
Json status(const std::string& to, const std::string& user) {
  return JsonObject{{"webhookEvent", "jira:issue_updated"}, {"issue", JsonObject{{"key", "SEC-1"}}}, {"user", JsonObject{{"name", user}}},
                    {"changelog", JsonObject{{"items", JsonArray{JsonObject{{"field", "status"}, {"fromString", "Open"}, {"toString", to}}}}}}};
}

TEST(Tickets, wait_for_a_tracker_that_is_down_and_open_one_ticket_whatever_is_cut_off) {
  Desk desk;
  ASSERT_EQ(desk.as("ana", {"ticket", "open", desk.incident, "jira"}).code, 0) << desk.out;
  EXPECT_EQ(desk.as("ana", {"ticket", "open", desk.incident, "jira"}).code, 3) << "one of each incident";
  const std::string id = string_or(desk.get("/api/v1/tickets", "ana")->at("items").at(0), "id");
  EXPECT_EQ(desk.as("ana", {"ticket", "comment", id, "12 callers, one script"}).code, 0) << desk.out;
  EXPECT_TRUE(holds([&] { return desk.get("/api/v1/journal?limit=200", "admin") && canonical_json(*desk.get("/api/v1/journal?limit=200", "admin")).find("ticket_call_postponed") != std::string::npos; }));
  EXPECT_EQ(string_or(desk.ticket(id), "state"), "opening");
  ASSERT_TRUE(holds([&] { return desk.ticket(id).at("failing").is_object() && !string_or(desk.ticket(id).at("failing"), "next").empty(); })) << canonical_json(desk.ticket(id));
  EXPECT_THAT(desk.as("ana", {"status"}).out, HasSubstr("jira has not taken the open of " + id));
  desk.server().end(SIGKILL);
  desk.trackers.drops = 1;  // the first answer is lost after the ticket was made
  desk.trackers.up();
  ASSERT_TRUE(desk.start_server());
  ASSERT_TRUE(holds([&] { return desk.ticket(id).at("failing").is_object() && string_or(desk.ticket(id).at("failing"), "detail").find("the answer is lost") != std::string::npos; }));
  EXPECT_EQ(desk.as("ana", {"ticket", "retry", id}).code, 0) << desk.out << ": a call that waits is hurried";
  ASSERT_TRUE(holds([&] { return string_or(desk.ticket(id), "state") == "linked" && int_or(desk.ticket(id), "waiting") == 0; })) << canonical_json(desk.ticket(id));
  EXPECT_EQ(string_or(desk.ticket(id), "reference"), "SEC-1");
  desk.trackers.with([&] {
    EXPECT_EQ(desk.trackers.jira.size(), 1u) << "it asks first whether it is there";
    EXPECT_EQ(string_or(desk.trackers.jira.at("SEC-1").at("fields"), "summary"), "[" + desk.incident + "] odd answers");
    EXPECT_EQ(desk.trackers.comments.size(), 1u);
    EXPECT_THAT(canonical_json(desk.trackers.comments), HasSubstr("12 callers, one script"));
  });
  // It goes on with the incident, and its proof stands in the journal.
  EXPECT_EQ(desk.as("ana", {"incident", "severity", desk.incident, "SEV-1", "--reason", "more of them"}).code, 0) << desk.out;
  EXPECT_EQ(desk.as("ana", {"incident", "close", desk.incident, "--summary", "s", "--residual-risk", "none", "--reason", "a test", "--no-attack", "a test"}).code, 0) << desk.out;
  ASSERT_TRUE(holds([&] { return string_or(desk.ticket(id), "state") == "closed"; })) << canonical_json(desk.ticket(id));
  EXPECT_EQ(string_or(desk.ticket(id).at("last"), "answer_digest").size(), 64u);
  desk.trackers.with([&] {
    EXPECT_EQ(desk.trackers.transitions, std::vector<std::string>{"31"});
    EXPECT_THAT(canonical_json(desk.trackers.comments), HasSubstr("severity SEV-1 (was SEV-2)"));
  });
}

TEST(Tickets, what_is_told_signed_becomes_a_fact_once_and_changes_no_incident) {
  Desk desk;
  desk.trackers.up();
  ASSERT_EQ(desk.as("ana", {"ticket", "open", desk.incident, "jira"}).code, 0) << desk.out;
  const std::string id = string_or(desk.get("/api/v1/tickets", "ana")->at("items").at(0), "id");
  ASSERT_TRUE(holds([&] { return string_or(desk.ticket(id), "state") == "linked"; }));
  EXPECT_EQ(desk.tell(comment("900", "who has it?", "erika"), "guessed").status, 401);
  EXPECT_EQ(desk.tell(comment("900", "who has it?", "erika"), "shared-secret", 600).status, 401) << "too old";
  Json told = comment("900", "who has it?", "erika");
  told.as_object()["timestamp"] = SystemClock().now().us / 1'000;
  const std::string body = canonical_json(told);
  EXPECT_EQ(desk.send(body).status, 200);
  EXPECT_EQ(desk.send(body).status, 409) << "once";
  desk.server().end(SIGKILL);
  ASSERT_TRUE(desk.start_server());
  EXPECT_EQ(desk.send(body).status, 409) << "also after a restart";
  ASSERT_TRUE(holds([&] { return desk.facts().find("SEC-1: who has it?") != std::string::npos; })) << desk.facts();

  // Echoes of our own make nothing.
  EXPECT_EQ(desk.as("ana", {"ticket", "comment", id, "ana has it"}).code, 0) << desk.out;
  ASSERT_TRUE(holds([&] { return int_or(desk.ticket(id), "waiting", 9) == 0; }));
  const Json ours = desk.trackers.with([&] { return desk.trackers.comments.back(); });
  EXPECT_EQ(desk.tell(comment(string_or(ours, "id"), "rewritten by a template", "somebody")).status, 200);
  EXPECT_EQ(desk.tell(comment("901", string_or(ours, "body"), "somebody")).status, 200);
  EXPECT_EQ(desk.tell(comment("902", "by our account", "firebreak")).status, 200);
  EXPECT_EQ(desk.tell(comment("903", "a last word", "erika")).status, 200);
  ASSERT_TRUE(holds([&] { return desk.facts().find("a last word") != std::string::npos; }));
  for (const char* echo : {"rewritten by a template", "ana has it", "by our account"}) EXPECT_EQ(desk.facts().find(echo), std::string::npos) << echo;
  EXPECT_EQ(desk.trackers.with([&] { return desk.trackers.comments.size(); }), 1u) << "and nothing goes back";

  // Closed there: a proposal, for a person.
  EXPECT_EQ(desk.tell(status("Done", "erika")).status, 200);
  ASSERT_TRUE(holds([&] { return string_or(desk.ticket(id), "proposes") == "close"; }));
  EXPECT_EQ(string_or(*desk.get("/api/v1/incidents/" + desk.incident, "ana"), "state"), "open");
  EXPECT_THAT(desk.as("ana", {"status"}).out, HasSubstr("SEC-1 was closed in jira"));
}

TEST(Tickets, servicenow_hears_and_tells_in_its_own_shape) {
  Desk desk;
  desk.trackers.up();
  ASSERT_EQ(desk.as("ana", {"ticket", "open", desk.incident, "snow"}).code, 0) << desk.out;
  const std::string id = string_or(desk.get("/api/v1/tickets", "ana")->at("items").at(0), "id");
  ASSERT_TRUE(holds([&] { return string_or(desk.ticket(id), "reference") == "a1b2c3"; })) << canonical_json(desk.ticket(id));
  desk.trackers.with([&] {
    EXPECT_EQ(string_or(desk.trackers.snow, "urgency"), "2");
    EXPECT_EQ(string_or(desk.trackers.snow, "correlation_display"), "Firebreak");
  });
  const std::string body = R"({"event":"e1","sys_id":"a1b2c3","state":"Resolved","sys_updated_by":"erika"})", timestamp = std::to_string(SystemClock().now().us / kSecond);
  net::HttpClient http;
  net::Request request;
  request.method = "POST";
  request.body = body;
  request.headers = {{"content-type", "application/json"}, {"firebreak-timestamp", timestamp}, {"firebreak-signature", connect::webhook_signature("shared-secret", timestamp, body)}};
  const auto answer = http.send(request, desk.url() + "/api/v1/tickets/snow/news");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200) << answer->body;
  ASSERT_TRUE(holds([&] { return string_or(desk.ticket(id), "proposes") == "close"; }));
  EXPECT_EQ(desk.as("ana", {"incident", "close", desk.incident, "--summary", "s", "--residual-risk", "none", "--reason", "a test", "--no-attack", "a test"}).code, 0) << desk.out;
  ASSERT_TRUE(holds([&] { return string_or(desk.ticket(id), "state") == "closed"; }));
  EXPECT_EQ(desk.trackers.with([&] { return string_or(desk.trackers.notes.back(), "state"); }), "6");
}

}  // namespace
}  // namespace firebreak
