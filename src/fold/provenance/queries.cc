// What readers, workers and gates ask of the state.
#include <charconv>

#include "fold/provenance/provenance.h"

namespace firebreak::provenance {

const Endpoint* find_endpoint(const ProvenanceState& state, const std::string& endpoint) {
  const auto at = state.endpoints.find(endpoint);
  return at == state.endpoints.end() ? nullptr : &at->second;
}

const Release* find_release(const ProvenanceState& state, const std::string& endpoint, const std::string& release) {
  const auto at = state.releases.find({endpoint, release});
  return at == state.releases.end() ? nullptr : &at->second;
}

std::vector<const Release*> releases_of(const ProvenanceState& state, const std::string& endpoint) {
  std::vector<const Release*> found;
  for (auto at = state.releases.lower_bound({endpoint, ""}); at != state.releases.end() && at->first.first == endpoint;
       ++at)
    found.push_back(&at->second);
  return found;
}

std::string last_known_good(const ProvenanceState& state, const std::string& endpoint) {
  const auto at = state.last_known_good.find(endpoint);
  return at == state.last_known_good.end() ? std::string() : at->second;
}

std::set<std::string> known_models(const ProvenanceState& state) {
  std::set<std::string> digests;
  for (const auto& [key, release] : state.releases) digests.insert(release.model_digest);
  return digests;
}

std::vector<std::string> unapproved_sources(const ProvenanceState& state, const std::string& endpoint,
                                            const std::string& release) {
  const Release* found = find_release(state, endpoint, release);
  if (found == nullptr) return {"(unknown release)"};
  if (found->sources.empty()) return {"(no source)"};
  std::set<std::string> names;
  for (const TrainingSource& source : found->sources) {
    if (source.rows == 0) continue;
    if (source.name.empty()) names.insert("(no source)");
    else if (!state.sources.contains({source.name, ""}) && !state.sources.contains({source.name, source.digest}))
      names.insert(source.name);
  }
  return {names.begin(), names.end()};
}

std::pair<std::uint64_t, const GateRun*> newest_gate_run(const ProvenanceState& state, const std::string& endpoint,
                                                         const std::string& candidate) {
  for (auto at = state.gate_runs.rbegin(); at != state.gate_runs.rend(); ++at)
    if (at->second.endpoint == endpoint && at->second.candidate == candidate) return {at->first, &at->second};
  return {0, nullptr};
}

std::optional<std::uint64_t> request_number(std::string_view request) {
  if (!request.starts_with("req-")) return std::nullopt;
  request.remove_prefix(4);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(request.data(), request.data() + request.size(), number);
  if (error != std::errc() || end != request.data() + request.size() || request.empty()) return std::nullopt;
  return number;
}

}  // namespace firebreak::provenance
