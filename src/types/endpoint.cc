#include "types/endpoint.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/utf8.h"

namespace firebreak {
namespace {

std::string_view name_of(EndpointMode mode) { return mode == EndpointMode::kTap ? "tap" : "inline"; }
std::string_view name_of(EndpointState state) { return state == EndpointState::kObserve ? "observe" : "enforce"; }
std::string_view name_of(CapturePolicy capture) {
  return capture == CapturePolicy::kBestEffort ? "best_effort" : "required";
}

Json to_json(const Wire& wire) {
  return JsonObject{{"path", wire.path},         {"batch_path", wire.batch_path}, {"id", wire.id},
                    {"features", wire.features}, {"label", wire.label},           {"score", wire.score}};
}

Json to_json(const EndpointCaps& caps) {
  return JsonObject{{"honest_failed_share", caps.honest_failed_share},
                    {"honest_changed_share", caps.honest_changed_share},
                    {"quarantine_keys_per_hour", caps.quarantine_keys_per_hour},
                    {"quarantine_digests_per_hour", caps.quarantine_digests_per_hour},
                    {"young_key_age_s", caps.young_key_age_us / kSecond}};
}

// The three closed choices read alike: the word as written, or an error that lists what is allowed.
template <class Enum>
Result<Enum> read_choice(const Json& document, std::string_view key, Enum fallback, std::initializer_list<Enum> all) {
  const Json* value = find(document, key);
  if (value == nullptr) return fallback;
  FIREBREAK_ASSIGN(const std::string word, get_string(document, key));
  std::string allowed;
  for (const Enum choice : all) {
    if (name_of(choice) == word) return choice;
    allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", name_of(choice));
  }
  return fail(Code::kInvalid, fmt::format("'{}' must be one of: {}", key, allowed), fmt::format("/{}", key));
}

Result<void> read_string(const Json& document, std::string_view key, std::string& into) {
  if (find(document, key) == nullptr) return {};
  FIREBREAK_ASSIGN(into, get_string(document, key));
  return {};
}

Result<void> read_pointer(const Json& document, std::string_view key, std::string& into, bool may_be_empty) {
  FIREBREAK_TRY(read_string(document, key, into));
  if ((into.empty() && may_be_empty) || (!into.empty() && into.front() == '/' && into.size() <= 256)) return {};
  return fail(Code::kInvalid, fmt::format("'{}' must start with '/'", key), fmt::format("/{}", key));
}

Result<Wire> read_wire(const Json& document) {
  FIREBREAK_TRY(only_keys(document, {"path", "batch_path", "id", "features", "label", "score"}));
  Wire wire;
  FIREBREAK_TRY(read_pointer(document, "path", wire.path, false));
  FIREBREAK_TRY(read_pointer(document, "batch_path", wire.batch_path, true));
  FIREBREAK_TRY(read_pointer(document, "id", wire.id, true));
  FIREBREAK_TRY(read_pointer(document, "features", wire.features, false));
  FIREBREAK_TRY(read_pointer(document, "label", wire.label, false));
  FIREBREAK_TRY(read_pointer(document, "score", wire.score, true));
  return wire;
}

Result<void> read_share(const Json& document, std::string_view key, double& into) {
  if (find(document, key) == nullptr) return {};
  FIREBREAK_ASSIGN(into, get_number(document, key));
  if (into >= 0 && into <= 1) return {};
  return fail(Code::kInvalid, fmt::format("'{}' is a share: 0..1", key), fmt::format("/{}", key));
}

Result<void> read_count(const Json& document, std::string_view key, std::uint32_t& into) {
  if (find(document, key) == nullptr) return {};
  FIREBREAK_ASSIGN(const std::int64_t count, get_int(document, key));
  if (count < 0 || count > 1'000'000)
    return fail(Code::kInvalid, fmt::format("'{}' must be 0..1000000", key), fmt::format("/{}", key));
  into = static_cast<std::uint32_t>(count);
  return {};
}

Result<EndpointCaps> read_caps(const Json& document) {
  FIREBREAK_TRY(only_keys(document, {"honest_failed_share", "honest_changed_share", "quarantine_keys_per_hour",
                                     "quarantine_digests_per_hour", "young_key_age_s"}));
  EndpointCaps caps;
  FIREBREAK_TRY(read_share(document, "honest_failed_share", caps.honest_failed_share));
  FIREBREAK_TRY(read_share(document, "honest_changed_share", caps.honest_changed_share));
  FIREBREAK_TRY(read_count(document, "quarantine_keys_per_hour", caps.quarantine_keys_per_hour));
  FIREBREAK_TRY(read_count(document, "quarantine_digests_per_hour", caps.quarantine_digests_per_hour));
  if (find(document, "young_key_age_s") != nullptr) {
    FIREBREAK_ASSIGN(const std::int64_t seconds, get_int(document, "young_key_age_s"));
    if (seconds < 0 || seconds > 365 * 86'400)
      return fail(Code::kInvalid, "'young_key_age_s' must be within a year", "/young_key_age_s");
    caps.young_key_age_us = seconds * kSecond;
  }
  return caps;
}

Result<FeatureSchema> read_features(const Json& document) {
  FIREBREAK_TRY(only_keys(document, {"numeric", "categorical"}));
  FeatureSchema schema;
  if (find(document, "numeric") != nullptr) {
    FIREBREAK_ASSIGN(schema.numeric, get_strings(document, "numeric"));
  }
  if (find(document, "categorical") != nullptr) {
    FIREBREAK_ASSIGN(schema.categorical, get_strings(document, "categorical"));
  }
  std::set<std::string> seen;
  for (const auto* names : {&schema.numeric, &schema.categorical})
    for (const std::string& name : *names) {
      if (name.empty() || name.size() > limits::kFieldName)
        return fail(Code::kInvalid, fmt::format("a feature's name has 1..{} octets", limits::kFieldName));
      if (!seen.insert(name).second) return fail(Code::kInvalid, fmt::format("feature '{}' is named twice", name));
    }
  if (seen.size() > limits::kColumns)
    return fail(Code::kTooLarge, fmt::format("at most {} features", limits::kColumns));
  return schema;
}

Result<std::map<std::string, std::string>> read_callers(const Json& document) {
  if (!document.is_object()) return fail(Code::kInvalid, "'callers' must be an object of key hash: caller name");
  std::map<std::string, std::string> callers;
  for (const auto& member : document.get_object()) {
    const std::string hash(member.key());
    if (!Digest::from_hex(hash)) return fail(Code::kInvalid, "a caller's key hash has 64 hex digits", "/" + hash);
    if (!member.value().is_string() || member.value().get_string().empty() ||
        member.value().get_string().size() > limits::kIdBytes)
      return fail(Code::kInvalid, fmt::format("a caller's name has 1..{} octets", limits::kIdBytes), "/" + hash);
    callers[hash] = std::string(member.value().get_string());
  }
  return callers;
}

// Sources may share features. What is named must be a feature: a typing error would be a cause that nothing ever fits.
Result<void> check_lineage(const Endpoint& endpoint) {
  std::set<std::string> known;
  for (const auto* names : {&endpoint.features.numeric, &endpoint.features.categorical}) known.insert(names->begin(), names->end());
  if (endpoint.lineage.size() > 100) return fail(Code::kTooLarge, "'lineage' names at most 100 sources", "/lineage");
  for (const auto& [source, features] : endpoint.lineage) {
    if (source.empty() || source.size() > limits::kIdBytes)
      return fail(Code::kInvalid, fmt::format("a source's name has 1..{} octets", limits::kIdBytes), "/lineage");
    for (const std::string& feature : features)
      if (!known.contains(feature))
        return fail(Code::kInvalid, fmt::format("'{}' is no feature of the endpoint", feature), fmt::format("/lineage/{}", source));
  }
  return {};
}

Result<std::map<std::string, std::vector<std::string>>> read_lineage(const Json& document) {
  if (!document.is_object()) return fail(Code::kInvalid, "'lineage' must be an object of source: [features]");
  std::map<std::string, std::vector<std::string>> lineage;
  for (const auto& member : document.get_object()) {
    const std::string source(member.key());
    FIREBREAK_ASSIGN(lineage[source], get_strings(document, source));
  }
  return lineage;
}

// Names of other things, each once.
Result<void> read_names(const Json& document, std::string_view key, std::vector<std::string>& into) {
  if (find(document, key) == nullptr) return {};
  FIREBREAK_ASSIGN(into, get_strings(document, key));
  if (into.size() > 100) return fail(Code::kTooLarge, fmt::format("'{}' has at most 100 names", key), fmt::format("/{}", key));
  std::set<std::string> seen;
  for (std::size_t i = 0; i < into.size(); ++i) {
    const std::string& name = into[i];
    if (name.empty() || name.size() > limits::kIdBytes) return fail(Code::kInvalid, fmt::format("a name has 1..{} octets", limits::kIdBytes), fmt::format("/{}/{}", key, i));
    if (!seen.insert(name).second) return fail(Code::kInvalid, fmt::format("'{}' is named twice", name), fmt::format("/{}/{}", key, i));
  }
  return {};
}

// Reads a part and puts its place before the pointer of an error.
template <class T, class Reader>
Result<void> read_part(const Json& document, std::string_view key, T& into, Reader reader) {
  const Json* part = find(document, key);
  if (part == nullptr) return {};
  auto value = reader(*part);
  if (!value) return fail(std::move(value.error()).at(fmt::format("/{}", key)));
  into = std::move(*value);
  return {};
}

std::array<std::pair<std::string_view, std::string_view>, 8> short_texts(const Endpoint& endpoint) {
  return {{{"owner_team", endpoint.owner_team},
           {"owner", endpoint.owner},
           {"on_call", endpoint.on_call},
           {"environment", endpoint.environment},
           {"criticality", endpoint.criticality},
           {"amount_unit", endpoint.amount_unit},
           {"last_known_good", endpoint.last_known_good},
           {"gateway", endpoint.gateway}}};
}

// Of ASCII, of Latin-1 (C1), and those that turn the direction of writing.
bool has_control(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    const std::uint32_t c = point.value;
    if (point.size == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069)) return true;
    at += point.size;
  }
  return false;
}

Result<void> check(const Endpoint& endpoint) {
  const auto& labels = endpoint.labels;
  if (!is_name(endpoint.name)) return fail(Code::kInvalid, "'name' must be 1..64 of a-z 0-9 . _ -", "/name");
  if (labels.empty() || labels.size() > 64) return fail(Code::kInvalid, "1..64 labels are expected", "/labels");
  if (std::find(labels.begin(), labels.end(), endpoint.positive_label) == labels.end())
    return fail(Code::kInvalid, "'positive_label' is none of 'labels'", "/positive_label");
  if (endpoint.regimes.size() > 1 && std::find(endpoint.regimes.begin(), endpoint.regimes.end(), "none") != endpoint.regimes.end())
    return fail(Code::kInvalid, "'none' stands alone: no reporting regime, or those that are named", "/regimes");
  const auto& numeric = endpoint.features.numeric;
  if (!endpoint.amount_field.empty() &&
      std::find(numeric.begin(), numeric.end(), endpoint.amount_field) == numeric.end())
    return fail(Code::kInvalid, "'amount_field' is no numeric feature", "/amount_field");
  if (!endpoint.callers_blob.empty() && !Digest::from_hex(endpoint.callers_blob))
    return fail(Code::kInvalid, "'callers_blob' is a SHA-256 in hex", "/callers_blob");
  for (const auto& [key, value] : short_texts(endpoint))
    if (value.size() > limits::kIdBytes)
      return fail(Code::kTooLarge, fmt::format("'{}' has more than {} octets", key, limits::kIdBytes),
                  fmt::format("/{}", key));
  return {};
}

}  // namespace

