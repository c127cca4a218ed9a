// SHA-256 of many short messages: two at a time by the processor's SHA instructions, whose rounds each wait for the one
// before, so that a second message fills the gaps. Inside of digest.cc; use sha256() and sha256_each().
// Source: FIPS 180-4 §6.2; Intel SHA Extensions, "New Instructions Supporting the Secure Hash Algorithm".
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace firebreak::sha256_lanes {

inline constexpr std::size_t kMaxMessage = 1'024;  // prefix included; longer ones gain nothing by this

bool available();  // the processor has SHA and SSE4.1

// `prefix` followed by the message, together at most kMaxMessage octets each. Only when available().
void hash_one(ByteView prefix, ByteView message, std::uint8_t out[32]);
void hash_two(ByteView prefix, ByteView first, ByteView second, std::uint8_t out_first[32], std::uint8_t out_second[32]);

}  // namespace firebreak::sha256_lanes
