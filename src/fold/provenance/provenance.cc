// What provenance decides. What it remembers stands in state.cc, its snapshot in codec.cc, its readers in queries.cc.
#include "fold/provenance/provenance.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "base/digest.h"
#include "fold/provenance/parts.h"
#include "types/command.h"

namespace firebreak::provenance {
namespace {

constexpr std::string_view kGates[] = {"G1", "G2", "G3a", "G3b"};
constexpr std::string_view kTraceGate = "G3c";  // of an endpoint that keeps regression traces
constexpr std::size_t kSources = 64;  // of one release

Draft fact(const Entry& entry, std::string kind, JsonObject body) {
  Draft draft;
  draft.kind = std::move(kind);
  draft.actor = entry.actor;
  draft.body = std::move(body);
  return draft;
}

Draft refused(const Entry& entry, const std::string& name, const Error& error) {
  return fact(entry, "command_refused", refusal(name, error.code, error.message, error.pointer));
}

void copy_incident(const Json& args, JsonObject& body) {
  if (const std::string incident = string_or(args, "incident"); !incident.empty()) body["incident"] = incident;
}

// ---- endpoint.put

// Nothing when the document says what stands already: putting twice is putting once.
Result<std::optional<Draft>> put_endpoint(const ProvenanceState& state, const Entry& entry, const Json& args) {
  const Json* document = find(args, "endpoint");
  if (document == nullptr || !document->is_object())
    return fail(Code::kInvalid, "'endpoint' is the endpoint's document", "/endpoint");
  auto endpoint = endpoint_from_json(*document);
  if (!endpoint) return fail(std::move(endpoint.error()).at("/endpoint"));
  if (auto plain = check_plain_texts(*endpoint); !plain) return fail(std::move(plain.error()).at("/endpoint"));
  const Endpoint* known = find_endpoint(state, endpoint->name);
  if (known != nullptr && *known == *endpoint) return std::optional<Draft>();
  return std::optional(fact(entry, "endpoint_registered", {{"endpoint", firebreak::to_json(*endpoint)}}));
}

// ---- release.register

Result<std::string> get_digest(const Json& object, std::string_view key, std::string_view under = "") {
  const std::string pointer = fmt::format("{}/{}", under, key);
  const Json* value = find(object, key);
  if (value == nullptr || !value->is_string())
    return fail(Code::kInvalid, fmt::format("'{}' is the SHA-256 of the bytes in 64 hex digits", key), pointer);
  const auto digest = Digest::from_hex(std::string_view(value->get_string()));
  if (!digest)
    return fail(Code::kInvalid, fmt::format("'{}' is the SHA-256 of the bytes in 64 hex digits", key), pointer);
  return digest->hex();
}

Result<JsonObject> read_model(const Json& args) {
  const Json* model = find(args, "model");
  if (model == nullptr || !model->is_object())
    return fail(Code::kInvalid, "'model' is {name, version, digest}", "/model");
  if (auto keys = only_keys(*model, {"name", "version", "digest"}); !keys)
    return fail(std::move(keys.error()).at("/model"));
  auto name = get_string(*model, "name");
  if (!name) return fail(std::move(name.error()).at("/model"));
  auto version = get_string(*model, "version");
  if (!version) return fail(std::move(version.error()).at("/model"));
  FIREBREAK_ASSIGN(const std::string digest, get_digest(*model, "digest", "/model"));
  return JsonObject{{"name", *name}, {"version", *version}, {"digest", digest}};
}

Result<JsonObject> read_source(const Json& source, const std::string& under) {
  if (auto keys = only_keys(source, {"name", "rows", "digest", "origin"}); !keys)
    return fail(std::move(keys.error()).at(under));
  auto rows = get_int(source, "rows");
  if (!rows) return fail(std::move(rows.error()).at(under));
  if (*rows < 0) return fail(Code::kInvalid, "'rows' is a count", under + "/rows");
  JsonObject out{{"name", string_or(source, "name")}, {"rows", *rows}, {"origin", string_or(source, "origin")}};
  if (!string_or(source, "digest").empty()) {
    FIREBREAK_ASSIGN(out["digest"], get_digest(source, "digest", under));
  }
  return out;
}

Result<JsonArray> read_sources(const Json& args) {
  const Json* sources = find(args, "sources");
  if (sources == nullptr || !sources->is_array())
    return fail(Code::kInvalid, "'sources' is a list of {name, rows, digest?, origin?}", "/sources");
  if (sources->get_array().size() > kSources)
    return fail(Code::kTooLarge, fmt::format("a release has at most {} sources", kSources), "/sources");
  JsonArray out;
  for (const Json& source : sources->get_array()) {
    FIREBREAK_ASSIGN(JsonObject read, read_source(source, fmt::format("/sources/{}", out.size())));
    out.push_back(std::move(read));
  }
  return out;
}

Result<Draft> register_release(const ProvenanceState& state, const Entry& entry, const Json& args) {
  FIREBREAK_ASSIGN(const std::string endpoint, get_string(args, "endpoint"));
  if (find_endpoint(state, endpoint) == nullptr)
    return fail(Code::kNotFound, fmt::format("there is no endpoint '{}'", endpoint), "/endpoint");
  FIREBREAK_ASSIGN(const std::string release, get_string(args, "release"));
  if (!is_name(release)) return fail(Code::kInvalid, "a release is named like '1.2.0' or '1.2.0-rc1'", "/release");
  if (find_release(state, endpoint, release) != nullptr)
    return fail(Code::kConflict, fmt::format("release {} of '{}' is registered already and never changes; register "
                                             "another one", release, endpoint), "/release");
  FIREBREAK_ASSIGN(const std::string upstream, get_string(args, "upstream"));
  if (!upstream.starts_with("http://") && !upstream.starts_with("https://"))
    return fail(Code::kInvalid, "'upstream' is a URL that starts with http:// or https://", "/upstream");
  JsonObject body{{"endpoint", endpoint}, {"release", release}, {"upstream", upstream}, {"by", entry.actor}};
  FIREBREAK_ASSIGN(body["model"], read_model(args));
  for (const std::string_view blob : {"manifest", "dataset", "holdout"}) {
    FIREBREAK_ASSIGN(body[blob], get_digest(args, blob));
  }
  if (!string_or(args, "profile").empty()) {
    FIREBREAK_ASSIGN(body["profile"], get_digest(args, "profile"));
  }
  FIREBREAK_ASSIGN(const Time cut, get_time(args, "training_cut"));
  body["training_cut"] = format_time(cut);
  FIREBREAK_ASSIGN(body["sources"], read_sources(args));
  if (std::string trained_by = string_or(args, "trained_by"); !trained_by.empty()) {
    if (trained_by.size() > limits::kIdBytes) return fail(Code::kInvalid, fmt::format("'trained_by' names an identity in 1..{} octets", limits::kIdBytes), "/trained_by");
    body["trained_by"] = std::move(trained_by);
  }
  copy_incident(args, body);
  return fact(entry, "release_registered", std::move(body));
}

// ---- source.approve

Result<Draft> approve_source(const ProvenanceState& state, const Entry& entry, const Json& args) {
  FIREBREAK_ASSIGN(const std::string source, get_string(args, "source"));
  if (source.empty() || source.size() > limits::kIdBytes)
    return fail(Code::kInvalid, fmt::format("a source's name has 1 to {} octets", limits::kIdBytes), "/source");
  FIREBREAK_ASSIGN(const std::string reason, get_string(args, "reason"));
  if (reason.empty()) return fail(Code::kInvalid, "an approval needs a reason", "/reason");
  JsonObject body{{"source", source}, {"reason", reason}, {"by", entry.actor}};
  std::string digest;
  if (!string_or(args, "digest").empty()) {
    FIREBREAK_ASSIGN(digest, get_digest(args, "digest"));
    body["digest"] = digest;
  }
  if (state.sources.contains({source, digest}))
    return fail(Code::kConflict, fmt::format("source '{}' is approved already", source), "/source");
  return fact(entry, "source_approved", std::move(body));
}

// ---- rules.apply

// The set was loaded by whoever keeps the blob: here it is only named, and for which endpoints.
Result<Draft> apply_rules(const ProvenanceState& state, const Entry& entry, const Json& args) {
  FIREBREAK_ASSIGN(const std::string digest, get_digest(args, "digest"));
  JsonObject body{{"digest", digest}, {"loaded", int_or(args, "loaded")}, {"refused", int_or(args, "refused")}, {"by", entry.actor}};
  JsonArray endpoints;
  for (const std::string& name : strings_or_empty(args, "endpoints")) {
    if (!state.endpoints.contains(name)) return fail(Code::kNotFound, fmt::format("there is no endpoint '{}'", name), "/endpoints");
    endpoints.push_back(Json(name));
  }
  if (!endpoints.empty()) body["endpoints"] = std::move(endpoints);
  return fact(entry, "rules_applied", std::move(body));
}

// ---- release.gate, release.promote

// The release that a candidate is held against, when both exist and differ.
Result<std::string> control_of(const ProvenanceState& state, const std::string& endpoint, const std::string& release) {
  if (find_endpoint(state, endpoint) == nullptr)
    return fail(Code::kNotFound, fmt::format("there is no endpoint '{}'", endpoint), "/endpoint");
  if (find_release(state, endpoint, release) == nullptr)
    return fail(Code::kNotFound, fmt::format("there is no release {} of '{}'", release, endpoint), "/release");
  std::string control = last_known_good(state, endpoint);
  if (control.empty())
    return fail(Code::kConflict, fmt::format("endpoint '{}' has no last known good release to compare with", endpoint));
  if (find_release(state, endpoint, control) == nullptr)
    return fail(Code::kConflict, fmt::format("the last known good release {} of '{}' is not registered", control,
                                             endpoint));
  if (control == release)
    return fail(Code::kConflict, fmt::format("{} is the last known good release of '{}' already", release, endpoint),
                "/release");
  return control;
}

bool keeps_traces(const ProvenanceState& state, const std::string& endpoint) {
  return std::any_of(state.regressions.begin(), state.regressions.end(), [&](const auto& kept) { return kept.second.endpoint == endpoint; });
}

Result<Draft> request_gates(const ProvenanceState& state, const Entry& entry, const Json& args) {
  FIREBREAK_ASSIGN(const std::string endpoint, get_string(args, "endpoint"));
  FIREBREAK_ASSIGN(const std::string release, get_string(args, "release"));
  FIREBREAK_ASSIGN(const std::string control, control_of(state, endpoint, release));
  JsonObject body{{"endpoint", endpoint}, {"candidate", release}, {"control", control}};
  JsonArray gates;
  for (const std::string_view gate : kGates) gates.emplace_back(gate);
  // What an incident taught is asked where it happened.
  if (keeps_traces(state, endpoint)) gates.emplace_back(kTraceGate);
  body["gates"] = std::move(gates);
  copy_incident(args, body);
  return fact(entry, "gate_requested", std::move(body));
}

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

// Why the newest gate run does not let the candidate through; nothing when it does.
Result<void> check_gates(const ProvenanceState& state, const std::string& endpoint, const std::string& release,
                         const std::string& control) {
  const auto [request, run] = newest_gate_run(state, endpoint, release);
  if (run == nullptr)
    return fail(Code::kConflict, fmt::format("release {} has not been through the gates: release.gate first", release));
  std::vector<std::string> missing, red;
  for (const std::string& gate : run->gates) {
    const auto result = run->results.find(gate);
    if (result == run->results.end()) missing.push_back(gate);
    else if (!result->second.passed) red.push_back(gate);
  }
  if (!red.empty())
    return fail(Code::kConflict, fmt::format("release {} did not pass gate {} (req-{})", release, join(red), request));
  if (!missing.empty())
    return fail(Code::kConflict, fmt::format("gate {} of release {} has no result yet (req-{})", join(missing), release,
                                             request));
  if (run->control != control)
    return fail(Code::kConflict, fmt::format("the gates of req-{} compared with {}, but {} is last known good now: "
                                             "release.gate again", request, run->control, control));
  for (const auto& [id, kept] : state.regressions)
    if (kept.endpoint == endpoint && kept.since > request)
      return fail(Code::kConflict, fmt::format("the gates of req-{} did not replay {} of {}, which came into force later: release.gate again", request, id, kept.incident));
  // Green figures of a holdout that was known beforehand are no proof.
  if (const Release* held_against = find_release(state, endpoint, control); held_against != nullptr)
    if (const auto breaches = breaches_of(state, endpoint, held_against->holdout); !breaches.empty())
      return fail(Code::kConflict, fmt::format("gate G2: the holdout of {} is no secret any more: {}; seal another one ('firebreak release seal')", control, breaches.front()));
  const std::vector<std::string> unapproved = unapproved_sources(state, endpoint, release);
  if (!unapproved.empty())
    return fail(Code::kConflict, fmt::format("gate G1: training rows of {} come from sources that nobody approved: {}",
                                             release, join(unapproved)));
  return {};
}

Result<Draft> promote(const ProvenanceState& state, const Entry& entry, const Json& args) {
  FIREBREAK_ASSIGN(const std::string endpoint, get_string(args, "endpoint"));
  FIREBREAK_ASSIGN(const std::string release, get_string(args, "release"));
  FIREBREAK_ASSIGN(const std::string control, control_of(state, endpoint, release));
  FIREBREAK_TRY(check_gates(state, endpoint, release, control));
  JsonObject body{{"endpoint", endpoint}, {"release", release}, {"by", entry.actor}};
  copy_incident(args, body);
  return fact(entry, "promotion_requested", std::move(body));
}

// ---- entries

std::vector<Draft> decide_command(const ProvenanceState& state, const Entry& entry) {
  const std::string name = string_or(entry.body, "name");
  const Json* args = find(entry.body, "args");
  if (args == nullptr) return {};
  using Handler = Result<Draft> (*)(const ProvenanceState&, const Entry&, const Json&);
  static constexpr std::pair<std::string_view, Handler> kHandlers[] = {
      {"release.register", register_release},
      {"holdout.seal", seal_holdout},
      {"data.read", note_read},
      {"source.approve", approve_source},
      {"rules.apply", apply_rules},
      {"release.gate", request_gates},
      {"release.promote", promote},
  };
  if (name == "endpoint.put") {
    auto put = put_endpoint(state, entry, *args);
    if (!put) return {refused(entry, name, put.error())};
    return *put ? std::vector<Draft>{std::move(**put)} : std::vector<Draft>{};
  }
  for (const auto& [command, handler] : kHandlers) {
    if (name != command) continue;
    auto draft = handler(state, entry, *args);
    return {draft ? std::move(*draft) : refused(entry, name, draft.error())};
  }
  return {};
}

// The result has been applied. When it was the last one missing, the run is judged; a late or repeated result finds
// the outcome already there.
std::vector<Draft> decide_gate_result(const ProvenanceState& state, const Entry& entry) {
  const std::string request = string_or(entry.body, "request");
  const auto number = request_number(request);
  const auto at = number ? state.gate_runs.find(*number) : state.gate_runs.end();
  if (at == state.gate_runs.end()) return {};
  const GateRun& run = at->second;
  if (!run.outcome.empty() || run.results.size() < run.gates.size()) return {};
  bool all_green = true;
  JsonArray gates;
  for (const std::string& gate : run.gates) {
    const GateResult& result = run.results.at(gate);
    all_green = all_green && result.passed;
    gates.push_back(JsonObject{
        {"gate", gate}, {"figure", result.figure}, {"limit", result.limit}, {"passed", result.passed}});
  }
  JsonObject body{{"request", request}, {"endpoint", run.endpoint}, {"candidate", run.candidate},
                  {"gates", std::move(gates)}};
  Draft draft = fact(entry, all_green ? "candidate_cleared" : "candidate_refused", std::move(body));
  draft.actor = "firebreak";
  draft.cause = request;
  return {std::move(draft)};
}

// A ladder that came to its end makes the candidate the release to go back to.
std::vector<Draft> decide_ladder_ended(const ProvenanceState& state, const Entry& entry) {
  if (string_or(entry.body, "outcome") != "promoted") return {};
  const std::string action = string_or(entry.body, "action");
  const auto promotion = state.promotions.find(action);
  if (promotion == state.promotions.end()) return {};
  const auto& [endpoint, release] = promotion->second;
  Draft draft = fact(entry, "last_known_good",
                     {{"endpoint", endpoint}, {"release", release}, {"previous", last_known_good(state, endpoint)}});
  draft.cause = action;
  return {std::move(draft)};
}

}  // namespace

std::vector<Draft> decide(const ProvenanceState& state, const Entry& entry) {
  if (entry.kind == "command_accepted") return decide_command(state, entry);
  if (entry.kind == "gate_result") return decide_gate_result(state, entry);
  if (entry.kind == "ladder_ended") return decide_ladder_ended(state, entry);
  if (entry.kind == "data_read" || entry.kind == "holdout_sealed" || entry.kind == "release_registered") return breaches_due(state);
  return {};
}

}  // namespace firebreak::provenance
