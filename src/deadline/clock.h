// When something is due: the arithmetic of reporting clocks.
//
// Due is the last instant to be in time, in UTC, by the earlier of the readings that a regime allows; `later` is the other one, when it ends
// later. Hours and days run from the start to the microsecond (N days are N x 24 hours), months to the same time of the local day, business
// days to the regime's end of the N-th business day after the local day of the start. Of several periods the earliest end counts. Events that
// have not happened give no bound: a later call with more events can only bring an end forward, but for what a regime itself says (a start
// that replaces another, a period that drops).
//
// A stage that follows another starts with the other's filing; before that, with the time the other is due, and says so (`expected`).
//
// Pure; no clock: nothing here knows what time it is now.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "deadline/calendar.h"
#include "deadline/regime.h"

namespace firebreak::deadline {

struct Happened {
  std::string event;  // one of events_of(regime)
  Time at;
};

struct Case {
  std::vector<Happened> happened;
  std::set<std::string> facts;      // those that hold, of facts_of(regime); the others do not, or are not known
  std::vector<Interval> still;      // stops and delays, with their reasons
};

enum class State {
  kDue,           // `due` is set
  kWaits,         // nothing that starts it has happened
  kDoesNotApply,  // by the facts that are known
};

struct Due {
  const Stage* stage = nullptr;  // in the regime that was given: the caller keeps it
  State state = State::kWaits;
  Time start, due;
  std::optional<Time> later;
  const Period* by = nullptr;         // the period that ends first
  bool expected = false;              // the start is the time a stage before is due, not its filing
  std::vector<std::string> waits_for; // events that have not happened and might bring the end forward
  std::optional<Time> filed;          // the first filing that counts
  std::vector<std::string> notes;     // what was left aside and why, for people
  bool late() const { return filed && state == State::kDue && *filed > due; }
};

// One Due for each stage, in the regime's order. `calendar`: holidays and offset; its weekend is the regime's.
// Errors: kInvalid for events and facts that the regime does not know (the message lists them), a stop without length, stops where the regime
// knows none, an offset beyond 14 hours; kConflict for a regime that is a draft unless `allow_draft`.
Result<std::vector<Due>> due_times(const Regime& regime, const Case& what, const Calendar& calendar, bool allow_draft = false);

}  // namespace firebreak::deadline
