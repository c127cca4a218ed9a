// Answers `impact_requested`: what was asked and answered in the range of an incident's findings: how many inferences, by whom,
// with which answers. A count of the records themselves, as long as the range is short enough for a run to wait for.
#pragma once

#include "run/app/context.h"
#include "types/entry.h"

namespace firebreak::app {

// Reads the stream; a failure is an answer too.
void tell_impact(const Context& context, const Entry& requested);

}  // namespace firebreak::app
