// Everything that an installation keeps of its records, made once, small, and held in memory: a journal of several segments,
// a stream, their keys, evidence, exports, and (with the DuckDB library) the archive and a statement about it. Beside it
// the same folder as it was earlier, and what the outside world kept.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/simulated_files.h"
#include "log/ledger/verify.h"
#include "support/process.h"

namespace firebreak::damage {

using Tree = std::map<std::string, Bytes>;  // path from the world's folder -> octets

struct World {
  testing::Folder folder;  // real files: DuckDB writes some itself
  Tree now, earlier;
  std::map<std::string, ledger::Kept> kept;         // log -> receipts handed out, and the witness
  std::map<std::string, std::string> vkeys;         // log -> its key
  std::vector<std::string> receipt_files, witness;  // the same for a verifier of its own: paths, and its vkey
  std::string contents;                             // contents_of() of the whole data folder
  std::vector<Digest> blobs;
  bool archived = false;

  World();
};

inline const std::string kLogs[] = {"journal", "shop"};

// `files` on a disk of its own; `only`: those below this folder.
std::unique_ptr<SimulatedFiles> disk_of(const Tree& files, const std::string& only = {});

// Where a segment's frames end: nothing behind was ever acknowledged.
std::size_t end_of_frames(const Bytes& segment);

// Starts journal and stream as a server does and reads everything: one text of all that they hold. Errors: what a start or a
// reader would be told.
Result<std::string> contents_of(Files& files, const std::string& data);

}  // namespace firebreak::damage
