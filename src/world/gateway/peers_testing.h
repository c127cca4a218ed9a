// For tests of the gateway: what stands on its two sides, a model that answers and a server that records.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "world/net/http_server.h"

namespace firebreak::gateway::testing {

using net::HttpServer;
using net::Request;
using net::Responder;

// A model: scores amount / 1000, declines from its threshold on.
inline std::unique_ptr<HttpServer> model(std::string release, double threshold) {
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

}  // namespace firebreak::gateway::testing
