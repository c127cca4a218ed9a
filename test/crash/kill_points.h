// kill -9 of a process that keeps journal, stream and blobs, at named points and at random moments, again and again on the same
// folder. What it was told is kept in a file outside, which the next process goes on from.
#pragma once

#include "support/counts.h"

namespace firebreak::testing {

// Until so many processes were killed. Every one of them must leave two logs that verify; nothing that it heard is lost, and
// nothing is there twice. Counts: section "journal, stream and blobs" of build/assurance/kills.json.
void kill_at_points(std::uint64_t kills, std::uint64_t seed, Form form);

}  // namespace firebreak::testing
