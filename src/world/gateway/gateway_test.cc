#include "world/gateway/gateway.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <set>
#include <thread>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/files.h"
#include "base/random.h"
#include "log/record/record_testing.h"
#include "log/record/rows.h"
#include "types/feature_digest.h"
#include "types/policy.h"
#include "world/net/http_client.h"
#include "world/net/http_server.h"

namespace firebreak::gateway {
namespace {

using net::HttpServer;
using net::Request;
using net::Responder;

// A model: scores amount / 1000, declines from its threshold on.
std::unique_ptr<HttpServer> model(std::string release, double threshold) {
  auto server = HttpServer::start({}, [=](Request request, Responder responder) {
    const auto body = parse_json(request.body);
    const double amount = number_or(*find(*body, "features"), "amount");
    responder.respond(net::json_response(JsonObject{{"label", amount / 1000 >= threshold ? "decline" : "approve"},
                                                    {"score", amount / 1000},
                                                    {"from", release}}));
  });
  return std::move(*server);
}

// The server's ingest: keeps each batch once per sequence, can be told to fail.
struct Recorder {
  std::mutex mutex;
  std::map<std::uint64_t, std::string> batches;
  int fail_with = 0;
  std::unique_ptr<HttpServer> server;

  explicit Recorder(std::uint16_t port = 0) {
    net::ServerOptions options;
    options.port = port;
    server = std::move(*HttpServer::start(options, [this](Request request, Responder responder) {
      const std::lock_guard lock(mutex);
      if (fail_with != 0)
        return responder.respond(net::problem(fail_with, Error{Code::kUnavailable, "told to fail", "", 0}));
      if (request.method == "GET") return responder.respond(net::problem(404, Error{Code::kNotFound, "of no schemas", "", 0}));
      EXPECT_EQ("/api/v1/streams/fraud-api/records", request.path);
      EXPECT_EQ("gateway:gw-1", request.header("firebreak-producer"));
      EXPECT_EQ("server-secret-token", request.bearer());
      const std::uint64_t sequence = std::stoull(std::string(request.header("firebreak-sequence")));
      const auto [it, is_new] = batches.emplace(sequence, request.body);
      EXPECT_TRUE(is_new || it->second == request.body) << "sequence " << sequence << " came with other lines";
      responder.respond(net::json_response(JsonObject{{"first", 0}}));
    }));
  }
  std::vector<Json> lines() {
    const std::lock_guard lock(mutex);
    std::vector<Json> out;
    for (const auto& [sequence, body] : batches) {
      std::size_t at = 0;
      for (std::size_t end = body.find('\n'); end != std::string::npos; end = body.find('\n', at)) {
        out.push_back(*parse_json(std::string_view(body).substr(at, end - at)));
        at = end + 1;
      }
    }
    return out;
  }
};

struct GatewayTest : ::testing::Test {
  std::string dir = (std::filesystem::temp_directory_path() / ("fb-gw-" + to_hex(SystemRandom().bytes(8)))).string();
  PosixFiles files;
  std::unique_ptr<HttpServer> old_model = model("1.0.0", 0.35), new_model = model("1.2.0", 0.5);
  std::unique_ptr<Recorder> recorder = std::make_unique<Recorder>();
  GatewayOptions options;
  std::unique_ptr<Gateway> gateway;
  net::HttpClient client, control;
  EndpointPolicy policy;

