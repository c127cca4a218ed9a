#include "cacao/signature.h"

#include <fmt/core.h>
#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/encoding.h"
#include "base/jcs.h"

namespace firebreak::cacao {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

const unsigned char* octets(ByteView data) { return reinterpret_cast<const unsigned char*>(data.data()); }

// ---- encodings

Result<Bytes> from_base64url(std::string text) {
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  while (text.size() % 4 != 0) text += '=';
  return from_base64(text);
}

std::string to_base64url(ByteView data) {
  std::string text = to_base64(data);
  text.erase(text.find_last_not_of('=') + 1);
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

std::string without_space(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; });
  return text;
}

// JWA's R || S as the DER that OpenSSL reads. Nothing when it has another length.
std::optional<Bytes> to_der(ByteView raw) {
  if (raw.size() != 64) return std::nullopt;
  std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> signature(ECDSA_SIG_new(), &ECDSA_SIG_free);
  BIGNUM* const r = BN_bin2bn(octets(raw), 32, nullptr);
  BIGNUM* const s = BN_bin2bn(octets(raw.substr(32)), 32, nullptr);
  FIREBREAK_ASSERT(ECDSA_SIG_set0(signature.get(), r, s) == 1);
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  FIREBREAK_ASSERT(size > 0);
  Bytes out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

// ---- keys

Bytes der_of(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  Bytes out(reinterpret_cast<const char*>(der), size > 0 ? static_cast<std::size_t>(size) : 0);
  OPENSSL_free(der);
  return out;
}

Key public_key_of(ByteView der) {
  const unsigned char* at = octets(der);
  return {d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())), &EVP_PKEY_free};
}

Key key_of_certificate(ByteView der) {
  const unsigned char* at = octets(der);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())), &X509_free);
  return {certificate ? X509_get_pubkey(certificate.get()) : nullptr, &EVP_PKEY_free};
}

template <class Read>
Key from_pem(const std::string& pem, Read read) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  return {read(bio.get()), &EVP_PKEY_free};
}

// The key that the signature carries; nothing when it only names one (thumbprint, cert_url).
Key key_in(const Json& signature) {
  if (const std::string text = string_or(signature, "public_key"); !text.empty()) {
    const auto der = from_base64(without_space(text));
    return der ? public_key_of(*der) : Key(nullptr, &EVP_PKEY_free);
  }
  const auto chain = strings_or_empty(signature, "public_cert_chain");
  const auto der = chain.empty() ? Result<Bytes>(fail(Code::kInvalid, "none")) : from_base64(chain[0]);
  return der ? key_of_certificate(*der) : Key(nullptr, &EVP_PKEY_free);
}

// ---- what is signed

Result<std::string> hex_digest(ByteView data, const std::string& algorithm) {
  const EVP_MD* const method = algorithm == "sha-256" ? EVP_sha256() : algorithm == "sha-512" ? EVP_sha512() : nullptr;
  if (method == nullptr) return fail(Code::kInvalid, fmt::format("hash algorithm '{}' is not supported (sha-256, sha-512)", algorithm));
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  FIREBREAK_ASSERT(EVP_Digest(data.data(), data.size(), digest, &size, method, nullptr) == 1);
  return to_hex({reinterpret_cast<const char*>(digest), size});
}

Result<std::string> digest_with(const Json& playbook, Json signature) {
  signature.as_object().erase("value");
  Json alone = playbook;
  const std::string algorithm = string_or(signature, "hash_algorithm");
  alone.as_object()["signatures"] = JsonArray{std::move(signature)};
  return hex_digest(jcs(alone), algorithm);
}

struct Algorithm {
  std::string_view name;
  int key_type;
  const EVP_MD* (*hash)();  // nullptr: the algorithm's own
};
constexpr Algorithm kAlgorithms[] = {{"RS256", EVP_PKEY_RSA, EVP_sha256}, {"ES256", EVP_PKEY_EC, EVP_sha256}, {"Ed25519", EVP_PKEY_ED25519, nullptr}};

bool holds(EVP_PKEY* key, const Algorithm& algorithm, ByteView message, ByteView value) {
  Bytes signature(value);
  if (algorithm.key_type == EVP_PKEY_EC) {
    const auto der = to_der(value);
    if (!der || EVP_PKEY_get_bits(key) != 256) return false;
    signature = *der;
  }
  const Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  const EVP_MD* const hash = algorithm.hash == nullptr ? nullptr : algorithm.hash();
  return EVP_DigestVerifyInit(context.get(), nullptr, hash, nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(message), message.size()) == 1;
}

std::string lapse(const Json& playbook, const Json& signature, Time now) {
  if (bool_or(signature, "revoked")) return "the signature is revoked";
  if (string_or(signature, "related_to") != string_or(playbook, "id")) return "it is for another playbook (related_to)";
  if (string_or(signature, "related_version") != string_or(playbook, "modified")) return "it is for another version (related_version)";
  const auto from = parse_time(string_or(signature, "valid_from")), until = parse_time(string_or(signature, "valid_until"));
  if (from && now < *from) return "it is not valid yet";
  if (until && *until <= now) return "it has expired";
  return {};
}

