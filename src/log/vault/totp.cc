#include "log/vault/totp.h"

#include <fmt/core.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace firebreak::vault {
namespace {

const EVP_MD* digest_of(TotpHash hash) {
  switch (hash) {
    case TotpHash::kSha256: return EVP_sha256();
    case TotpHash::kSha512: return EVP_sha512();
    case TotpHash::kSha1: break;
  }
  return EVP_sha1();
}

}  // namespace

std::string totp(ByteView secret, std::int64_t step, int digits, TotpHash hash) {
  std::array<unsigned char, 8> counter{};
  for (std::size_t i = 0; i < counter.size(); ++i) counter[7 - i] = static_cast<unsigned char>(static_cast<std::uint64_t>(step) >> (8 * i));
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int size = 0;
  const unsigned char* const made = HMAC(digest_of(hash), secret.data(), static_cast<int>(secret.size()), counter.data(), counter.size(), mac.data(), &size);
  FIREBREAK_ASSERT(made != nullptr && size >= 20);
  // RFC 4226, 5.3: four octets from where the last nibble points, without the sign bit.
  const std::size_t at = mac[size - 1] & 0x0f;
  const std::uint32_t number = (static_cast<std::uint32_t>(mac[at] & 0x7f) << 24) | (static_cast<std::uint32_t>(mac[at + 1]) << 16) |
                               (static_cast<std::uint32_t>(mac[at + 2]) << 8) | static_cast<std::uint32_t>(mac[at + 3]);
  std::uint32_t modulus = 1;
  for (int i = 0; i < digits; ++i) modulus *= 10;
  return fmt::format("{:0{}}", number % modulus, digits);
}

std::optional<std::int64_t> totp_step(ByteView secret, std::string_view code, Time now) {
  const std::int64_t current = now.us / kStep;
  std::optional<std::int64_t> found;
  for (const std::int64_t step : {current - 1, current, current + 1}) {
    const std::string right = totp(secret, step);
    if (code.size() == right.size() && CRYPTO_memcmp(code.data(), right.data(), right.size()) == 0) found = step;
  }
  return found;
}

std::string base32(ByteView octets) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string text;
  std::uint32_t bits = 0;
  int have = 0;
  for (const char octet : octets) {
    bits = (bits << 8) | static_cast<unsigned char>(octet);
    for (have += 8; have >= 5; have -= 5) text += kLetters[(bits >> (have - 5)) & 31];
  }
  if (have > 0) text += kLetters[(bits << (5 - have)) & 31];
  return text;
}

std::string totp_secret(Random& random) { return random.bytes(20); }

std::string totp_uri(std::string_view user, ByteView secret) {
  return fmt::format("otpauth://totp/Firebreak:{0}?secret={1}&issuer=Firebreak&algorithm=SHA1&digits=6&period=30", user, base32(secret));
}

}  // namespace firebreak::vault