  void SetUp() override {
    ASSERT_TRUE(files.make_dir(dir));
    ASSERT_TRUE(write_atomic(files, dir + "/pepper", "a pepper of some length\n"));
    ASSERT_TRUE(write_atomic(files, dir + "/server.token", "server-secret-token\n"));
    options.data_dir = dir + "/data";
    options.pepper_file = dir + "/pepper";
    options.control_token_file = dir + "/control.token";
    options.server_url = recorder->server->url();
    options.server_token_file = dir + "/server.token";
    options.fed_clock = true;
    options.batch_wait_us = 5'000;
    policy.fence = 10;
    Endpoint& endpoint = policy.endpoint;
    endpoint.name = "fraud-api";
    endpoint.owner_team = "risk";
    endpoint.state = EndpointState::kEnforce;
    endpoint.features.numeric = {"amount", "age"};
    endpoint.features.categorical = {"country"};
    endpoint.fallback = *parse_json(R"({"version":1,"rules":[{"name":"large","when":[{"feature":"amount","op":">=","value":500}],
      "label":"decline","score":0.9}],"default":{"label":"approve","score":0.1}})");
    for (const char* name : {"ana", "bob"}) endpoint.callers[hash(std::string("key-of-") + name)] = name;
    policy.releases = {{"1.0.0", old_model->url(), std::string(64, 'a')}, {"1.2.0", new_model->url(), std::string(64, 'c')}};
    policy.base_weights = {{"1.0.0", 100}};
  }
  void TearDown() override {
    gateway.reset();
    std::filesystem::remove_all(dir);
  }

  static std::string hash(const std::string& key) { return hmac_sha256("a pepper of some length", key).hex(); }
  void start() {
    auto started = Gateway::start(options);
    ASSERT_TRUE(started) << started.error().message;
    gateway = std::move(*started);
    auto token = read_all(files, dir + "/control.token");
    ASSERT_TRUE(token);
    token->pop_back();
    control.set_token(*token);
  }
  std::string control_url(const std::string& path) {
    return "http://127.0.0.1:" + std::to_string(gateway->control_port()) + path;
  }
  net::Response put() {
    auto answer = control.put(control_url("/control/policies/fraud-api"), canonical_json(to_json(policy)));
    EXPECT_TRUE(answer);
    return std::move(*answer);
  }
  void serve() {
    start();
    const auto answer = put();
    ASSERT_EQ(200, answer.status) << answer.body;
  }
  void with(Measure measure, std::string action = "act-1", Time until = {}) {
    policy.measures.push_back({std::move(action), std::move(measure), until});
    ++policy.fence;
    const auto answer = put();
    ASSERT_EQ(200, answer.status) << answer.body;
  }
  net::Response ask(const std::string& key, double amount, const std::string& id = "", double age = 30) {
    JsonObject body{{"features", JsonObject{{"amount", amount}, {"age", age}, {"country", "de"}}}};
    if (!id.empty()) body["id"] = id;
    return raw(key, canonical_json(body));
  }
  net::Response raw(const std::string& key, std::string body, const std::string& path = "/fraud-api/score") {
    Request request;
    request.method = "POST";
    request.body = std::move(body);
    if (!key.empty()) request.headers.emplace_back("Authorization", "Bearer " + key);
    auto answer = client.send(request, "http://127.0.0.1:" + std::to_string(gateway->port()) + path);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? std::move(*answer) : net::Response{};
  }
  Json flushed() {
    auto answer = net::json_of(control.post(control_url("/control/flush"), ""));
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? *answer : Json();
  }
  std::vector<Json> recorded() {
    flushed();
    return recorder->lines();
  }
};

std::string label_of(const net::Response& response) { return string_or(*parse_json(response.body), "label"); }

TEST_F(GatewayTest, answers_with_the_model_and_records_who_asked_what) {
  serve();
  const auto answer = ask("key-of-ana", 400, "e1");
  EXPECT_EQ(200, answer.status);
  EXPECT_EQ("decline", label_of(answer));
  const auto lines = recorded();
  ASSERT_EQ(1u, lines.size());
  EXPECT_EQ("e1", string_or(lines[0], "id"));
  EXPECT_EQ("ana", string_or(lines[0], "caller"));
  EXPECT_EQ("served", string_or(lines[0], "disposition"));
  EXPECT_EQ("1.0.0", string_or(lines[0], "release"));
  EXPECT_EQ(std::string(64, 'a'), string_or(*find(lines[0], "model"), "digest"));
  EXPECT_EQ(400, number_or(*find(lines[0], "features"), "amount"));
  EXPECT_EQ(0.4, number_or(*find(lines[0], "output"), "score"));
  EXPECT_EQ(200, raw("key-of-ana", R"({"features":{"amount":1,"age":2,"country":"x"}})", "/score").status);
}

