// What a gateway enforces for one endpoint: base release + the measures in force, in order of journal index.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "base/time.h"
#include "types/endpoint.h"

namespace firebreak {

struct WeightsMeasure {  // release -> per cent of traffic; sums to 100
  std::map<std::string, std::uint32_t> weights;
  bool operator==(const WeightsMeasure&) const = default;
};
struct MirrorMeasure {  // copies to a shadow; its answers never reach the caller
  std::string release;
  double share = 1.0;
  bool operator==(const MirrorMeasure&) const = default;
};
enum class LimitScope { kEndpoint, kCaller, kYoungKeys };
struct RateLimitMeasure {  // token bucket; over it: 429 with Retry-After
  LimitScope scope = LimitScope::kCaller;
  double per_minute = 60;
  double burst = 10;
  std::int64_t young_age_us = 48 * kHour;  // kYoungKeys: keys first seen less than this ago, each on its own
  std::set<std::string> callers;           // kCaller: these only; empty = every caller on its own
  std::set<std::string> established;       // kYoungKeys: known to be older when the measure was made; never limited
  bool operator==(const RateLimitMeasure&) const = default;
};
struct QuarantineMeasure {  // both sets get the fallback; exact copies of a query whoever sends them
  std::string incident;     // whose chains extend the sets
  std::set<std::string> callers;
  std::set<Digest> digests;
  std::uint32_t max_callers_per_hour = 50;
  std::uint32_t max_digests_per_hour = 5'000;
  bool operator==(const QuarantineMeasure&) const = default;
};
struct BlockMeasure {  // 403
  std::set<std::string> callers;
  bool operator==(const BlockMeasure&) const = default;
};
struct ReviewMeasure {  // answers with low <= score < high become label "review"
  double low = 0, high = 0;
  bool operator==(const ReviewMeasure&) const = default;
};
struct FallbackMeasure {  // every request is answered by the rules
  bool operator==(const FallbackMeasure&) const = default;
};

using Measure = std::variant<WeightsMeasure, MirrorMeasure, RateLimitMeasure, QuarantineMeasure, BlockMeasure,
                             ReviewMeasure, FallbackMeasure>;

std::string_view measure_kind(const Measure& measure);  // weights mirror rate_limit quarantine block review fallback
Json to_json(const Measure& measure);                   // {"kind": …, …}
Result<Measure> measure_from_json(const Json& document);
// One line for a person: "quarantine 20 callers and 600 queries: the rules answer them".
std::string describe(const Measure& measure);

// What an approval binds to: endpoint + measure + lease (+ the extension caps inside the measure).
Digest measure_digest(const std::string& endpoint, const Measure& measure, std::int64_t lease_us);

struct MeasureInForce {
  std::string action;  // act-…
  Measure measure;
  Time until;  // the gateway drops it by itself at this time; {0} = no end (promotion)
  bool operator==(const MeasureInForce&) const = default;
};

// The whole policy of one endpoint, as a gateway holds it. A gateway takes it only when `fence` is higher than
// what it has: a late or repeated order cannot undo a newer one.
struct EndpointPolicy {
  std::uint64_t fence = 0;  // journal index of the order
  Endpoint endpoint;
  std::vector<ReleaseTarget> releases;
  std::map<std::string, std::uint32_t> base_weights;  // release -> per cent
  std::vector<MeasureInForce> measures;
  bool operator==(const EndpointPolicy&) const = default;
};

Json to_json(const ReleaseTarget& target);
Result<ReleaseTarget> release_target_from_json(const Json& document);
Json to_json(const EndpointPolicy& policy);
Result<EndpointPolicy> policy_from_json(const Json& document);
Digest policy_digest(const EndpointPolicy& policy);  // of the canonical JSON without the fence

// A delta to a quarantine that is in force; sent instead of the whole policy.
struct QuarantineExtension {
  std::uint64_t fence = 0;
  std::string endpoint;
  std::string action;
  std::vector<std::string> callers;
  std::vector<Digest> digests;
};
Json to_json(const QuarantineExtension& extension);
Result<QuarantineExtension> extension_from_json(const Json& document);

}  // namespace firebreak