Result<void> check_plain_texts(const Endpoint& endpoint) {
  for (const auto& [key, value] : short_texts(endpoint))
    if (has_control(value)) return fail(Code::kInvalid, fmt::format("'{}' has no control characters", key), fmt::format("/{}", key));
  return {};
}

Json to_json(const Endpoint& endpoint) {
  JsonObject callers;
  for (const auto& [hash, name] : endpoint.callers) callers[hash] = name;
  const FeatureSchema& features = endpoint.features;
  JsonObject document{
      {"name", endpoint.name},
      {"owner_team", endpoint.owner_team},
      {"on_call", endpoint.on_call},
      {"environment", endpoint.environment},
      {"criticality", endpoint.criticality},
      {"mode", name_of(endpoint.mode)},
      {"state", name_of(endpoint.state)},
      {"capture", name_of(endpoint.capture)},
      {"wire", to_json(endpoint.wire)},
      {"features", JsonObject{{"numeric", JsonArray(features.numeric.begin(), features.numeric.end())},
                              {"categorical", JsonArray(features.categorical.begin(), features.categorical.end())}}},
      {"labels", JsonArray(endpoint.labels.begin(), endpoint.labels.end())},
      {"positive_label", endpoint.positive_label},
      {"amount_field", endpoint.amount_field},
      {"amount_unit", endpoint.amount_unit},
      {"last_known_good", endpoint.last_known_good},
      {"gateway", endpoint.gateway},
      {"fallback", endpoint.fallback},
      {"caps", to_json(endpoint.caps)}};
  if (!endpoint.lineage.empty()) {
    JsonObject lineage;
    for (const auto& [source, names] : endpoint.lineage) lineage[source] = JsonArray(names.begin(), names.end());
    document["lineage"] = std::move(lineage);
  }
  // Written only where they are said: an older reader knows nothing of them.
  if (!endpoint.playbooks.empty()) document["playbooks"] = JsonArray(endpoint.playbooks.begin(), endpoint.playbooks.end());
  if (!endpoint.regimes.empty()) document["regimes"] = JsonArray(endpoint.regimes.begin(), endpoint.regimes.end());
  if (endpoint.label_days != 0) document["label_days"] = endpoint.label_days;
  if (!endpoint.callers.empty()) document["callers"] = std::move(callers);
  if (!endpoint.callers_blob.empty()) document["callers_blob"] = endpoint.callers_blob;
  if (!endpoint.owner.empty()) document["owner"] = endpoint.owner;
  return document;
}

