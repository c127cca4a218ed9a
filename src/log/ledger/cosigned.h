// What others have vouched for, beside the log that they saw: LOG/cosigned, the newest checkpoint with all cosignatures that were
// asked for; LOG/witness/<name>, what one witness cosigned last; LOG/timestamps (timestamp.h). A log restored without these, or
// these without the log, is seen: the checkpoint of each must be a past of the log.
//
// Threads: none of their own. Errors: kIo; kCorrupt names the file that is no checkpoint (read_cosigned).
#pragma once

#include <optional>

#include "log/ledger/timestamp.h"
#include "log/ledger/verify.h"

namespace firebreak::ledger {

inline constexpr std::string_view kCosignedFile = "cosigned";
inline constexpr std::string_view kWitnessFolder = "witness";

Path witness_path(const Path& log_dir, const std::string& witness);  // LOG/witness/<name>

// One of them; nothing when it is not there.
Result<std::optional<Checkpoint>> read_cosigned(Files& files, const Path& path);

struct Vouched {
  std::string name;                      // of the file, relative to the log
  std::optional<Checkpoint> checkpoint;  // none: `problem` says why
  std::string problem;
  std::optional<StoredStamp> stamp;
};
// All that stands beside the log or in an export of it; empty when nobody has answered yet. A log that is written meanwhile may
// outrun what is read of it: read this before the log.
enum class Stamps { kAll, kNewest };  // of each authority: a year of hourly ones is 8,760
Result<std::vector<Vouched>> read_vouched(Files& files, const Path& dir, Stamps which = Stamps::kAll);

// Fills report.kept with what `kept` and `vouched` say of the log; one that does not hold makes the verdict kContradicted.
void judge_kept(const VerifierKey& key, const PastView& log, const Kept& kept, const std::vector<Vouched>& vouched, VerifyReport& report);

// Copies what vouches for at most `size` entries, and adds to `checkpoint` the cosignatures of this very size.
Result<void> export_vouched(Files& files, const Path& log_dir, const Path& out_dir, const std::vector<Vouched>& vouched,
                            Checkpoint& checkpoint);

}  // namespace firebreak::ledger
