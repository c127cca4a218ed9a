// Does the store keep what it is told to keep? A probe object is locked for a day, then this tries what a thief of the
// credentials would: shorten the lock, weaken it, pass it by, delete the locked version. Answers are not believed; what the store
// says the lock is afterwards, and whether the object is still there, counts.
//
// It proves what these credentials can do, not what the store's owner could: a refusal for want of permission looks the same
// as one by the lock. Leaves the probe behind (a few octets, locked for a day) and deletes those of earlier days.
// Threads: any. Errors: as ObjectStore; then nothing is known.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "world/store/object_store.h"

namespace firebreak::store {

struct LockVerdict {
  std::vector<std::string> gave_way;  // each a sentence; empty: immutable, so far as was tried
  std::string default_retention;      // of the bucket, for a person; empty: none. Not needed: each object is locked by itself
  bool immutable() const { return gave_way.empty(); }
};

inline constexpr const char* kProbeFolder = "probe/";

// `clock`: the real time, which the store's lock goes by.
Result<LockVerdict> probe_lock(ObjectStore& store, const Clock& clock, Random& random);

}  // namespace firebreak::store
