// What provenance remembers of each entry. Accepts every version ever written; skips what it cannot read.
#include <optional>

#include "fold/provenance/parts.h"

namespace firebreak::provenance {
namespace {

std::string text(const Json& object, std::string_view key) { return string_or(object, key); }

void endpoint_registered(ProvenanceState& state, const Entry& entry) {
  const Json* document = find(entry.body, "endpoint");
  if (document == nullptr) return;
  auto endpoint = endpoint_from_json(*document);
  if (!endpoint) return;
  // The document says where to start; from then on only a finished promotion moves it.
  if (!endpoint->last_known_good.empty()) state.last_known_good.try_emplace(endpoint->name, endpoint->last_known_good);
  state.endpoints[endpoint->name] = std::move(*endpoint);
}

void release_registered(ProvenanceState& state, const Entry& entry) {
  const Json& body = entry.body;
  Release release;
  release.endpoint = text(body, "endpoint");
  release.release = text(body, "release");
  release.upstream = text(body, "upstream");
  if (const Json* model = find(body, "model")) {
    release.model_name = text(*model, "name");
    release.model_version = text(*model, "version");
    release.model_digest = text(*model, "digest");
  }
  release.manifest = text(body, "manifest");
  release.dataset = text(body, "dataset");
  release.holdout = text(body, "holdout");
  release.profile = text(body, "profile");
  if (const auto cut = get_time(body, "training_cut")) release.training_cut = *cut;
  if (const Json* sources = find(body, "sources"); sources != nullptr && sources->is_array())
    for (const Json& source : sources->get_array())
      release.sources.push_back({text(source, "name"), static_cast<std::uint64_t>(int_or(source, "rows")),
                                 text(source, "digest"), text(source, "origin")});
  release.incident = text(body, "incident");
  release.by = text(body, "by");
  release.trained_by = text(body, "trained_by");
  release.index = entry.index;
  state.sealed.try_emplace({release.endpoint, release.holdout}, entry.time);
  ReleaseKey key{release.endpoint, release.release};
  state.releases[std::move(key)] = std::move(release);
}

void source_approved(ProvenanceState& state, const Entry& entry) {
  state.sources[{text(entry.body, "source"), text(entry.body, "digest")}] = {text(entry.body, "reason"),
                                                                            text(entry.body, "by"), entry.time};
}

void gate_requested(ProvenanceState& state, const Entry& entry) {
  GateRun run;
  run.endpoint = text(entry.body, "endpoint");
  run.candidate = text(entry.body, "candidate");
  run.control = text(entry.body, "control");
  run.incident = text(entry.body, "incident");
  run.gates = strings_or_empty(entry.body, "gates");
  state.gate_runs[entry.index] = std::move(run);
}

GateRun* run_of(ProvenanceState& state, const Entry& entry) {
  const auto number = request_number(text(entry.body, "request"));
  const auto at = number ? state.gate_runs.find(*number) : state.gate_runs.end();
  return at == state.gate_runs.end() ? nullptr : &at->second;
}

void gate_result(ProvenanceState& state, const Entry& entry) {
  GateRun* run = run_of(state, entry);
  if (run == nullptr || !run->outcome.empty()) return;
  const std::string gate = text(entry.body, "gate");
  bool asked = false;
  for (const std::string& name : run->gates) asked = asked || name == gate;
  if (!asked) return;
  GateResult result{number_or(entry.body, "figure"), number_or(entry.body, "limit"), bool_or(entry.body, "passed"), {}};
  if (const Json* detail = find(entry.body, "detail")) result.detail = *detail;
  run->results.try_emplace(gate, std::move(result));
}

void candidate_judged(ProvenanceState& state, const Entry& entry) {
  if (GateRun* run = run_of(state, entry))
    run->outcome = entry.kind == "candidate_cleared" ? "cleared" : "refused";
}

// The measure of a promotion is the end of its ladder: all traffic to one release.
std::string promoted_release(const Json& body) {
  const Json* measure = find(body, "measure");
  const Json* weights = measure != nullptr ? find(*measure, "weights") : nullptr;
  if (weights == nullptr || !weights->is_object() || weights->get_object().size() != 1) return "";
  return std::string(weights->get_object().begin()->key());
}

void action_proposed(ProvenanceState& state, const Entry& entry) {
  if (text(entry.body, "class") != "promotion") return;
  const std::string release = promoted_release(entry.body);
  if (!release.empty()) state.promotions[entry.id("act")] = {text(entry.body, "endpoint"), release};
}

void action_ended(ProvenanceState& state, const Entry& entry) { state.promotions.erase(text(entry.body, "action")); }

// A promoted ladder still has to become last_known_good, in the same group; that entry ends the promotion.
void ladder_ended(ProvenanceState& state, const Entry& entry) {
  if (text(entry.body, "outcome") != "promoted") action_ended(state, entry);
}

void last_known_good_set(ProvenanceState& state, const Entry& entry) {
  const ReleaseKey key{text(entry.body, "endpoint"), text(entry.body, "release")};
  state.last_known_good[key.first] = key.second;
  std::erase_if(state.promotions, [&](const auto& promotion) { return promotion.second == key; });
}

// A lesson keeps a trace of its incident, or ends one.
void amended(ProvenanceState& state, const Entry& entry) {
  const Json* const document = find(entry.body, "document");
  if (document == nullptr) return;
  const std::string id = text(entry.body, "amendment");
  if (text(entry.body, "change") == "retire") {
    state.regressions.erase(text(*document, "amendment"));
  } else if (text(entry.body, "change") == "regression") {
    state.regressions[id] = {text(*document, "endpoint"), text(*document, "stream"), text(entry.body, "incident"), text(entry.body, "lesson"), text(*document, "blob"), text(*document, "answer"),
                             number_or(*document, "most"), entry.index};
  }
}

}  // namespace

void apply(ProvenanceState& state, const Entry& entry) {
  using Handler = void (*)(ProvenanceState&, const Entry&);
  static constexpr std::pair<std::string_view, Handler> kHandlers[] = {
      {"action_expired", action_ended},
      {"action_failed", action_ended},
      {"action_lifted", action_ended},
      {"action_proposed", action_proposed},
      {"action_rejected", action_ended},
      {"amendment_in_force", amended},
      {"candidate_cleared", candidate_judged},
      {"candidate_refused", candidate_judged},
      {"data_read", apply_read},
      {"endpoint_registered", endpoint_registered},
      {"gate_requested", gate_requested},
      {"gate_result", gate_result},
      {"holdout_breached", apply_breached},
      {"holdout_sealed", apply_sealed},
      {"ladder_ended", ladder_ended},
      {"last_known_good", last_known_good_set},
      {"release_registered", release_registered},
      {"source_approved", source_approved},
  };
  for (const auto& [kind, handler] : kHandlers)
    if (entry.kind == kind) return handler(state, entry);
}

}  // namespace firebreak::provenance
