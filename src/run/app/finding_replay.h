// Does the stream still lead to this finding? Detectors as the server has them now read it up to where the journal says that the
// finding was opened. What differs because rows are gone is told from what differs without a reason.
#pragma once

#include <memory>

#include "log/record/stream.h"
#include "run/app/feed_mind.h"
#include "types/endpoint.h"
#include "types/entry.h"

namespace firebreak::app {

// {"finding", "stream", "position", "outcome": reproduced | erased | differs; when rows are gone "erased_at" (the index of the first)
// and "by" (era-N, or retention), "control" (the record of the stream that says so)}. `opened`: its finding_opened, of a detector.
// Reads the stream up to there. Threads: any.
// `mind`: new; what it is made of is what is asked.
Result<Json> replay_finding(record::Stream& stream, const FeatureSchema& features, FeedMind& mind, const Entry& opened);

}  // namespace firebreak::app
