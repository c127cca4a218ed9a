#include "world/gateway/policy.h"

#include <fmt/format.h>

#include <algorithm>

namespace firebreak::gateway {
namespace {

bool in_force(const MeasureInForce& measure, Time now) { return measure.until.us == 0 || now < measure.until; }

template <class T>
const T* as(const MeasureInForce& measure) {
  return std::get_if<T>(&measure.measure);
}

Result<void> check_weights(const std::map<std::string, std::uint32_t>& weights, const CompiledPolicy& policy,
                           const std::string& pointer) {
  std::uint64_t sum = 0;
  for (const auto& [release, percent] : weights) {
    if (!policy.releases.contains(release))
      return fail(Code::kInvalid, fmt::format("release '{}' is not listed in 'releases'", release), pointer);
    sum += percent;
  }
  if (sum != 100) return fail(Code::kInvalid, fmt::format("weights sum to {}, not 100", sum), pointer);
  return {};
}

const ReleaseTarget* choose(const CompiledPolicy& policy, const std::map<std::string, std::uint32_t>& weights,
                            std::uint32_t draw) {
  std::uint32_t sum = 0;
  for (const auto& [release, percent] : weights) {
    sum += percent;
    if (draw < sum) return policy.releases.at(release);
  }
  return nullptr;
}

// 0 when the measure lets the request pass.
std::int64_t limited_for(const MeasureInForce& in, const RateLimitMeasure& limit, const RequestFacts& facts,
                         Limiter& limiter) {
  std::string key = in.action;
  switch (limit.scope) {
    case LimitScope::kEndpoint: break;
    case LimitScope::kCaller:
      if (!limit.callers.empty() && !limit.callers.contains(facts.caller)) return 0;
      key += '|' + facts.caller;
      break;
    case LimitScope::kYoungKeys:
      if (limit.established.contains(facts.caller)) return 0;
      if (facts.now - facts.first_seen >= limit.young_age_us) return 0;
      key += '|' + facts.caller;
      break;
  }
  return limiter.take(key, facts.now, limit.per_minute, limit.burst);
}

// What a measure does to a request before it is forwarded; kForward = nothing.
Verdict verdict_of(const MeasureInForce& in, const RequestFacts& facts, Limiter& limiter, std::int64_t& retry_us) {
  if (const auto* block = as<BlockMeasure>(in))
    return block->callers.contains(facts.caller) ? Verdict::kBlocked : Verdict::kForward;
  if (const auto* limit = as<RateLimitMeasure>(in)) {
    const std::int64_t wait = limited_for(in, *limit, facts, limiter);
    if (wait == 0) return Verdict::kForward;
    retry_us = std::max(retry_us, wait);
    return Verdict::kLimited;
  }
  if (const auto* quarantine = as<QuarantineMeasure>(in)) {
    const bool member = quarantine->callers.contains(facts.caller) || quarantine->digests.contains(facts.feature_digest);
    return member ? Verdict::kFallback : Verdict::kForward;
  }
  if (as<FallbackMeasure>(in) != nullptr) return Verdict::kFallback;
  return Verdict::kForward;
}

// Kinds in the order in which they are asked; a request that is refused anyway must not take a token.
constexpr std::string_view kOrder[] = {"block", "rate_limit", "quarantine", "fallback"};

}  // namespace

Result<std::shared_ptr<const CompiledPolicy>> compile(EndpointPolicy policy) {
  auto out = std::make_shared<CompiledPolicy>(std::move(policy));
  const EndpointPolicy& source = out->source;
  out->digest = policy_digest(source);
  auto fallback = Fallback::compile(source.endpoint);
  if (!fallback) return fail(std::move(fallback.error()).at("/endpoint"));
  out->fallback = std::move(*fallback);
  if (source.endpoint.callers.empty() && !source.endpoint.callers_blob.empty())
    return fail(Code::kInvalid, "'callers' must be filled from 'callers_blob': else nobody would be known",
                "/endpoint/callers");
  for (const auto& [hash, name] : source.endpoint.callers) out->callers.emplace(hash, name);
  for (const ReleaseTarget& target : source.releases) out->releases.emplace(target.release, &target);
  FIREBREAK_TRY(check_weights(source.base_weights, *out, "/base_weights"));
  for (std::size_t i = 0; i < source.measures.size(); ++i) {
    const MeasureInForce& in = source.measures[i];
    const std::string pointer = fmt::format("/measures/{}/measure", i);
    if (const auto* weights = as<WeightsMeasure>(in)) FIREBREAK_TRY(check_weights(weights->weights, *out, pointer));
    if (const auto* mirror = as<MirrorMeasure>(in); mirror != nullptr && !out->releases.contains(mirror->release))
      return fail(Code::kInvalid, fmt::format("release '{}' is not listed in 'releases'", mirror->release), pointer);
    const bool needs_rules = as<QuarantineMeasure>(in) != nullptr || as<FallbackMeasure>(in) != nullptr;
    if (needs_rules && out->fallback.empty())
      return fail(Code::kInvalid, fmt::format("{} needs the endpoint's fallback rules; it has none", in.action), pointer);
  }
  return out;
}

Result<EndpointPolicy> extended(EndpointPolicy policy, const QuarantineExtension& extension) {
  for (MeasureInForce& in : policy.measures) {
    if (in.action != extension.action) continue;
    auto* quarantine = std::get_if<QuarantineMeasure>(&in.measure);
    if (quarantine == nullptr)
      return fail(Code::kInvalid, fmt::format("{} is no quarantine", extension.action), "/action");
    quarantine->callers.insert(extension.callers.begin(), extension.callers.end());
    quarantine->digests.insert(extension.digests.begin(), extension.digests.end());
    policy.fence = extension.fence;
    return policy;
  }
  return fail(Code::kNotFound, fmt::format("{} is not in force on {}", extension.action, extension.endpoint), "/action");
}

bool contains(const EndpointPolicy& policy, const QuarantineExtension& extension) {
  for (const MeasureInForce& in : policy.measures) {
    const auto* quarantine = as<QuarantineMeasure>(in);
    if (in.action != extension.action || quarantine == nullptr) continue;
    return std::all_of(extension.callers.begin(), extension.callers.end(),
                       [&](const auto& caller) { return quarantine->callers.contains(caller); }) &&
           std::all_of(extension.digests.begin(), extension.digests.end(),
                       [&](const auto& digest) { return quarantine->digests.contains(digest); });
  }
  return false;
}

Decision decide(const CompiledPolicy& policy, const RequestFacts& facts, Limiter& limiter) {
  Decision out;
  if (!facts.caller_known) {
    out.verdict = Verdict::kUnauthorized;
    return out;
  }
  const auto& measures = policy.source.measures;
  for (const std::string_view kind : kOrder) {
    for (const MeasureInForce& in : measures) {
      if (measure_kind(in.measure) != kind || !in_force(in, facts.now)) continue;
      const Verdict verdict = verdict_of(in, facts, limiter, out.retry_after_us);
      if (verdict == Verdict::kForward) continue;
      if (!enforcing(policy)) {
        if (out.observed.empty()) out.observed = in.action;
        continue;
      }
      out.verdict = verdict;
      out.action = in.action;
      return out;
    }
  }
  const std::map<std::string, std::uint32_t>* weights = &policy.source.base_weights;
  for (const MeasureInForce& in : measures) {  // in order of journal index: the newest counts
    if (!in_force(in, facts.now)) continue;
    if (const auto* w = as<WeightsMeasure>(in)) {
      weights = &w->weights;
      out.action = in.action;
    }
    if (const auto* mirror = as<MirrorMeasure>(in))
      out.mirror = facts.mirror_draw < mirror->share * 100 ? policy.releases.at(mirror->release) : nullptr;
  }
  out.release = choose(policy, *weights, facts.draw);
  FIREBREAK_ASSERT(out.release != nullptr);
  if (out.mirror == out.release) out.mirror = nullptr;
  return out;
}

const MeasureInForce* review_of(const CompiledPolicy& policy, Time now, double score) {
  for (const MeasureInForce& in : policy.source.measures) {
    const auto* review = as<ReviewMeasure>(in);
    if (review != nullptr && in_force(in, now) && score >= review->low && score < review->high) return &in;
  }
  return nullptr;
}

}  // namespace firebreak::gateway
