// What time alone brings: a step that begins after its delay or is tried again, a step or an approval that nobody answered.
#include <fmt/core.h>

#include <algorithm>

#include "fold/playbook/parts.h"

namespace firebreak::playbook {
namespace {

bool asks_people(const Activation& activation) { return !activation.approval.id.empty() && !activation.approval.complete; }

Drafts timer(const At& at, Time now) {
  const Activation& activation = *at.activation;
  if (now >= activation.deadline) return end_step(at, "timeout", fmt::format("no answer within {} s", (activation.deadline - activation.begin) / kSecond));
  if (!activation.begun && !at.run->paused && now >= activation.begin) return {make_draft("playbook_step_due", at.run->id, at.body())};
  if (asks_people(activation) && now >= activation.approval.until) return end_step(at, "failure", "nobody approved it in time");
  return {};
}

// A step whose end ends this one as well: the branching step it stands in, the step that called its playbook, and so on.
bool is_outer_due(const PlaybookState& state, const Run& in, std::string parent, Time now) {
  for (const Run* run = &in;;) {
    std::uint64_t index = index_of(parent);
    if (parent.empty()) {
      const auto caller = state.runs.find(run->parent_run);
      if (caller == state.runs.end()) return false;
      index = run->parent_step;
      run = &caller->second;
    }
    const auto outer = run->open.find(index);
    if (outer == run->open.end()) return false;
    if (now >= outer->second.deadline) return true;
    parent = outer->second.parent;
  }
}

}  // namespace

// Waiting for its begin, an activation wakes then; a paused run begins nothing.
Time wakes_at(const Run& run, const Activation& activation) {
  Time next = activation.deadline;
  if (!activation.begun && !run.paused) next = std::min(next, activation.begin);
  if (asks_people(activation)) next = std::min(next, activation.approval.until);
  return next;
}

Drafts timers_due(const PlaybookState& state, Time now, const std::function<bool(const std::string& run)>& not_now) {
  Drafts drafts;
  std::size_t taken = 0;
  for (const auto& [when, run, index] : state.timers) {
    if (when > now || taken >= kTimersAtOnce) break;
    const auto one = at(state, run, index);
    if (!one || not_now(run) || is_outer_due(state, *one->run, one->activation->parent, now)) continue;
    join(drafts, timer(*one, now));
    ++taken;
  }
  return drafts;
}

}  // namespace firebreak::playbook
