// Parts of the provenance fold that its files share. Not for other rooms.
#pragma once

#include <vector>

#include "fold/provenance/provenance.h"

namespace firebreak::provenance {

// holdout.cc
Result<Draft> seal_holdout(const ProvenanceState& state, const Entry& entry, const Json& args);
Result<Draft> note_read(const ProvenanceState& state, const Entry& entry, const Json& args);
std::vector<Draft> breaches_due(const ProvenanceState& state);
void apply_sealed(ProvenanceState& state, const Entry& entry);
void apply_read(ProvenanceState& state, const Entry& entry);
void apply_breached(ProvenanceState& state, const Entry& entry);
Json holdouts_to_json(const ProvenanceState& state);
Result<void> read_holdouts(const Json& document, ProvenanceState& state);

}  // namespace firebreak::provenance