Verdict verify_one(const Json& playbook, const Json& signature, const std::vector<Bytes>& trusted, Time now) {
  Verdict verdict{string_or(signature, "id"), string_or(signature, "signee"), string_or(signature, "algorithm"), Standing::kNotChecked, false, {}};
  const auto because = [&](std::string why) {
    verdict.reason = std::move(why);
    return verdict;
  };
  if (!signature.is_object()) return because("it is no object");
  if (find(signature, "signature") != nullptr) return because("countersignatures are not supported");
  const auto algorithm = std::find_if(std::begin(kAlgorithms), std::end(kAlgorithms), [&](const Algorithm& one) { return one.name == verdict.algorithm; });
  if (algorithm == std::end(kAlgorithms)) return because(fmt::format("algorithm '{}' is not supported (RS256, ES256, Ed25519)", verdict.algorithm));
  const Key key = key_in(signature);
  if (key == nullptr) return because("it carries no key that can be read (public_key, public_cert_chain)");
  const auto digest = digest_with(playbook, signature);
  if (!digest) return because(digest.error().message);
  const auto value = from_base64url(string_or(signature, "value"));
  verdict.standing = Standing::kBroken;
  if (EVP_PKEY_get_base_id(key.get()) != algorithm->key_type) return because("its key is for another algorithm");
  if (!value || !holds(key.get(), *algorithm, *digest, *value)) return because("the playbook is not what was signed");
  verdict.trusted = std::find(trusted.begin(), trusted.end(), der_of(key.get())) != trusted.end();
  verdict.reason = lapse(playbook, signature, now);
  verdict.standing = verdict.reason.empty() ? Standing::kValid : Standing::kLapsed;
  return verdict;
}

const JsonArray& signatures_of(const Json& playbook) {
  static const JsonArray none;
  const Json* const signatures = find(playbook, "signatures");
  return signatures != nullptr && signatures->is_array() ? signatures->get_array() : none;
}

}  // namespace

std::string_view standing_name(Standing standing) {
  switch (standing) {
    case Standing::kValid: return "valid";
    case Standing::kBroken: return "broken";
    case Standing::kLapsed: return "lapsed";
    case Standing::kNotChecked: return "not checked";
  }
  return "not checked";
}

Result<std::vector<Verdict>> verify_signatures(const Json& playbook, const std::vector<std::string>& trusted, Time now) {
  std::vector<Bytes> keys;
  for (const std::string& pem : trusted) {
    const Key key = from_pem(pem, [](BIO* bio) { return PEM_read_bio_PUBKEY(bio, nullptr, nullptr, nullptr); });
    if (key == nullptr) return fail(Code::kInvalid, "this is no public key in PEM (-----BEGIN PUBLIC KEY-----)");
    keys.push_back(der_of(key.get()));
  }
  std::vector<Verdict> out;
  for (const Json& signature : signatures_of(playbook)) out.push_back(verify_one(playbook, signature, keys, now));
  return out;
}

Result<Json> sign_playbook(const Json& playbook, const Signer& signer) {
  if (!playbook.is_object() || string_or(playbook, "id").empty() || string_or(playbook, "modified").empty())
    return fail(Code::kInvalid, "only a playbook with 'id' and 'modified' can be signed");
  const Key key = from_pem(signer.private_key, [](BIO* bio) {
    // Never ask at a terminal: a key with a pass phrase is refused.
    return PEM_read_bio_PrivateKey(bio, nullptr, [](char*, int, int, void*) { return -1; }, nullptr);
  });
  if (key == nullptr || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519)
    return fail(Code::kInvalid, "the key must be an Ed25519 private key in PEM without a pass phrase; 'openssl genpkey -algorithm ed25519' makes one");
  std::string time = format_time({signer.now.us - signer.now.us % kMillisecond});
  if (time.find('.') == std::string::npos) time.insert(time.size() - 1, ".000");
  JsonObject signature{{"type", "jss"}, {"id", signer.id}, {"created", time}, {"modified", time}, {"signee", signer.signee},
                       {"related_to", string_or(playbook, "id")}, {"related_version", string_or(playbook, "modified")},
                       {"hash_algorithm", "sha-256"}, {"algorithm", "Ed25519"}, {"public_key", to_base64(der_of(key.get()))}};
  if (!signer.identity.empty()) signature["created_by"] = signer.identity;
  FIREBREAK_ASSIGN(const std::string digest, digest_with(playbook, signature));
  unsigned char raw[64];
  std::size_t size = sizeof raw;
  const Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  FIREBREAK_ASSERT(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1);
  FIREBREAK_ASSERT(EVP_DigestSign(context.get(), raw, &size, octets(digest), digest.size()) == 1);
  signature["value"] = to_base64url({reinterpret_cast<const char*>(raw), size});
  Json out = playbook;
  JsonArray signatures = signatures_of(playbook);
  signatures.push_back(std::move(signature));
  out.as_object()["signatures"] = std::move(signatures);
  return out;
}

Result<std::string> signed_digest(const Json& playbook, std::size_t index) {
  const JsonArray& signatures = signatures_of(playbook);
  if (index >= signatures.size() || !signatures[index].is_object()) return fail(Code::kInvalid, fmt::format("there is no signature {}", index));
  return digest_with(playbook, signatures[index]);
}

}  // namespace firebreak::cacao
