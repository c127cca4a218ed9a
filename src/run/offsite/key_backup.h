// What must be kept apart from the data and from its copy in a bucket: signing keys, the master key and the seeds of the records' key
// epochs, and tokens. A folder with a manifest, 0600 throughout; whoever has it and the data can read and write everything.
//
//   keys/…             as in the data folder
//   admin.token, …     tokens that the server made
//   MANIFEST.sha256    of all of them, for `sha256sum -c`
//
// Threads: none. Beside a running server it holds what was there when it read it.
// Errors: kNotFound (no keys), kConflict (the target holds something), kCorrupt (a file is not what the manifest says), kInvalid, kIo.
#pragma once

#include <string>
#include <vector>

#include "base/files.h"

namespace firebreak::offsite {

// Gives the names of what was written.
Result<std::vector<std::string>> backup_keys(Files& files, const std::string& data_dir, const std::string& out_dir);
// Checks the whole backup before it writes anything into `data_dir`. Gives the names.
Result<std::vector<std::string>> restore_keys(Files& files, const std::string& backup_dir, const std::string& data_dir);
// kConflict unless the folder is missing or empty.
Result<void> must_be_empty(Files& files, const std::string& dir);

}  // namespace firebreak::offsite
