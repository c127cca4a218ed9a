// Many incidents at once: a person is called a bounded number of times, and hears of every one of them.
#include <fmt/core.h>

#include <algorithm>

#include "fold/notify/parts.h"

namespace firebreak::notify {
namespace {

Drafts summary(const std::string& severity) { return {make_draft("alert_raised", "", {{"incident", ""}, {"severity", severity}, {"source", kStorm}})}; }

std::string gravest(const NotifyState& state) {
  std::string found;
  for (const auto& [id, at] : state.held)
    if (const auto incident = state.incidents.find(id); incident != state.incidents.end() && (found.empty() || incident->second.severity < found)) found = incident->second.severity;
  return found;
}

bool was_named(const NotifyState& state, const std::string& incident) {
  return std::any_of(state.alerts.begin(), state.alerts.end(), [&](const auto& item) { return item.second.source == kStorm && item.second.named.contains(incident); });
}

bool may_call(const NotifyState& state, Time now) {
  const auto within = std::count_if(state.newly.begin(), state.newly.end(), [&](Time at) { return at + kStormWindow > now; });
  return static_cast<std::size_t>(within) < kStormBudget && state.alerts.size() < kOpenAlerts;
}

}  // namespace

const std::pair<const std::uint64_t, Alert>* open_summary(const NotifyState& state) {
  for (const auto& one : state.alerts)
    if (one.second.source == kStorm && one.second.acknowledged_by.empty() && !one.second.unanswered) return &one;
  return nullptr;
}

bool uncalled(const NotifyState& state) {
  if (state.held.empty() || state.settings.levels.empty() || open_summary(state) != nullptr) return false;
  return std::any_of(state.held.begin(), state.held.end(), [&](const auto& item) { return !was_named(state, item.first); });
}

std::vector<std::string> to_name(const NotifyState& state, const Alert& summary) {
  std::vector<std::string> out;
  const auto take = [&](bool named, bool covered) {
    for (const auto& [id, at] : state.held)
      if (out.size() < kStormNames && was_named(state, id) == named && summary.covers.contains(id) == covered) out.push_back(id);
  };
  take(false, false);
  take(true, false);
  take(true, true);
  return out;
}

Drafts call_for(const NotifyState& state, const std::string& incident, const std::string& severity, std::string_view source, Time now) {
  if (may_call(state, now)) return {make_draft("alert_raised", incident, {{"incident", incident}, {"severity", severity}, {"source", source}})};
  return {make_draft("alert_held", incident, {{"incident", incident}, {"severity", severity}, {"source", source}})};
}

Drafts held(const NotifyState& state, const Entry& entry) {
  const std::string severity = string_or(entry.body, "severity");
  const auto* const open = open_summary(state);
  if (open == nullptr) return storm_due(state, entry.time);
  if (severity < open->second.severity) return step(state, open->first, open->second, entry.time, "raised", severity);
  return {};
}

Drafts storm_due(const NotifyState& state, Time now) {
  if (!uncalled(state) || (state.summary.us != 0 && now < state.summary + kStormWindow)) return {};
  return summary(gravest(state));
}

Drafts storm_over(const NotifyState& state, const std::string& by) {
  Drafts drafts;
  if (!state.held.empty()) return drafts;
  for (const auto& [index, alert] : state.alerts)
    if (alert.source == kStorm && alert.acknowledged_by.empty())
      drafts.push_back(make_draft("alert_acknowledged", "", {{"alert", fmt::format("alert-{}", index)}, {"incident", ""}, {"by", by}, {"covers", JsonArray{}}}));
  return drafts;
}

}  // namespace firebreak::notify
