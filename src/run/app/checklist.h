// The checklist of an incident (content/lifecycle/checklist.yaml): each item as people ticked it in the current round, or as it follows from the record, and
// how far that covers the outcomes of CSF 2.0.
#pragma once

#include "base/json.h"
#include "base/result.h"

namespace firebreak::app {

// The shipped list; kInvalid when an item is unknown, twice, missing, or maps to nothing.
Result<Json> shipped_checklist();
Result<void> check_checklist(const Json& content);

// `incident`: Views::incident(id). {incident, round, items: [{id, text, phase, csf, state, by, round, because}], coverage: [{id, text, items, done, of}], unmapped: [...]}.
Json checklist_of(const Json& content, const Json& incident);

}  // namespace firebreak::app
