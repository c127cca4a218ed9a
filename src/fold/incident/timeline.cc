// One line per entry that matters to an incident: the short history that lists and screens show.
#include <fmt/core.h>

#include "base/utf8.h"
#include "fold/incident/parts.h"

namespace firebreak::incident {
namespace {

std::string of_action(const Json& body, std::string_view what) {
  const std::string reason = string_or(body, "reason"), by = string_or(body, "by");
  return fmt::format("{} {}{}{}", string_or(body, "action"), what, by.empty() || by == "firebreak" ? "" : " by " + by,
                     reason.empty() ? "" : ": " + reason);
}

// Entries that name the incident themselves.
std::string own_text(const Entry& entry) {
  const Json& body = entry.body;
  const auto text = [&](std::string_view key) { return string_or(body, key); };
  if (entry.kind == "incident_opened") return fmt::format("opened, {}: {}", text("severity"), text("title"));
  if (entry.kind == "incident_finding_linked") return fmt::format("{} ({}): {}", text("finding"), text("kind"), text("summary"));
  if (entry.kind == "incident_triaged") return fmt::format("triage by {}: {}", text("by"), text("verdict"));
  if (entry.kind == "finding_verdict") return fmt::format("{} says that {} is {}: {}", text("by"), text("finding"), text("verdict"), shortened(text("reason"), 200));
  if (entry.kind == "incident_acknowledged") return "acknowledged by " + text("by");
  if (entry.kind == "incident_phase") return fmt::format("{} -> {}: {}", text("from"), text("to"), text("reason"));
  if (entry.kind == "incident_severity") return fmt::format("severity {} -> {}: {}", text("from"), text("to"), text("reason"));
  if (entry.kind == "incident_impact")
    return fmt::format("impact: functional {} (likely {}), recoverability {}", text("functional_now"),
                       text("functional_likely"), text("recoverability"));
  if (entry.kind == "incident_role") return fmt::format("{} is {}", text("user"), text("role"));
  if (entry.kind == "incident_note") return fmt::format("{}: {}", text("by"), shortened(text("text"), 200));
  if (entry.kind == "incident_merged") return fmt::format("merged into {}", text("into"));
  if (entry.kind == "incident_reopened") return fmt::format("opened again by {} and {}", text("with"), text("by"));
  if (entry.kind == "incident_finding_late") return fmt::format("{} goes on although the incident is closed", text("finding"));
  if (entry.kind == "incident_measured") return fmt::format("measured by {}: {}", text("by"), shortened(text("name"), 200));
  if (entry.kind == "incident_task_opened") return fmt::format("task for {}: {}", text("owner"), shortened(text("text"), 200));
  if (entry.kind == "incident_task_done") return fmt::format("{} done: {}", text("task"), shortened(text("result"), 200));
  if (entry.kind == "incident_closed") return fmt::format("closed by {}; residual risk: {}", text("by"), shortened(text("residual_risk"), 200));
  if (entry.kind == "evidence_captured") return fmt::format("evidence {}: {} ({} octets)", text("item"), text("name"), int_or(body, "octets"));
  if (entry.kind == "evidence_failed") return fmt::format("evidence {} failed: {}", text("item"), text("reason"));
  if (entry.kind == "options_offered") return "containment options offered";
  if (entry.kind == "action_proposed") return fmt::format("{} proposes: {}", text("requested_by"), text("text"));
  if (entry.kind == "release_registered") return fmt::format("release {} registered", text("release"));
  if (entry.kind == "playbook_run_started") return "playbook started";
  return {};
}

// Entries that name an action of the incident.
std::string action_text(const Entry& entry) {
  const Json& body = entry.body;
  if (entry.kind == "action_approved") return of_action(body, find(body, "break_glass") != nullptr ? "approved by one alone, under break-glass" : "approved");
  if (entry.kind == "action_rejected") return of_action(body, "rejected");
  if (entry.kind == "action_expired") return of_action(body, "expired unapproved");
  if (entry.kind == "action_in_force") return of_action(body, "is in force");
  if (entry.kind == "action_lifted") return of_action(body, "lifted");
  if (entry.kind == "action_failed") return of_action(body, "failed");
  if (entry.kind == "action_uncertain") return of_action(body, "uncertain");
  if (entry.kind == "lease_warning") return of_action(body, fmt::format("ends in {} min", int_or(body, "minutes_left")));
  if (entry.kind == "lease_extended") return of_action(body, "extended to " + string_or(body, "until"));
  if (entry.kind == "ladder_step") return of_action(body, "reached step " + string_or(body, "step"));
  if (entry.kind == "ladder_ended") return of_action(body, string_or(body, "outcome"));
  return {};
}

}  // namespace

Line timeline_line(const IncidentState& state, const Entry& entry) {
  if (std::string text = own_text(entry); !text.empty())
    return {entry.kind == "incident_opened" ? entry.id("inc") : string_or(entry.body, "incident"), std::move(text)};
  const auto facts = state.actions.find(string_or(entry.body, "action"));
  if (facts == state.actions.end()) return {};
  return {facts->second.incident, action_text(entry)};
}

void add_line(Incident& incident, const Entry& entry, std::string text) {
  auto& lines = incident.timeline;
  if (lines.size() >= kTimelineHead + kTimelineTail)
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(kTimelineHead));
  lines.push_back({entry.index, entry.time, std::move(text)});
}

}  // namespace firebreak::incident
