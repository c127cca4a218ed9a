// SHA-256 and HMAC-SHA-256 (FIPS 180-4, RFC 2104) by OpenSSL with a reused context: the one-call form fetches
// the algorithm each time and is 2-4 times slower on small input. Up to a kilobyte the call itself costs more than the
// hashing, so short messages go to the processor's own instructions where it has them (sha256_lanes.h), two at a time.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

struct evp_md_ctx_st;

namespace firebreak {

struct Digest {
  std::array<std::uint8_t, 32> bytes{};

  auto operator<=>(const Digest&) const = default;
  ByteView view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  std::string hex() const;
  static Result<Digest> from_hex(std::string_view text);  // 64 hex digits, either case
  static Digest from_bytes(ByteView raw);                 // exactly 32 octets (asserted)
};

// Incremental hash. Not thread-safe; one per thread.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(ByteView data);
  Digest finish();  // and start anew

 private:
  evp_md_ctx_st* context_;
};

// Uses a thread-local context.
Digest sha256(ByteView data);
Digest sha256(ByteView first, ByteView second);
// Many messages, each behind the same prefix; `out` has as many places.
void sha256_each(ByteView prefix, std::span<const ByteView> messages, std::span<Digest> out);
Digest hmac_sha256(ByteView key, ByteView data);

}  // namespace firebreak
