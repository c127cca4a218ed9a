#include "world/gateway/data_path.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/encoding.h"

namespace firebreak::gateway {
namespace {

constexpr std::int64_t kRequiredWaitUs = 5'000;
constexpr std::size_t kUnknownDigits = 12;

RequestReader& reader() {
  thread_local RequestReader instance;
  return instance;
}

std::string_view caller_key(const net::Request& request) {
  const std::string_view bearer = request.bearer();
  return bearer.empty() ? request.header("x-api-key") : bearer;
}

// W3C trace context: 00-<32 hex>-<16 hex>-<2 hex>.
std::string_view trace_of(const net::Request& request) {
  const std::string_view header = request.header("traceparent");
  if (header.size() < 55 || header[2] != '-' || header[35] != '-') return {};
  const std::string_view trace = header.substr(3, 32);
  return trace.find_first_not_of("0123456789abcdef") == std::string_view::npos ? trace : std::string_view();
}

net::Response refusal(int status, Code code, std::string message, std::string pointer = {}) {
  return net::problem(status, Error{code, std::move(message), std::move(pointer), 0});
}

}  // namespace

std::shared_ptr<const Routes> make_routes(const std::map<std::string, std::shared_ptr<EndpointRuntime>>& endpoints) {
  auto routes = std::make_shared<Routes>();
  for (const auto& [name, runtime] : endpoints) {
    const auto active = runtime->active();
    if (!active) continue;
    const std::string& path = active->policy->source.endpoint.wire.path;
    (*routes)["/" + name + path] = runtime;
    if (endpoints.size() == 1) (*routes)[path] = runtime;
  }
  return routes;
}

// One request. `outstanding` counts what must still happen before its record can be written.
struct DataPath::Exchange {
  std::shared_ptr<EndpointRuntime> runtime;
  std::shared_ptr<const ActivePolicy> active;
  net::Responder responder;
  Inference inference;
  std::string given_id;
  std::int64_t started_us = 0, asked_us = 0;
  unsigned side = 0;
  bool caller_known = false;
  bool finished = false, shadow_pending = false, recorded = false;
  std::string mirror;

