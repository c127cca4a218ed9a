// The scenario on a bad disk, in a short and a long form. Each function fails the test when something told is lost and
// nobody notices, and publishes its counts in build/assurance/disk.json.
#pragma once

#include "base/simulated_files.h"
#include "support/counts.h"

namespace firebreak::scenario {

// Call k fails, for every k (short form: every 9th): once; from then on; from then on and then the power is cut. Nothing
// told may be harmed, and the rest of the scenario goes through afterwards.
enum class Failing { kOnce, kForEver, kPowerCut };
void fail_every_call(Failing failing, testing::Form form);

// The disk lies about one write and the power is cut later: found, or harmless.
void lie_about_every_write(Lie lie, testing::Form form);

// One to three bits of any files change while nobody looks.
void rot(testing::Form form);

// Room for so many octets more, at every size; then room again.
void fill(testing::Form form);

}  // namespace firebreak::scenario
