#include "world/connect/scripted_sagemaker.h"

#include <fmt/core.h>

namespace firebreak::connect {
namespace {

constexpr std::string_view kTarget = "SageMaker.";

net::Response refusal(int status, const char* kind, const std::string& message) {
  net::Response response = net::json_response(JsonObject{{"__type", kind}, {"Message", message}}, status);
  response.headers.emplace_back("X-Amzn-Errortype", kind);
  return response;
}

net::Response page(int status) {
  net::Response response = net::text_response("<!doctype html>\n<title>Internal Server Error</title>\n", "text/html; charset=utf-8");
  response.status = status;
  return response;
}

}  // namespace

void ScriptedSageMaker::have_endpoint(const std::string& name, std::map<std::string, double> weights) {
  const std::lock_guard lock(mutex_);
  endpoints_[name] = Endpoint{weights, weights};
}

void ScriptedSageMaker::take(int looks) {
  const std::lock_guard lock(mutex_);
  takes_ = looks;
}

void ScriptedSageMaker::script_updates(std::vector<Next> next) {
  const std::lock_guard lock(mutex_);
  next_ = std::move(next);
  at_ = 0;
}

void ScriptedSageMaker::lose_looks(int count) {
  const std::lock_guard lock(mutex_);
  lost_looks_ = count;
}

void ScriptedSageMaker::set_status(const std::string& name, std::string status) {
  const std::lock_guard lock(mutex_);
  endpoints_[name].status = std::move(status);
}

void ScriptedSageMaker::set_weight(const std::string& name, const std::string& variant, double weight) {
  const std::lock_guard lock(mutex_);
  endpoints_[name].current[variant] = endpoints_[name].desired[variant] = weight;
}

int ScriptedSageMaker::updates() const {
  const std::lock_guard lock(mutex_);
  return updates_;
}

net::Response ScriptedSageMaker::answer(const net::Request& request) {
  const std::lock_guard lock(mutex_);
  const std::string_view authorization = request.header("authorization");
  if (authorization.find("Credential=key/") == std::string_view::npos || authorization.find("/sagemaker/aws4_request") == std::string_view::npos ||
      authorization.find("SignedHeaders=content-type;host;x-amz-date;x-amz-target") == std::string_view::npos)
    return refusal(403, "InvalidSignatureException", "The request signature does not match");
  const auto body = parse_json(request.body);
  const std::string_view target = request.header("x-amz-target");
  if (!body || !target.starts_with(kTarget) || request.header("content-type") != "application/x-amz-json-1.1") return refusal(400, "SerializationException", "");
  const std::string_view operation = target.substr(kTarget.size());
  if (operation == "DescribeEndpoint" && lost_looks_ > 0) return --lost_looks_, page(503);
  const std::string name = string_or(*body, "EndpointName");
  if (!endpoints_.contains(name)) return refusal(400, "ValidationException", fmt::format("Could not find endpoint 'arn:aws:sagemaker:r:1:endpoint/{}'.", name));
  if (operation == "DescribeEndpoint") return describe(name);
  if (operation != "UpdateEndpointWeightsAndCapacities") return page(500);
  ++updates_;
  const Next next = at_ < next_.size() ? next_[at_++] : Next::kAnswer;
  if (next == Next::kLoseRequest) return page(503);
  if (next == Next::kPage) return page(500);
  if (next == Next::kThrottle) return refusal(400, "com.amazonaws.sagemaker#ThrottlingException", "Rate exceeded");
  net::Response done = update(*body);
  if (next == Next::kFail) endpoints_[name].fails = true;
  return next == Next::kLoseAnswer ? page(502) : done;
}

net::Response ScriptedSageMaker::describe(const std::string& name) {
  Endpoint& endpoint = endpoints_[name];
  if (endpoint.status == "Updating" && endpoint.looks_left-- <= 0) {
    endpoint.status = endpoint.fails ? "Failed" : "InService";
    if (!endpoint.fails) endpoint.current = endpoint.desired;
  }
  JsonArray variants;
  for (const auto& [variant, weight] : endpoint.current)
    // AWS keeps 32-bit floats.
    variants.push_back(JsonObject{{"VariantName", variant}, {"CurrentWeight", static_cast<double>(static_cast<float>(weight))},
                                  {"DesiredWeight", static_cast<double>(static_cast<float>(endpoint.desired[variant]))}, {"CurrentInstanceCount", 1}});
  JsonObject out{{"EndpointName", name}, {"EndpointConfigName", "config-1"}, {"EndpointStatus", endpoint.status}, {"ProductionVariants", variants}};
  if (endpoint.status == "Failed") out["FailureReason"] = "no capacity";
  return net::json_response(out);
}

net::Response ScriptedSageMaker::update(const Json& body) {
  const std::string name = string_or(body, "EndpointName");
  Endpoint& endpoint = endpoints_[name];
  if (endpoint.status != "InService") return refusal(400, "ValidationException", "Cannot update in-progress endpoint");
  for (const Json& one : find(body, "DesiredWeightsAndCapacities")->get_array()) {
    const std::string variant = string_or(one, "VariantName");
    if (!endpoint.desired.contains(variant)) return refusal(400, "ValidationException", fmt::format("The variant name(s) \"{}\" is/are not present", variant));
    endpoint.desired[variant] = number_or(one, "DesiredWeight");
  }
  endpoint.status = "Updating";
  endpoint.looks_left = takes_;
  return net::json_response(JsonObject{{"EndpointArn", "arn"}});
}

}  // namespace firebreak::connect
