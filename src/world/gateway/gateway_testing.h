// For tests: a gateway of its own between two models and a server, asked and controlled over HTTP.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/files.h"
#include "base/random.h"
#include "types/policy.h"
#include "world/gateway/gateway.h"
#include "world/gateway/peers_testing.h"
#include "world/net/http_client.h"

namespace firebreak::gateway::testing {

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
    net::Request request;
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

}  // namespace firebreak::gateway::testing
