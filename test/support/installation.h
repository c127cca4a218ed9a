// A whole installation for tests of processes: a server, a gateway, a model that always answers the same, an
// endpoint with one numeric feature, and an admin, an analyst and an approver. Each process can be killed and
// started again.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "base/digest.h"
#include "support/process.h"
#include "world/net/http_client.h"

namespace firebreak::testing {

class Installation {
 public:
  explicit Installation(const std::string& clock = "system") : clock_(clock) {
    model_ = std::move(*net::HttpServer::start({}, [](net::Request, net::Responder responder) {
      net::Response response;
      response.body = R"({"label":"approve","score":0.25})";
      responder(std::move(response));
    }));
    write(folder_ / "firebreak.yaml", "gateways: {gw-1: {control: 'http://127.0.0.1:" +
                                          std::to_string(control_port_) + "', token_file: control.token}}\n");
    write(folder_ / "pepper", "a pepper for tests\n");
    write(folder_ / "gateway.token", "gateway-token-for-tests\n");
  }

  void launch_server(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{FIREBREAK_BINARY, "serve", "--data", data(), "--config", folder_ / "firebreak.yaml",
                                   "--listen", "127.0.0.1:" + std::to_string(server_port_), "--clock", clock_};
    words.insert(words.end(), more.begin(), more.end());
    server_ = Process(words, folder_ / "server.err");
  }
  bool start_server() {
    launch_server();
    return server_.ready().has_value();
  }
  bool start_gateway() {
    gateway_ = Process({FIREBREAK_BINARY, "gateway", "--data", folder_ / "gateway", "--listen",
                        "127.0.0.1:" + std::to_string(gateway_port_), "--control",
                        "127.0.0.1:" + std::to_string(control_port_), "--control-token-file",
                        data() + "/control.token", "--server", url(), "--server-token-file",
                        folder_ / "gateway.token", "--pepper-file", folder_ / "pepper", "--clock", clock_},
                       folder_ / "gateway.err");
    return gateway_.ready().has_value();
  }

