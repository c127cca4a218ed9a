// What each containment option would have stopped and hurt, had it been in force during the last days.
//
// Pure functions over rows of the stream in time order, replayed once per option. "Attack" = a member of the
// incident's chains (feature digest). "Honest" = not a member, and the caller is in none of the chains: cover traffic
// of the attacker's keys is therefore neither. Nobody knows the truth here; the method text says so.
// The result is the `options` array of `options_offered` (docs/formats/journal.md), within half an entry (16 KiB).
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "types/endpoint.h"
#include "types/observation.h"

namespace firebreak::contain {

struct ForecastRow {
  std::uint64_t index = 0;
  Time time;
  std::string caller;
  Digest feature_digest;
  std::string label;                                   // the model's answer
  double score = 0;                                    // NaN: none
  double amount = 0;                                   // value of endpoint.amount_field
  Disposition disposition = Disposition::kServed;
};
ForecastRow forecast_row(const Observation& observation, const Endpoint& endpoint);

struct ForecastInput {
  std::string incident;
  Endpoint endpoint;
  std::vector<ForecastRow> rows;             // in time order, the window [from, to]
  std::set<std::string> chain_callers;
  std::set<Digest> chain_digests;
  std::map<std::string, Time> first_seen;    // caller -> first request ever; callers without one: first in `rows`
  Time from, to;                             // of the window; to = now
  double young_per_minute = 2;               // rate_limit_young
  double young_burst = 5;
  double review_low = 0, review_high = 0;    // both 0: the band that holds 90 % of the chain's approved scores
};

// chain_quarantine, rate_limit_young, manual_review, static_block (last), each with measure, lease, figures, undo.
std::vector<Json> forecast_options(const ForecastInput& input);
std::string forecast_method(const ForecastInput& input);  // `method` of options_offered

}  // namespace firebreak::contain
