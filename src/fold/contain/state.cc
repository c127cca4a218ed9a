#include "fold/contain/state.h"

#include <fmt/core.h>

#include <charconv>

#include "fold/contain/parts.h"
#include "types/command.h"

namespace firebreak::contain {

std::string_view status_name(ActionStatus status) {
  constexpr std::string_view kNames[] = {"proposed", "approved", "ordered", "in_force",  "lifted",
                                         "rejected", "expired",  "failed",  "uncertain", "promoted"};
  return kNames[static_cast<int>(status)];
}

bool is_live(const Action& action) {
  return action.status == ActionStatus::kApproved || action.status == ActionStatus::kOrdered ||
         action.status == ActionStatus::kInForce;
}

bool is_over(const Action& action) { return action.status > ActionStatus::kInForce; }

const Action* find_action(const ContainState& state, const std::string& id) {
  const auto at = state.actions.find(id);
  return at == state.actions.end() ? nullptr : &at->second;
}

bool is_open_ended(const Action& action) { return action.cls == "promotion"; }

Measure effective_measure(const Action& action, std::uint64_t upto) {
  Measure measure = action.measure;
  if (auto* quarantine = std::get_if<QuarantineMeasure>(&measure)) {
    for (const auto& [caller, index] : action.grown.callers)
      if (index <= upto) quarantine->callers.insert(caller);
    for (const auto& [digest, index] : action.grown.digests)
      if (index <= upto) quarantine->digests.insert(digest);
  }
  return measure;
}

bool lease_over(const Action& action, Time now) { return action.until.us != 0 && now >= action.until; }

// What changes the system for good. A measure leaves it as it is: it ends by itself and only traffic goes elsewhere meanwhile.
Result<void> not_held(const ContainState& state, std::string_view cls, const std::string& incident, const std::string& endpoint) {
  if (cls != "destructive" && cls != "promotion") return {};
  for (const auto& [duty, hold] : state.holds)
    if (hold.incident == incident || (!hold.endpoint.empty() && hold.endpoint == endpoint))
      return fail(Code::kConflict,
                  fmt::format("{} ({}) holds the evidence of {}: a {} action waits until the notice is proven ('firebreak deadline met {} {} …') or two people override the hold "
                              "('firebreak deadline override {} --reason …')",
                              duty, hold.regime, hold.incident, cls, duty, hold.stage, duty));
  return {};
}

Draft refuse(std::string_view command, Code code, std::string reason, std::string pointer) {
  Draft draft;
  draft.kind = "command_refused";
  draft.body = refusal(command, code, std::move(reason), std::move(pointer));
  return draft;
}

Draft lift(const Action& action, std::string reason, std::string by) {
  Draft draft;
  draft.cause = action.id;
  // A promotion has steps to take back, so its end has an entry of its own.
  if (is_open_ended(action)) {
    draft.kind = "ladder_ended";
    draft.body = JsonObject{{"action", action.id}, {"outcome", "aborted"}, {"reason", std::move(reason)}, {"by", std::move(by)}};
  } else {
    draft.kind = "action_lifted";
    draft.body = JsonObject{{"action", action.id}, {"reason", std::move(reason)}, {"by", std::move(by)}};
  }
  return draft;
}

std::string who(const Entry& entry) { return string_or(entry.body, "by", entry.actor); }

bool evidence_complete(const ContainState& state, const std::string& incident) {
  const auto at = state.evidence.find(incident);
  if (at == state.evidence.end() || !at->second.any_captured) return false;
  for (const auto& [request, items] : at->second.open)
    if (!items.empty()) return false;
  return true;
}

}  // namespace firebreak::contain