TEST_F(GatewayTest, answers_401_to_an_unknown_key_and_never_records_the_key) {
  serve();
  EXPECT_EQ(401, ask("a-stolen-key", 10).status);
  EXPECT_EQ(401, ask("", 10).status);
  const auto lines = recorded();
  ASSERT_EQ(2u, lines.size());
  EXPECT_EQ("blocked", string_or(lines[0], "disposition"));
  EXPECT_EQ("unknown:" + hash("a-stolen-key").substr(0, 12), string_or(lines[0], "caller"));
  EXPECT_EQ("unknown:-", string_or(lines[1], "caller"));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir)) {
    if (!entry.is_regular_file()) continue;
    EXPECT_EQ(std::string::npos, read_all(files, entry.path().string())->find("a-stolen-key")) << entry.path();
  }
}

TEST_F(GatewayTest, names_the_field_that_is_against_the_schema) {
  serve();
  const auto wrong = raw("key-of-ana", R"({"features":{"amount":"many","age":1,"country":"de"}})");
  EXPECT_EQ(422, wrong.status);
  EXPECT_EQ("/features/amount", net::error_of(wrong).pointer);
  EXPECT_EQ("/features/age", net::error_of(raw("key-of-ana", R"({"features":{"amount":1,"country":"de"}})")).pointer);
  EXPECT_EQ("/features/extra",
            net::error_of(raw("key-of-ana", R"({"features":{"amount":1,"age":1,"country":"de","extra":1}})")).pointer);
  EXPECT_EQ(400, raw("key-of-ana", R"({"features":{"amount":1,"amount":2,"age":1,"country":"de"}})").status);
  EXPECT_EQ(400, raw("key-of-ana", "{").status);
  EXPECT_EQ(200, ask("key-of-ana", 1e12, "", -5).status);  // odd, but no violation
  const auto lines = recorded();
  ASSERT_EQ(6u, lines.size());
  EXPECT_EQ("failed", string_or(lines[0], "disposition"));
  EXPECT_EQ("/features/amount: must be a number", string_or(lines[0], "violation"));
  EXPECT_EQ(1, number_or(*find(lines[0], "features"), "age"));
}

TEST_F(GatewayTest, answers_chain_members_and_exact_copies_by_the_rules) {
  serve();
  FeatureRow row;
  row.numeric = {700, 44};
  row.categories = {"de"};
  QuarantineMeasure quarantine;
  quarantine.callers = {"bob"};
  quarantine.digests = {feature_digest(policy.endpoint.features, row)};
  with(quarantine);
  EXPECT_EQ("approve", label_of(ask("key-of-bob", 400)));         // the model would decline
  EXPECT_EQ("decline", label_of(ask("key-of-ana", 700, "", 44)));  // an exact copy, whoever sends it
  EXPECT_EQ("decline", label_of(ask("key-of-ana", 400)));
  const auto lines = recorded();
  ASSERT_EQ(3u, lines.size());
  EXPECT_EQ("fallback", string_or(lines[0], "disposition"));
  EXPECT_EQ("act-1", string_or(lines[0], "action"));
  EXPECT_EQ("", string_or(lines[0], "release"));
  EXPECT_EQ("large", string_or(lines[1], "reason"));
  EXPECT_EQ("served", string_or(lines[2], "disposition"));
}

TEST_F(GatewayTest, an_extension_adds_to_the_sets_and_a_late_one_is_refused) {
  serve();
  with(QuarantineMeasure{});
  QuarantineExtension extension{20, "fraud-api", "act-1", {"bob"}, {}};
  const auto send = [&] {
    return control.post(control_url("/control/policies/fraud-api/extend"), canonical_json(to_json(extension)))->status;
  };
  EXPECT_EQ(200, send());
  EXPECT_EQ(200, send());  // repeated
  EXPECT_EQ("approve", label_of(ask("key-of-bob", 400)));
  extension.fence = 19;
  extension.callers = {"ana"};
  EXPECT_EQ(409, send());
  EXPECT_EQ("decline", label_of(ask("key-of-ana", 400)));
}

