// What witnesses have cosigned, beside the log that they saw: LOG/cosigned, the newest checkpoint with all cosignatures that
// were asked for, and LOG/witness/<name>, what one witness cosigned last. Restoring a log without these, or these without the
// log, is seen: each must be a past of the log.
//
// Threads: none of their own. Errors: kIo; kCorrupt names the file that is no checkpoint (read_cosigned).
#pragma once

#include <initializer_list>
#include <optional>

#include "log/ledger/verify.h"

namespace firebreak::ledger {

inline constexpr std::string_view kCosignedFile = "cosigned";
inline constexpr std::string_view kWitnessFolder = "witness";

Path witness_path(const Path& log_dir, const std::string& witness);  // LOG/witness/<name>

// All that stands beside the log, names relative to it; empty when no witness has answered yet.
Result<std::vector<KeptReceipt>> stored_cosigned(Files& files, const Path& log_dir);
// One of them; nothing when it is not there.
Result<std::optional<Checkpoint>> read_cosigned(Files& files, const Path& path);

// Fills report.kept; sets the verdict to kContradicted when one does not hold.
void judge_kept(const VerifierKey& key, const PastView& log, std::initializer_list<const std::vector<KeptReceipt>*> kept,
                VerifyReport& report);

}  // namespace firebreak::ledger
