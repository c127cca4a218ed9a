// A log's folder read without writing to it: key, checkpoint and, by scan.h, its frames.
// For verify, export, prove. Threads: none. Errors: kNotFound, kIo; what is damaged stands in `damage`.
#pragma once

#include <functional>
#include <optional>

#include "log/ledger/scan.h"
#include "log/ledger/tree.h"

namespace firebreak::ledger {

struct Folder {
  VerifierKey key;
  Checkpoint checkpoint;
  Tree tree;
  ScanResult scan;
  std::optional<Damage> damage;  // the first one found, in any file
};

// Checks the key file, the checkpoint's signature, every frame, and the signed root against the frames.
// `visit` sees key and checkpoint, and the good frames before it is known whether what follows is good.
using FolderVisitor = std::function<void(const Folder&, const ScannedFrame&)>;
Result<Folder> read_folder(Files& files, const Path& dir, const FolderVisitor& visit);

// What is wrong with a scan that ends below the size that the checkpoint signs.
Damage missing_end(const ScanResult& scan, std::uint64_t signed_size);

// "000001.seg, offset 4096, record 17: the entry's checksum differs"
std::string describe(const Damage& damage);

}  // namespace firebreak::ledger
