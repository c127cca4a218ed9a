// Snapshots of the folds in files, so that a start need not replay the whole log. Disposable: docs/formats/snapshot.md.
//
// A snapshot is usable when it is of this log (origin, and the leaf hash of its last entry is the log's), the schema
// versions are the running program's, and its digest is that of the state inside. Anything else is discarded.
// Not thread-safe.
#pragma once

#include <string>

#include "base/files.h"
#include "log/journal/machine.h"
#include "log/ledger/log.h"

namespace firebreak::journal {

class Snapshots {
 public:
  Snapshots(Files& files, Path dir) : files_(files), dir_(std::move(dir)) {}

  Result<void> prepare();  // makes the folder

  // Restores the newest usable snapshot into `machine` (fresh) and returns what was discarded on the way, a line each.
  // Without any the machine stays as it was.
  std::vector<std::string> load(const ledger::Log& log, Machine& machine) const;

  // Writes one, then removes all but the two newest; with `alone`, all others, whose octets are overwritten first.
  Result<void> save(const std::string& origin, const Digest& last_leaf, std::uint64_t index, Json schemas, Json state, bool alone = false);
  bool any() const { return !names().empty(); }

 private:
  std::vector<std::string> names() const;  // newest first
  Files& files_;
  const Path dir_;
};

}  // namespace firebreak::journal
