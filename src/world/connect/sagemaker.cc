#include "world/connect/sagemaker.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace firebreak::connect {
namespace {

constexpr std::size_t kAnswerBytes = 1 * limits::kMiB;
constexpr std::size_t kVariants = 100;

bool unknown_outcome(const Error& error) { return error.code == Code::kUnavailable || error.code == Code::kTimeout; }

// AWS keeps weights as 32-bit floats: 0.1 comes back as 0.10000000149.
bool same_weight(double a, double b) { return std::fabs(a - b) <= 1e-6 * std::max({1.0, std::fabs(a), std::fabs(b)}); }

bool has_any(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words)
    if (text.find(word) != std::string_view::npos) return true;
  return false;
}

// The kind stands in a header and in the body, sometimes behind a name space ("com.amazonaws.sagemaker#ValidationException").
Error meaning_of(const net::Response& response) {
  const auto document = parse_json(response.body);
  const bool json = document && document->is_object();
  std::string kind(response.header("x-amzn-errortype"));
  if (kind.empty() && json) kind = string_or(*document, "__type");
  kind = kind.substr(kind.find('#') + 1);
  kind = kind.substr(0, kind.find(':'));
  std::string words = json ? string_or(*document, "Message", string_or(*document, "message")) : std::string();
  const std::string text = fmt::format("{} {}{}{}", response.status, kind.empty() ? std::string(net::status_text(response.status)) : kind, words.empty() ? "" : ": ", words);
  const auto error = [&](Code code, const char* advice = "") { return Error{code, text + advice, "", 0}; };
  if (has_any(kind, {"Throttling", "TooManyRequests", "RequestLimitExceeded"}) || response.status == 429) return error(Code::kBusy);
  if (response.status >= 500) return error(Code::kUnavailable, json ? "" : "; it answers with a page: not every SageMaker knows this operation");
  if (has_any(kind, {"SignatureDoesNotMatch", "InvalidSignature", "IncompleteSignature"})) return error(Code::kUnauthorized, "; compare the secret in secret_file, region, and this machine's clock");
  if (has_any(kind, {"UnrecognizedClient", "InvalidClientTokenId", "MissingAuthenticationToken", "ExpiredToken"})) return error(Code::kUnauthorized, "; compare access_key_id");
  if (has_any(kind, {"AccessDenied", "NotAuthorized", "OptInRequired"}) || response.status == 403) return error(Code::kForbidden);
  if (!json) return error(Code::kInvalid, "; this is no answer of SageMaker's; compare url");
  if (kind == "ResourceNotFound" || has_any(words, {"Could not find", "is/are not present", "does not exist"})) return error(Code::kNotFound);
  if (kind == "ResourceInUse" || has_any(words, {"Cannot update in-progress endpoint"})) return error(Code::kConflict);
  return error(Code::kInvalid);
}

Result<std::map<std::string, double>> weights_in(const Json& request) {
  const Json* const given = find(request, "weights");
  if (given == nullptr || !given->is_object() || given->get_object().empty() || given->get_object().size() > kVariants)
    return fail(Code::kInvalid, "'weights' is an object of variants and their weights: {\"stable\": 1, \"candidate\": 0}", "/weights");
  std::map<std::string, double> out;
  for (const auto& member : given->get_object()) {
    const std::string name(member.key());
    const double weight = member.value().is_number() ? member.value().to_number<double>() : -1;
    if (!(weight >= 0) || weight > 1e6) return fail(Code::kInvalid, fmt::format("the weight of variant '{}' is a number from 0 to a million", name), "/weights/" + name);
    out[name] = weight;
  }
  return out;
}

}  // namespace

SageMaker::SageMaker(SageMakerPlace place, const Clock& clock) : place_(std::move(place)), clock_(clock) {
  http_.cancel_when(stopping_);
  http_.limit_answers(kAnswerBytes);
  http_.sign({place_.region, place_.access_key_id, place_.secret, "sagemaker"});
  if (!place_.tls_ca_file.empty()) http_.trust(place_.tls_ca_file);
}

void SageMaker::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
}

bool SageMaker::pause() {
  std::unique_lock lock(mutex_);
  return !stopped_.wait_for(lock, std::chrono::microseconds(place_.poll_us), [this] { return stopping_.load(); });
}

Result<JsonObject> SageMaker::call(const Json& request, const std::string& key) {
  FIREBREAK_ASSIGN(const std::string verb, get_string(request, "do"));
  if (verb == "weights") return weights(request, key);
  if (verb == "read") return read(request);
  return fail(Code::kInvalid, fmt::format("an endpoint does weights and read, not '{}'", verb), "/do");
}

Result<Json> SageMaker::ask(const std::string& operation, const JsonObject& arguments) {
  net::Request request;
  request.method = "POST";
  request.headers = {{"Content-Type", "application/x-amz-json-1.1"}, {"X-Amz-Target", "SageMaker." + operation}};
  request.body = canonical_json(arguments);
  auto response = http_.send(request, place_.url + "/", place_.timeout_us);
  if (!response) return fail(std::move(response.error()).with(operation));
  if (response->status >= 300) return fail(meaning_of(*response).with(fmt::format("{} at {}", operation, place_.url)));
  auto answer = parse_json(response->body);
  if (!answer || !answer->is_object()) return fail(Code::kInvalid, fmt::format("{} at {}: {}, and no JSON object behind it; compare url", operation, place_.url, response->status));
  return answer;
}

