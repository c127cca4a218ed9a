#include "types/finding.h"

#include <fmt/core.h>

#include "base/encoding.h"

namespace firebreak {
namespace {

constexpr std::string_view kSeverities[] = {"informational", "low", "medium", "high", "critical"};

Json to_json(const Onset& onset) {
  return JsonObject{{"first", onset.first_index},
                    {"last", onset.last_index},
                    {"first_time", format_time(onset.first_time)},
                    {"last_time", format_time(onset.last_time)}};
}

Result<std::optional<Onset>> onset_of(const Json& body) {
  const Json* const at = find(body, "onset");
  if (at == nullptr) return std::nullopt;
  Onset onset;
  onset.first_index = static_cast<std::uint64_t>(int_or(*at, "first"));
  onset.last_index = static_cast<std::uint64_t>(int_or(*at, "last"));
  FIREBREAK_ASSIGN(onset.first_time, get_time(*at, "first_time"));
  FIREBREAK_ASSIGN(onset.last_time, get_time(*at, "last_time"));
  return onset;
}

}  // namespace

std::string pack_digests(const std::vector<Digest>& digests) {
  Bytes raw;
  for (const Digest& digest : digests) raw += digest.view();
  return to_base64(raw);
}

Result<std::vector<Digest>> unpack_digests(std::string_view text) {
  FIREBREAK_ASSIGN(const Bytes raw, from_base64(text));
  if (raw.size() % 32 != 0) return fail(Code::kInvalid, "'digests' is no whole number of SHA-256 digests");
  std::vector<Digest> digests;
  for (std::size_t at = 0; at < raw.size(); at += 32) digests.push_back(Digest::from_bytes(ByteView(raw).substr(at, 32)));
  return digests;
}

std::string_view severity_name(Severity severity) { return kSeverities[static_cast<int>(severity) - 1]; }

const std::vector<std::string_view>& finding_kinds() {
  static const std::vector<std::string_view> kinds = {
      // of an endpoint's records (fold/detect)
      "query_chain", "outlier_burst", "performance_drop", "estimated_performance_drop", "unknown_model", "unseen_category", "feature_range",
      "feature_drift", "multivariate_drift", "missing_values", "new_field", "type_mismatch", "pattern_mismatch", "unit_change", "stale_feature",
      "duplicate_requests", "timestamp_disorder", "probability_rule", "volume_drop", "caller_mix", "cardinality_burst", "schema_violation",
      "upstream_failure",
      // others' and people's own
      "imported_result", "rule_match",
      // of what a release was trained on and judged by (fold/remedy, fold/provenance)
      "tainted_training_data", "holdout_breached",
      // of the logs, the copy off the machine, and Firebreak itself
      "log_contradicted", "witness_missing", "witness_refused", "timestamp_missing", "timestamp_refused", "store_foreign", "keys_not_backed_up",
      "store_not_immutable", "store_away", "capture_gap", "detector_lag", "readiness_drop"};
  return kinds;
}

Result<Severity> parse_severity(std::string_view name) {
  for (int i = 0; i < 5; ++i)
    if (kSeverities[i] == name) return static_cast<Severity>(i + 1);
  return fail(Code::kInvalid, fmt::format("'{}' is no severity (informational, low, medium, high, critical)", name));
}

std::string_view finding_entry_kind(FindingPhase phase) {
  switch (phase) {
    case FindingPhase::kOpened: return "finding_opened";
    case FindingPhase::kUpdated: return "finding_updated";
    case FindingPhase::kClosed: return "finding_closed";
  }
  return "finding_closed";
}

Json to_json(const FindingUpdate& update) {
  JsonObject body{{"episode", update.episode},
                  {"kind", update.kind},
                  {"severity", severity_name(update.severity)},
                  {"endpoint", update.endpoint},
                  {"stream", update.stream},
                  {"first", update.first_index},
                  {"last", update.last_index},
                  {"first_time", format_time(update.first_time)},
                  {"last_time", format_time(update.last_time)},
                  {"count", update.count},
                  {"summary", update.summary}};
  JsonObject numbers;
  for (const auto& [name, value] : update.numbers) numbers[name] = value;
  body["numbers"] = std::move(numbers);
  if (!update.feature.empty()) body["feature"] = update.feature;
  if (!update.segment.empty()) body["segment"] = update.segment;
  if (update.onset) body["onset"] = to_json(*update.onset);
  if (!update.origin.empty()) body["origin"] = update.origin;
  if (!update.indexes.empty()) body["indexes"] = JsonArray(update.indexes.begin(), update.indexes.end());
  if (!update.callers.empty()) body["callers"] = JsonArray(update.callers.begin(), update.callers.end());
  if (!update.digests.empty()) body["digests"] = pack_digests(update.digests);
  return body;
}

Result<FindingUpdate> finding_from_json(FindingPhase phase, const Json& body) {
  FindingUpdate update;
  update.phase = phase;
  FIREBREAK_ASSIGN(update.episode, get_string(body, "episode"));
  FIREBREAK_ASSIGN(update.kind, get_string(body, "kind"));
  FIREBREAK_ASSIGN(const std::string severity, get_string(body, "severity"));
  FIREBREAK_ASSIGN(update.severity, parse_severity(severity));
  FIREBREAK_ASSIGN(update.endpoint, get_string(body, "endpoint"));
  FIREBREAK_ASSIGN(update.stream, get_string(body, "stream"));
  update.first_index = static_cast<std::uint64_t>(int_or(body, "first"));
  update.last_index = static_cast<std::uint64_t>(int_or(body, "last"));
  FIREBREAK_ASSIGN(update.first_time, get_time(body, "first_time"));
  FIREBREAK_ASSIGN(update.last_time, get_time(body, "last_time"));
  update.count = static_cast<std::uint64_t>(int_or(body, "count"));
  update.summary = string_or(body, "summary");
  update.feature = string_or(body, "feature");
  update.segment = string_or(body, "segment");
  FIREBREAK_ASSIGN(update.onset, onset_of(body));
  update.origin = string_or(body, "origin");
  if (const Json* numbers = find(body, "numbers"); numbers != nullptr && numbers->is_object())
    for (const auto& member : numbers->get_object())
      if (member.value().is_number()) update.numbers[std::string(member.key())] = member.value().to_number<double>();
  if (const Json* indexes = find(body, "indexes"); indexes != nullptr && indexes->is_array())
    for (const Json& index : indexes->get_array())
      if (index.is_number()) update.indexes.push_back(index.to_number<std::uint64_t>());
  update.callers = strings_or_empty(body, "callers");
  FIREBREAK_ASSIGN(update.digests, unpack_digests(string_or(body, "digests")));
  return update;
}

}  // namespace firebreak
