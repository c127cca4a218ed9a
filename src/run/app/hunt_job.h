// POST /api/v1/backtests with "open": the retro-hunt for rules that are not applied (run/app/rule_hunt.h).
#pragma once

#include "run/app/context.h"
#include "run/app/feed_maker.h"

namespace firebreak::app {

// `asked`: {"from", "open": {version: 1, rules: [{file, document, lines}]} (as POST /api/v1/rules takes it), "endpoint"?}; without an
// endpoint every stream. Answers {"from", "loaded", "refused": [{file, line, title, reason}], "total", "streams": [hunt_rules of each
// that has records from then on], "digest"}. Reads streams and journal, writes nothing. Errors: kInvalid when no rule loads,
// kNotFound: no such stream, or nothing recorded in any. Threads: any; the caller sees to it that one runs at a time.
Result<Json> run_hunt(const Context& context, const FeedMaker& feeds, const Json& asked);

}  // namespace firebreak::app
