#include "world/gateway/endpoint_runtime.h"

#include <fmt/format.h>

namespace firebreak::gateway {
namespace {

JsonObject latency_json(const Histogram& histogram) {
  if (histogram.count() == 0) return {{"count", 0}};
  return {{"count", histogram.count()},
          {"p50_us", std::min(histogram.quantile(0.5), 1e9)},
          {"p99_us", std::min(histogram.quantile(0.99), 1e9)}};
}

// "1.0.0/answers": 7 -> {"1.0.0": {"answers": 7}}
JsonObject grouped(const Tally& tally) {
  JsonObject out;
  for (const auto& [name, count] : tally.snapshot()) {
    const std::size_t slash = name.rfind('/');
    Json& group = out[name.substr(0, slash)];
    if (!group.is_object()) group = JsonObject{};
    group.get_object()[name.substr(slash + 1)] = count;
  }
  return out;
}

}  // namespace

std::vector<double> latency_bounds_us() {
  std::vector<double> out;
  for (double bound = 20; out.size() < 80; bound *= 1.15) out.push_back(bound);
  return out;
}

Result<std::shared_ptr<EndpointRuntime>> EndpointRuntime::open(const Context& context, const std::string& endpoint) {
  std::shared_ptr<EndpointRuntime> out(new EndpointRuntime(context, endpoint));
  const GatewayOptions& options = context.options;
  SpoolOptions spool;
  spool.dir = options.data_dir + "/spool/" + endpoint;
  spool.producer = "gateway:" + options.name;
  spool.max_bytes = options.spool_bytes;
  spool.batch_lines = options.batch_lines;
  spool.batch_wait_us = options.batch_wait_us;
  spool.first_sequence = static_cast<std::uint64_t>(SystemClock().now().us / kMillisecond);  // real time, also when fed
  FIREBREAK_ASSIGN(out->spool, Spool::open(*context.files, *context.clock, spool));
  FIREBREAK_ASSIGN(out->first_seen, FirstSeen::open(*context.files, spool.dir + "/first_seen"));
  if (!options.server_url.empty()) {
    DeliveryOptions delivery;
    delivery.server_url = options.server_url;
    delivery.token_file = options.server_token_file;
    delivery.stream = endpoint;
    delivery.producer = spool.producer;
    out->delivery_ = std::make_unique<Delivery>(*out->spool, *context.clock, delivery);
  }
  return out;
}

EndpointRuntime::~EndpointRuntime() { stop(); }

void EndpointRuntime::close_upstreams() {
  if (const auto current = active())
    for (const auto& [release, upstream] : current->upstreams) upstream->close();
}

void EndpointRuntime::stop() {
  if (delivery_) delivery_->stop();
  if (spool) spool->close();
}

Path EndpointRuntime::policy_path() const { return fmt::format("{}/policies/{}.json", context_.options.data_dir, name_); }

Result<void> EndpointRuntime::activate(EndpointPolicy policy, bool persist) {
  FIREBREAK_ASSIGN(auto compiled, compile(std::move(policy)));
  auto next = std::make_shared<ActivePolicy>();
  next->policy = compiled;
  const auto current = active();
  std::map<std::string, std::shared_ptr<net::Upstream>> by_url;  // connections outlive a change of policy
  if (current)
    for (const ReleaseTarget& target : current->policy->source.releases)
      by_url[target.upstream] = current->upstreams.at(target.release);
  for (const ReleaseTarget& target : compiled->source.releases) {
    auto& upstream = by_url[target.upstream];
    if (!upstream) {
      net::UpstreamOptions options;
      options.timeout_us = context_.options.upstream_timeout_us;
      FIREBREAK_ASSIGN(upstream, net::Upstream::create(context_.io, target.upstream, options));
    }
    next->upstreams[target.release] = upstream;
  }
  if (persist) {
    FIREBREAK_TRY(write_atomic(*context_.files, policy_path(), canonical_json(to_json(compiled->source)) + "\n"));
  }
  active_.store(std::move(next), std::memory_order_release);
  return {};
}

Result<void> EndpointRuntime::load() {
  const std::lock_guard lock(change_);
  FIREBREAK_ASSIGN(const Bytes text, read_all(*context_.files, policy_path()));
  const auto place = [&](Error error) { return fail(std::move(error).with("policy on disk: " + policy_path())); };
  auto document = parse_json(text);
  if (!document) return place(document.error());
  auto policy = policy_from_json(*document);
  if (!policy) return place(policy.error());
  if (auto done = activate(std::move(*policy), false); !done) return place(done.error());
  return {};
}

Result<void> EndpointRuntime::take(EndpointPolicy policy) {
  const std::lock_guard lock(change_);
  if (const auto current = active()) {
    const EndpointPolicy& held = current->policy->source;
    const bool same = policy_digest(policy) == current->policy->digest;
    if (policy.fence <= held.fence && same) return {};  // a repeated order
    if (policy.fence <= held.fence)
      return fail(Code::kConflict,
                  fmt::format("fence {} is not above {}, which is in force: a later order has been taken already",
                              policy.fence, held.fence),
                  "/fence");
  }
  return activate(std::move(policy), true);
}

Result<void> EndpointRuntime::extend(const QuarantineExtension& extension) {
  const std::lock_guard lock(change_);
  const auto current = active();
  if (!current) return fail(Code::kNotFound, fmt::format("endpoint '{}' has no policy here", name_));
  const EndpointPolicy& held = current->policy->source;
  if (extension.fence <= held.fence) {
    if (contains(held, extension)) return {};
    return fail(Code::kConflict, fmt::format("fence {} is not above {}, which is in force", extension.fence, held.fence),
                "/fence");
  }
  FIREBREAK_ASSIGN(auto policy, extended(held, extension));
  return activate(std::move(policy), true);
}

Result<void> EndpointRuntime::flush(std::int64_t timeout_us) {
  const std::int64_t limit = context_.clock->steady_us() + timeout_us;
  if (!in_flight.wait_for_earlier(timeout_us))
    return fail(Code::kTimeout, fmt::format("endpoint '{}': requests are still under way", name_));
  if (!delivery_) return fail(Code::kUnavailable, "this gateway has no server to deliver to");
  auto flushed = spool->flush(std::max<std::int64_t>(1, limit - context_.clock->steady_us()));
  if (flushed) return {};
  const std::string why = delivery_->stats().error;
  return fail(std::move(flushed.error()).with(fmt::format("endpoint '{}'{}", name_, why.empty() ? "" : " (" + why + ")")));
}

Json EndpointRuntime::held() const {
  const auto current = active();
  if (!current) return JsonObject{{"endpoint", name_}, {"fence", 0}, {"digest", ""}};
  const EndpointPolicy& policy = current->policy->source;
  Json document = to_json(policy);
  if (auto* endpoint = document.get_object().if_contains("endpoint"); endpoint != nullptr && endpoint->is_object())
    endpoint->get_object().erase("callers");  // hashes of keys are nobody's evidence
  JsonArray measures;
  for (const MeasureInForce& in : policy.measures) {
    const bool ended = in.until.us != 0 && in.until <= context_.clock->now();
    JsonObject summary{{"action", in.action}, {"kind", std::string(measure_kind(in.measure))},
                       {"text", describe(in.measure)}, {"ended", ended}};
    if (in.until.us != 0) summary["until"] = format_time(in.until);
    measures.push_back(std::move(summary));
  }
  return JsonObject{{"endpoint", name_},
                    {"fence", policy.fence},
                    {"digest", current->policy->digest.hex()},
                    {"enforcing", enforcing(*current->policy)},
                    {"measures", std::move(measures)},
                    {"policy", std::move(document)}};
}

Json EndpointRuntime::counted() const {
  JsonObject dispositions;
  for (std::size_t i = 0; i < counters.dispositions.size(); ++i)
    dispositions[disposition_name(static_cast<Disposition>(i))] = counters.dispositions[i].value();
  const SpoolStats spooled = spool->stats();
  const DeliveryStats delivered = delivery_ ? delivery_->stats() : DeliveryStats{};
  const auto current = active();
  return JsonObject{{"endpoint", name_},
                    {"fence", current ? current->policy->source.fence : 0},
                    {"digest", current ? current->policy->digest.hex() : ""},
                    {"time", format_time(context_.clock->now())},
                    {"requests", counters.requests.value()},
                    {"dispositions", std::move(dispositions)},
                    {"releases", grouped(counters.releases)},
                    {"shadow", grouped(counters.shadows)},
                    {"actions", grouped(counters.actions)},
                    {"latency", latency_json(counters.latency)},
                    {"upstream", latency_json(counters.upstream)},
                    {"callers_seen", first_seen->size()},
                    {"capture",
                     JsonObject{{"taken", spooled.pushed},
                                {"dropped", spooled.dropped},
                                {"acknowledged", spooled.acknowledged},
                                {"waiting", spooled.waiting},
                                {"octets", spooled.bytes},
                                {"refused_requests", counters.capture_refused.value()},
                                {"refused_lines", delivered.refused_lines},
                                {"batches", delivered.batches},
                                {"as_rows", delivered.as_rows},
                                {"attempts", delivered.attempts},
                                {"error", spooled.error},
                                {"delivery_error", delivered.error}}}};
}

}  // namespace firebreak::gateway
