// What must be kept apart from the data and from its copy in a bucket: signing keys, the master key and the seeds of the records' key
// epochs, tokens, and what people typed, which may have to go one day and so is never in a locked bucket. A folder with a manifest, 0600 throughout; whoever has it and the data can read and write everything.
//
//   keys/…             as in the data folder
//   admin.token, …     tokens that the server made
//   texts/…            what people typed (docs/formats/journal.md, "Free text")
//   sealed/…           notes under counsel's privilege (docs/formats/sealed-note.md)
//   MANIFEST.sha256    of all of them, for `sha256sum -c`
//
// DATA/key-backup.json says what the newest backup holds (docs/formats/store.md), so that keys that are in none can be told.
//
// Threads: none. Beside a running server it holds what was there when it read it.
// Errors: kNotFound (no keys), kConflict (the target holds something), kCorrupt (a file is not what the manifest says), kInvalid, kIo.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/files.h"
#include "base/time.h"

namespace firebreak::offsite {

// Gives the names of what was written.
Result<std::vector<std::string>> backup_keys(Files& files, const std::string& data_dir, const std::string& out_dir);
// Checks the whole backup before it writes anything into `data_dir`. Gives the names.
Result<std::vector<std::string>> restore_keys(Files& files, const std::string& backup_dir, const std::string& data_dir);
// Which files a backup holds, by name, each read and held against the manifest.
Result<std::map<std::string, Digest>> check_key_backup(Files& files, const std::string& backup_dir);

// Notes in the data folder that `backup_dir` is its newest backup.
Result<void> note_key_backup(Files& files, const std::string& data_dir, const std::string& backup_dir, Time now);

struct KeyState {
  std::optional<Time> backed_up;     // when the newest backup was made
  std::string where;                 // its folder
  std::size_t keys = 0;              // files under keys
  std::vector<std::string> missing;  // of them: what no backup holds
  std::optional<Time> since;         // when the oldest of these was written
  bool outdated = false;             // the backup holds what is no longer so: somebody was erased, records ran out, a key was changed
};
Result<KeyState> key_state(Files& files, const std::string& data_dir);

// A backup in a new folder below `place`, which must be there: a mount that is missing is not written around. It is read back, then
// earlier ones of this place go: at once when the new one has all that they have (what an erasure left of a key epoch counts as that
// epoch), else after kKeepReplaced, since a key that is gone may be missed. Gives the folder.
inline constexpr std::int64_t kKeepReplaced = 7 * kDay;
Result<std::string> renew_key_backup(Files& files, const std::string& data_dir, const std::string& place, Time now);

// kConflict unless the folder is missing or empty.
Result<void> must_be_empty(Files& files, const std::string& dir);

}  // namespace firebreak::offsite
