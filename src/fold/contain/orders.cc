// Orders: what a live action still owes its endpoint, the queue of each endpoint, and what came back.
#include <fmt/core.h>

#include <algorithm>

#include "fold/contain/parts.h"

namespace firebreak::contain {
namespace {

Draft order(const EndpointSlot& slot, const std::string& action, std::string_view verb) {
  Draft draft;
  draft.kind = "order";
  draft.cause = action;
  draft.body = JsonObject{{"action", action},
                          {"endpoint", slot.endpoint.name},
                          {"connector", slot.endpoint.gateway},
                          {"verb", verb},
                          {"class", "declarative"},
                          {"attempt_limit", verb == "remove" || action.empty() ? kRemoveAttempts : 5}};
  return draft;
}

Draft extension_order(const EndpointSlot& slot, const Action& action, const Extended& extended) {
  Draft draft = order(slot, action.id, "extend");
  draft.body.as_object()["extension"] =
      JsonObject{{"entry", extended.index}, {"callers", extended.callers}, {"digests", extended.digests}};
  return draft;
}

Order* find_order(ContainState& state, const std::string& id, EndpointSlot** in) {
  for (auto& [name, slot] : state.endpoints)
    for (Order& candidate : slot.orders)
      if (candidate.index == index_of(id)) {
        *in = &slot;
        return &candidate;
      }
  return nullptr;
}

const Order* find_order(const ContainState& state, const std::string& id) {
  for (const auto& [name, slot] : state.endpoints)
    for (const Order& candidate : slot.orders)
      if (candidate.index == index_of(id)) return &candidate;
  return nullptr;
}

Draft end_of(const Action& action, std::string_view kind, std::string reason) {
  Draft draft;
  draft.kind = kind;
  draft.cause = action.id;
  draft.body = JsonObject{{"action", action.id}, {"reason", std::move(reason)}};
  return draft;
}

}  // namespace

Drafts orders_due(const ContainState& state, const Action& action, Time now) {
  const auto at = state.endpoints.find(action.endpoint);
  if (state.frozen || at == state.endpoints.end()) return {};
  const EndpointSlot& slot = at->second;
  // Its standing approval ended while it could not be ordered: the end of that takes it back.
  if (action.status == ActionStatus::kApproved && !standing_holds(state, action, now)) return {};
  if (is_over(action)) {
    const bool stays = action.status == ActionStatus::kPromoted;
    if (action.apply_order != 0 && action.remove_order == 0 && !stays) return {order(slot, action.id, "remove")};
    return {};
  }
  if (is_open_ended(action)) {
    if (action.status == ActionStatus::kApproved && action.steps.empty()) return {ladder_step(state, action, "shadow")};
    if (!action.steps.empty() && action.steps.back().order == 0) return {order(slot, action.id, "apply")};
    return {};
  }
  if (action.status == ActionStatus::kApproved || (is_live(action) && action.resend)) {
    Draft draft = order(slot, action.id, "apply");
    const Time until = action.resend ? action.until : now + action.lease_us;
    draft.body.as_object()["until"] = format_time(until);
    return {std::move(draft)};
  }
  Drafts drafts;
  for (const Extended& extended : action.extended)
    if (extended.order == 0) drafts.push_back(extension_order(slot, action, extended));
  return drafts;
}

Drafts extension_order_due(const ContainState& state, const Action& action, std::uint64_t extended) {
  const auto at = state.endpoints.find(action.endpoint);
  if (state.frozen || at == state.endpoints.end() || !is_live(action)) return {};
  for (const Extended& one : action.extended)
    if (one.index == extended && one.order == 0) return {extension_order(at->second, action, one)};
  return {};
}

Drafts base_order_due(const EndpointSlot& slot) {
  if (!slot.base_dirty || slot.base_release.empty() || slot.endpoint.gateway.empty()) return {};
  return {order(slot, "", "apply")};
}

void apply_order(ContainState& state, const Entry& entry) {
  const Json& body = entry.body;
  Order placed;
  placed.index = entry.index;
  placed.action = string_or(body, "action");
  placed.endpoint = string_or(body, "endpoint");
  placed.verb = string_or(body, "verb");
  placed.attempt_limit = static_cast<std::uint32_t>(std::max<std::int64_t>(1, int_or(body, "attempt_limit", 5)));
  if (const Json* extension = find(body, "extension"))
    placed.extension = static_cast<std::uint64_t>(int_or(*extension, "entry"));
  EndpointSlot& slot = state.endpoints[placed.endpoint];
  if (placed.verb != "extend") slot.base_dirty = false;
  slot.orders.push_back(placed);
  const auto at = state.actions.find(placed.action);
  if (at == state.actions.end()) return;
  Action& action = at->second;
  if (placed.verb == "remove") action.remove_order = entry.index;
  if (placed.verb == "extend")
    for (Extended& extended : action.extended)
      if (extended.index == placed.extension) extended.order = entry.index;
  if (placed.verb != "apply") return;
  if (action.apply_order == 0) action.apply_order = entry.index;
  if (action.status == ActionStatus::kApproved) action.status = ActionStatus::kOrdered;
  if (!action.steps.empty() && action.steps.back().order == 0) action.steps.back().order = entry.index;
  if (const auto until = get_time(body, "until")) action.until = *until;
  action.resend = false;
  for (Extended& extended : action.extended)  // the whole policy carries them too
    if (extended.order == 0) extended.order = entry.index;
}

void apply_started(ContainState& state, const Entry& entry) {
  EndpointSlot* slot = nullptr;
  Order* order = find_order(state, string_or(entry.body, "order"), &slot);
  if (order == nullptr) return;
  order->attempt = static_cast<std::uint32_t>(std::max<std::int64_t>(1, int_or(entry.body, "attempt", 1)));
  order->started = true;
}

void apply_outcome(ContainState& state, const Entry& entry) {
  EndpointSlot* slot = nullptr;
  Order* order = find_order(state, string_or(entry.body, "order"), &slot);
  if (order == nullptr) return;
  const bool done = string_or(entry.body, "result") == "done";
  order->started = false;
  if (done) {
    slot->last_done = std::max(slot->last_done, order->index);
    if (const auto at = state.actions.find(order->action); at != state.actions.end())
      for (LadderStep& step : at->second.steps)
        if (step.order == order->index) step.since = entry.time;
  }
  if (done || order->attempt >= order->attempt_limit)
    std::erase_if(slot->orders, [index = order->index](const Order& open) { return open.index == index; });
}

// Sees the outcome applied: a finished order is no longer in its queue, one that will be tried again still is.
Drafts decide_outcome(const ContainState& state, const Entry& entry) {
  const std::string id = string_or(entry.body, "order"), result = string_or(entry.body, "result");
  const std::uint64_t index = index_of(id);
  if (index == 0) return {};
  for (const auto& [name, action] : state.actions) {
    const bool step = std::any_of(action.steps.begin(), action.steps.end(),
                                  [&](const LadderStep& s) { return s.order == index; });
    if (action.apply_order != index && !step) continue;
    if (!is_live(action)) return {};
    if (result == "done") {
      if (action.status != ActionStatus::kOrdered) return {};
      Draft draft;
      draft.kind = "action_in_force";
      draft.cause = id;
      draft.body = JsonObject{{"action", action.id}};
      return {std::move(draft)};
    }
    if (find_order(state, id) != nullptr) return {};  // another attempt follows
    const std::string why = string_or(entry.body, "detail", "the order could not be carried out");
    if (step) return {lift(action, "order failed: " + why, "firebreak")};
    return {end_of(action, result == "uncertain" ? "action_uncertain" : "action_failed", why)};
  }
  return {};
}

}  // namespace firebreak::contain
