// Everything that belongs to one endpoint: its policy, the way to its models, its counters and its spool.
//
// Threads: policy() and the hot-path members from io threads; take() and extend() one at a time (they lock).
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/files.h"
#include "base/metrics.h"
#include "world/gateway/delivery.h"
#include "world/gateway/first_seen.h"
#include "world/gateway/gateway.h"
#include "world/gateway/limiter.h"
#include "world/gateway/policy.h"
#include "world/gateway/spool.h"
#include "world/gateway/tally.h"
#include "world/net/upstream.h"

namespace firebreak::gateway {

// A policy with the connections it needs.
struct ActivePolicy {
  std::shared_ptr<const CompiledPolicy> policy;
  std::unordered_map<std::string, std::shared_ptr<net::Upstream>> upstreams;  // by release
};

// Microseconds in 80 steps of 15 %, from 20 µs to about 1.4 s.
std::vector<double> latency_bounds_us();

struct EndpointCounters {
  Counter requests, capture_refused;
  std::array<Counter, 6> dispositions;
  Tally releases;  // "1.0.0/answers", "/positive", "/failed"
  Tally shadows;   // "1.2.0/answers", "/agree", "/failed"
  Tally actions;   // "act-7/hits", "/observed"
  Histogram latency{latency_bounds_us()};   // whole requests
  Histogram upstream{latency_bounds_us()};  // the model's part
};

class EndpointRuntime {
 public:
  struct Context {
    Files* files = nullptr;
    const Clock* clock = nullptr;
    std::shared_ptr<net::IoThreads> io;
    GatewayOptions options;
  };

  // Opens spool and keys of `endpoint` and starts delivering. Needs take() or load() before it serves.
  static Result<std::shared_ptr<EndpointRuntime>> open(const Context& context, const std::string& endpoint);
  ~EndpointRuntime();

  Result<void> load();  // the policy on disk
  // Persists and activates. kConflict: a lower fence, or the same one for another policy.
  Result<void> take(EndpointPolicy policy);
  Result<void> extend(const QuarantineExtension& extension);

  std::shared_ptr<const ActivePolicy> active() const { return active_.load(std::memory_order_acquire); }

  // Everything recorded before the call is acknowledged by the server.
  Result<void> flush(std::int64_t timeout_us);
  void close_upstreams();  // requests under way fail and are recorded so
  void stop();             // ends delivery and spool

  Json held() const;      // {"fence","digest", …}: GET /control/policies/{endpoint}
  Json counted() const;   // GET /control/counters/{endpoint}
  const std::string& name() const { return name_; }

  EndpointCounters counters;
  Limiter limiter;
  InFlight in_flight;
  std::unique_ptr<FirstSeen> first_seen;
  std::unique_ptr<Spool> spool;

 private:
  EndpointRuntime(Context context, std::string name) : context_(std::move(context)), name_(std::move(name)) {}
  Result<void> activate(EndpointPolicy policy, bool persist);
  Path policy_path() const;

  const Context context_;
  const std::string name_;
  std::mutex change_;
  std::atomic<std::shared_ptr<const ActivePolicy>> active_;
  std::unique_ptr<Delivery> delivery_;
};

}  // namespace firebreak::gateway
