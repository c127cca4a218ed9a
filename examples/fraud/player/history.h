// Imports the honest days before the attack as history, through the ingest API, feeding the clock along.
#pragma once

#include "fraud/player/setup.h"

namespace firebreak::example {

// NDJSON lines of docs/formats/stream.md.
std::string label_line(const Event& event);

// Sends all events before `until` that are not in the stream yet. Returns how many events that were.
Result<std::size_t> import_history(const Places& places, const People& people, const Story& story, Time until);

}  // namespace firebreak::example
