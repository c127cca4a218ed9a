// Answers `evidence_requested`: reads the items from where they are, secures them as blobs, and says so in the journal.
#pragma once

#include "read/evidence/capture.h"
#include "run/app/context.h"
#include "types/entry.h"

namespace firebreak::app {

// Blocks on the gateway and the disk; failures of single items are entries of their own.
void capture_evidence(const Context& context, const Entry& requested);

// The same inference range for a bundle or a report: opened records with the proofs of both ends.
Result<evidence::OpenedRange> open_range(record::Streams& streams, const std::string& stream, std::uint64_t first,
                                         std::uint64_t last);

}  // namespace firebreak::app
