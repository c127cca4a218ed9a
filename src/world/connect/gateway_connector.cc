#include "world/connect/gateway_connector.h"

#include <fmt/core.h>

namespace firebreak::connect {
namespace {

Result<Held> held_of(const Result<Json>& answer) {
  if (!answer) return fail(answer.error());
  return Held{static_cast<std::uint64_t>(int_or(*answer, "fence")), string_or(*answer, "digest")};
}

}  // namespace

GatewayConnector::GatewayConnector(std::string url, std::string token)
    : url_(std::move(url)), token_(std::move(token)) {}

GatewayConnector::~GatewayConnector() = default;

Result<Json> GatewayConnector::call(const std::string& method, const std::string& path, const std::string& body,
                                    std::int64_t timeout_ms) {
  net::HttpClient http;
  http.set_token(token_);
  http.cancel_when(stopped_);
  net::Request request;
  request.method = method;
  request.body = body;
  if (!body.empty()) request.headers.emplace_back("content-type", "application/json");
  auto answer = net::json_of(http.send(request, url_ + path, timeout_ms * 1000));
  if (!answer) return fail(std::move(answer.error()).with(fmt::format("gateway at {}", url_)));
  return answer;
}

Result<Held> GatewayConnector::apply(const EndpointPolicy& policy) {
  return held_of(call("PUT", "/control/policies/" + policy.endpoint.name, canonical_json(to_json(policy)), 10'000));
}

Result<Held> GatewayConnector::extend(const QuarantineExtension& extension) {
  return held_of(call("POST", "/control/policies/" + extension.endpoint + "/extend",
                      canonical_json(to_json(extension)), 10'000));
}

Result<Held> GatewayConnector::held(const std::string& endpoint) {
  auto answer = call("GET", "/control/policies/" + endpoint, "", 5'000);
  if (!answer && answer.error().code == Code::kNotFound) return Held{};
  return held_of(answer);
}

Result<Json> GatewayConnector::read_policy(const std::string& endpoint) {
  return call("GET", "/control/policies/" + endpoint, "", 5'000);
}

Result<Json> GatewayConnector::read_counters(const std::string& endpoint) {
  return call("GET", "/control/counters/" + endpoint, "", 5'000);
}

Result<Json> GatewayConnector::feed_clock(Time to) {
  return call("POST", "/control/clock", canonical_json(JsonObject{{"to", format_time(to)}}), 120'000);
}

}  // namespace firebreak::connect
