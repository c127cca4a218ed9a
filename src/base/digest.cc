#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstring>

#include "base/encoding.h"
#include "base/sha256_lanes.h"

namespace firebreak {
namespace {

// Before anybody uses it, and without its clean-up at exit: a writer thread may still sign while other statics go.
[[maybe_unused]] const int kOpensslReady = OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);

const EVP_MD* sha256_method() {
  static const EVP_MD* method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return method;
}

bool is_short(std::size_t octets) { return octets <= sha256_lanes::kMaxMessage && sha256_lanes::available(); }

Sha256& thread_hasher() {
  thread_local Sha256 hasher;
  return hasher;
}

}  // namespace

std::string Digest::hex() const { return to_hex(view()); }

Result<Digest> Digest::from_hex(std::string_view text) {
  if (text.size() != 64) return fail(Code::kInvalid, "a SHA-256 digest has 64 hex digits");
  FIREBREAK_ASSIGN(Bytes raw, firebreak::from_hex(text));
  return from_bytes(raw);
}

Digest Digest::from_bytes(ByteView raw) {
  FIREBREAK_ASSERT(raw.size() == 32);
  Digest digest;
  std::memcpy(digest.bytes.data(), raw.data(), 32);
  return digest;
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  FIREBREAK_ASSERT(context_ != nullptr && EVP_DigestInit_ex2(context_, sha256_method(), nullptr) == 1);
}

Sha256::~Sha256() { EVP_MD_CTX_free(context_); }

void Sha256::update(ByteView data) {
  FIREBREAK_ASSERT(EVP_DigestUpdate(context_, data.data(), data.size()) == 1);
}

Digest Sha256::finish() {
  Digest digest;
  unsigned length = 0;
  FIREBREAK_ASSERT(EVP_DigestFinal_ex(context_, digest.bytes.data(), &length) == 1 && length == 32);
  FIREBREAK_ASSERT(EVP_DigestInit_ex2(context_, nullptr, nullptr) == 1);
  return digest;
}

Digest sha256(ByteView data) {
  if (is_short(data.size())) {
    Digest digest;
    sha256_lanes::hash_one({}, data, digest.bytes.data());
    return digest;
  }
  Sha256& hasher = thread_hasher();
  hasher.update(data);
  return hasher.finish();
}

Digest sha256(ByteView first, ByteView second) {
  if (is_short(first.size() + second.size())) {
    Digest digest;
    sha256_lanes::hash_one(first, second, digest.bytes.data());
    return digest;
  }
  Sha256& hasher = thread_hasher();
  hasher.update(first);
  hasher.update(second);
  return hasher.finish();
}

void sha256_each(ByteView prefix, std::span<const ByteView> messages, std::span<Digest> out) {
  FIREBREAK_ASSERT(messages.size() == out.size());
  std::size_t i = 0;
  for (; i + 1 < messages.size(); i += 2) {
    if (is_short(prefix.size() + std::max(messages[i].size(), messages[i + 1].size()))) {
      sha256_lanes::hash_two(prefix, messages[i], messages[i + 1], out[i].bytes.data(), out[i + 1].bytes.data());
    } else {
      out[i] = sha256(prefix, messages[i]);
      out[i + 1] = sha256(prefix, messages[i + 1]);
    }
  }
  if (i < messages.size()) out[i] = sha256(prefix, messages[i]);
}

Digest hmac_sha256(ByteView key, ByteView data) {
  // RFC 2104 over the reused context: OpenSSL's HMAC() allocates on every call.
  unsigned char block[64] = {};
  if (key.size() > sizeof block) {
    const Digest short_key = sha256(key);
    std::memcpy(block, short_key.bytes.data(), 32);
  } else {
    std::memcpy(block, key.data(), key.size());
  }
  char pad[64];
  for (std::size_t i = 0; i < sizeof pad; ++i) pad[i] = static_cast<char>(block[i] ^ 0x36);
  const Digest inner = sha256(ByteView(pad, sizeof pad), data);
  for (std::size_t i = 0; i < sizeof pad; ++i) pad[i] = static_cast<char>(block[i] ^ 0x5c);
  return sha256(ByteView(pad, sizeof pad), inner.view());
}

}  // namespace firebreak
