// UTF-8 (RFC 3629: no surrogates, no longer forms than needed). What is written into the journal must be it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace firebreak {

// The code point of `text` at `at` and how many octets it has: 0 when they are no UTF-8.
struct CodePoint {
  std::uint32_t value = 0;
  std::size_t size = 0;
};
CodePoint code_point_at(std::string_view text, std::size_t at);
bool is_utf8(std::string_view text);

// For people: at most `most` octets, ending at the border of a code point; octets that are no UTF-8 become '?'.
std::string shortened(std::string_view text, std::size_t most);

}  // namespace firebreak
