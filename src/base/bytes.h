// Byte strings and fixed-width integers in them. Bytes are held in std::string: any octet, no encoding implied.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace firebreak {

using Bytes = std::string;
using ByteView = std::string_view;

// Little-endian, as in all formats of ours; the C2SP entry bundle is the one big-endian place.
template <class T>
void put_le(Bytes& out, T value) {
  for (unsigned shift = 0; shift < sizeof(T) * 8; shift += 8)
    out.push_back(static_cast<char>((static_cast<std::uint64_t>(value) >> shift) & 0xff));
}

// Reads sizeof(T) octets at `offset`; the caller has checked the length.
template <class T>
T get_le(ByteView in, std::size_t offset) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < sizeof(T); ++i)
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(in[offset + i])) << (8 * i);
  return static_cast<T>(value);
}

inline void put_be16(Bytes& out, std::uint16_t value) {
  out.push_back(static_cast<char>(value >> 8));
  out.push_back(static_cast<char>(value & 0xff));
}

}  // namespace firebreak
