#include "world/gateway/control.h"

#include <fmt/format.h>

#include "base/digest.h"

namespace firebreak::gateway {
namespace {

constexpr std::int64_t kFlushTimeoutUs = 60 * kSecond;

std::string trimmed(Bytes text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

void metric(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  fmt::format_to(std::back_inserter(out), "# HELP firebreak_gateway_{0} {1}\n# TYPE firebreak_gateway_{0} {2}\n", name,
                 help, type);
}

template <class Read>
void series(std::string& out, std::string_view name, const Endpoints::Map& all, Read read) {
  for (const auto& [endpoint, runtime] : all)
    fmt::format_to(std::back_inserter(out), "firebreak_gateway_{}{{endpoint=\"{}\"}} {}\n", name, endpoint,
                   read(*runtime));
}

}  // namespace

Path fed_time_path(const GatewayOptions& options) { return options.data_dir + "/clock"; }

Result<std::shared_ptr<EndpointRuntime>> Endpoints::find_or_open(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (const auto it = endpoints_.find(name); it != endpoints_.end()) return it->second;
  FIREBREAK_ASSIGN(auto runtime, EndpointRuntime::open(context_, name));
  endpoints_[name] = runtime;
  return runtime;
}

Result<void> Endpoints::load() {
  const Path dir = context_.options.data_dir + "/policies";
  FIREBREAK_TRY(context_.files->make_dir(dir));
  FIREBREAK_ASSIGN(const auto names, context_.files->list(dir));
  for (const std::string& file : names) {
    constexpr std::string_view suffix = ".json";
    if (!file.ends_with(suffix)) continue;
    FIREBREAK_ASSIGN(auto runtime, find_or_open(file.substr(0, file.size() - suffix.size())));
    FIREBREAK_TRY(runtime->load());
  }
  refresh();
  return {};
}

Result<std::shared_ptr<EndpointRuntime>> Endpoints::take(EndpointPolicy policy) {
  const std::string name = policy.endpoint.name;
  FIREBREAK_TRY(compile(policy));  // before a spool is made for what will be refused
  FIREBREAK_ASSIGN(auto runtime, find_or_open(name));
  FIREBREAK_TRY(runtime->take(std::move(policy)));
  refresh();
  return runtime;
}

std::shared_ptr<EndpointRuntime> Endpoints::find(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto it = endpoints_.find(name);
  return it == endpoints_.end() ? nullptr : it->second;
}

Endpoints::Map Endpoints::all() const {
  const std::lock_guard lock(mutex_);
  return endpoints_;
}

Control::Control(Endpoints& endpoints, FedClock* fed, Files& files, const GatewayOptions& options)
    : endpoints_(endpoints), fed_(fed), files_(files), options_(options) {
  add("PUT", "/control/policies/{endpoint}", [this](const net::Request& r) { return put_policy(r); });
  add("POST", "/control/policies/{endpoint}/extend", [this](const net::Request& r) { return extend_policy(r); });
  add("GET", "/control/policies/{endpoint}", [this](const net::Request& r) -> Answer {
    FIREBREAK_ASSIGN(const auto runtime, endpoint_of(r));
    return net::json_response(runtime->held());
  });
  add("GET", "/control/counters/{endpoint}", [this](const net::Request& r) -> Answer {
    FIREBREAK_ASSIGN(const auto runtime, endpoint_of(r));
    return net::json_response(runtime->counted());
  });
  add("POST", "/control/clock", [this](const net::Request& r) { return set_clock(r); });
  add("POST", "/control/flush", [this](const net::Request&) -> Answer {
    FIREBREAK_ASSIGN(auto flushed, flush_all());
    return net::json_response(flushed);
  });
  router_.get("/healthz", [this](net::Request, net::Responder respond) {
    JsonObject policies;
    for (const auto& [name, runtime] : endpoints_.all())
      if (const auto active = runtime->active()) policies[name] = active->policy->source.fence;
    respond(net::json_response(JsonObject{{"status", "ok"}, {"name", options_.name}, {"policies", std::move(policies)}}));
  });
  router_.get("/metrics", [this](net::Request, net::Responder respond) { respond(metrics()); });
}

void Control::add(const char* method, const char* path, std::function<Answer(const net::Request&)> handler) {
  router_.add(method, path, [this, handler = std::move(handler)](net::Request request, net::Responder respond) {
    if (auto allowed = authorize(request); !allowed) return respond.fail(allowed.error());
    auto answer = handler(request);
    if (answer) respond(std::move(*answer));
    else respond.fail(answer.error());
  });
}

Result<void> Control::authorize(const net::Request& request) const {
  FIREBREAK_ASSIGN(Bytes text, read_all(files_, options_.control_token_file));
  const std::string expected = trimmed(std::move(text));
  // Compared as digests: the time it takes says nothing about the token.
  if (expected.empty() || sha256(request.bearer()) != sha256(expected))
    return fail(Code::kUnauthorized, "the control token is missing or wrong");
  return {};
}

Result<std::shared_ptr<EndpointRuntime>> Control::endpoint_of(const net::Request& request) const {
  const std::string name = request.param("endpoint");
  auto runtime = endpoints_.find(name);
  if (!runtime || !runtime->active()) return fail(Code::kNotFound, fmt::format("no policy for endpoint '{}'", name));
  return runtime;
}

Control::Answer Control::put_policy(const net::Request& request) {
  FIREBREAK_ASSIGN(const Json document, parse_json(request.body));
  FIREBREAK_ASSIGN(auto policy, policy_from_json(document));
  const std::string name = request.param("endpoint");
  if (policy.endpoint.name != name || !is_name(name))
    return fail(Code::kInvalid, fmt::format("the policy is for '{}', the path says '{}'", policy.endpoint.name, name),
                "/endpoint/name");
  if (!policy.endpoint.gateway.empty() && policy.endpoint.gateway != options_.name)
    return fail(Code::kConflict, fmt::format("endpoint '{}' is served by gateway '{}', this is '{}'", name,
                                             policy.endpoint.gateway, options_.name), "/endpoint/gateway");
  FIREBREAK_ASSIGN(const auto runtime, endpoints_.take(std::move(policy)));
  return net::json_response(runtime->held());
}

Control::Answer Control::extend_policy(const net::Request& request) {
  FIREBREAK_ASSIGN(const Json document, parse_json(request.body));
  FIREBREAK_ASSIGN(const auto extension, extension_from_json(document));
  FIREBREAK_ASSIGN(const auto runtime, endpoint_of(request));
  if (extension.endpoint != runtime->name())
    return fail(Code::kInvalid, fmt::format("the extension is for '{}'", extension.endpoint), "/endpoint");
  FIREBREAK_TRY(runtime->extend(extension));
  return net::json_response(runtime->held());
}

// A second at a time, so that a gateway that shall end is not held up by a server that is gone.
Result<void> Control::flush_one(EndpointRuntime& runtime) const {
  auto flushed = runtime.flush(kSecond);
  for (std::int64_t waited = kSecond; waited < kFlushTimeoutUs && !ending_; waited += kSecond) {
    if (flushed || flushed.error().code != Code::kTimeout) break;
    flushed = runtime.flush(kSecond);
  }
  return flushed;
}

Result<JsonObject> Control::flush_all() {
  JsonObject fences;
  std::uint64_t delivered = 0;
  for (const auto& [name, runtime] : endpoints_.all()) {
    FIREBREAK_TRY(flush_one(*runtime));
    delivered += runtime->spool->stats().acknowledged;
    if (const auto active = runtime->active()) fences[name] = active->policy->source.fence;
  }
  return JsonObject{{"delivered", delivered}, {"fences", std::move(fences)}};
}

Control::Answer Control::set_clock(const net::Request& request) {
  if (fed_ == nullptr) return fail(Code::kConflict, "this gateway runs on the system clock; start it with --clock fed");
  FIREBREAK_ASSIGN(const Json document, parse_json(request.body));
  FIREBREAK_TRY(only_keys(document, {"to"}));
  FIREBREAK_ASSIGN(const Time to, get_time(document, "to"));
  const std::lock_guard lock(clock_mutex_);
  if (to < fed_->now())
    return fail(Code::kConflict, fmt::format("the clock stands at {} and never goes back", format_time(fed_->now())), "/to");
  FIREBREAK_ASSIGN(auto flushed, flush_all());
  FIREBREAK_TRY(write_plain(files_, fed_time_path(options_), format_time(to) + "\n"));
  fed_->feed(to);
  flushed["time"] = format_time(to);
  return net::json_response(flushed);
}

net::Response Control::metrics() const {
  const auto all = endpoints_.all();
  std::string out;
  metric(out, "requests_total", "counter", "Scoring requests by what became of them.");
  for (const auto& [endpoint, runtime] : all)
    for (std::size_t i = 0; i < runtime->counters.dispositions.size(); ++i)
      fmt::format_to(std::back_inserter(out),
                     "firebreak_gateway_requests_total{{endpoint=\"{}\",disposition=\"{}\"}} {}\n", endpoint,
                     disposition_name(static_cast<Disposition>(i)), runtime->counters.dispositions[i].value());
  metric(out, "latency_seconds", "summary", "From the request's last octet to its answer.");
  for (const auto& [endpoint, runtime] : all) {
    const Histogram& latency = runtime->counters.latency;
    for (const double q : {0.5, 0.99})
      if (latency.count() > 0)
        fmt::format_to(std::back_inserter(out), "firebreak_gateway_latency_seconds{{endpoint=\"{}\",quantile=\"{}\"}} {}\n",
                       endpoint, q, std::min(latency.quantile(q), 1e9) / 1e6);
    fmt::format_to(std::back_inserter(out), "firebreak_gateway_latency_seconds_sum{{endpoint=\"{}\"}} {}\n", endpoint,
                   latency.sum() / 1e6);
    fmt::format_to(std::back_inserter(out), "firebreak_gateway_latency_seconds_count{{endpoint=\"{}\"}} {}\n", endpoint,
                   latency.count());
  }
  metric(out, "spool_octets", "gauge", "Recorded and not yet acknowledged by the server.");
  series(out, "spool_octets", all, [](const EndpointRuntime& r) { return r.spool->stats().bytes; });
  metric(out, "spool_dropped_total", "counter", "Records that a gap stands for.");
  series(out, "spool_dropped_total", all, [](const EndpointRuntime& r) { return r.spool->stats().dropped; });
  metric(out, "policy_fence", "gauge", "Journal index of the order whose policy is in force.");
  series(out, "policy_fence", all, [](const EndpointRuntime& r) {
    const auto active = r.active();
    return active ? active->policy->source.fence : 0;
  });
  return net::text_response(std::move(out), "text/plain; version=0.0.4");
}

}  // namespace firebreak::gateway
