#include "log/vault/gcm.h"

#include <openssl/evp.h>

namespace firebreak::vault {
namespace {

const EVP_CIPHER* method() {
  static const EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return cipher;
}

const unsigned char* octets(ByteView view) { return reinterpret_cast<const unsigned char*>(view.data()); }
unsigned char* octets(char* data) { return reinterpret_cast<unsigned char*>(data); }

}  // namespace

Gcm::Gcm() {
  sealing_.context = EVP_CIPHER_CTX_new();
  opening_.context = EVP_CIPHER_CTX_new();
  FIREBREAK_ASSERT(EVP_EncryptInit_ex2(sealing_.context, method(), nullptr, nullptr, nullptr) == 1);
  FIREBREAK_ASSERT(EVP_DecryptInit_ex2(opening_.context, method(), nullptr, nullptr, nullptr) == 1);
}

Gcm::~Gcm() {
  EVP_CIPHER_CTX_free(sealing_.context);
  EVP_CIPHER_CTX_free(opening_.context);
}

void Gcm::seal(const Digest& key, ByteView nonce, ByteView associated, ByteView plain, Bytes& out) {
  const std::size_t start = out.size();
  out.resize(start + plain.size() + kTagBytes);
  seal_to(key, nonce, associated, plain, out.data() + start);
}

void Gcm::seal_to(const Digest& key, ByteView nonce, ByteView associated, ByteView plain, char* out) {
  FIREBREAK_ASSERT(nonce.size() == kNonceBytes);
  const bool same = sealing_.keyed && sealing_.key == key;
  FIREBREAK_ASSERT(EVP_EncryptInit_ex2(sealing_.context, nullptr, same ? nullptr : key.bytes.data(), octets(nonce),
                                       nullptr) == 1);
  sealing_.key = key;
  sealing_.keyed = true;
  int length = 0;
  if (!associated.empty())
    FIREBREAK_ASSERT(EVP_EncryptUpdate(sealing_.context, nullptr, &length, octets(associated),
                                       static_cast<int>(associated.size())) == 1);
  unsigned char* const to = octets(out);
  FIREBREAK_ASSERT(EVP_EncryptUpdate(sealing_.context, to, &length, octets(plain), static_cast<int>(plain.size())) == 1);
  FIREBREAK_ASSERT(EVP_EncryptFinal_ex(sealing_.context, to + length, &length) == 1);
  FIREBREAK_ASSERT(EVP_CIPHER_CTX_ctrl(sealing_.context, EVP_CTRL_GCM_GET_TAG, kTagBytes, to + plain.size()) == 1);
}

Result<void> Gcm::open(const Digest& key, ByteView nonce, ByteView associated, ByteView sealed, Bytes& plain) {
  FIREBREAK_ASSERT(nonce.size() == kNonceBytes);
  if (sealed.size() < kTagBytes) return fail(Code::kCorrupt, "encrypted octets are shorter than their tag");
  const bool same = opening_.keyed && opening_.key == key;
  FIREBREAK_ASSERT(EVP_DecryptInit_ex2(opening_.context, nullptr, same ? nullptr : key.bytes.data(), octets(nonce),
                                       nullptr) == 1);
  opening_.key = key;
  opening_.keyed = true;
  int length = 0;
  if (!associated.empty())
    FIREBREAK_ASSERT(EVP_DecryptUpdate(opening_.context, nullptr, &length, octets(associated),
                                       static_cast<int>(associated.size())) == 1);
  const std::size_t size = sealed.size() - kTagBytes;
  plain.resize(size);
  unsigned char* to = octets(plain.data());
  FIREBREAK_ASSERT(EVP_DecryptUpdate(opening_.context, to, &length, octets(sealed), static_cast<int>(size)) == 1);
  unsigned char tag[kTagBytes];
  std::memcpy(tag, sealed.data() + size, kTagBytes);
  FIREBREAK_ASSERT(EVP_CIPHER_CTX_ctrl(opening_.context, EVP_CTRL_GCM_SET_TAG, kTagBytes, tag) == 1);
  if (EVP_DecryptFinal_ex(opening_.context, to + length, &length) != 1) {
    plain.clear();
    return fail(Code::kCorrupt, "encrypted octets do not fit their tag");
  }
  return {};
}

}  // namespace firebreak::vault
