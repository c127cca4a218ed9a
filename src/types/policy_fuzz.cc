// Policies and endpoints come over the wire: any octets, and what is read is written back to the same document.
#include <cstddef>
#include <cstdint>

#include "types/policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace firebreak;
  const auto document = parse_json({reinterpret_cast<const char*>(data), size});
  if (!document) return 0;
  if (const auto policy = policy_from_json(*document)) {
    const auto again = policy_from_json(to_json(*policy));
    if (!again || !(*again == *policy)) __builtin_trap();
  }
  if (const auto measure = measure_from_json(*document)) {
    const auto again = measure_from_json(to_json(*measure));
    if (!again || !(*again == *measure)) __builtin_trap();
  }
  if (const auto endpoint = endpoint_from_json(*document)) {
    const auto again = endpoint_from_json(to_json(*endpoint));
    if (!again || !(*again == *endpoint)) __builtin_trap();
  }
  (void)extension_from_json(*document);
  return 0;
}
