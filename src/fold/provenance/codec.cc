// The state as a snapshot's JSON and back.
#include "fold/provenance/parts.h"

namespace firebreak::provenance {
namespace {

Json release_to_json(const Release& release) {
  JsonArray sources;
  for (const TrainingSource& source : release.sources)
    sources.push_back(JsonObject{
        {"name", source.name}, {"rows", source.rows}, {"digest", source.digest}, {"origin", source.origin}});
  return JsonObject{{"endpoint", release.endpoint},
                    {"release", release.release},
                    {"upstream", release.upstream},
                    {"model_name", release.model_name},
                    {"model_version", release.model_version},
                    {"model_digest", release.model_digest},
                    {"manifest", release.manifest},
                    {"dataset", release.dataset},
                    {"holdout", release.holdout},
                    {"profile", release.profile},
                    {"training_cut_us", release.training_cut.us},
                    {"sources", std::move(sources)},
                    {"incident", release.incident},
                    {"by", release.by},
                    {"trained_by", release.trained_by},
                    {"index", release.index}};
}

Result<Release> release_from_json(const Json& document) {
  Release release;
  std::pair<std::string_view, std::string*> const texts[] = {
      {"endpoint", &release.endpoint},
      {"release", &release.release},
      {"upstream", &release.upstream},
      {"model_name", &release.model_name},
      {"model_version", &release.model_version},
      {"model_digest", &release.model_digest},
      {"manifest", &release.manifest},
      {"dataset", &release.dataset},
      {"holdout", &release.holdout},
      {"profile", &release.profile},
      {"incident", &release.incident},
      {"by", &release.by},
      {"trained_by", &release.trained_by},
  };
  for (const auto& [key, into] : texts) {
    FIREBREAK_ASSIGN(*into, get_string(document, key));
  }
  FIREBREAK_ASSIGN(release.training_cut.us, get_int(document, "training_cut_us"));
  FIREBREAK_ASSIGN(const std::int64_t index, get_int(document, "index"));
  release.index = static_cast<std::uint64_t>(index);
  const Json* sources = find(document, "sources");
  if (sources == nullptr || !sources->is_array()) return fail(Code::kInvalid, "a release has 'sources'");
  for (const Json& each : sources->get_array()) {
    TrainingSource source;
    FIREBREAK_ASSIGN(source.name, get_string(each, "name"));
    FIREBREAK_ASSIGN(const std::int64_t rows, get_int(each, "rows"));
    source.rows = static_cast<std::uint64_t>(rows);
    FIREBREAK_ASSIGN(source.digest, get_string(each, "digest"));
    FIREBREAK_ASSIGN(source.origin, get_string(each, "origin"));
    release.sources.push_back(std::move(source));
  }
  return release;
}

Json run_to_json(std::uint64_t number, const GateRun& run) {
  JsonObject results;
  for (const auto& [gate, result] : run.results)
    results[gate] = JsonObject{
        {"figure", result.figure}, {"limit", result.limit}, {"passed", result.passed}, {"detail", result.detail}};
  return JsonObject{{"number", number},
                    {"endpoint", run.endpoint},
                    {"candidate", run.candidate},
                    {"control", run.control},
                    {"incident", run.incident},
                    {"gates", JsonArray(run.gates.begin(), run.gates.end())},
                    {"results", std::move(results)},
                    {"outcome", run.outcome}};
}

Result<GateRun> run_from_json(const Json& document) {
  GateRun run;
  FIREBREAK_ASSIGN(run.endpoint, get_string(document, "endpoint"));
  FIREBREAK_ASSIGN(run.candidate, get_string(document, "candidate"));
  FIREBREAK_ASSIGN(run.control, get_string(document, "control"));
  FIREBREAK_ASSIGN(run.incident, get_string(document, "incident"));
  FIREBREAK_ASSIGN(run.gates, get_strings(document, "gates"));
  FIREBREAK_ASSIGN(run.outcome, get_string(document, "outcome"));
  const Json* results = find(document, "results");
  if (results == nullptr || !results->is_object()) return fail(Code::kInvalid, "a gate run has 'results'");
  for (const auto& member : results->get_object()) {
    GateResult result;
    FIREBREAK_ASSIGN(result.figure, get_number(member.value(), "figure"));
    FIREBREAK_ASSIGN(result.limit, get_number(member.value(), "limit"));
    FIREBREAK_ASSIGN(result.passed, get_bool(member.value(), "passed"));
    if (const Json* detail = find(member.value(), "detail")) result.detail = *detail;
    run.results[std::string(member.key())] = std::move(result);
  }
  return run;
}

Json sources_to_json(const ProvenanceState& state) {
  JsonArray sources;
  for (const auto& [key, approval] : state.sources)
    sources.push_back(JsonObject{{"source", key.first},
                                 {"digest", key.second},
                                 {"reason", approval.reason},
                                 {"by", approval.by},
                                 {"time_us", approval.time.us}});
  return sources;
}

Result<const JsonArray*> list(const Json& document, std::string_view key) {
  const Json* found = find(document, key);
  if (found == nullptr || !found->is_array())
    return fail(Code::kInvalid, "the state of provenance lacks '" + std::string(key) + "'");
  return &found->get_array();
}

Result<void> read_lists(const Json& document, ProvenanceState& state) {
  FIREBREAK_ASSIGN(const JsonArray* endpoints, list(document, "endpoints"));
  for (const Json& each : *endpoints) {
    FIREBREAK_ASSIGN(Endpoint endpoint, endpoint_from_json(each));
    std::string name = endpoint.name;
    state.endpoints[std::move(name)] = std::move(endpoint);
  }
  FIREBREAK_ASSIGN(const JsonArray* releases, list(document, "releases"));
  for (const Json& each : *releases) {
    FIREBREAK_ASSIGN(Release release, release_from_json(each));
    ReleaseKey key{release.endpoint, release.release};
    state.releases[std::move(key)] = std::move(release);
  }
  FIREBREAK_ASSIGN(const JsonArray* sources, list(document, "sources"));
  for (const Json& each : *sources) {
    FIREBREAK_ASSIGN(const std::string source, get_string(each, "source"));
    FIREBREAK_ASSIGN(const std::string digest, get_string(each, "digest"));
    SourceApproval& approval = state.sources[{source, digest}];
    FIREBREAK_ASSIGN(approval.reason, get_string(each, "reason"));
    FIREBREAK_ASSIGN(approval.by, get_string(each, "by"));
    FIREBREAK_ASSIGN(approval.time.us, get_int(each, "time_us"));
  }
  FIREBREAK_ASSIGN(const JsonArray* runs, list(document, "gate_runs"));
  for (const Json& each : *runs) {
    FIREBREAK_ASSIGN(const std::int64_t number, get_int(each, "number"));
    FIREBREAK_ASSIGN(state.gate_runs[static_cast<std::uint64_t>(number)], run_from_json(each));
  }
  return {};
}

}  // namespace

Json to_json(const ProvenanceState& state) {
  JsonArray endpoints, releases, runs, promotions;
  JsonObject good, regressions;
  for (const auto& [id, of] : state.regressions)
    regressions[id] = JsonObject{{"endpoint", of.endpoint}, {"stream", of.stream}, {"incident", of.incident}, {"lesson", of.lesson}, {"blob", of.blob}, {"answer", of.answer}, {"most", of.most}, {"since", of.since}};
  for (const auto& [name, endpoint] : state.endpoints) endpoints.push_back(firebreak::to_json(endpoint));
  for (const auto& [key, release] : state.releases) releases.push_back(release_to_json(release));
  for (const auto& [number, run] : state.gate_runs) runs.push_back(run_to_json(number, run));
  for (const auto& [endpoint, release] : state.last_known_good) good[endpoint] = release;
  for (const auto& [action, key] : state.promotions)
    promotions.push_back(JsonObject{{"action", action}, {"endpoint", key.first}, {"release", key.second}});
  return JsonObject{{"endpoints", std::move(endpoints)}, {"releases", std::move(releases)},
                    {"sources", sources_to_json(state)}, {"gate_runs", std::move(runs)},
                    {"last_known_good", std::move(good)}, {"promotions", std::move(promotions)},
                    {"regressions", std::move(regressions)}, {"holdouts", holdouts_to_json(state)}};
}

Result<ProvenanceState> state_from_json(const Json& document) {
  ProvenanceState state;
  FIREBREAK_TRY(read_lists(document, state));
  FIREBREAK_TRY(read_holdouts(document, state));
  const Json* good = find(document, "last_known_good");
  if (good == nullptr || !good->is_object())
    return fail(Code::kInvalid, "the state of provenance lacks 'last_known_good'");
  for (const auto& member : good->get_object()) {
    const std::string endpoint(member.key());
    FIREBREAK_ASSIGN(state.last_known_good[endpoint], get_string(*good, endpoint));
  }
  each_member(document, "regressions", [&](const std::string& id, const Json& of) {
    state.regressions[id] = {string_or(of, "endpoint"), string_or(of, "stream"), string_or(of, "incident"), string_or(of, "lesson"), string_or(of, "blob"), string_or(of, "answer"),
                             number_or(of, "most"), static_cast<std::uint64_t>(int_or(of, "since"))};
  });
  FIREBREAK_ASSIGN(const JsonArray* promotions, list(document, "promotions"));
  for (const Json& each : *promotions) {
    FIREBREAK_ASSIGN(const std::string action, get_string(each, "action"));
    ReleaseKey& key = state.promotions[action];
    FIREBREAK_ASSIGN(key.first, get_string(each, "endpoint"));
    FIREBREAK_ASSIGN(key.second, get_string(each, "release"));
  }
  return state;
}

}  // namespace firebreak::provenance
