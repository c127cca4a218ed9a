// What comes from witnesses, authorities and people: what parses must write the same octets again, and nothing may crash.
#include "log/ledger/cosignature.h"
#include "log/ledger/receipt.h"
#include "log/ledger/timestamp.h"
#include "log/ledger/timestamp_testing.h"

using namespace firebreak;
using namespace firebreak::ledger;

using testing::kAuthority;

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
