// What a log and a witness say to each other: c2sp.org/tlog-witness (add-checkpoint) and c2sp.org/tlog-cosignature (v1, Ed25519).
//
// A witness cosigns a checkpoint only after it has seen that the log still holds everything that it cosigned before. So whoever
// asks for its cosignature cannot be shown another log than everybody else, and a log that was cut back gets none.
//
//   request   old <size>  /  base64 hash …  /  blank  /  the checkpoint
//   answer    200 "— <name> <base64(key id[4] || u64 time || Ed25519[64])>", 409 with the size that the witness knows
//   signed    "cosignature/v1\ntime <seconds>\n" and the checkpoint's three lines
//
// Pure; thread-safe. Errors: kInvalid (text), kCorrupt (a cosignature that does not verify).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "log/ledger/note.h"
#include "log/ledger/tree.h"

namespace firebreak::ledger {

struct AddCheckpoint {
  std::uint64_t old_size = 0;
  Hashes proof;  // that the checkpoint holds the first `old_size` entries; at most 63
  Checkpoint checkpoint;

  std::string text() const;
};
Result<AddCheckpoint> parse_add_checkpoint(std::string_view text);

// The lines of an answer.
Result<std::vector<NoteSignature>> parse_cosignatures(std::string_view text);

// POSIX seconds at which `witness` cosigned `checkpoint`, from one of `lines`. kCorrupt: none of them is its own, or it is wrong.
Result<std::uint64_t> check_cosignature(const Checkpoint& checkpoint, const std::vector<NoteSignature>& lines, const VerifierKey& witness);

// A witness' side; `key` bears the witness' name. The vkey that verifies it is of type kCosignature.
NoteSignature cosign(const SigningKey& key, const Checkpoint& checkpoint, std::uint64_t seconds);
VerifierKey cosigner_of(const SigningKey& key);

}  // namespace firebreak::ledger