  // Users, endpoint, release; the gateway serves when this is done. ASSERTs are the caller's: check ok().
  void set_up() {
    add_user("ana", "analyst");
    add_user("ben", "approver");
    add_user("gateway", "gateway", "gateway-token-for-tests");
    const std::string key_hash = hmac_sha256("a pepper for tests", "caller-key").hex();
    const JsonObject endpoint{
        {"name", "scores"},
        {"state", "enforce"},
        {"features", JsonObject{{"numeric", JsonArray{"x"}}, {"categorical", JsonArray{}}}},
        {"last_known_good", "1"},
        {"gateway", "gw-1"},
        {"fallback", JsonObject{{"version", 1},
                                {"rules", JsonArray{}},
                                {"default", JsonObject{{"label", "decline"}, {"score", 0.5}}}}},
        {"callers", JsonObject{{key_hash, "caller-1"}}}};
    must(put("/api/v1/endpoints/scores", endpoint));
    const auto blob = [&](const std::string& text) {
      return string_or(must(post("/api/v1/blobs", text, "application/octet-stream")), "digest");
    };
    JsonObject release{{"endpoint", "scores"},
                       {"release", "1"},
                       {"upstream", model_->url()},
                       {"training_cut", "2026-01-01T00:00:00Z"},
                       {"sources", JsonArray{}}};
    release["model"] = JsonObject{{"name", "scorer"}, {"version", "1"}, {"digest", blob("the model")}};
    release["manifest"] = blob("{}");
    release["dataset"] = blob("x,label\n1,0\n");
    release["holdout"] = blob("x,label\n1,0\n");
    must(command("ana", "release.register", release));
    // The first answer by the model shows that the policy has arrived.
    for (int i = 0; i < 600 && score("probe-" + std::to_string(i)).status != 200; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_EQ(score("probe").status, 200);
  }

  net::Response score(const std::string& id) {
    net::HttpClient http;
    return score(http, id);
  }
  net::Response score(net::HttpClient& http, const std::string& id) {
    net::Request request;
    request.method = "POST";
    request.headers = {{"content-type", "application/json"}, {"x-api-key", "caller-key"}};
    request.body = R"({"id":")" + id + R"(","features":{"x":1}})";
    const auto response =
        http.send(request, "http://127.0.0.1:" + std::to_string(gateway_port_) + "/scores/score");
    return response ? *response : net::Response{0, "", {}, response.error().message};
  }

  // Everything that the gateway has recorded is with the server.
  bool flush() {
    net::HttpClient control;
    control.set_token(control_token());
    const auto answer = control.post(control_url() + "/control/flush", "{}");
    return answer && answer->status == 200;
  }
  std::string control_token() const { return first_line(data() + "/control.token"); }

  // One batch of NDJSON with the producer's number; the receipt.
  Result<Json> ingest(net::HttpClient& http, const std::string& stream, const std::string& body,
                      const std::string& producer, std::uint64_t sequence) {
    net::Request request;
    request.method = "POST";
    request.body = body;
    request.headers = {{"content-type", "application/x-ndjson"},
                       {"firebreak-producer", producer},
                       {"firebreak-sequence", std::to_string(sequence)}};
    return net::json_of(http.send(request, url() + "/api/v1/streams/" + stream + "/records"));
  }

  // `count` inferences more, d0, d1, …, as a batch of a producer of its own; the receipt.
  Result<Json> add_records(const std::string& stream, int count) {
    net::HttpClient http;
    http.set_token(token("admin"));
    std::string batch;
    for (int i = 0; i < count; ++i)
      batch += R"({"id":"d)" + std::to_string(added_++) + R"(","time":"2026-03-07T03:00:00Z","caller":"c","features":{"x":1}})" "\n";
    auto receipt = ingest(http, stream, batch, "p" + std::to_string(added_), 1);
    EXPECT_TRUE(receipt) << receipt.error().message;
    return receipt;
  }

  Result<Json> get(const std::string& path, const std::string& who = "admin") {
    net::HttpClient http;
    http.set_token(token(who));
    return net::json_of(http.get(url() + path));
  }
  Result<Json> post(const std::string& path, const std::string& body,
                    const std::string& type = "application/json", const std::string& who = "ana") {
    net::HttpClient http;
    http.set_token(token(who));
    return net::json_of(http.post(url() + path, body, type));
  }
  Result<Json> put(const std::string& path, const Json& body) {
    net::HttpClient http;
    http.set_token(token("admin"));
    return net::json_of(http.put(url() + path, canonical_json(body)));
  }
  Result<Json> command(const std::string& who, const std::string& name, const Json& args) {
    return post("/api/v1/commands/" + name, canonical_json(args), "application/json", who);
  }

  std::string token(const std::string& who) const {
    if (who != "admin") return who + "-token-for-tests";
    return first_line(data() + "/admin.token");
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_port_); }
  std::string gateway_url() const { return "http://127.0.0.1:" + std::to_string(gateway_port_); }
  std::string control_url() const { return "http://127.0.0.1:" + std::to_string(control_port_); }
  std::string data() const { return folder_ / "data"; }
  const Folder& folder() const { return folder_; }
  Process& server() { return server_; }
  Process& gateway() { return gateway_; }

  static void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

 private:
  static std::string first_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
  }
  static Json must(Result<Json> result) {
    EXPECT_TRUE(result) << result.error().message << " " << result.error().pointer;
    return result ? std::move(*result) : Json(JsonObject{});
  }
  void add_user(const std::string& user, const std::string& role, std::string token_text = {}) {
    if (token_text.empty()) token_text = token(user);
    must(command("admin", "user.add", JsonObject{{"user", user}, {"role", role}}));
    must(command("admin", "token.add", JsonObject{{"user", user}, {"token_hash", sha256(token_text).hex()}}));
  }

  const std::string clock_;
  int added_ = 0;
  Folder folder_;
  const Port server_port_, gateway_port_, control_port_;
  std::unique_ptr<net::HttpServer> model_;
  Process server_, gateway_;
};

}  // namespace firebreak::testing