  // However a request ends, also when the io threads stop under it: the barrier must not wait for it for ever.
  ~Exchange() {
    if (runtime) runtime->in_flight.leave(side);
  }
  const Endpoint& endpoint() const { return active->policy->source.endpoint; }
};

DataPath::DataPath(std::string gateway_name, Bytes pepper, const Clock& clock, Random& random)
    : name_(std::move(gateway_name)), pepper_(std::move(pepper)), clock_(clock), boot_(to_hex(random.bytes(8))),
      routes_(std::make_shared<const Routes>()) {}

void DataPath::identify(Exchange& exchange, const net::Request& request) const {
  const std::string_view key = caller_key(request);
  Inference& out = exchange.inference;
  if (key.empty()) {
    out.caller = "unknown:-";
    return;
  }
  const std::string hash = hmac_sha256(pepper_, key).hex();
  const auto& callers = exchange.active->policy->callers;
  const auto it = callers.find(hash);
  exchange.caller_known = it != callers.end();
  out.caller = exchange.caller_known ? it->second : "unknown:" + hash.substr(0, kUnknownDigits);
}

void DataPath::handle(net::Request request, net::Responder responder) {
  const auto routes = routes_.load(std::memory_order_acquire);
  const auto route = routes->find(request.path);
  if (route == routes->end())
    return responder.respond(refusal(404, Code::kNotFound, fmt::format("no endpoint is served at {}", request.path)));
  if (request.method != "POST") {
    net::Response response = refusal(405, Code::kInvalid, fmt::format("{} is not possible here", request.method));
    response.headers.emplace_back("Allow", "POST");
    return responder.respond(std::move(response));
  }
  auto exchange = std::make_shared<Exchange>();
  exchange->runtime = route->second;
  exchange->side = exchange->runtime->in_flight.enter();
  exchange->active = exchange->runtime->active();
  exchange->responder = std::move(responder);
  exchange->started_us = clock_.steady_us();
  exchange->runtime->counters.requests.add();
  Inference& inference = exchange->inference;
  const std::uint64_t count = count_.fetch_add(1);
  inference.time = clock_.now();
  inference.source = request.peer.substr(0, request.peer.rfind(':'));
  inference.id = fmt::format("{}-{}-{}", name_, boot_, count);
  inference.trace_id = std::string(trace_of(request));
  if (inference.trace_id.empty()) inference.trace_id = fmt::format("{}{:016x}", boot_, count);
  identify(*exchange, request);
  if (!parse(*exchange, request)) return;

  const CompiledPolicy& policy = *exchange->active->policy;
  RequestFacts facts;
  facts.caller = inference.caller;
  facts.caller_known = exchange->caller_known;
  facts.now = inference.time;
  facts.first_seen = exchange->runtime->first_seen->remember(inference.caller, inference.time);
  facts.feature_digest = feature_digest(policy.source.endpoint.features, inference.row);
  draw(*exchange, facts);
  const Decision decision = decide(policy, facts, exchange->runtime->limiter);
  if (!decision.observed.empty()) exchange->runtime->counters.actions.add(decision.observed + "/observed");
  enforce(exchange, decision, std::move(request.body));
}

bool DataPath::parse(Exchange& exchange, const net::Request& request) {
  const CompiledPolicy& policy = *exchange.active->policy;
  Inference& inference = exchange.inference;
  auto parsed = reader().read(request.body, policy.source.endpoint.wire, policy.features);
  if (parsed) {
    inference.row = std::move(parsed->row);
    exchange.given_id = std::move(parsed->id);
    if (!exchange.given_id.empty()) inference.id = exchange.given_id;
  }
  if (!exchange.caller_known) {
    inference.reason = "unknown key";
    finish(exchange, Disposition::kBlocked, refusal(401, Code::kUnauthorized, "the key is missing or not known"));
    return false;
  }
  if (!parsed) {
    inference.schema_violation = parsed.error().pointer + ": " + parsed.error().message;
    finish(exchange, Disposition::kFailed, net::problem(400, parsed.error()));
    return false;
  }
  if (parsed->violation.empty()) return true;
  inference.schema_violation = parsed->violation_pointer + ": " + parsed->violation;
  finish(exchange, Disposition::kFailed, refusal(422, Code::kInvalid, parsed->violation, parsed->violation_pointer));
  return false;
}

// Even over requests, the same for the same id, and not for callers to choose: keyed.
void DataPath::draw(Exchange& exchange, RequestFacts& facts) const {
  const Digest mixed = hmac_sha256(pepper_, exchange.inference.id);
  facts.draw = static_cast<std::uint32_t>(get_le<std::uint64_t>(mixed.view(), 0) % 100);
  facts.mirror_draw = static_cast<std::uint32_t>(get_le<std::uint64_t>(mixed.view(), 8) % 100);
}

void DataPath::enforce(const ExchangePtr& exchange, const Decision& decision, std::string body) {
  Inference& inference = exchange->inference;
  if (decision.verdict == Verdict::kForward) return forward(exchange, decision, std::move(body));
  inference.action = decision.action;
  if (!decision.action.empty()) exchange->runtime->counters.actions.add(decision.action + "/hits");
  switch (decision.verdict) {
    case Verdict::kUnauthorized:
      return finish(*exchange, Disposition::kBlocked, refusal(401, Code::kUnauthorized, "the key is not known"));
    case Verdict::kBlocked:
      return finish(*exchange, Disposition::kBlocked,
                    refusal(403, Code::kForbidden, "this caller is blocked; ask the endpoint's owner"));
    case Verdict::kLimited: {
      net::Response response = refusal(429, Code::kBusy, "too many requests");
      const std::int64_t seconds = (decision.retry_after_us + kSecond - 1) / kSecond;
      std::erase_if(response.headers, [](const auto& header) { return header.first == "Retry-After"; });
      response.headers.emplace_back("Retry-After", std::to_string(std::max<std::int64_t>(1, seconds)));
      return finish(*exchange, Disposition::kLimited, std::move(response));
    }
    case Verdict::kFallback: {
      const FallbackAnswer answer = exchange->active->policy->fallback.evaluate(inference.row);
      inference.label = answer.label;
      inference.score = answer.score;
      inference.reason = answer.rule;
      net::Response response;
      response.body = write_answer(exchange->endpoint().wire, exchange->given_id, answer.label, answer.score);
      return finish(*exchange, Disposition::kFallback, std::move(response));
    }
    case Verdict::kForward: return;
  }
}

void DataPath::forward(const ExchangePtr& exchange, const Decision& decision, std::string body) {
  Inference& inference = exchange->inference;
  inference.release = decision.release->release;
  inference.model_digest = decision.release->model_digest;
  inference.model_name = decision.release->model_name;
  inference.model_version = decision.release->model_version;
  exchange->asked_us = clock_.steady_us();
  const std::string& path = exchange->endpoint().wire.path;
  const auto& upstreams = exchange->active->upstreams;
  if (decision.mirror != nullptr) {
    exchange->shadow_pending = true;
    exchange->mirror = decision.mirror->release;
    upstreams.at(exchange->mirror)->post(path, body, [this, exchange](Result<net::Response> answer) {
      on_shadow(exchange, std::move(answer));
    });
  }
  upstreams.at(inference.release)->post(path, std::move(body), [this, exchange](Result<net::Response> answer) {
    on_answer(exchange, std::move(answer));
  });
}

void DataPath::on_answer(const ExchangePtr& exchange, Result<net::Response> answer) {
  Exchange& x = *exchange;
  EndpointCounters& counters = x.runtime->counters;
  const std::string& release = x.inference.release;
  counters.upstream.observe(static_cast<double>(clock_.steady_us() - x.asked_us));
  const auto failed = [&](int status, Code code, std::string why) {
    counters.releases.add(release + "/failed");
    x.inference.reason = why;
    finish(x, Disposition::kFailed, refusal(status, code, "the model did not answer: " + std::move(why)));
  };
  if (!answer) {
    const bool late = answer.error().code == Code::kTimeout;
    const bool full = answer.error().code == Code::kBusy;
    return failed(late ? 504 : full ? 503 : 502, answer.error().code, answer.error().message);
  }
  if (answer->status != 200)
    return failed(502, Code::kUnavailable, fmt::format("release {} answered with status {}", release, answer->status));
  const Wire& wire = x.endpoint().wire;
  auto model = reader().read_answer(answer->body, wire);
  if (!model) return failed(502, Code::kUnavailable, fmt::format("release {}: {}", release, model.error().message));
  x.inference.label = model->label;
  x.inference.score = model->score;
  counters.releases.add(release + "/answers");
  if (model->label == x.endpoint().positive_label) counters.releases.add(release + "/positive");

  net::Response response;
  response.body = std::move(answer->body);
  const MeasureInForce* review = review_of(*x.active->policy, x.inference.time, model->score);
  if (review == nullptr) return finish(x, Disposition::kServed, std::move(response));
  const bool acts = enforcing(*x.active->policy);
  counters.actions.add(review->action + (acts ? "/hits" : "/observed"));
  if (!acts) return finish(x, Disposition::kServed, std::move(response));
  auto reviewed = replace_label(response.body, wire, "review");
  if (!reviewed) return failed(502, Code::kUnavailable, reviewed.error().message);
  x.inference.action = review->action;
  response.body = std::move(*reviewed);
  finish(x, Disposition::kReview, std::move(response));
}

void DataPath::on_shadow(const ExchangePtr& exchange, Result<net::Response> answer) {
  Exchange& x = *exchange;
  Tally& shadows = x.runtime->counters.shadows;
  x.shadow_pending = false;
  Result<ModelAnswer> model = fail(Code::kUnavailable, "no answer");
  if (answer && answer->status == 200) model = reader().read_answer(answer->body, x.endpoint().wire);
  if (model) {
    x.inference.shadow = ShadowAnswer{x.mirror, model->label, model->score};
    shadows.add(x.mirror + "/answers");
    if (model->label == x.endpoint().positive_label) shadows.add(x.mirror + "/positive");
  } else {
    shadows.add(x.mirror + "/failed");
  }
  if (x.finished) record(x);
}

// The record is queued before the answer leaves; only a record that waits for its shadow comes later, and for
// `required` it must then have room in sight.
void DataPath::finish(Exchange& exchange, Disposition disposition, net::Response response) {
  Inference& inference = exchange.inference;
  EndpointCounters& counters = exchange.runtime->counters;
  inference.disposition = disposition;
  inference.latency_us = clock_.steady_us() - exchange.started_us;
  exchange.finished = true;
  bool taken = true;
  if (exchange.shadow_pending) {
    taken = exchange.runtime->spool->has_room();
  } else {
    record(exchange);
    taken = exchange.recorded;
  }
  if (!taken && exchange.endpoint().capture == CapturePolicy::kRequired) {
    counters.capture_refused.add();
    response = refusal(503, Code::kUnavailable, "this answer cannot be recorded now, so it is not given");
  }
  counters.dispositions[static_cast<std::size_t>(disposition)].add();
  counters.latency.observe(static_cast<double>(clock_.steady_us() - exchange.started_us));
  exchange.responder.respond(std::move(response));
}

void DataPath::record(Exchange& exchange) {
  const Inference& inference = exchange.inference;
  if (inference.shadow && inference.shadow->label == inference.label)
    exchange.runtime->counters.shadows.add(inference.shadow->release + "/agree");
  const bool required = exchange.endpoint().capture == CapturePolicy::kRequired;
  exchange.recorded =
      exchange.runtime->spool->push(capture_line(exchange.endpoint(), inference), required ? kRequiredWaitUs : 0);
}

}  // namespace firebreak::gateway
