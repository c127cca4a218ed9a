// tlog-proof v1 (C2SP): one text that proves off-line that an entry stands in a log.
//
//   c2sp.org/tlog-proof@v1 / [extra <base64>] / index <n> / <base64 hash>… / blank / <checkpoint>
//
// Pure except prove(). Errors: kInvalid (text), kCorrupt (proof does not hold), kNotFound (no such entry).
#pragma once

#include <optional>
#include <string>

#include "log/ledger/note.h"
#include "log/ledger/tree.h"

namespace firebreak::ledger {

struct Proof {
  std::optional<Bytes> extra;
  std::uint64_t index = 0;
  Hashes path;
  Checkpoint checkpoint;

  std::string text() const;
};

Result<Proof> parse_proof(std::string_view text);

// The proof holds for `entry` under `key`.
Result<void> check_proof(const Proof& proof, ByteView entry, const VerifierKey& key);
// The same for a caller that has the leaf's hash only.
Result<void> check_proof(const Proof& proof, const Digest& leaf, const VerifierKey& key);

struct ProvenEntry {
  Bytes entry;
  Proof proof;
};

// From a log's folder or a copy of it, against the checkpoint that its witnesses cosigned when that holds `index`, else against its last
// one. kNotFound when `index` is not yet signed.
Result<ProvenEntry> prove(Files& files, const Path& log_dir, std::uint64_t index);

}  // namespace firebreak::ledger
