// The API of a real server process: bad input changes nothing, proofs hold, streams of events resume.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/encoding.h"
#include "log/ledger/note.h"
#include "log/ledger/tree.h"
#include "support/installation.h"

namespace firebreak {
namespace {

using testing::Installation;

struct Place : Installation {
  Place() : Installation("fed") {
    EXPECT_TRUE(start_server());
    EXPECT_TRUE(put("/api/v1/streams/s", JsonObject{{"kinds", JsonArray{"inference", "label"}}}));
  }
  net::Response send(const std::string& path, const std::string& body,
                     const std::string& type = "application/x-ndjson", const std::string& bearer = {},
                     const std::string& method = "POST") {
    net::HttpClient http;
    net::Request request;
    request.method = method;
    request.body = body;
    if (!type.empty()) request.headers.emplace_back("content-type", type);
    request.headers.emplace_back("authorization", "Bearer " + (bearer.empty() ? token("admin") : bearer));
    const auto response = http.send(request, url() + path);
    EXPECT_TRUE(response) << response.error().message;
    return response ? *response : net::Response{};
  }
  std::pair<std::int64_t, std::int64_t> sizes() {
    const auto streams = get("/api/v1/streams");
    const auto journal = get("/api/v1/journal?limit=1");
    return {int_or(streams->at("items").as_array().at(0), "size"), int_or(*journal, "size")};
  }
};

const std::string kGood = R"({"id":"a","time":"2026-03-07T03:00:00Z","caller":"c","features":{"x":1}})"
                          "\n";

TEST(Api, refuses_bad_records_with_line_and_place_and_admits_nothing_of_the_batch) {
  Place place;
  const auto before = place.sizes();
  struct Case {
    std::string what, body, pointer = {};
  };
  std::string deep = "1";
  for (int i = 0; i < 40; ++i) deep = "[" + deep + "]";
  const std::vector<Case> cases = {
      {"malformed", kGood + "{\"id\":\"b\",\n"},
      {"duplicate key",
       kGood + R"({"id":"b","id":"c","time":"2026-03-07T03:00:00Z","caller":"c","features":{"x":1}})"
               "\n"},
      {"wrong type",
       kGood + R"({"id":7,"time":"2026-03-07T03:00:00Z","caller":"c","features":{"x":1}})"
               "\n",
       "/id"},
      {"wrong time",
       kGood + R"({"id":"b","time":"yesterday","caller":"c","features":{"x":1}})"
               "\n",
       "/time"},
      {"not UTF-8",
       kGood +
           "{\"id\":\"\xff\",\"time\":\"2026-03-07T03:00:00Z\",\"caller\":\"c\",\"features\":{\"x\":1}}\n"},
      {"NaN", kGood + R"({"id":"b","time":"2026-03-07T03:00:00Z","caller":"c","features":{"x":NaN}})"
                      "\n"},
      {"out of range", kGood +
                           R"({"id":"b","time":"2026-03-07T03:00:00Z","caller":"c","features":{"x":1e999}})"
                           "\n"},
      {"nested too deeply",
       kGood + R"({"id":"b","time":"2026-03-07T03:00:00Z","caller":"c","features":{"x":)" + deep + "}}\n"},
      {"unknown kind", kGood + R"({"type":"weather","id":"b","time":"2026-03-07T03:00:00Z"})"
                               "\n"},
      {"record too large", kGood +
                               R"({"id":"b","time":"2026-03-07T03:00:00Z","caller":"c","features":{"x":")" +
                               std::string(300'000, 'x') + "\"}}\n"},
      {"empty", ""}};
  for (const Case& c : cases) {
    const net::Response response = place.send("/api/v1/streams/s/records", c.body);
    EXPECT_GE(response.status, 400) << c.what;
    EXPECT_LT(response.status, 500) << c.what << " " << response.body;
    EXPECT_EQ(response.content_type.substr(0, 24), "application/problem+json") << c.what;
    const auto problem = parse_json(response.body);
    ASSERT_TRUE(problem) << c.what;
    EXPECT_FALSE(string_or(*problem, "detail").empty()) << c.what;
    if (!c.body.empty()) {
      EXPECT_EQ(int_or(*problem, "line"), 2) << c.what << " " << response.body;
    }
    if (!c.pointer.empty()) {
      EXPECT_EQ(string_or(*problem, "pointer"), c.pointer) << c.what;
    }
  }
  EXPECT_EQ(place.sizes(), before);
  EXPECT_EQ(place.send("/api/v1/streams/s/records", kGood).status, 200);
  EXPECT_EQ(place.send("/api/v1/streams/s/records", kGood + kGood, "application/x-ndjson").status, 200);
}

TEST(Api, refuses_batches_that_are_too_long) {
  Place place;
  const auto before = place.sizes();
  std::string many;
  for (int i = 0; i < 10'001; ++i) many += kGood;
  EXPECT_EQ(place.send("/api/v1/streams/s/records", many).status, 413);
  std::string wide;
  const std::string line = R"({"id":"b","time":"2026-03-07T03:00:00Z","caller":"c","features":{"x":")" +
                           std::string(200'000, 'x') + "\"}}\n";
  while (wide.size() <= 8 * limits::kMiB) wide += line;
  EXPECT_EQ(place.send("/api/v1/streams/s/records", wide).status, 413);
  EXPECT_EQ(place.send("/api/v1/blobs", std::string(limits::kDocumentBytes + 1, 'x')).status, 413);
  EXPECT_EQ(place.sizes(), before);
}

TEST(Api, refuses_bad_documents_and_questions_and_writes_nothing) {
  Place place;
  const auto before = place.sizes();
  std::string deep = "1";
  for (int i = 0; i < 2'000; ++i) deep = "[" + deep + "]";
  const std::vector<std::string> documents = {"{",
                                              "[]",
                                              R"({"text":"\ud800"})",
                                              "{\"text\":\"\xff\"}",
                                              R"({"text":1e999})",
                                              R"({"a":NaN})",
                                              R"({"a":1}{)",
                                              R"({"text":)" + deep + "}",
                                              R"({"unknown":1})",
                                              R"({"incident":7,"text":"t"})"};
  for (const std::string& document : documents)
    for (const auto& [path, method] :
         {std::pair("/api/v1/commands/incident.note", "POST"), std::pair("/api/v1/endpoints/e", "PUT"),
          std::pair("/api/v1/streams/new", "PUT"), std::pair("/api/v1/clock", "POST"),
          std::pair("/api/v1/reports", "POST")}) {
      const net::Response response = place.send(path, document, "application/json", {}, method);
      EXPECT_GE(response.status, 400) << method << " " << path << " " << document.substr(0, 40);
      EXPECT_LT(response.status, 500)
          << method << " " << path << " " << document.substr(0, 40) << response.body;
      EXPECT_TRUE(response.content_type.starts_with("application/problem+json")) << path;
    }
  for (const std::string path :
       {"/api/v1/incidents?limit=0", "/api/v1/incidents?limit=-1", "/api/v1/incidents?limit=x",
        "/api/v1/incidents?cursor=%00", "/api/v1/journal?from=18446744073709551616",
        "/api/v1/streams/s/records/99", "/api/v1/streams/s/records/x", "/api/v1/blobs/xyz",
        "/api/v1/incidents/inc-1", "/api/v1/incidents?limit=%zz", "/api/v1/trace/nobody"}) {
    const net::Response response = place.send(path, "", "", {}, "GET");
    EXPECT_GE(response.status, 400) << path;
    EXPECT_LT(response.status, 500) << path << response.body;
  }
  EXPECT_EQ(place.sizes(), before);
}

TEST(Api, says_who_may_do_what) {
  Place place;
  EXPECT_EQ(place.send("/api/v1/streams/none/records", kGood).status, 404);
  EXPECT_EQ(place.send("/api/v1/streams/s/records", kGood, "application/json").status, 415);
  EXPECT_EQ(place.send("/api/v1/streams/s/records", kGood, "application/x-ndjson", "wrong").status, 401);
  EXPECT_EQ(place.send("/api/v1/status", "", "", "wrong", "GET").status, 401);
  EXPECT_EQ(place.send("/nowhere", "", "", {}, "GET").status, 404);
  EXPECT_EQ(place.send("/api/v1/status", "", "", {}, "DELETE").status, 405);
  ASSERT_TRUE(place.command("admin", "user.add", JsonObject{{"user", "ana"}, {"role", "analyst"}}));
  ASSERT_TRUE(place.command("admin", "token.add",
                            JsonObject{{"user", "ana"}, {"token_hash", sha256(place.token("ana")).hex()}}));
  EXPECT_EQ(
      place.send("/api/v1/clock", R"({"to":"2026-03-07T03:00:00Z"})", "application/json", place.token("ana"))
          .status,
      403);
  const auto before = place.sizes();
  EXPECT_EQ(
      place
          .send("/api/v1/commands/endpoint.put", R"({"endpoint":{}})", "application/json", place.token("ana"))
          .status,
      403);
  EXPECT_EQ(place.sizes().second, before.second + 2)
      << "a refused command is on record: what was asked, and why not";
  EXPECT_EQ(place.send("/api/v1/commands/dance", "{}", "application/json").status, 404);
  EXPECT_EQ(place.send("/api/v1/commands/incident.ack", R"({"a":1,"a":2})", "application/json").status, 400);
}

TEST(Api, proves_a_record_against_a_signed_checkpoint) {
  Place place;
  for (int i = 0; i < 5; ++i) ASSERT_EQ(place.send("/api/v1/streams/s/records", kGood).status, 200);
  const auto streams = place.get("/api/v1/streams");
  const std::int64_t last = int_or(streams->at("items").as_array().at(0), "size") - 1;
  const auto proof = place.get("/api/v1/streams/s/records/" + std::to_string(last));
  ASSERT_TRUE(proof) << proof.error().message;
  const auto checkpoint = ledger::parse_checkpoint(string_or(*proof, "checkpoint"));
  ASSERT_TRUE(checkpoint) << canonical_json(*proof);
  const auto digest = [](const std::string& text) {
    const auto raw = from_base64(text);
    return raw ? Digest::from_bytes(*raw) : *Digest::from_hex(text);
  };
  std::vector<Digest> path;
  for (const Json& hash : proof->at("proof").as_array())
    path.push_back(digest(std::string(hash.as_string())));
  EXPECT_TRUE(ledger::verify_inclusion(digest(string_or(*proof, "leaf_hash")),
                                       static_cast<std::uint64_t>(last), checkpoint->size, path,
                                       checkpoint->root));
}

TEST(Api, resumes_events_behind_the_last_one_seen) {
  Place place;
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(place.command("admin", "user.add",
                              JsonObject{{"user", "u" + std::to_string(i)}, {"role", "analyst"}}));
  const std::int64_t size = place.sizes().second;
  net::HttpClient http;
  http.set_token(place.token("admin"));
  std::string seen;
  const auto until_last = [&](std::string_view data) {
    seen += data;
    return seen.find("id: " + std::to_string(size - 1) + "\n") == std::string::npos;
  };
  ASSERT_TRUE(http.stream(place.url() + "/api/v1/events", {{"last-event-id", "2"}}, until_last));
  for (std::int64_t index = 3; index < size; ++index)
    EXPECT_NE(seen.find("id: " + std::to_string(index) + "\n"), std::string::npos) << index;
  EXPECT_EQ(seen.find("id: 2\n"), std::string::npos);
}

// All events from `from` on, read slowly: nothing is taken off the line for a while.
TEST(Api, a_slow_listener_gets_a_long_past_whole_and_in_order) {
  Place place;
  ASSERT_TRUE(place.put("/api/v1/endpoints/e", JsonObject{{"name", "e"}}));
  const auto incident = place.command("admin", "incident.declare",
                                      JsonObject{{"endpoint", "e"}, {"title", "t"}, {"severity", "SEV-4"}});
  ASSERT_TRUE(incident) << incident.error().message;
  for (int i = 0; i < 300; ++i)
    ASSERT_TRUE(place.command(
        "admin", "incident.measure",
        JsonObject{{"incident", string_or(*incident, "id")}, {"name", "n"}, {"method", "m"},
                   {"figures", JsonObject{{"many", std::string(3'500, '7')}}}}));
  const std::int64_t size = place.sizes().second;
  net::HttpClient http;
  http.set_token(place.token("admin"));
  std::string seen;
  bool first = true;
  ASSERT_TRUE(http.stream(place.url() + "/api/v1/events?from=0", {}, [&](std::string_view data) {
    // Other answers come while this listener does not read.
    for (int i = 0; first && i < 20; ++i) EXPECT_TRUE(place.get("/api/v1/status"));
    first = false;
    seen += data;
    return seen.find("id: " + std::to_string(size - 1) + "\n") == std::string::npos;
  }));
  EXPECT_GT(seen.size(), std::size_t{2 * limits::kMiB});
  std::size_t at = 0;
  for (std::int64_t index = 0; index < size; ++index) {
    const std::size_t found = seen.find("id: ", at);
    ASSERT_EQ(seen.compare(found, 5 + std::to_string(index).size(), "id: " + std::to_string(index) + "\n"), 0)
        << index;
    at = found + 4;
  }
}

TEST(Api, listeners_keep_no_handler_and_nobody_waits_for_what_is_not_written) {
  Place place;
  std::atomic<int> connected{0};
  std::atomic<bool> done{false};
  std::vector<std::thread> listeners;
  for (int i = 0; i < 12; ++i)
    listeners.emplace_back([&] {
      net::HttpClient http;
      http.set_token(place.token("admin"));
      bool counted = false;
      (void)http.stream(place.url() + "/api/v1/events?from=0", {}, [&](std::string_view) {
        if (!std::exchange(counted, true)) ++connected;
        return !done;
      });
    });
  while (connected < 12) std::this_thread::yield();
  EXPECT_EQ(place.send("/api/v1/status", "", "", {}, "GET").status, 200);
  EXPECT_EQ(place.send("/api/v1/status?min_index=999999", "", "", {}, "GET").status, 400);
  done = true;
  ASSERT_TRUE(
      place.command("admin", "user.add", JsonObject{{"user", "u"}, {"role", "analyst"}}));  // the last event
  for (std::thread& listener : listeners) listener.join();
}

TEST(Api, answers_health_metrics_and_its_description_without_a_token) {
  Place place;
  net::HttpClient http;
  EXPECT_EQ(http.get(place.url() + "/healthz")->status, 200);
  EXPECT_NE(http.get(place.url() + "/metrics")->body.find("firebreak_journal_entries"), std::string::npos);
  EXPECT_NE(http.get(place.url() + "/api/v1/openapi.yaml")->body.find("openapi: 3.1.0"), std::string::npos);
}

TEST(Api, takes_the_time_in_fed_mode_only_and_never_backwards) {
  Place place;
  EXPECT_EQ(place.send("/api/v1/clock", R"({"to":"2026-03-07T03:00:00Z"})", "application/json").status, 200);
  EXPECT_EQ(place.send("/api/v1/clock", R"({"to":"2026-03-07T02:00:00Z"})", "application/json").status, 400);
  Installation other;
  ASSERT_TRUE(other.start_server());
  EXPECT_EQ(other.post("/api/v1/clock", R"({"to":"2026-03-07T03:00:00Z"})", "application/json", "admin")
                .error()
                .code,
            Code::kConflict);
}

TEST(Api, ends_within_two_seconds_of_a_signal_under_load_and_keeps_what_it_acknowledged) {
  Place place;
  std::atomic<bool> done{false};
  std::atomic<int> acknowledged{0};
  std::vector<std::thread> load;
  for (int i = 0; i < 8; ++i)
    load.emplace_back([&, i] {
      net::HttpClient http;
      http.set_token(place.token("admin"));
      for (std::uint64_t n = 1; !done; ++n)
        if (place.ingest(http, "s", kGood, "p" + std::to_string(i), n)) ++acknowledged;
    });
  while (acknowledged < 200) std::this_thread::yield();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(place.server().end(SIGTERM), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
  done = true;
  for (std::thread& thread : load) thread.join();
  ASSERT_TRUE(place.start_server());
  EXPECT_GE(place.sizes().first, acknowledged.load());
}

TEST(Api, clock_step_under_way_ends_with_the_server_and_the_gateway_ends_without_it) {
  Installation place("fed");
  ASSERT_TRUE(place.start_server());
  ASSERT_TRUE(place.start_gateway());
  place.set_up();
  // A frozen gateway: the step hangs on it, the server ends all the same.
  ASSERT_EQ(place.gateway().send(SIGSTOP), 0);
  std::atomic<bool> asked{false}, moved{true};
  std::thread step([&] {
    asked = true;
    moved = place.post("/api/v1/clock", R"({"to":"2026-03-07T03:00:00Z"})", "application/json", "admin")
                .has_value();
  });
  while (!asked) std::this_thread::yield();
  auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(place.server().end(SIGTERM), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  step.join();
  EXPECT_FALSE(moved);
  // A gateway with undelivered records whose flush waits for a server that is gone.
  ASSERT_EQ(place.gateway().send(SIGCONT), 0);
  EXPECT_EQ(place.score("kept").status, 200);
  std::thread flush([&] {
    net::HttpClient control;
    control.set_token(place.control_token());
    (void)control.post(place.control_url() + "/control/flush", "{}");
  });
  start = std::chrono::steady_clock::now();
  EXPECT_EQ(place.gateway().end(SIGTERM), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(6));
  flush.join();
  ASSERT_TRUE(place.start_server());
  ASSERT_TRUE(place.start_gateway());
  EXPECT_TRUE(place.flush());
  EXPECT_TRUE(place.get("/api/v1/trace/kept"));
}

TEST(Api, ends_within_two_seconds_of_a_signal_while_somebody_listens) {
  Place place;
  net::HttpClient http;
  http.set_token(place.token("admin"));
  std::atomic<bool> connected{false};
  std::thread listener([&] {
    (void)http.stream(place.url() + "/api/v1/events?from=0", {},
                      [&](std::string_view) { return connected = true; });
  });
  while (!connected) std::this_thread::yield();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(place.server().end(SIGTERM), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
  listener.join();
}

}  // namespace
}  // namespace firebreak
