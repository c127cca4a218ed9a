#include "base/uuid.h"

#include <fmt/core.h>
#include <openssl/evp.h>

#include <array>

#include "base/encoding.h"
#include "base/result.h"

namespace firebreak {

std::string uuid5(std::string_view space, std::string_view name) {
  std::string digits;
  for (const char c : space)
    if (c != '-') digits.push_back(c);
  const auto raw = from_hex(digits);
  FIREBREAK_ASSERT(raw.has_value() && raw->size() == 16);
  const std::string octets = std::string(raw->begin(), raw->end()) + std::string(name);
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned int size = 0;
  FIREBREAK_ASSERT(EVP_Digest(octets.data(), octets.size(), hash.data(), &size, EVP_sha1(), nullptr) == 1 && size == 20);
  hash[6] = static_cast<unsigned char>((hash[6] & 0x0f) | 0x50);
  hash[8] = static_cast<unsigned char>((hash[8] & 0x3f) | 0x80);
  std::string out;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += fmt::format("{:02x}", hash[i]);
  }
  return out;
}

}  // namespace firebreak