Result<SageMaker::Endpoint> SageMaker::describe(const std::string& name) {
  FIREBREAK_ASSIGN(const Json answer, ask("DescribeEndpoint", {{"EndpointName", name}}));
  Endpoint endpoint{string_or(answer, "EndpointStatus"), string_or(answer, "EndpointConfigName"), string_or(answer, "FailureReason"), {}};
  const Json* const list = find(answer, "ProductionVariants");
  if (endpoint.status.empty()) return fail(Code::kInvalid, fmt::format("the answer about endpoint '{}' has no EndpointStatus", name));
  if (list == nullptr || !list->is_array()) return endpoint;  // while it is being created
  for (const Json& one : list->get_array()) {
    const double current = number_or(one, "CurrentWeight");
    endpoint.variants[string_or(one, "VariantName")] = {current, number_or(one, "DesiredWeight", current), int_or(one, "CurrentInstanceCount")};
  }
  return endpoint;
}

JsonObject SageMaker::weights_of(const Endpoint& endpoint) {
  JsonObject out;
  for (const auto& [name, variant] : endpoint.variants) out[name] = variant.current;
  return out;
}

bool SageMaker::desires(const Endpoint& endpoint, const Weights& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& one) {
    const auto found = endpoint.variants.find(one.first);
    return found != endpoint.variants.end() && same_weight(found->second.desired, one.second);
  });
}

bool SageMaker::has(const Endpoint& endpoint, const Weights& wanted) {
  return desires(endpoint, wanted) && std::all_of(wanted.begin(), wanted.end(), [&](const auto& one) {
    return same_weight(endpoint.variants.at(one.first).current, one.second);
  });
}

Result<SageMaker::Endpoint> SageMaker::wait_for(const std::string& name, const Weights& wanted) {
  const std::int64_t deadline = clock_.steady_us() + place_.wait_us;
  for (;;) {
    auto seen = describe(name);
    if (!seen && !unknown_outcome(seen.error()) && seen.error().code != Code::kBusy) return fail(std::move(seen.error()));
    if (seen && seen->status == "InService") {
      if (has(*seen, wanted)) return seen;
      if (!desires(*seen, wanted))
        return fail(Code::kConflict, fmt::format("endpoint '{}' is InService with other weights than asked for, {}: somebody else changes it", name, canonical_json(weights_of(*seen))));
    } else if (seen && seen->status != "Updating" && seen->status != "SystemUpdating") {
      return fail(Code::kConflict, fmt::format("endpoint '{}' is {}{}{}: it did not take the weights; look at it in the console", name, seen->status, seen->reason.empty() ? "" : ", ", seen->reason));
    }
    if (clock_.steady_us() >= deadline) {
      if (!seen) return fail(std::move(seen.error()));
      return fail(Code::kTimeout, fmt::format("endpoint '{}' is {} after {} s and not yet as asked for", name, seen->status, place_.wait_us / kSecond));
    }
    if (!pause()) return fail(Code::kUnavailable, fmt::format("endpoint '{}': not waited for to its end, the program stops", name));
  }
}

Result<JsonObject> SageMaker::weights(const Json& request, const std::string& key) {
  FIREBREAK_TRY(only_keys(request, {"do", "endpoint", "weights"}));
  FIREBREAK_ASSIGN(const std::string name, get_string(request, "endpoint"));
  FIREBREAK_ASSIGN(const auto wanted, weights_in(request));
  FIREBREAK_ASSIGN(const Endpoint found, describe(name));
  double sum = 0;
  std::string names;
  for (const auto& [variant, state] : found.variants) {
    const auto asked = wanted.find(variant);
    sum += asked == wanted.end() ? state.current : asked->second;
    names += (names.empty() ? "" : ", ") + variant;
  }
  for (const auto& [variant, weight] : wanted)
    if (!found.variants.contains(variant)) return fail(Code::kNotFound, fmt::format("endpoint '{}' has no variant '{}'; it has {}", name, variant, names), "/weights/" + variant);
  if (!(sum > 0)) return fail(Code::kInvalid, fmt::format("no variant of endpoint '{}' would have a weight above 0: nobody would answer", name), "/weights");
  const bool ordered = desires(found, wanted);  // by an earlier call, whose answer was lost or came too late
  if (!ordered && found.status != "InService") return fail(Code::kConflict, fmt::format("endpoint '{}' is {}: it takes no weights until it is InService", name, found.status));
  Result<Json> written = Json(nullptr);
  if (!ordered) {
    JsonArray list;
    for (const auto& [variant, weight] : wanted) list.push_back(JsonObject{{"VariantName", variant}, {"DesiredWeight", weight}});
    written = ask("UpdateEndpointWeightsAndCapacities", {{"EndpointName", name}, {"DesiredWeightsAndCapacities", list}});
  }
  if (!written && !unknown_outcome(written.error())) return fail(std::move(written.error()));
  const Json before = befores_.first(key, weights_of(found));
  if (!written) {  // a look shows whether it was taken; not that it will not be taken yet
    const auto seen = describe(name);
    if (!seen || !desires(*seen, wanted)) return fail(std::move(written.error()));
  }
  FIREBREAK_ASSIGN(const Endpoint reached, wait_for(name, wanted));
  const Json after = weights_of(reached);
  return JsonObject{{"before", before}, {"after", after}, {"changed", before != after}};
}

Result<JsonObject> SageMaker::read(const Json& request) {
  FIREBREAK_TRY(only_keys(request, {"do", "endpoint"}));
  FIREBREAK_ASSIGN(const std::string name, get_string(request, "endpoint"));
  FIREBREAK_ASSIGN(const Endpoint found, describe(name));
  JsonObject instances;
  for (const auto& [variant, state] : found.variants) instances[variant] = state.instances;
  return JsonObject{{"weights", weights_of(found)}, {"status", found.status}, {"config", found.config}, {"instances", instances}};
}

}  // namespace firebreak::connect
