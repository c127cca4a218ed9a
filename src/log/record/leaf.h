// The stream's leaf, 48 octets: u8 version 1, u8 kind and flags, u16 schema, u32 release ordinal, i64 admitted time in
// microseconds, SHA-256(salt + row). Little-endian. Pure; any thread.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/time.h"
#include "log/record/schema.h"

namespace firebreak::record {

inline constexpr std::uint8_t kLeafVersion = 1;
inline constexpr std::size_t kLeafHeadBytes = 16;  // without the commitment; also what GCM binds a body to
inline constexpr std::uint8_t kTimeOutside = 0x40, kModelUnknown = 0x80, kKindMask = 0x3f;

inline void put_leaf_head(Bytes& out, Kind kind, std::uint8_t flags, std::uint16_t schema, std::uint32_t release,
                          Time admitted) {
  out += static_cast<char>(kLeafVersion);
  out += static_cast<char>(static_cast<std::uint8_t>(kind) | flags);
  put_le(out, schema);
  put_le(out, release);
  put_le(out, admitted.us);
}

inline Kind leaf_kind(ByteView leaf) { return static_cast<Kind>(static_cast<unsigned char>(leaf[1]) & kKindMask); }

}  // namespace firebreak::record
