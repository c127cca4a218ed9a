#include "world/store/upload.h"

#include <fmt/core.h>

namespace firebreak::store {

Result<Uploaded> upload(ObjectStore& store, const std::string& key, ByteView body, Time now, Time until) {
  auto version = store.put(key, body, until);
  if (!version && version.error().code != Code::kConflict) return fail(std::move(version.error()));
  Uploaded done;
  done.written = version.has_value();
  FIREBREAK_ASSIGN(const ObjectHead head, store.head(key, version ? *version : std::string()));
  const std::string digest = sha256(body).hex();
  if (head.octets != body.size() || head.sha256 != digest)
    return fail(Code::kCorrupt, fmt::format("{} in the bucket has {} octets and the digest {}, not {} and {}", key, head.octets, head.sha256, body.size(), digest));
  const Time asked = done.written ? until - kSecond : now;  // stores keep whole seconds
  done.locked = head.lock && head.lock->mode == "COMPLIANCE" && head.lock->until >= asked;
  return done;
}

}  // namespace firebreak::store
