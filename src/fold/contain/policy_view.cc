// Readers: the policy as ordered, the orders to carry out, the actions to check.
#include <algorithm>

#include "fold/contain/parts.h"

namespace firebreak::contain {
namespace {

// The newest step of a promotion whose order is at most `upto`; nullptr when none is.
const LadderStep* step_at(const Action& action, std::uint64_t upto) {
  const LadderStep* found = nullptr;
  for (const LadderStep& step : action.steps)
    if (step.order != 0 && step.order <= upto) found = &step;
  return found;
}

bool stands(const Action& action, std::uint64_t upto) {
  return action.apply_order != 0 && action.apply_order <= upto &&
         !(action.remove_order != 0 && action.remove_order <= upto);
}

std::optional<Measure> measure_of_step(const Action& action, const std::string& base, const std::string& step) {
  if (step == "shadow") return MirrorMeasure{action.release, 1.0};
  if (step == "5" || step == "25") {
    const std::uint32_t percent = step == "5" ? 5 : 25;
    return WeightsMeasure{{{base, 100 - percent}, {action.release, percent}}};
  }
  if (step == "100") return WeightsMeasure{{{action.release, 100}}};
  return std::nullopt;  // watch: the base itself has changed
}

QuarantineExtension extension_of(const ContainState& state, const Order& order) {
  QuarantineExtension extension;
  extension.fence = order.index;
  extension.endpoint = order.endpoint;
  extension.action = order.action;
  if (const Action* action = find_action(state, order.action)) {
    for (const auto& [caller, index] : action->grown.callers)
      if (index == order.extension) extension.callers.push_back(caller);
    for (const auto& [digest, index] : action->grown.digests)
      if (index == order.extension) extension.digests.push_back(digest);
  }
  return extension;
}

}  // namespace

EndpointPolicy compile_policy(const ContainState& state, const std::string& endpoint) {
  EndpointPolicy policy;
  const auto at = state.endpoints.find(endpoint);
  if (at == state.endpoints.end()) return policy;
  const EndpointSlot& slot = at->second;
  policy.fence = slot.orders.empty() ? slot.last_done : slot.orders.front().index;
  policy.endpoint = slot.endpoint;
  for (const auto& [name, target] : slot.releases) policy.releases.push_back(target);
  std::string base = slot.base_release;
  std::vector<const Action*> standing;
  for (const auto& [id, action] : state.actions)
    if (action.endpoint == endpoint && stands(action, policy.fence) && action.status != ActionStatus::kPromoted)
      standing.push_back(&action);
  std::sort(standing.begin(), standing.end(), [](const Action* a, const Action* b) { return a->index < b->index; });
  for (const Action* action : standing) {
    if (!is_open_ended(*action)) {
      policy.measures.push_back({action->id, effective_measure(*action, policy.fence), action->until});
      continue;
    }
    const LadderStep* step = step_at(*action, policy.fence);
    if (step == nullptr) continue;
    if (step->step == "watch") base = action->release;
    if (auto measure = measure_of_step(*action, slot.base_release, step->step))
      policy.measures.push_back({action->id, std::move(*measure), Time{}});
  }
  if (!base.empty()) policy.base_weights[base] = 100;
  return policy;
}

std::vector<OpenOrder> open_orders(const ContainState& state) {
  std::vector<OpenOrder> open;
  for (const auto& [name, slot] : state.endpoints) {
    if (slot.orders.empty()) continue;
    const Order& first = slot.orders.front();
    if (state.frozen && !first.started) continue;
    OpenOrder order;
    order.id = "ord-" + std::to_string(first.index);
    order.fence = first.index;
    order.action = first.action;
    order.endpoint = first.endpoint;
    order.connector = slot.endpoint.gateway;
    order.verb = first.verb;
    order.attempt = first.started ? first.attempt : first.attempt + 1;
    order.attempt_limit = first.attempt_limit;
    order.started = first.started;
    if (first.verb == "extend") order.extension = extension_of(state, first);
    open.push_back(std::move(order));
  }
  return open;
}

std::vector<ActionInForce> actions_in_force(const ContainState& state) {
  std::vector<ActionInForce> all;
  for (const auto& [id, action] : state.actions) {
    if (action.status != ActionStatus::kInForce) continue;
    ActionInForce in_force;
    in_force.action = id;
    in_force.incident = action.incident;
    in_force.endpoint = action.endpoint;
    in_force.cls = action.cls;
    in_force.measure = effective_measure(action, UINT64_MAX);
    in_force.since = action.in_force_since;
    in_force.until = action.until;
    for (const LadderStep& step : action.steps)
      if (step.since.us != 0) {
        in_force.step = step.step;
        in_force.step_since = step.since;
      }
    in_force.release = action.release;
    in_force.control = action.base_before;
    all.push_back(std::move(in_force));
  }
  return all;
}

}  // namespace firebreak::contain