Result<Endpoint> endpoint_from_json(const Json& document) {
  FIREBREAK_TRY(only_keys(document, {"name",        "owner_team", "on_call",        "environment",  "criticality",
                                     "mode",        "state",      "capture",        "wire",         "features",
                                     "labels",      "positive_label", "amount_field", "amount_unit", "last_known_good", "gateway",
                                     "fallback",    "caps",       "callers",        "callers_blob", "lineage", "owner", "playbooks", "regimes", "label_days"}));
  Endpoint endpoint;
  FIREBREAK_ASSIGN(endpoint.name, get_string(document, "name"));
  for (const auto& [key, into] : {std::pair<std::string_view, std::string*>{"owner_team", &endpoint.owner_team},
                                  {"owner", &endpoint.owner},
                                  {"on_call", &endpoint.on_call},
                                  {"environment", &endpoint.environment},
                                  {"criticality", &endpoint.criticality},
                                  {"positive_label", &endpoint.positive_label},
                                  {"amount_field", &endpoint.amount_field},
                                  {"amount_unit", &endpoint.amount_unit},
                                  {"last_known_good", &endpoint.last_known_good},
                                  {"gateway", &endpoint.gateway},
                                  {"callers_blob", &endpoint.callers_blob}})
    FIREBREAK_TRY(read_string(document, key, *into));
  FIREBREAK_ASSIGN(endpoint.mode, read_choice(document, "mode", endpoint.mode, {EndpointMode::kTap, EndpointMode::kInline}));
  FIREBREAK_ASSIGN(endpoint.state, read_choice(document, "state", endpoint.state, {EndpointState::kObserve, EndpointState::kEnforce}));
  FIREBREAK_ASSIGN(endpoint.capture, read_choice(document, "capture", endpoint.capture, {CapturePolicy::kBestEffort, CapturePolicy::kRequired}));
  if (find(document, "labels") != nullptr) {
    FIREBREAK_ASSIGN(endpoint.labels, get_strings(document, "labels"));
  }
  if (const Json* fallback = find(document, "fallback")) {
    if (!fallback->is_object()) return fail(Code::kInvalid, "'fallback' must be an object", "/fallback");
    endpoint.fallback = *fallback;
  }
  FIREBREAK_TRY(read_part(document, "wire", endpoint.wire, read_wire));
  FIREBREAK_TRY(read_part(document, "features", endpoint.features, read_features));
  FIREBREAK_TRY(read_part(document, "caps", endpoint.caps, read_caps));
  FIREBREAK_TRY(read_part(document, "callers", endpoint.callers, read_callers));
  FIREBREAK_TRY(read_part(document, "lineage", endpoint.lineage, read_lineage));
  FIREBREAK_TRY(read_names(document, "playbooks", endpoint.playbooks));
  FIREBREAK_TRY(read_names(document, "regimes", endpoint.regimes));
  if (find(document, "label_days") != nullptr) {
    FIREBREAK_ASSIGN(endpoint.label_days, get_int(document, "label_days"));
    if (endpoint.label_days < 0 || endpoint.label_days > 365) return fail(Code::kInvalid, "'label_days' must be 0..365", "/label_days");
  }
  FIREBREAK_TRY(check(endpoint));
  FIREBREAK_TRY(check_lineage(endpoint));
  return endpoint;
}

}  // namespace firebreak
