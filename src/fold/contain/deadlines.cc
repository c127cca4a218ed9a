// What time alone decides: proposals expire, leases are warned of, extended once or ended, a watch window ends.
#include <fmt/core.h>

#include "fold/contain/parts.h"

namespace firebreak::contain {
namespace {

Draft simple(std::string_view kind, const Action& action, JsonObject body) {
  Draft draft;
  draft.kind = kind;
  draft.cause = action.id;
  draft.body = std::move(body);
  return draft;
}

// Neither a forgotten block nor a silently reopened door: once, while the chain grew within the last hour.
bool may_extend(const Action& action, Time now) {
  return std::holds_alternative<QuarantineMeasure>(action.measure) && !action.lease_extended &&
         action.last_growth.us != 0 && action.last_growth >= action.until - kHour &&
         action.until + kLeaseExtension > now;
}

std::optional<Draft> lease_due(const Action& action, Time now) {
  if (action.until.us == 0) return std::nullopt;
  const std::int64_t left = action.until - now;
  if (left <= kExtendAhead && may_extend(action, now))
    return simple("lease_extended", action,
                  {{"action", action.id},
                   {"until", format_time(action.until + kLeaseExtension)},
                   {"reason", "nobody renewed the lease and the chain still grows: extended once"}});
  if (left <= 0) return lift(action, "lease ended", "firebreak");
  for (const std::uint32_t minutes : {10u, 30u}) {
    const std::int64_t span = minutes * kMinute;
    if (left > span || action.lease_us <= span) continue;
    if (action.warned_minutes != 0 && action.warned_minutes <= minutes) break;
    return simple("lease_warning", action, {{"action", action.id}, {"minutes_left", (left + kMinute - 1) / kMinute}});
  }
  return std::nullopt;
}

std::optional<Draft> watch_due(const ContainState& state, const Action& action, Time now) {
  if (action.steps.empty() || action.steps.back().step != "watch" || state.frozen) return std::nullopt;
  const Time since = action.steps.back().since;
  if (since.us == 0 || now < since + state.watch_us) return std::nullopt;
  return simple("ladder_ended", action,
                {{"action", action.id},
                 {"outcome", "promoted"},
                 {"endpoint", action.endpoint},
                 {"release", action.release},
                 {"reason", fmt::format("no red check in {} min of watching", state.watch_us / kMinute)}});
}

}  // namespace

Drafts deadlines_due(const ContainState& state, Time now) {
  Drafts drafts;
  for (const auto& [id, action] : state.actions) {
    const bool waiting = action.status == ActionStatus::kProposed || action.status == ActionStatus::kApproved;
    if (waiting && now >= action.expires) {
      drafts.push_back(simple("action_expired", action, {{"action", id}}));
    } else if (action.status == ActionStatus::kOrdered || action.status == ActionStatus::kInForce) {
      auto due = is_open_ended(action) ? watch_due(state, action, now) : lease_due(action, now);
      if (due) drafts.push_back(std::move(*due));
    }
  }
  return drafts;
}

}  // namespace firebreak::contain
