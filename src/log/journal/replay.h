// Reading the log back: entries in order, and a machine brought up to the log's end.
#pragma once

#include <functional>

#include "log/journal/machine.h"
#include "log/ledger/log.h"

namespace firebreak::journal {

// Calls `visit` with each entry from `from` on and its octets, to the durable end as of now; false stops.
// Errors: kCorrupt when octets are no entry (with the index), and the log's own.
Result<void> for_each_entry(const ledger::Log& log, std::uint64_t from,
                            const std::function<bool(Entry, ByteView)>& visit);

Result<void> replay(const ledger::Log& log, Machine& machine);  // from machine.size() on, apply() alone

}  // namespace firebreak::journal
