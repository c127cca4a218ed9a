// Incidents that become one, become two, or are opened again; and findings that come when theirs is closed.
#include <fmt/core.h>

#include <algorithm>

#include "fold/incident/parts.h"
#include "types/command.h"

namespace firebreak::incident {
namespace {

const Finding* finding_in(const IncidentState& state, const Incident& incident, const std::string& id) {
  const auto at = state.findings.find(id);
  const bool here = std::find(incident.findings.begin(), incident.findings.end(), id) != incident.findings.end();
  return here && at != state.findings.end() ? &at->second : nullptr;
}

}  // namespace

// The new incident opens where its first finding is. The old one keeps its endpoint: further findings come to it.
Drafts decide_split(const IncidentState& state, const Entry& entry, const Incident& incident, const Json& args) {
  const auto title = text_of(args, "title"), reason = text_of(args, "reason");
  for (const auto* text : {&title, &reason})
    if (!*text) return refuse(entry, text->error().code, text->error().message, text->error().pointer);
  std::vector<const Finding*> findings;
  for (const std::string& id : strings_or_empty(args, "findings")) {
    const Finding* const finding = finding_in(state, incident, id);
    if (finding == nullptr) return refuse(entry, Code::kNotFound, fmt::format("{} has no finding '{}'", incident.id, id), "/findings");
    if (std::find(findings.begin(), findings.end(), finding) == findings.end()) findings.push_back(finding);
  }
  if (findings.empty()) return refuse(entry, Code::kInvalid, "name at least one finding of the incident", "/findings");
  if (findings.size() == incident.findings.size()) return refuse(entry, Code::kInvalid, "some findings must stay", "/findings");
  Severity gravest = Severity::kInformational;
  for (const Finding* one : findings) gravest = std::max(gravest, one->severity);
  JsonObject body = opening(state, findings.front()->endpoint, findings.front()->stream, *title, severity_of(gravest), "split", findings);
  body["split_of"] = incident.id;
  body["reason"] = *reason;
  body["by"] = who(entry);
  return {make_draft("incident_opened", incident.id, std::move(body))};
}

// The open findings are linked anew, so that every room learns whose they are now; then the one that was merged ends.
Drafts decide_merged(const IncidentState& state, const Entry& entry) {
  const std::string id = string_or(entry.body, "incident"), into = string_or(entry.body, "into");
  const auto merged = state.open.find(id);
  const Incident* const open = find_open(state, into);
  if (merged == state.open.end() || open == nullptr) return {};
  Drafts drafts;
  for (const auto& [finding, of] : state.findings) {
    if (of.incident != into || of.closed || std::find(merged->second.findings.begin(), merged->second.findings.end(), finding) == merged->second.findings.end()) continue;
    drafts.push_back(make_draft("incident_finding_linked", into,
                                {{"incident", into}, {"finding", finding}, {"kind", of.kind}, {"summary", of.summary}, {"cause", of.cause}, {"why", fmt::format("{} was merged", id)}, {"endpoint", of.endpoint}}));
  }
  if (merged->second.severity < open->severity)  // "SEV-1" before "SEV-3"
    drafts.push_back(make_draft("incident_severity", into,
                                {{"incident", into}, {"from", open->severity}, {"to", merged->second.severity}, {"reason", fmt::format("{} was merged", id)}, {"by", string_or(entry.body, "by")}}));
  drafts.push_back(make_draft("incident_closed", id,
                              {{"incident", id}, {"summary", fmt::format("it goes on as {}: {}", into, string_or(entry.body, "reason"))}, {"residual_risk", fmt::format("see {}", into)},
                               {"reason", string_or(entry.body, "reason")}, {"from", string_or(entry.body, "from")}, {"into", into}, {"by", string_or(entry.body, "by")}}));
  return drafts;
}

// Findings, open tasks and endpoints go over. Causes of the two stay apart: what came together by hand was not found together.
void apply_merged(IncidentState& state, const Entry& entry) {
  const std::string id = string_or(entry.body, "incident"), into = string_or(entry.body, "into");
  const auto from = state.open.find(id), to = state.open.find(into);
  if (from == state.open.end() || to == state.open.end()) return;
  Incident& target = to->second;
  const int before = target.causes;
  for (const std::string& finding : from->second.findings) {
    if (std::find(target.findings.begin(), target.findings.end(), finding) != target.findings.end()) continue;
    target.findings.push_back(finding);
    if (const auto at = state.findings.find(finding); at != state.findings.end()) {
      at->second.incident = into;
      at->second.cause = std::min(kCauses, before + std::max(1, at->second.cause));
      target.causes = std::max(target.causes, at->second.cause);
    }
  }
  target.first_time = std::min(target.first_time, from->second.first_time);
  target.last_time = std::max(target.last_time, from->second.last_time);
  for (const Task& task : from->second.tasks)
    if (!task.done && target.tasks.size() < kTasks) target.tasks.push_back(task);
  for (auto& [endpoint, open] : state.open_by_endpoint)
    if (open == id) open = into;
}

void apply_reopened(IncidentState& state, const Entry& entry) {
  Incident incident;
  incident.id = string_or(entry.body, "incident");
  if (state.closed.erase(incident.id) == 0) return;
  incident.endpoint = string_or(entry.body, "endpoint");
  incident.stream = string_or(entry.body, "stream");
  incident.title = string_or(entry.body, "title");
  incident.severity = string_or(entry.body, "severity");
  incident.rule = string_or(entry.body, "rule");
  incident.opened = incident.first_time = incident.last_time = entry.time;
  each_member(entry.body, "roles", [&](const std::string& role, const Json& user) {
    if (user.is_string()) incident.roles[role] = std::string(user.get_string());
  });
  for (const std::string& field : strings_or_empty(entry.body, "classed")) note_class(incident, field);
  for (auto& [id, finding] : state.findings) {
    if (finding.incident != incident.id) continue;
    incident.findings.push_back(id);
    finding.late = false;
    incident.causes = std::max(incident.causes, finding.cause);
    incident.first_time = std::min(incident.first_time, finding.first_time);
    incident.last_time = std::max(incident.last_time, finding.last_time);
  }
  state.open_by_endpoint[incident.endpoint] = incident.id;
  state.open[incident.id] = std::move(incident);
}

Drafts decide_reopened(const IncidentState&, const Entry& entry) {
  const std::string id = string_or(entry.body, "incident");
  return {make_draft("incident_phase", id, {{"incident", id}, {"from", "closed"}, {"to", "detection_analysis"}, {"reason", string_or(entry.body, "reason")}, {"by", string_or(entry.body, "by")}})};
}

// A finding that goes on after its incident was closed opens no second one; it is told, once for each closing.
Drafts decide_late(const IncidentState& state, const Finding& finding) {
  if (finding.late || !state.closed.contains(finding.incident)) return {};
  return {make_draft("incident_finding_late", finding.id,
                     {{"incident", finding.incident}, {"finding", finding.id}, {"kind", finding.kind}, {"summary", finding.summary}, {"closed", finding.closed}})};
}

void apply_late(IncidentState& state, const Entry& entry) {
  if (const auto at = state.findings.find(string_or(entry.body, "finding")); at != state.findings.end()) at->second.late = true;
}

}  // namespace firebreak::incident
