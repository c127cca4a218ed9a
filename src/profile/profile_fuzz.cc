// Any octets as a profile's document: refused, or written back as the same document; and two of it differ in nothing.
#include <cstddef>
#include <cstdint>
#include <string>

#include "profile/diff.h"
#include "profile/profile_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace firebreak;
  auto document = parse_json({reinterpret_cast<const char*>(data), size});
  if (!document || !document->is_object()) return 0;
  // No chance finds a SHA-256: it is put right, so that what lies behind it is reached.
  document->as_object()["digest"] = profile::digest_of(*document).hex();
  const auto read = profile::profile_from_json(*document);
  if (!read) return 0;
  const auto again = profile::profile_from_json(profile::to_json(*read));
  if (!again || canonical_json(profile::to_json(*again)) != canonical_json(profile::to_json(*read))) __builtin_trap();
  (void)profile::to_json(profile::diff(*read, *again));
  auto both = *read;
  if (!profile::merge(both, *again)) __builtin_trap();
  return 0;
}
