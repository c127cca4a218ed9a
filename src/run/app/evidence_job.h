// Answers `evidence_requested`: reads the items from where they are, secures them as blobs, and says so in the journal.
#pragma once

#include "run/app/context.h"
#include "types/entry.h"

namespace firebreak::app {

// Blocks on the gateway and the disk; failures of single items are entries of their own.
void capture_evidence(const Context& context, const Entry& requested);

}  // namespace firebreak::app
