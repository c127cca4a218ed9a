#include "log/ledger/timestamp.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509_vfy.h>

#include <memory>

#include "base/encoding.h"

namespace firebreak::ledger {
namespace {

constexpr std::size_t kMaxAnswerBytes = 64 * 1024;
constexpr std::size_t kNonceBytes = 8;

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* pointer) const { Free(pointer); }
};
using RequestPtr = std::unique_ptr<TS_REQ, Freer<TS_REQ_free>>;
using ResponsePtr = std::unique_ptr<TS_RESP, Freer<TS_RESP_free>>;
using ImprintPtr = std::unique_ptr<TS_MSG_IMPRINT, Freer<TS_MSG_IMPRINT_free>>;
using AlgorithmPtr = std::unique_ptr<X509_ALGOR, Freer<X509_ALGOR_free>>;
using IntegerPtr = std::unique_ptr<ASN1_INTEGER, Freer<ASN1_INTEGER_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Freer<BN_free>>;
using ContextPtr = std::unique_ptr<TS_VERIFY_CTX, Freer<TS_VERIFY_CTX_free>>;
using StorePtr = std::unique_ptr<X509_STORE, Freer<X509_STORE_free>>;
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using CertificatePtr = std::unique_ptr<X509, Freer<X509_free>>;

std::string openssl_reason() {
  std::string text;
  for (unsigned long code = ERR_get_error(); code != 0; code = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(code);
    if (reason != nullptr) text = text.empty() ? std::string(reason) : text + ", " + reason;
  }
  return text.empty() ? "no reason given" : text;
}

const unsigned char* octets(ByteView view) { return reinterpret_cast<const unsigned char*>(view.data()); }

template <class T>
Result<Bytes> to_der(const T* value, int (*encode)(const T*, unsigned char**)) {
  unsigned char* out = nullptr;
  const int length = encode(value, &out);
  if (length <= 0) return fail(Code::kInternal, "OpenSSL cannot encode a time-stamp request");
  Bytes der(reinterpret_cast<const char*>(out), static_cast<std::size_t>(length));
  OPENSSL_free(out);
  return der;
}

Result<ResponsePtr> parse_answer(ByteView answer) {
  if (answer.size() > kMaxAnswerBytes) return fail(Code::kInvalid, "time stamp: larger than 64 KiB");
  const unsigned char* at = octets(answer);
  ResponsePtr response(d2i_TS_RESP(nullptr, &at, static_cast<long>(answer.size())));
  ERR_clear_error();
  if (!response || at != octets(answer) + answer.size()) return fail(Code::kInvalid, "time stamp: not an RFC 3161 answer");
  return response;
}

Result<StorePtr> store_of(const std::string& ca_pem, std::int64_t at) {
  StorePtr store(X509_STORE_new());
  const BioPtr bio(BIO_new_mem_buf(ca_pem.data(), static_cast<int>(ca_pem.size())));
  int count = 0;
  while (true) {
    const CertificatePtr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!certificate) break;
    count += X509_STORE_add_cert(store.get(), certificate.get());
  }
  ERR_clear_error();
  if (count == 0) return fail(Code::kInvalid, "the CA file holds no certificate in PEM");
  X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store.get()), at);
  return store;
}

Result<Stamp> stamp_of(TS_RESP* response) {
  TS_TST_INFO* info = TS_RESP_get_tst_info(response);
  if (info == nullptr) return fail(Code::kCorrupt, "time stamp: the authority did not grant it");
  std::tm time{};
  if (ASN1_TIME_to_tm(TS_TST_INFO_get_time(info), &time) != 1) return fail(Code::kCorrupt, "time stamp: its time cannot be read");
  Stamp stamp;
  stamp.seconds = static_cast<std::uint64_t>(timegm(&time));
  const NumberPtr number(ASN1_INTEGER_to_BN(TS_TST_INFO_get_serial(info), nullptr));
  if (number) {
    char* hex = BN_bn2hex(number.get());
    stamp.serial = hex;
    OPENSSL_free(hex);
  }
  char policy[80] = "";
  OBJ_obj2txt(policy, sizeof policy, TS_TST_INFO_get_policy_id(info), 1);
  stamp.policy = policy;
  return stamp;
}

}  // namespace

Result<Bytes> timestamp_request(const Digest& digest, Random& random) {
  const RequestPtr request(TS_REQ_new());
  const ImprintPtr imprint(TS_MSG_IMPRINT_new());
  const AlgorithmPtr algorithm(X509_ALGOR_new());
  Bytes nonce_octets = random.bytes(kNonceBytes);
  nonce_octets[0] = static_cast<char>(nonce_octets[0] | 1);  // never shorter
  const NumberPtr nonce_number(BN_bin2bn(octets(nonce_octets), static_cast<int>(nonce_octets.size()), nullptr));
  const IntegerPtr nonce(BN_to_ASN1_INTEGER(nonce_number.get(), nullptr));
  Digest copy = digest;
  const bool made = X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nullptr) == 1 &&
                    TS_MSG_IMPRINT_set_algo(imprint.get(), algorithm.get()) == 1 &&
                    TS_MSG_IMPRINT_set_msg(imprint.get(), copy.bytes.data(), static_cast<int>(copy.bytes.size())) == 1 &&
                    TS_REQ_set_version(request.get(), 1) == 1 && TS_REQ_set_msg_imprint(request.get(), imprint.get()) == 1 &&
                    nonce && TS_REQ_set_nonce(request.get(), nonce.get()) == 1 && TS_REQ_set_cert_req(request.get(), 1) == 1;
  if (!made) return fail(Code::kInternal, "OpenSSL refused a time-stamp request: " + openssl_reason());
  return to_der<TS_REQ>(request.get(), i2d_TS_REQ);
}

Result<Stamp> read_timestamp(ByteView answer) {
  FIREBREAK_ASSIGN(const ResponsePtr response, parse_answer(answer));
  return stamp_of(response.get());
}

Result<Stamp> check_timestamp(ByteView answer, const Digest& digest, const std::string& ca_pem, const std::optional<Bytes>& request) {
  FIREBREAK_ASSIGN(const ResponsePtr response, parse_answer(answer));
  FIREBREAK_ASSIGN(Stamp stamp, stamp_of(response.get()));
  FIREBREAK_ASSIGN(StorePtr store, store_of(ca_pem, static_cast<std::int64_t>(stamp.seconds)));
  const ContextPtr context(TS_VERIFY_CTX_new());
  int flags = TS_VFY_VERSION | TS_VFY_SIGNATURE | TS_VFY_IMPRINT;
  if (request) {
    const unsigned char* at = octets(*request);
    const RequestPtr sent(d2i_TS_REQ(nullptr, &at, static_cast<long>(request->size())));
    if (!sent || TS_REQ_to_TS_VERIFY_CTX(sent.get(), context.get()) == nullptr)
      return fail(Code::kInternal, "a time-stamp request of ours cannot be read");
    flags |= TS_VFY_NONCE;
  }
  // The context takes the imprint and the store.
  auto* imprint = static_cast<unsigned char*>(OPENSSL_memdup(digest.bytes.data(), digest.bytes.size()));
  TS_VERIFY_CTX_set_imprint(context.get(), imprint, static_cast<long>(digest.bytes.size()));
  TS_VERIFY_CTX_set_store(context.get(), store.release());
  TS_VERIFY_CTX_set_flags(context.get(), flags);
  ERR_clear_error();
  if (TS_RESP_verify_response(context.get(), response.get()) != 1)
    return fail(Code::kCorrupt, "the time stamp does not verify: " + openssl_reason());
  return stamp;
}

}  // namespace firebreak::ledger
