// Standing approvals: people say yes in advance to a narrow class of actions, for a time and a number of uses.
//
// Promise: an action comes under one only when everything fits: endpoint, kind of measure, lease, each condition, the time, a use that
// is left, and as many people who gave it, none of them who asked for the action, as the action takes. Nobody approves what he asked for
// in advance either. What it covers is bound by a digest, in which the ground stands too that it was given on (owner, gateway, rules of the
// fallback, caps, for routes the last known good): when that moves, or the roles of somebody who gave it, it ends. One person ends it at
// once; then what has not come into force under it does not. Destructive actions and promotions never come under one.
#pragma once

#include "fold/contain/contain.h"

namespace firebreak::contain {

inline constexpr std::int64_t kStandingLongest = 90 * kDay;
inline constexpr std::int64_t kStandingUses = 100;
inline constexpr std::size_t kStandingKept = 200;  // ended ones; and at most as many that wait or stand

bool is_valid(const Standing& standing, Time now);

// The digest of what it covers.
std::string standing_digest(const ContainState& state, const Standing& standing);

// What does not fit; empty: it does. `standing` is taken to be valid.
std::string unfit(const ContainState& state, const Standing& standing, const Action& action, Time now);

// The one that `action` comes under at `now`; empty: none.
std::string standing_for(const ContainState& state, const Action& action, Time now);

// {id, endpoint, measure, max_lease_s, uses, used, until, conditions, digest, asked_by, approved_by[], approvals, state, reason, expires?, ended?, ended_reason?, actions[]}
Json standing_view(const std::string& id, const Standing& standing, Time now);

}  // namespace firebreak::contain
