// What holds for every seed. Nothing: it held; else what went wrong. The same seed does the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace firebreak::reference {

std::optional<std::string> against_the_reference(std::uint64_t seed);
std::optional<std::string> stopped_at_any_time(std::uint64_t seed);

}  // namespace firebreak::reference
