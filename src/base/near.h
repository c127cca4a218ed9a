// Which known names somebody may have meant who wrote another one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace firebreak {

std::size_t edit_distance(std::string_view a, std::string_view b);  // characters put in, taken out or replaced
// Those at most a third of the word's characters away (two of a short word's) and those that hold the word, nearest first.
std::vector<std::string> near_names(std::string_view word, const std::vector<std::string>& known, std::size_t most);

}  // namespace firebreak