TEST_F(GatewayTest, refuses_a_lower_fence_and_accepts_a_repeated_one) {
  serve();
  EXPECT_EQ(200, put().status);
  policy.base_weights = {{"1.2.0", 100}};
  EXPECT_EQ(409, put().status);
  policy.fence = 9;
  EXPECT_EQ(409, put().status);
  policy.fence = 11;
  const auto taken = put();
  EXPECT_EQ(200, taken.status);
  EXPECT_EQ(policy_digest(policy).hex(), string_or(*parse_json(taken.body), "digest"));
  EXPECT_EQ("approve", label_of(ask("key-of-ana", 400)));
}

TEST_F(GatewayTest, limits_blocks_and_reviews) {
  serve();
  RateLimitMeasure limit;
  limit.scope = LimitScope::kYoungKeys;
  limit.per_minute = 1;
  limit.burst = 1;
  limit.established = {"ana"};
  with(limit, "act-1");
  with(ReviewMeasure{0.2, 0.4}, "act-2");
  EXPECT_EQ(200, ask("key-of-bob", 100).status);
  const auto limited = ask("key-of-bob", 100);
  EXPECT_EQ(429, limited.status);
  EXPECT_EQ("60", limited.header("retry-after"));
  EXPECT_EQ(200, ask("key-of-ana", 100).status);
  EXPECT_EQ("review", label_of(ask("key-of-ana", 300)));
  BlockMeasure block;
  block.callers = {"bob"};
  with(block, "act-3");
  EXPECT_EQ(403, ask("key-of-bob", 100).status);
  const auto lines = recorded();
  ASSERT_EQ(5u, lines.size());
  EXPECT_EQ("limited", string_or(lines[1], "disposition"));
  EXPECT_EQ("review", string_or(lines[3], "disposition"));
  EXPECT_EQ("approve", string_or(*find(lines[3], "output"), "label"));  // the model's own word
  EXPECT_EQ("blocked", string_or(lines[4], "disposition"));
}

TEST_F(GatewayTest, copies_to_a_shadow_whose_answer_stands_in_the_same_record) {
  serve();
  with(MirrorMeasure{"1.2.0", 1.0});
  EXPECT_EQ("decline", label_of(ask("key-of-ana", 400)));
  const auto lines = recorded();
  ASSERT_EQ(1u, lines.size());
  EXPECT_EQ("1.0.0", string_or(lines[0], "release"));
  EXPECT_EQ("approve", string_or(*find(lines[0], "shadow"), "label"));
  EXPECT_EQ("1.2.0", string_or(*find(lines[0], "shadow"), "release"));
}

TEST_F(GatewayTest, splits_traffic_by_weights_the_same_way_for_the_same_id) {
  serve();
  with(WeightsMeasure{{{"1.0.0", 75}, {"1.2.0", 25}}});
  int canary = 0;
  for (int i = 0; i < 200; ++i) {
    const std::string id = "e" + std::to_string(i);
    const std::string first = string_or(*parse_json(ask("key-of-ana", 10, id).body), "from");
    EXPECT_EQ(first, string_or(*parse_json(ask("key-of-ana", 10, id).body), "from"));
    canary += first == "1.2.0";
  }
  EXPECT_GT(canary, 25);
  EXPECT_LT(canary, 80);
}

TEST_F(GatewayTest, a_measure_ends_by_itself_at_its_time) {
  serve();
  with(FallbackMeasure{}, "act-1", Time{kHour});
  EXPECT_EQ("approve", label_of(ask("key-of-ana", 400)));
  EXPECT_EQ(200, control.post(control_url("/control/clock"), R"({"to":"1970-01-01T01:00:00Z"})")->status);
  EXPECT_EQ("decline", label_of(ask("key-of-ana", 400)));
  EXPECT_EQ(409, control.post(control_url("/control/clock"), R"({"to":"1970-01-01T00:30:00Z"})")->status);
}

TEST_F(GatewayTest, only_watches_while_the_endpoint_observes) {
  policy.endpoint.state = EndpointState::kObserve;
  serve();
  with(FallbackMeasure{});
  EXPECT_EQ("decline", label_of(ask("key-of-ana", 400)));
  const auto counters = net::json_of(control.get(control_url("/control/counters/fraud-api")));
  EXPECT_EQ(1, int_or(*find_pointer(*counters, "/actions/act-1"), "observed"));
}

