// Writes an object that is never to change, and reads back what became of it. Done again it changes nothing: an answer that was lost
// is found to have been a yes.
// Threads: any. Errors: as ObjectStore; kCorrupt: the bucket has another object of this name, or the store changed it.
#pragma once

#include "world/store/object_store.h"

namespace firebreak::store {

struct Uploaded {
  bool written = false;  // now; else it was there
  bool locked = false;   // COMPLIANCE until `until` at least; one that was there: COMPLIANCE, still
};

Result<Uploaded> upload(ObjectStore& store, const std::string& key, ByteView body, Time now, Time until);

}  // namespace firebreak::store
