#include "types/policy.h"

#include <fmt/core.h>

#include <cmath>

#include "types/finding.h"

namespace firebreak {
namespace {

JsonArray array_of(const std::set<std::string>& names) { return JsonArray(names.begin(), names.end()); }

std::string pack(const std::set<Digest>& digests) {
  return pack_digests(std::vector<Digest>(digests.begin(), digests.end()));
}

JsonObject object_of(const std::map<std::string, std::uint32_t>& weights) {
  JsonObject object;
  for (const auto& [release, percent] : weights) object[release] = percent;
  return object;
}

std::string_view scope_name(LimitScope scope) {
  switch (scope) {
    case LimitScope::kEndpoint: return "endpoint";
    case LimitScope::kCaller: return "caller";
    case LimitScope::kYoungKeys: return "young_keys";
  }
  return "caller";
}

Result<LimitScope> parse_scope(std::string_view name) {
  for (const LimitScope scope : {LimitScope::kEndpoint, LimitScope::kCaller, LimitScope::kYoungKeys})
    if (scope_name(scope) == name) return scope;
  return fail(Code::kInvalid, "'scope' must be one of: endpoint, caller, young_keys", "/scope");
}

struct Writer {
  Json operator()(const WeightsMeasure& m) const {
    return JsonObject{{"kind", "weights"}, {"weights", object_of(m.weights)}};
  }
  Json operator()(const MirrorMeasure& m) const {
    return JsonObject{{"kind", "mirror"}, {"release", m.release}, {"share", m.share}};
  }
  Json operator()(const RateLimitMeasure& m) const {
    return JsonObject{{"kind", "rate_limit"},
                      {"scope", scope_name(m.scope)},
                      {"per_minute", m.per_minute},
                      {"burst", m.burst},
                      {"young_age_s", m.young_age_us / kSecond},
                      {"callers", array_of(m.callers)},
                      {"established", array_of(m.established)}};
  }
  Json operator()(const QuarantineMeasure& m) const {
    return JsonObject{{"kind", "quarantine"},
                      {"incident", m.incident},
                      {"callers", array_of(m.callers)},
                      {"digests", pack(m.digests)},
                      {"max_callers_per_hour", m.max_callers_per_hour},
                      {"max_digests_per_hour", m.max_digests_per_hour}};
  }
  Json operator()(const BlockMeasure& m) const {
    return JsonObject{{"kind", "block"}, {"callers", array_of(m.callers)}};
  }
  Json operator()(const ReviewMeasure& m) const {
    return JsonObject{{"kind", "review"}, {"low", m.low}, {"high", m.high}};
  }
  Json operator()(const FallbackMeasure&) const { return JsonObject{{"kind", "fallback"}}; }
};

Result<std::set<std::string>> read_callers(const Json& document, std::string_view key) {
  if (find(document, key) == nullptr) return std::set<std::string>{};
  FIREBREAK_ASSIGN(const auto names, get_strings(document, key));
  for (const std::string& name : names)
    if (name.empty() || name.size() > limits::kIdBytes)
      return fail(Code::kInvalid, fmt::format("a caller's name has 1..{} octets", limits::kIdBytes),
                  fmt::format("/{}", key));
  return std::set<std::string>(names.begin(), names.end());
}

Result<std::set<Digest>> read_digests(const Json& document) {
  if (find(document, "digests") == nullptr) return std::set<Digest>{};
  FIREBREAK_ASSIGN(const std::string text, get_string(document, "digests"));
  auto digests = unpack_digests(text);
  if (!digests) return fail(std::move(digests.error()).at("/digests"));
  return std::set<Digest>(digests->begin(), digests->end());
}

// Percentages per release; they sum to 100.
Result<std::map<std::string, std::uint32_t>> read_weights(const Json& document, std::string_view key) {
  const std::string at = fmt::format("/{}", key);
  const Json* value = find(document, key);
  if (value == nullptr || !value->is_object()) return fail(Code::kInvalid, fmt::format("'{}' must be an object", key), at);
  std::map<std::string, std::uint32_t> weights;
  std::int64_t sum = 0;
  for (const auto& member : value->get_object()) {
    const std::string release(member.key());
    if (!is_name(release)) return fail(Code::kInvalid, fmt::format("'{}' is no release name", release), at);
    FIREBREAK_ASSIGN(const std::int64_t percent, get_int(*value, release));
    if (percent < 0 || percent > 100) return fail(Code::kInvalid, "a weight is 0..100 per cent", at + "/" + release);
    weights[release] = static_cast<std::uint32_t>(percent);
    sum += percent;
  }
  if (sum != 100) return fail(Code::kInvalid, fmt::format("weights sum to {}, not to 100", sum), at);
  return weights;
}

Result<double> read_range(const Json& document, std::string_view key, double low, double high) {
  FIREBREAK_ASSIGN(const double value, get_number(document, key));
  if (!(value >= low && value <= high))
    return fail(Code::kInvalid, fmt::format("'{}' must be {}..{}", key, low, high), fmt::format("/{}", key));
  return value;
}

Result<std::uint32_t> read_cap(const Json& document, std::string_view key, std::uint32_t fallback) {
  if (find(document, key) == nullptr) return fallback;
  FIREBREAK_ASSIGN(const double value, read_range(document, key, 0, 1e6));
  return static_cast<std::uint32_t>(value);
}

Result<Measure> read_rate_limit(const Json& document) {
  FIREBREAK_TRY(only_keys(document, {"kind", "scope", "per_minute", "burst", "young_age_s", "callers", "established"}));
  RateLimitMeasure m;
  FIREBREAK_ASSIGN(m.scope, parse_scope(string_or(document, "scope", "caller")));
  FIREBREAK_ASSIGN(m.per_minute, read_range(document, "per_minute", 0, 1e9));
  if (find(document, "burst") != nullptr) {
    FIREBREAK_ASSIGN(m.burst, read_range(document, "burst", 0, 1e9));
  }
  if (find(document, "young_age_s") != nullptr) {
    FIREBREAK_ASSIGN(const double seconds, read_range(document, "young_age_s", 0, 365.0 * 86'400));
    m.young_age_us = static_cast<std::int64_t>(seconds) * kSecond;
  }
  FIREBREAK_ASSIGN(m.callers, read_callers(document, "callers"));
  FIREBREAK_ASSIGN(m.established, read_callers(document, "established"));
  return Measure(std::move(m));
}

Result<Measure> read_quarantine(const Json& document) {
  FIREBREAK_TRY(only_keys(document, {"kind", "incident", "callers", "digests", "max_callers_per_hour",
                                     "max_digests_per_hour"}));
  QuarantineMeasure m;
  FIREBREAK_ASSIGN(m.incident, get_string(document, "incident"));
  FIREBREAK_ASSIGN(m.callers, read_callers(document, "callers"));
  FIREBREAK_ASSIGN(m.digests, read_digests(document));
  FIREBREAK_ASSIGN(m.max_callers_per_hour, read_cap(document, "max_callers_per_hour", m.max_callers_per_hour));
  FIREBREAK_ASSIGN(m.max_digests_per_hour, read_cap(document, "max_digests_per_hour", m.max_digests_per_hour));
  return Measure(std::move(m));
}

Result<Measure> read_mirror(const Json& document) {
  FIREBREAK_TRY(only_keys(document, {"kind", "release", "share"}));
  MirrorMeasure m;
  FIREBREAK_ASSIGN(m.release, get_string(document, "release"));
  if (!is_name(m.release)) return fail(Code::kInvalid, "'release' is no release name", "/release");
  if (find(document, "share") != nullptr) {
    FIREBREAK_ASSIGN(m.share, read_range(document, "share", 0, 1));
  }
  return Measure(std::move(m));
}

Result<Measure> read_review(const Json& document) {
  FIREBREAK_TRY(only_keys(document, {"kind", "low", "high"}));
  ReviewMeasure m;
  FIREBREAK_ASSIGN(m.low, read_range(document, "low", -1e9, 1e9));
  FIREBREAK_ASSIGN(m.high, read_range(document, "high", -1e9, 1e9));
  if (!(m.low < m.high)) return fail(Code::kInvalid, "'low' must be below 'high'", "/low");
  return Measure(m);
}

Result<ReleaseTarget> read_target(const Json& document) { return release_target_from_json(document); }

Json to_json(const MeasureInForce& in_force) {
  JsonObject object{{"action", in_force.action}, {"measure", to_json(in_force.measure)}};
  if (in_force.until.us != 0) object["until"] = format_time(in_force.until);
  return object;
}

Result<MeasureInForce> read_in_force(const Json& document) {
  FIREBREAK_TRY(only_keys(document, {"action", "measure", "until"}));
  MeasureInForce in_force;
  FIREBREAK_ASSIGN(in_force.action, get_string(document, "action"));
  const Json* measure = find(document, "measure");
  if (measure == nullptr) return fail(Code::kInvalid, "'measure' is missing", "/measure");
  auto read = measure_from_json(*measure);
  if (!read) return fail(std::move(read.error()).at("/measure"));
  in_force.measure = std::move(*read);
  if (find(document, "until") != nullptr) {
    FIREBREAK_ASSIGN(in_force.until, get_time(document, "until"));
  }
  return in_force;
}

template <class T, class Reader>
Result<std::vector<T>> read_array(const Json& document, std::string_view key, Reader reader) {
  std::vector<T> out;
  const Json* array = find(document, key);
  if (array == nullptr) return out;
  if (!array->is_array()) return fail(Code::kInvalid, fmt::format("'{}' must be an array", key), fmt::format("/{}", key));
  for (std::size_t i = 0; i < array->get_array().size(); ++i) {
    auto item = reader(array->get_array()[i]);
    if (!item) return fail(std::move(item.error()).at(fmt::format("/{}/{}", key, i)));
    out.push_back(std::move(*item));
  }
  return out;
}

Result<std::uint64_t> read_fence(const Json& document) {
  FIREBREAK_ASSIGN(const std::int64_t fence, get_int(document, "fence"));
  if (fence < 0) return fail(Code::kInvalid, "'fence' is a journal index", "/fence");
  return static_cast<std::uint64_t>(fence);
}

}  // namespace

Json to_json(const ReleaseTarget& target) {
  JsonObject object{{"release", target.release}, {"upstream", target.upstream}, {"model_digest", target.model_digest}};
  if (!target.model_name.empty()) object["model_name"] = target.model_name;
  if (!target.model_version.empty()) object["model_version"] = target.model_version;
  return object;
}

Result<ReleaseTarget> release_target_from_json(const Json& document) {
  FIREBREAK_TRY(only_keys(document, {"release", "upstream", "model_digest", "model_name", "model_version"}));
  ReleaseTarget target;
  FIREBREAK_ASSIGN(target.release, get_string(document, "release"));
  FIREBREAK_ASSIGN(target.upstream, get_string(document, "upstream"));
  target.model_digest = string_or(document, "model_digest");
  target.model_name = string_or(document, "model_name");
  target.model_version = string_or(document, "model_version");
  return target;
}

std::string_view measure_kind(const Measure& measure) {
  constexpr std::string_view kKinds[] = {"weights", "mirror", "rate_limit", "quarantine", "block", "review", "fallback"};
  return kKinds[measure.index()];
}

Json to_json(const Measure& measure) { return std::visit(Writer{}, measure); }

Result<Measure> measure_from_json(const Json& document) {
  FIREBREAK_ASSIGN(const std::string kind, get_string(document, "kind"));
  if (kind == "quarantine") return read_quarantine(document);
  if (kind == "rate_limit") return read_rate_limit(document);
  if (kind == "mirror") return read_mirror(document);
  if (kind == "review") return read_review(document);
  if (kind == "weights") {
    FIREBREAK_TRY(only_keys(document, {"kind", "weights"}));
    FIREBREAK_ASSIGN(auto weights, read_weights(document, "weights"));
    return Measure(WeightsMeasure{std::move(weights)});
  }
  if (kind == "block") {
    FIREBREAK_TRY(only_keys(document, {"kind", "callers"}));
    FIREBREAK_ASSIGN(auto callers, read_callers(document, "callers"));
    if (callers.empty()) return fail(Code::kInvalid, "a block names at least one caller", "/callers");
    return Measure(BlockMeasure{std::move(callers)});
  }
  if (kind == "fallback") {
    FIREBREAK_TRY(only_keys(document, {"kind"}));
    return Measure(FallbackMeasure{});
  }
  return fail(Code::kInvalid,
              fmt::format("'{}' is no measure (weights, mirror, rate_limit, quarantine, block, review, fallback)", kind),
              "/kind");
}

std::string describe(const Measure& measure) {
  struct Words {
    std::string operator()(const WeightsMeasure& m) const {
      std::string text = "send";
      for (const auto& [release, percent] : m.weights)
        text += fmt::format("{} {} % to release {}", text.size() > 4 ? "," : "", percent, release);
      return text;
    }
    std::string operator()(const MirrorMeasure& m) const {
      return fmt::format("mirror {:.0f} % of the requests to release {}; its answers reach nobody", m.share * 100, m.release);
    }
    std::string operator()(const RateLimitMeasure& m) const {
      const std::string rate = fmt::format("{:g} requests a minute (burst {:g})", m.per_minute, m.burst);
      if (m.scope == LimitScope::kEndpoint) return "limit the endpoint to " + rate;
      if (m.scope == LimitScope::kYoungKeys)
        return fmt::format("limit every key first seen less than {} h ago to {}", m.young_age_us / kHour, rate);
      return m.callers.empty() ? "limit every caller to " + rate : fmt::format("limit {} callers to {}", m.callers.size(), rate);
    }
    std::string operator()(const QuarantineMeasure& m) const {
      return fmt::format("quarantine {} callers and {} queries of {}: the rules answer them; grows by at most {} callers and {} queries an hour",
                         m.callers.size(), m.digests.size(), m.incident, m.max_callers_per_hour, m.max_digests_per_hour);
    }
    std::string operator()(const BlockMeasure& m) const { return fmt::format("block {} callers (403)", m.callers.size()); }
    std::string operator()(const ReviewMeasure& m) const {
      return fmt::format("hand answers with a score of {} up to {} to a person", m.low, m.high);
    }
    std::string operator()(const FallbackMeasure&) const { return "answer every request by the rules"; }
  };
  return std::visit(Words{}, measure);
}

Digest measure_digest(const std::string& endpoint, const Measure& measure, std::int64_t lease_us) {
  return sha256(canonical_json(
      JsonObject{{"endpoint", endpoint}, {"measure", to_json(measure)}, {"lease_us", lease_us}}));
}

Json to_json(const EndpointPolicy& policy) {
  JsonArray releases, measures;
  for (const ReleaseTarget& target : policy.releases) releases.push_back(to_json(target));
  for (const MeasureInForce& in_force : policy.measures) measures.push_back(to_json(in_force));
  return JsonObject{{"fence", policy.fence},
                    {"endpoint", to_json(policy.endpoint)},
                    {"releases", std::move(releases)},
                    {"base_weights", object_of(policy.base_weights)},
                    {"measures", std::move(measures)}};
}

Result<EndpointPolicy> policy_from_json(const Json& document) {
  FIREBREAK_TRY(only_keys(document, {"fence", "endpoint", "releases", "base_weights", "measures"}));
  EndpointPolicy policy;
  FIREBREAK_ASSIGN(policy.fence, read_fence(document));
  const Json* endpoint = find(document, "endpoint");
  if (endpoint == nullptr) return fail(Code::kInvalid, "'endpoint' is missing", "/endpoint");
  auto read = endpoint_from_json(*endpoint);
  if (!read) return fail(std::move(read.error()).at("/endpoint"));
  policy.endpoint = std::move(*read);
  FIREBREAK_ASSIGN(policy.releases, read_array<ReleaseTarget>(document, "releases", read_target));
  const Json* weights = find(document, "base_weights");
  // An endpoint without a release yet has none; every other base sums to 100.
  if (weights != nullptr && !(weights->is_object() && weights->get_object().empty())) {
    FIREBREAK_ASSIGN(policy.base_weights, read_weights(document, "base_weights"));
  }
  FIREBREAK_ASSIGN(policy.measures, read_array<MeasureInForce>(document, "measures", read_in_force));
  return policy;
}

Digest policy_digest(const EndpointPolicy& policy) {
  Json document = to_json(policy);
  document.as_object().erase("fence");
  return sha256(canonical_json(document));
}

Json to_json(const QuarantineExtension& extension) {
  return JsonObject{{"fence", extension.fence},
                    {"endpoint", extension.endpoint},
                    {"action", extension.action},
                    {"callers", JsonArray(extension.callers.begin(), extension.callers.end())},
                    {"digests", pack_digests(extension.digests)}};
}

Result<QuarantineExtension> extension_from_json(const Json& document) {
  FIREBREAK_TRY(only_keys(document, {"fence", "endpoint", "action", "callers", "digests"}));
  QuarantineExtension extension;
  FIREBREAK_ASSIGN(extension.fence, read_fence(document));
  FIREBREAK_ASSIGN(extension.endpoint, get_string(document, "endpoint"));
  FIREBREAK_ASSIGN(extension.action, get_string(document, "action"));
  FIREBREAK_ASSIGN(const auto callers, read_callers(document, "callers"));
  extension.callers.assign(callers.begin(), callers.end());
  FIREBREAK_ASSIGN(const auto digests, read_digests(document));
  extension.digests.assign(digests.begin(), digests.end());
  return extension;
}

}  // namespace firebreak