TEST_F(GatewayTest, answers_502_when_the_model_is_down_and_goes_on_recording) {
  serve();
  old_model.reset();
  EXPECT_EQ(502, ask("key-of-ana", 400).status);
  const auto lines = recorded();
  ASSERT_EQ(1u, lines.size());
  EXPECT_EQ("failed", string_or(lines[0], "disposition"));
  EXPECT_EQ("1.0.0", string_or(lines[0], "release"));
}

TEST_F(GatewayTest, serves_on_while_the_server_is_down_and_delivers_when_it_is_back) {
  serve();
  const std::uint16_t port = recorder->server->port();
  recorder.reset();
  std::set<std::string> sent;
  for (int i = 0; i < 50; ++i) {
    sent.insert("e" + std::to_string(i));
    EXPECT_EQ(200, ask("key-of-ana", i, "e" + std::to_string(i)).status);
  }
  recorder = std::make_unique<Recorder>(port);
  std::set<std::string> got;
  for (const Json& line : recorded()) EXPECT_TRUE(got.insert(string_or(line, "id")).second);
  EXPECT_EQ(sent, got);
}

TEST_F(GatewayTest, delivers_after_its_own_restart_with_the_policy_on_disk) {
  serve();
  {
    const std::lock_guard lock(recorder->mutex);
    recorder->fail_with = 503;
  }
  EXPECT_EQ(200, ask("key-of-ana", 1, "before").status);
  gateway->stop(1'000);
  gateway.reset();
  {
    const std::lock_guard lock(recorder->mutex);
    recorder->fail_with = 0;
  }
  start();
  EXPECT_EQ(200, ask("key-of-ana", 1, "after").status);
  const auto lines = recorded();
  ASSERT_EQ(2u, lines.size());  // and no gap: it ended in order
  EXPECT_EQ("before", string_or(lines[0], "id"));
  EXPECT_EQ("after", string_or(lines[1], "id"));
}

TEST_F(GatewayTest, takes_no_policy_that_it_could_not_enforce) {
  start();
  EXPECT_EQ(404, raw("key-of-ana", "{}").status);
  policy.base_weights = {{"1.0.0", 90}};
  EXPECT_EQ(400, put().status);
  policy.base_weights = {{"9.9.9", 100}};
  EXPECT_EQ(400, put().status);
  policy.base_weights = {{"1.0.0", 100}};
  policy.endpoint.fallback = *parse_json(R"({"version":1,"rules":[],"default":{"label":"maybe","score":0}})");
  const auto refused = put();
  EXPECT_EQ(400, refused.status);
  EXPECT_EQ("/endpoint/fallback/default/label", net::error_of(refused).pointer);
  policy.endpoint.fallback = JsonObject{};
  policy.measures = {{"act-1", FallbackMeasure{}, {}}};
  EXPECT_EQ(400, put().status);
  net::HttpClient stranger;
  EXPECT_EQ(401, stranger.get(control_url("/control/policies/fraud-api"))->status);
  EXPECT_EQ(200, stranger.get(control_url("/healthz"))->status);
}

TEST_F(GatewayTest, refuses_requests_it_cannot_record_when_capture_is_required) {
  policy.endpoint.capture = CapturePolicy::kRequired;
  options.spool_bytes = 1;
  options.server_url = "";
  serve();
  EXPECT_EQ(200, ask("key-of-ana", 1).status);
  net::Response last;
  for (int i = 0; i < 100 && last.status != 503; ++i) last = ask("key-of-ana", 1);  // until the first is on disk
  EXPECT_EQ(503, last.status);
}

TEST_F(GatewayTest, one_refused_record_does_not_stop_the_others) {
  serve();
  const std::uint16_t port = recorder->server->port();
  recorder.reset();
  ask("key-of-ana", 1, "good");
  ask("key-of-ana", 1, "bad");
  std::mutex mutex;
  std::string accepted;
  net::ServerOptions same;
  same.port = port;
  const auto picky = std::move(*HttpServer::start(same, [&](Request request, Responder responder) {
    const std::lock_guard lock(mutex);
    const std::size_t bad = request.body.find("\"id\":\"bad\"");
    if (bad != std::string::npos) {
      Error error{Code::kInvalid, "not this one", "", 1};
      error.line += static_cast<std::uint64_t>(std::count(request.body.begin(), request.body.begin() + static_cast<long>(bad), '\n'));
      return responder.fail(error);
    }
    accepted += request.body;
    responder.respond(net::json_response(JsonObject{}));
  }));
  flushed();
  const std::lock_guard lock(mutex);
  EXPECT_NE(std::string::npos, accepted.find("\"id\":\"good\""));
  EXPECT_NE(std::string::npos, accepted.find("\"from\":2,\"to\":2"));
}

// The server is a stream: it makes columns of what comes in lines, and then the gateway sends rows.
TEST_F(GatewayTest, sends_rows_as_soon_as_the_stream_has_their_columns) {
  serve();
  const std::uint16_t port = recorder->server->port();
  recorder.reset();
  record::testing::Room room;
  record::Stream& stream = room.stream();
  std::atomic<int> by_lines = 0, by_rows = 0;
  net::ServerOptions same;
  same.port = port;
  const auto server = std::move(*HttpServer::start(same, [&](Request request, Responder responder) {
    if (request.method == "GET") {
      JsonArray schemas;
      for (const auto& schema : stream.schemas()) schemas.push_back(record::to_json(*schema));
      return responder.respond(net::json_response(JsonObject{{"schemas", schemas}}));
    }
    const bool rows = request.header("content-type") == record::kRowsType;
    ++(rows ? by_rows : by_lines);
    stream.admit(request.body, {}, [responder](const Result<record::Receipt>& receipt) {
      if (!receipt) return responder.fail(receipt.error());
      responder.respond(net::json_response(record::to_json(*receipt)));
    }, rows ? record::BatchForm::kRows : record::BatchForm::kNdjson);
  }));
  std::set<std::string> asked;
  for (int i = 0; i < 6; ++i) {
    ask("key-of-ana", 1 + i, "id-" + std::to_string(i));
    asked.insert("id-" + std::to_string(i));
    flushed();
  }
  EXPECT_GE(by_lines, 1);
  EXPECT_GE(by_rows, 1);
  std::set<std::string> recorded;
  ASSERT_TRUE(stream.read_from(0, 1'000, [&](const record::Record& record) {
    if (record.kind != record::Kind::kInference) return;
    recorded.insert(string_or(record.fields(), "id"));
    EXPECT_EQ("ana", string_or(record.fields(), "caller"));
  }));
  EXPECT_EQ(asked, recorded);
}

