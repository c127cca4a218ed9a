// The adapter to one outside system that holds traffic policies.
//
// Promise: a call that returns a value has been answered by the other side; kUnavailable and kTimeout mean that
// nobody knows whether it happened, and the caller must ask with held(). Policies carry a fence (journal index of
// the order): the other side refuses a lower one, so a late or repeated call cannot undo a newer one.
// Threads: any; each call may block up to its timeout.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "types/policy.h"

namespace firebreak::connect {

// What the other side says it enforces now.
struct Held {
  std::uint64_t fence = 0;     // 0: it has no policy for the endpoint
  std::string digest;          // policy_digest, hex
};

class Connector {
 public:
  virtual ~Connector() = default;

  virtual Result<Held> apply(const EndpointPolicy& policy) = 0;
  virtual Result<Held> extend(const QuarantineExtension& extension) = 0;
  virtual Result<Held> held(const std::string& endpoint) = 0;

  // Evidence and effect checks: the policy as the other side states it, and its counters.
  virtual Result<Json> read_policy(const std::string& endpoint) = 0;
  virtual Result<Json> read_counters(const std::string& endpoint) = 0;

  // Fed mode: deliver everything recorded so far, then set the clock. Returns when both are done.
  virtual Result<Json> feed_clock(Time to) = 0;

  // The program ends: calls under way come back within about a second, later ones at once, with kUnavailable.
  virtual void stop() {}
};

}  // namespace firebreak::connect
