// AES-256-GCM (NIST SP 800-38D) by OpenSSL with a reused context: setting up a context costs more than a row.
//
// Promise: open() gives back exactly what seal() was given, or an error. A (key, nonce) pair must never seal twice;
// callers see to that. Threads: not thread-safe; one per thread or behind a lock.
#pragma once

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"

struct evp_cipher_ctx_st;

namespace firebreak::vault {

class Gcm {
 public:
  static constexpr std::size_t kNonceBytes = 12;
  static constexpr std::size_t kTagBytes = 16;

  Gcm();
  ~Gcm();
  Gcm(const Gcm&) = delete;
  Gcm& operator=(const Gcm&) = delete;

  // Appends the ciphertext of `plain` and the tag to `out`. `associated` is bound and not stored.
  void seal(const Digest& key, ByteView nonce, ByteView associated, ByteView plain, Bytes& out);

  // The same to plain.size() + kTagBytes octets at `to`.
  void seal_to(const Digest& key, ByteView nonce, ByteView associated, ByteView plain, char* to);

  // `sealed` = ciphertext + tag; `plain` is replaced. kCorrupt when the tag does not fit.
  Result<void> open(const Digest& key, ByteView nonce, ByteView associated, ByteView sealed, Bytes& plain);

 private:
  struct Side {
    evp_cipher_ctx_st* context = nullptr;
    Digest key;  // that the context holds; kept so that equal keys in a row are set up once
    bool keyed = false;
  };
  Side sealing_, opening_;
};

}  // namespace firebreak::vault
