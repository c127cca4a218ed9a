// Checkpoints, proofs and keys from outside: what parses must write the same octets again.
#include "log/ledger/proof.h"

using namespace firebreak;
using namespace firebreak::ledger;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(reinterpret_cast<const char*>(data), size);
  if (const Result<Checkpoint> checkpoint = parse_checkpoint(input))
    FIREBREAK_ASSERT(checkpoint->text() == input);
  if (const Result<Proof> proof = parse_proof(input)) FIREBREAK_ASSERT(proof->text() == input);
  if (const Result<VerifierKey> key = parse_vkey(input))
    FIREBREAK_ASSERT(key->text() == input || key->text() + "\n" == input);
  (void)SigningKey::parse(input);
  return 0;
}
