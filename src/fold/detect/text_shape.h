// The form of a text: what kinds of characters follow each other, however many of each. "AB-1234" and "QX-7" are "A-9".
#pragma once

#include <string>
#include <string_view>

namespace firebreak::detect {

// Runs of capitals, small letters, digits and octets beyond ASCII become one character each (A, a, 9, u); others stay. The first
// kShape of it: a form that is longer is free text, and alike to others of its kind.
inline constexpr std::size_t kShape = 24;

inline std::string shape_of(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    const char kind = c >= 'A' && c <= 'Z' ? 'A' : c >= 'a' && c <= 'z' ? 'a' : c >= '0' && c <= '9' ? '9' : octet >= 0x80 ? 'u' : c;
    const bool runs = kind == 'A' || kind == 'a' || kind == '9' || kind == 'u';
    if (runs && !out.empty() && out.back() == kind) continue;
    if (out.size() == kShape) break;
    out += kind;
  }
  return out;
}

}  // namespace firebreak::detect
