// An endpoint's policy made ready for the hot path, and the decision on one request.
//
// decide() is pure but for the token buckets it takes from. Order: unknown key, blocked, rate limits, quarantine,
// fallback for all, release by weights. While the endpoint is in state `observe` only weights and mirror act; what
// the other measures would have done is reported as observed. A measure whose `until` has passed does not exist.
//
// Threads: a CompiledPolicy is immutable and shared.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "types/feature_digest.h"
#include "types/policy.h"
#include "world/gateway/fallback.h"
#include "world/gateway/limiter.h"
#include "world/gateway/request_reader.h"

namespace firebreak::gateway {

struct CompiledPolicy {
  EndpointPolicy source;
  Digest digest;  // policy_digest(source)
  Fallback fallback;
  FeatureIndex features;
  std::unordered_map<std::string, std::string> callers;     // key hash -> name
  std::unordered_map<std::string, const ReleaseTarget*> releases;

  explicit CompiledPolicy(EndpointPolicy policy) : source(std::move(policy)), features(source.endpoint.features) {}
};

// Errors: kInvalid with pointer: weights that do not sum to 100, releases that are not listed, a fallback document
// that is wrong, or none although a measure needs it.
Result<std::shared_ptr<const CompiledPolicy>> compile(EndpointPolicy policy);

// `policy` with the extension's members in the sets of its action. kNotFound when the action is not in force,
// kInvalid when it is no quarantine.
Result<EndpointPolicy> extended(EndpointPolicy policy, const QuarantineExtension& extension);
bool contains(const EndpointPolicy& policy, const QuarantineExtension& extension);

struct RequestFacts {
  std::string caller;          // name
  bool caller_known = false;
  Digest feature_digest;
  Time now, first_seen;        // gateway clock; when this caller was first seen here
  std::uint32_t draw = 0;      // 0..99, even over requests
  std::uint32_t mirror_draw = 0;
};

enum class Verdict { kUnauthorized, kBlocked, kLimited, kFallback, kForward };

struct Decision {
  Verdict verdict = Verdict::kForward;
  std::string action;             // the measure that decided; empty for plain forwarding
  std::int64_t retry_after_us = 0;
  const ReleaseTarget* release = nullptr;  // kForward
  const ReleaseTarget* mirror = nullptr;   // copy to this one
  std::string observed;           // action that would have changed the answer, were the endpoint enforcing
};

Decision decide(const CompiledPolicy& policy, const RequestFacts& facts, Limiter& limiter);

// The review measure that holds for this score, if any: its action (or nothing while observing; then `observed`).
const MeasureInForce* review_of(const CompiledPolicy& policy, Time now, double score);

inline bool enforcing(const CompiledPolicy& policy) {
  return policy.source.endpoint.state == EndpointState::kEnforce;
}

}  // namespace firebreak::gateway