TEST_F(GatewayTest, a_batch_whose_number_the_server_has_passed_takes_a_higher_one) {
  serve();
  const std::uint16_t port = recorder->server->port();
  recorder.reset();
  ask("key-of-ana", 1, "first");
  const auto high = static_cast<std::uint64_t>(SystemClock().now().us / kMillisecond) + 1'000'000;
  std::mutex mutex;
  std::string accepted;
  int refused = 0;
  net::ServerOptions same;
  same.port = port;
  const auto ahead = std::move(*HttpServer::start(same, [&](Request request, Responder responder) {
    if (request.method == "GET") return responder.respond(net::json_response(JsonObject{}));
    const std::lock_guard lock(mutex);
    if (std::stoull(std::string(request.header("firebreak-sequence"))) <= high) {
      ++refused;
      return responder.fail(Error{Code::kConflict, "the number was passed", "", 0});
    }
    accepted += request.body;
    responder.respond(net::json_response(JsonObject{}));
  }));
  flushed();
  ask("key-of-ana", 1, "second");
  flushed();
  const std::lock_guard lock(mutex);
  EXPECT_GT(refused, 0);
  EXPECT_LT(refused, 40);
  EXPECT_NE(std::string::npos, accepted.find("\"id\":\"first\""));
  EXPECT_NE(std::string::npos, accepted.find("\"id\":\"second\""));
}

}  // namespace
}  // namespace firebreak::gateway
