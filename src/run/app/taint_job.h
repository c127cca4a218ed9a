// Makes taint lists that the journal asked for, and holds what releases were trained on against them.
//
// A list names the incident's inferences (ids, feature digests), their labels, and who contributed (callers, sources); it is
// signed with the journal's key, kept as a blob and as evidence. A registered release whose training rows stand on a list that is
// in force raises a finding `tainted_training_data`, whichever of the two came first; gate G1 fails naming it (gate_job).
#pragma once

#include "log/ledger/note.h"
#include "run/app/context.h"
#include "run/replay/taint_list.h"

namespace firebreak::provenance {
struct Release;
}

namespace firebreak::app {

// Answers `taint_requested` with `taint_built`; a failure is an answer too.
void build_taint(const Context& context, std::uint64_t list, const ledger::SigningKey& key);
// The list as evidence of its incident, once: a repetition is refused by the journal.
void secure_taint(const Context& context, std::uint64_t list);

// Findings for each release and list of which the later one is the entry `trigger` (release_registered, taint_built).
void check_training(const Context& context, std::uint64_t trigger);
// Entries that check_training() may not have been asked about before the last stop, in order.
std::vector<std::uint64_t> unchecked_training(const Context& context);

// What of a release's training rows stands on lists in force; `rows`: parsed from its data set.
Result<std::vector<replay::TaintHits>> taint_of(const Context& context, const provenance::Release& release, const FeatureSchema& features, const replay::Dataset& rows);

// {"list","incident","digest","document","signature","key","pem"}: what `firebreak taint export` writes. kNotFound.
Result<Json> taint_document(const Context& context, const std::string& incident);

}  // namespace firebreak::app
