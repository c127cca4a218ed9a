// A drill's document comes from people: any JSON is read or refused with a place; what is read has a seal that comes back as it was.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "run/drill/drill_document.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace firebreak;
  const auto document = parse_json(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!document) return 0;
  const auto drill = drill::parse_drill(*document);
  if (!drill) {
    if (drill.error().message.empty() || (drill.error().code != Code::kInvalid && drill.error().code != Code::kTooLarge && drill.error().code != Code::kNotFound)) __builtin_trap();
    if (!drill.error().pointer.empty() && drill.error().pointer[0] != '/') __builtin_trap();
    return 0;
  }
  if (drill->roles.empty() || drill->objectives.empty() || drill->truth.decisions.empty() || !(drill->start < drill->end)) __builtin_trap();
  const Json sealed = drill::sealed_part(*drill, "salt");
  const auto read = parse_json(canonical_json(sealed));
  if (!read || drill::digest_of_seal(*read) != drill::digest_of_seal(sealed)) __builtin_trap();
  if (!drill::parse_truth(sealed.at("truth")) || !drill::parse_objectives(sealed)) __builtin_trap();
  return 0;
}
