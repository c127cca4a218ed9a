// What comes from witnesses, authorities and people: what parses must write the same octets again, and nothing may crash.
#include "log/ledger/cosignature.h"
#include "log/ledger/receipt.h"
#include "log/ledger/timestamp.h"

using namespace firebreak;
using namespace firebreak::ledger;

namespace {

// Of the authority of test/fuzz/corpus/receipt_fuzz/stamp.tsr, which is for this file: so mutations of a good stamp are judged to the end.
const std::string kAuthority =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBhTCCASugAwIBAgIUBNM/yh17ig5Kic6j1o+wNI2mHd8wCgYIKoZIzj0EAwIw\n"
    "DDEKMAgGA1UEAwwBdDAeFw0yNjExMjUxMTQ0MzdaFw0zNjExMjIxMTQ0MzdaMAwx\n"
    "CjAIBgNVBAMMAXQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASoItzfcSOZF+0E\n"
    "yGwHF5jPz7jgzvA+zkbxTJPfyGykqBdtINHacfP7APWWWUt5blPS1Z1gvDQ8Mm2i\n"
    "FuxDB/SRo2swaTAdBgNVHQ4EFgQUHpchUmPmrmTsvO2FFrk955+lulUwHwYDVR0j\n"
    "BBgwFoAUHpchUmPmrmTsvO2FFrk955+lulUwDwYDVR0TAQH/BAUwAwEB/zAWBgNV\n"
    "HSUBAf8EDDAKBggrBgEFBQcDCDAKBggqhkjOPQQDAgNIADBFAiAmtHRVtAD/twNA\n"
    "kdwk2En9Z801meWdGz41dDWNNkyEtgIhAJ3A+UG2VMIB0gvtlIU6pE+U0ANo03Wb\n"
    "THJMUxZD5Crk\n"
    "-----END CERTIFICATE-----\n";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(reinterpret_cast<const char*>(data), size);
  if (const Result<AddCheckpoint> request = parse_add_checkpoint(input)) FIREBREAK_ASSERT(request->text() == input);
  (void)parse_cosignatures(input);
  if (const Result<VerifierKey> key = parse_witness_vkey(input)) FIREBREAK_ASSERT(key->text() == input || key->text() + "\n" == input);
  if (const Result<Receipt> receipt = parse_receipt(input)) FIREBREAK_ASSERT(!receipt->signatures.empty());
  (void)read_timestamp(input);
  SeededRandom random(1);
  const Result<Bytes> request = timestamp_request(sha256(kAuthority), random);
  FIREBREAK_ASSERT(request.has_value());
  (void)check_timestamp(input, sha256(kAuthority), kAuthority);
  FIREBREAK_ASSERT(!check_timestamp(input, sha256(kAuthority), kAuthority, *request));  // another nonce
  return 0;
}
