// Writes a log in the C2SP tlog-tiles layout, which unmodified public tools read: checkpoint,
// tile/<L>/<N>[.p/<W>], tile/entries/<N>[.p/<W>]; beside them `vkey` and `origin`, and what others vouched for
// (cosigned.h): `cosigned`, `witness/`, `timestamps/`.
#pragma once

#include "base/files.h"
#include "log/ledger/note.h"

namespace firebreak::ledger {

// Exports what the checkpoint in `log_dir` signs. Refuses a damaged or contradicted log with kCorrupt and a folder that holds
// something else than an earlier export with kConflict. Needs no server and no key.
Result<Checkpoint> export_tiles(Files& files, const Path& log_dir, const Path& out_dir);

}  // namespace firebreak::ledger
