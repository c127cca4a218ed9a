#include "base/utf8.h"

namespace firebreak {

CodePoint code_point_at(std::string_view text, std::size_t at) {
  const auto octet = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  const std::uint32_t first = octet(at);
  if (first < 0x80) return {first, 1};
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + size > text.size()) return {};
  std::uint32_t value = first & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((octet(at + i) & 0xc0U) != 0x80U) return {};
    value = value << 6 | (octet(at + i) & 0x3fU);
  }
  constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[size] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return {};
  return {value, size};
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = code_point_at(text, at).size;
    if (size == 0) return false;
    at += size;
  }
  return true;
}

std::string shortened(std::string_view text, std::size_t most) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = code_point_at(text, at).size, octets = size == 0 ? 1 : size;
    if (out.size() + octets > most) break;
    if (size == 0) out += '?';
    else out += text.substr(at, size);
    at += octets;
  }
  return out;
}

}  // namespace firebreak
