// Builds a remedy list that the journal asked for: reads the records of its range, asks the clean release for each answer that
// callers got, and tells the journal piece by piece what came back.
//
// Promise: each affected record is on the list: one whose row was erased as `erased`, one that the release cannot answer as
// `unanswered`, with the reason. A restart goes on behind the last piece that the journal has. The release is asked at most
// `per_second` rows a second, in batches; one that does not answer at all ends the build, and the list before it stands.
// Blobs hold record numbers and the clean release's answers alone: who asked what stands in the stream, where it can be erased.
#pragma once

#include <functional>

#include "run/app/context.h"

namespace firebreak::app {

// `pause(us)` waits so long and is false when the server stops: then the build is left as it is. `build`: N of rem-N.
void build_remedy(const Context& context, std::uint64_t build, const std::function<bool(std::int64_t us)>& pause);

}  // namespace firebreak::app
