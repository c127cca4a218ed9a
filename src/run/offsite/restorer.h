// Makes a data folder from the copy in a bucket (bucket_layout.h) and the backup of the keys (key_backup.h), on a machine that has
// nothing else. Of each object the oldest version is taken, so what was put over it, or a deletion, changes nothing. Every blob is held
// against its name; every log is verified from its first entry, under the key of the backup when there is one, together with the newest
// cosignature of each witness and all time stamps that are there.
//
// Key epochs whose records are there and whose seed is not (an older key backup) are told, too; not those past their retention. What
// cannot be had is told and left out; the rest is restored. Threads: none. Errors: as ObjectStore; kNotFound (no copy under this
// prefix), kConflict (the target holds something), kCorrupt (the key backup), kIo.
#pragma once

#include <string>
#include <vector>

#include "base/files.h"
#include "log/ledger/verify.h"
#include "world/store/object_store.h"

namespace firebreak::offsite {

struct RestoredLog {
  std::string name;
  ledger::VerifyReport report;
  bool has_key = false;  // its signing key was in the backup: a server can go on with it
};

struct Restored {
  std::vector<RestoredLog> logs;
  std::uint64_t blobs = 0, octets = 0;
  std::vector<std::string> keys;     // files that came from the key backup
  std::vector<std::string> missing;  // each a sentence: what could not be restored
  std::vector<std::string> foreign;  // each a sentence: what bears a name of the copy, is not of it, and was passed over
  bool whole() const;                // nothing is missing, and every log is good
};

// `keys_dir` empty: proofs only.
Result<Restored> restore(Files& files, store::ObjectStore& store, const std::string& keys_dir, const std::string& out_dir);

}  // namespace firebreak::offsite
