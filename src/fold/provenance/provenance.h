// Endpoints, releases with their lineage, approved sources, gate runs, and the last known good release.
//
// Promise: a release is promoted only after its newest gate run, held against the release that is last known good now,
// is green in every gate, while every source of its training rows is approved, and while nobody who trains has read the holdout that
// it was held against, nor anybody before its digest stood in the journal. What a person asked for and may not
// have is answered by `command_refused` that says what is missing; nothing else changes then.
// Entries: docs/formats/journal.md "Provenance". Pure: no clock, no I/O, ordered containers.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "types/endpoint.h"
#include "types/entry.h"

namespace firebreak::provenance {

inline constexpr std::string_view kFoldName = "provenance";
inline constexpr int kSchemaVersion = 2;

struct TrainingSource {
  std::string name;
  std::uint64_t rows = 0;
  std::string digest;  // hex SHA-256 of the rows, empty when unknown
  std::string origin;
  bool operator==(const TrainingSource&) const = default;
};

struct Release {
  std::string endpoint, release, upstream;
  std::string model_name, model_version, model_digest;  // digest: hex SHA-256 of the model's bytes
  std::string manifest, dataset, holdout, profile;      // blob digests; profile may be empty
  Time training_cut;
  std::vector<TrainingSource> sources;
  std::string incident, by;
  std::string trained_by;   // the identity that trained it, as data access logs name it; empty: not said
  std::uint64_t index = 0;  // of release_registered
  bool operator==(const Release&) const = default;
};

struct SourceApproval {
  std::string reason, by;
  Time time;
  bool operator==(const SourceApproval&) const = default;
};

struct GateResult {
  double figure = 0, limit = 0;
  bool passed = false;
  Json detail;
  bool operator==(const GateResult&) const = default;
};

struct GateRun {  // req-N, N = its key in ProvenanceState::gate_runs
  std::string endpoint, candidate, control, incident;
  std::vector<std::string> gates;             // asked for, in order
  std::map<std::string, GateResult> results;  // in so far; the first result of a gate stands
  std::string outcome;                        // "" while open, then "cleared" or "refused"
  bool operator==(const GateRun&) const = default;
};

// Recorded answers of an incident that no candidate may give again: kept by an amendment (amend-N), replayed by gate G3c.
struct Regression {
  std::string endpoint, stream, incident, lesson, blob, answer;
  double most = 0;          // the share of the trace that may be answered so
  std::uint64_t since = 0;  // the entry that brought it into force
  bool operator==(const Regression&) const = default;
};

struct DataRead {  // of a blob, as whoever keeps the data says
  std::string digest, reader, purpose, by;
  Time at;
  bool operator==(const DataRead&) const = default;
};

// Somebody read a holdout who must not have: who trains, or anybody before its digest was committed to.
struct HoldoutBreach {
  std::string endpoint, digest, reader, why;
  std::uint64_t read = 0;  // of data_read
  Time at;
  bool operator==(const HoldoutBreach&) const = default;
};

inline constexpr std::size_t kReads = 10'000;  // remembered, newest; those of breaches stay as breaches

using ReleaseKey = std::pair<std::string, std::string>;  // endpoint, release

struct ProvenanceState {
  std::map<std::string, Endpoint> endpoints;
  std::map<ReleaseKey, Release> releases;
  std::map<std::pair<std::string, std::string>, SourceApproval> sources;  // (source, digest or "" = any digest)
  std::map<std::uint64_t, GateRun> gate_runs;
  std::map<std::string, std::string> last_known_good;  // endpoint -> release
  std::map<std::pair<std::string, std::string>, Time> sealed;  // (endpoint, holdout) -> when its digest was committed to: sealed, or named by a release
  std::map<std::uint64_t, DataRead> reads;             // by index
  std::map<std::uint64_t, HoldoutBreach> breaches;     // by index of holdout_breached
  std::map<std::string, ReleaseKey> promotions;        // act-N of a promotion that has not ended -> release
  std::map<std::string, Regression> regressions;       // by amend-N
  bool operator==(const ProvenanceState&) const = default;
};

std::vector<Draft> decide(const ProvenanceState& state, const Entry& entry);
void apply(ProvenanceState& state, const Entry& entry);
Json to_json(const ProvenanceState& state);
Result<ProvenanceState> state_from_json(const Json& document);

// For readers, workers and gates. Pointers live as long as the state is held.
const Endpoint* find_endpoint(const ProvenanceState& state, const std::string& endpoint);
const Release* find_release(const ProvenanceState& state, const std::string& endpoint, const std::string& release);
std::vector<const Release*> releases_of(const ProvenanceState& state, const std::string& endpoint);
std::string last_known_good(const ProvenanceState& state, const std::string& endpoint);  // "" = none
std::set<std::string> known_models(const ProvenanceState& state);                        // hex digests
// Names of the release's sources that nobody approved (gate G1 passes when there is none). A source that is approved
// for one digest is not approved for other rows under the same name. Rows without a source's name count as unapproved:
// "(no source)"; so does a release that states no source at all, or is not registered: "(unknown release)".
std::vector<std::string> unapproved_sources(const ProvenanceState& state, const std::string& endpoint,
                                            const std::string& release);
// Breaches of a holdout of an endpoint, in words; empty: none is known.
std::vector<std::string> breaches_of(const ProvenanceState& state, const std::string& endpoint, const std::string& holdout);
// Newest run of a candidate: {N, run}, or {0, nullptr}.
std::pair<std::uint64_t, const GateRun*> newest_gate_run(const ProvenanceState& state, const std::string& endpoint,
                                                         const std::string& candidate);
std::optional<std::uint64_t> request_number(std::string_view request);  // "req-17" -> 17

}  // namespace firebreak::provenance
