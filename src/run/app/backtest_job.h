// POST /api/v1/backtests: what another detector configuration and other correlation rules would have found (run/replay/backtest.h).
#pragma once

#include "run/app/context.h"
#include "run/app/feed_maker.h"

namespace firebreak::app {

// `asked`: {"endpoint"?, "from", "config"?, "rules"?}; what is left out is as it is now; `endpoint` may stand in `config`. The answer
// is that of replay::backtest with, where a person judged what would vanish, the finding's id and verdict ("verdict": in the journal),
// "vanishing_true" (how many of these were true), and "digest": SHA-256 of the canonical answer without it, for whom to approve.
// With "open" it is the retro-hunt for rules instead (run/app/hunt_job.h). Reads stream and journal, writes nothing. Errors: kInvalid (pointer), kNotFound, kBusy (one at a time). Threads: any.
Result<Json> run_backtest(const Context& context, const FeedMaker& feeds, const Json& asked);

}  // namespace firebreak::app
