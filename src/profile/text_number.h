// How the cells of a table are read as numbers, or as values that are missing: one reading for all who read tables.
#pragma once

#include <optional>
#include <string_view>

namespace firebreak::profile {

// NA, null, None, - and such.
bool means_missing(std::string_view text);

// A whole cell as a number, spaces around it allowed; nan and infinities are numbers here. None for 007, which is a name, and for what
// no double holds.
std::optional<double> number_in(std::string_view text);

}  // namespace firebreak::profile
