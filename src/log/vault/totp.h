// One-time codes: RFC 6238 (TOTP) over RFC 4226 (HOTP), HMAC-SHA-1, 30 s steps, six digits, as every authenticator reads them.
// Threads: any; nothing is kept here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/random.h"
#include "base/time.h"

namespace firebreak::vault {

inline constexpr std::int64_t kStep = 30 * kSecond;

enum class TotpHash { kSha1, kSha256, kSha512 };  // the published vectors have all three; authenticators the first

std::string totp(ByteView secret, std::int64_t step, int digits = 6, TotpHash hash = TotpHash::kSha1);

// The step whose code this is: the one of `now`, the one before or the one after (RFC 6238, 5.2: a clock may be off by one).
std::optional<std::int64_t> totp_step(ByteView secret, std::string_view code, Time now);

std::string base32(ByteView octets);  // RFC 4648 without padding
std::string totp_secret(Random& random);  // 20 octets
// What authenticators scan: otpauth://totp/Firebreak:ana?secret=…
std::string totp_uri(std::string_view user, ByteView secret);

}  // namespace firebreak::vault
