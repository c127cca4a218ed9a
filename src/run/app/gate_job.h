// Answers `gate_requested`: runs the recovery gates on a candidate, against the release that is last known good.
// The judgements are pure (fold/gates); this reads the rows, asks both releases for their answers, and reports each gate.
#pragma once

#include "run/app/context.h"
#include "types/entry.h"

namespace firebreak::app {

void run_gates(const Context& context, const Entry& requested);

}  // namespace firebreak::app
