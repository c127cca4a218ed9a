// A log as `firebreak ledger export` writes it (C2SP tlog-tiles), read back and checked whole: signature,
// entries, tiles.
//
// Holds the whole log in memory: meant for the journals and streams that a bundle carries.
// Errors: kCorrupt (names file and entry), kNotFound, kIo.
#pragma once

#include <string>
#include <vector>

#include "base/files.h"
#include "log/ledger/note.h"
#include "log/ledger/tree.h"

namespace firebreak::evidence {

struct ExportedLog {
  ledger::VerifierKey key;  // the export's own `vkey`: proves nothing unless it is compared with a pinned one
  ledger::Checkpoint checkpoint;
  std::vector<Bytes> entries;
  ledger::Tree tree;

  // Reads and checks: checkpoint signed by `vkey`, entry bundles give its root, every tile is the tree's.
  static Result<ExportedLog> read(Files& files, const Path& dir);

  // tlog-proof v1 of one entry against the export's own checkpoint.
  Result<std::string> proof_text(std::uint64_t index) const;

  // True when a checkpoint of this log (signed by the same key) is an earlier or equal state of this tree.
  Result<void> check_checkpoint(const std::string& note) const;
};

}  // namespace firebreak::evidence
