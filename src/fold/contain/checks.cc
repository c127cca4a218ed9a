// Effect checks: does a measure work, does it hurt more than it may, may a canary go one step on.
#include <fmt/core.h>

#include <array>

#include "fold/contain/parts.h"

namespace firebreak::contain {
namespace {

constexpr std::array<std::string_view, 5> kLadder = {"shadow", "5", "25", "100", "watch"};

std::string_view step_after(std::string_view step) {
  for (std::size_t i = 0; i + 1 < kLadder.size(); ++i)
    if (kLadder[i] == step) return kLadder[i + 1];
  return {};
}

// Why the measure must go, or nothing. The figures are held against the endpoint's own caps, whatever the verdict.
std::string harm_of(const EndpointCaps& caps, const Json& body) {
  const Json* harm = find(body, "harm");
  const std::int64_t of = harm != nullptr ? int_or(*harm, "of") : 0;
  if (of > 0) {
    const auto share = [&](std::string_view key) { return static_cast<double>(int_or(*harm, key)) / static_cast<double>(of); };
    if (share("failed") > caps.honest_failed_share)
      return fmt::format("harm: {} of {} other requests failed, the cap is {:g} %", int_or(*harm, "failed"), of,
                         caps.honest_failed_share * 100);
    if (of >= kHarmSample && share("changed") > caps.honest_changed_share)
      return fmt::format("harm: {} of {} other answers were changed, the cap is {:g} %", int_or(*harm, "changed"), of,
                         caps.honest_changed_share * 100);
  }
  if (string_or(body, "verdict") == "red") return "effect check red: " + string_or(body, "reason", "no reason given");
  return {};
}

// A check may only speak for the step that was in force during its whole window.
bool speaks_for(const Json& body, const LadderStep& step) {
  if (step.since.us == 0) return false;
  if (const std::string named = string_or(body, "step"); !named.empty() && named != step.step) return false;
  const Json* window = find(body, "window");
  if (window == nullptr) return true;
  const auto from = get_time(*window, "from");
  return !from || *from >= step.since;
}

}  // namespace

Draft ladder_step(const ContainState& state, const Action& action, std::string_view step) {
  const auto slot = state.endpoints.find(action.endpoint);
  const std::string base = slot == state.endpoints.end() ? action.base_before : slot->second.base_release;
  JsonObject weights;
  if (step == "shadow") {
    weights[base] = 100;
  } else if (step == "100" || step == "watch") {
    weights[action.release] = 100;
  } else {
    const int percent = step == "5" ? 5 : 25;
    weights[base] = 100 - percent;
    weights[action.release] = percent;
  }
  Draft draft;
  draft.kind = "ladder_step";
  draft.cause = action.id;
  draft.body = JsonObject{{"action", action.id}, {"endpoint", action.endpoint}, {"release", action.release},
                          {"step", step},        {"weights", std::move(weights)}, {"mirror", step == "shadow"}};
  return draft;
}

Drafts decide_effect_check(const ContainState& state, const Entry& entry) {
  const Action* action = find_action(state, string_or(entry.body, "action"));
  if (action == nullptr || action->status != ActionStatus::kInForce) return {};
  if (is_open_ended(*action)) {
    if (action->steps.empty() || !speaks_for(entry.body, action->steps.back())) return {};
    const std::string verdict = string_or(entry.body, "verdict");
    const LadderStep& step = action->steps.back();
    if (verdict == "red")
      return {lift(*action, fmt::format("step {} red: {}", step.step, string_or(entry.body, "reason")), "firebreak")};
    // The watch window ends by time (deadlines.cc), not by one good minute. While frozen nothing moves on.
    if (verdict != "green" || step.step == "watch" || state.frozen) return {};
    return {ladder_step(state, *action, step_after(step.step))};
  }
  const auto slot = state.endpoints.find(action->endpoint);
  const EndpointCaps caps = slot == state.endpoints.end() ? EndpointCaps{} : slot->second.endpoint.caps;
  const std::string harm = harm_of(caps, entry.body);
  if (harm.empty() || lease_over(*action, entry.time)) return {};
  return {lift(*action, harm, "firebreak")};
}

void apply_effect_check(ContainState& state, const Entry& entry) {
  const auto at = state.actions.find(string_or(entry.body, "action"));
  if (at == state.actions.end()) return;
  Action& action = at->second;
  if (const Json* works = find(entry.body, "works")) {
    action.works_not_served = int_or(*works, "not_served");
    action.works_of = int_or(*works, "of");
  }
  if (string_or(entry.body, "verdict") == "green") action.checked_green = true;
}

}  // namespace firebreak::contain
