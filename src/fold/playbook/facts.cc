// What the fold knows of incidents, findings and measures: what conditions and commands can see.
#include <algorithm>

#include "fold/playbook/parts.h"

namespace firebreak::playbook {
namespace {

std::uint64_t number(const Json& body, std::string_view key) { return static_cast<std::uint64_t>(int_or(body, key)); }

void widen(IncidentFacts& incident, const FindingFacts& finding) {
  incident.finding_kinds.insert(finding.kind);
  if (finding.stream != incident.stream) return;  // indexes of another stream say nothing about this one
  incident.first = incident.last == 0 && incident.first == 0 ? finding.first : std::min(incident.first, finding.first);
  incident.last = std::max(incident.last, finding.last);
}

void link(PlaybookState& state, const std::string& incident, const std::string& finding) {
  const auto at = state.findings.find(finding);
  const auto in = state.incidents.find(incident);
  if (at == state.findings.end() || in == state.incidents.end()) return;
  at->second.incident = incident;
  widen(in->second, at->second);
}

void forget_surplus(PlaybookState& state) {
  while (state.findings.size() > kFindings) {
    const auto loose = std::find_if(state.findings.begin(), state.findings.end(), [](const auto& item) {
      return item.second.closed && item.second.incident.empty();
    });
    if (loose == state.findings.end()) return;
    state.finding_of.erase(loose->second.stream + "\n" + loose->second.episode);
    state.findings.erase(loose);
  }
}

void apply_finding(PlaybookState& state, const Entry& entry) {
  const std::string key = string_or(entry.body, "stream") + "\n" + string_or(entry.body, "episode");
  auto known = state.finding_of.find(key);
  if (known == state.finding_of.end()) {
    if (entry.kind != "finding_opened") return;
    known = state.finding_of.emplace(key, entry.id("find")).first;
  }
  FindingFacts& facts = state.findings[known->second];
  facts.kind = string_or(entry.body, "kind");
  facts.endpoint = string_or(entry.body, "endpoint");
  facts.stream = string_or(entry.body, "stream");
  facts.episode = string_or(entry.body, "episode");
  facts.first = number(entry.body, "first");
  facts.last = number(entry.body, "last");
  facts.closed = entry.kind == "finding_closed";
  if (const auto at = state.incidents.find(facts.incident); at != state.incidents.end()) widen(at->second, facts);
  forget_surplus(state);
}

void apply_incident_opened(PlaybookState& state, const Entry& entry) {
  const std::string id = entry.kind == "incident_reopened" ? string_or(entry.body, "incident") : entry.id("inc");
  IncidentFacts facts;
  facts.endpoint = string_or(entry.body, "endpoint");
  facts.stream = string_or(entry.body, "stream");
  facts.rule = string_or(entry.body, "rule");
  facts.severity = string_or(entry.body, "severity");
  state.incidents[id] = std::move(facts);
  for (const std::string& finding : strings_or_empty(entry.body, "findings")) link(state, id, finding);
}
void apply_linked(PlaybookState& state, const Entry& entry) {
  link(state, string_or(entry.body, "incident"), string_or(entry.body, "finding"));
}
void apply_phase(PlaybookState& state, const Entry& entry) {
  if (const auto at = state.incidents.find(string_or(entry.body, "incident")); at != state.incidents.end())
    at->second.phase = string_or(entry.body, "to");
}
void apply_severity(PlaybookState& state, const Entry& entry) {
  if (const auto at = state.incidents.find(string_or(entry.body, "incident")); at != state.incidents.end())
    at->second.severity = string_or(entry.body, "to");
}
void apply_incident_closed(PlaybookState& state, const Entry& entry) {
  state.reminders.erase(string_or(entry.body, "incident"));
  const std::string id = string_or(entry.body, "incident");
  state.incidents.erase(id);
  std::erase_if(state.action_of, [&](const auto& item) { return item.second == id; });
  std::erase_if(state.runs, [&](const auto& item) { return item.second.incident == id && item.second.ended; });
  for (auto& [finding_id, finding] : state.findings)
    if (finding.incident == id) finding.incident.clear();
  forget_surplus(state);
}

void apply_proposed(PlaybookState& state, const Entry& entry) {
  const std::string incident = string_or(entry.body, "incident");
  if (string_or(entry.body, "class") != "promotion" && state.incidents.contains(incident)) state.proposed[entry.id("act")] = incident;
}
void apply_in_force(PlaybookState& state, const Entry& entry) {
  const auto at = state.proposed.find(string_or(entry.body, "action"));
  if (at == state.proposed.end()) return;
  state.action_of[at->first] = at->second;
  state.proposed.erase(at);
}
void apply_action_over(PlaybookState& state, const Entry& entry) {
  state.action_of.erase(string_or(entry.body, "action"));
  state.proposed.erase(string_or(entry.body, "action"));
}

void apply_hold(PlaybookState& state, const Entry& entry) {
  if (entry.kind == "evidence_hold_set") state.holds[string_or(entry.body, "duty")] = string_or(entry.body, "incident");
  else state.holds.erase(string_or(entry.body, "duty"));
}

// ---- tasks that runs open in passing

std::string reminder_key(const std::string& owner, const std::string& text) { return owner + "\n" + text; }

void apply_task_opened(PlaybookState& state, const Entry& entry) {
  const std::string incident = string_or(entry.body, "incident");
  const bool in_passing = find(entry.body, "run") != nullptr && find(entry.body, "activation") == nullptr && find(entry.body, "step") == nullptr && find(entry.body, "due") == nullptr;
  if (in_passing && state.incidents.contains(incident)) state.reminders[incident][reminder_key(string_or(entry.body, "owner"), string_or(entry.body, "text"))] = entry.id("task");
}
void apply_task_done(PlaybookState& state, const Entry& entry) {
  const auto found = state.reminders.find(string_or(entry.body, "incident"));
  if (found == state.reminders.end()) return;
  std::erase_if(found->second, [&](const auto& one) { return one.second == string_or(entry.body, "task"); });
  if (found->second.empty()) state.reminders.erase(found);
}

struct Row {
  std::string_view kind;
  void (*apply)(PlaybookState&, const Entry&);
};
constexpr Row kRows[] = {
    {"action_expired", apply_action_over},      {"action_failed", apply_action_over},       {"action_in_force", apply_in_force},
    {"action_lifted", apply_action_over},       {"action_proposed", apply_proposed},        {"action_rejected", apply_action_over},
    {"action_uncertain", apply_action_over},    {"evidence_hold_lifted", apply_hold},    {"evidence_hold_set", apply_hold},        {"finding_closed", apply_finding},          {"finding_opened", apply_finding},
    {"finding_updated", apply_finding},         {"incident_closed", apply_incident_closed}, {"incident_finding_linked", apply_linked},
    {"incident_task_done", apply_task_done},    {"incident_task_opened", apply_task_opened},
    {"incident_opened", apply_incident_opened}, {"incident_phase", apply_phase},            {"incident_reopened", apply_incident_opened}, {"incident_severity", apply_severity},
};

}  // namespace

std::string open_reminder(const PlaybookState& state, const std::string& incident, const std::string& owner, const std::string& text) {
  const auto of = state.reminders.find(incident);
  if (of == state.reminders.end()) return {};
  const auto found = of->second.find(reminder_key(owner, text));
  return found == of->second.end() ? std::string() : found->second;
}

void apply_fact(PlaybookState& state, const Entry& entry) {
  for (const Row& row : kRows)
    if (row.kind == entry.kind) row.apply(state, entry);
}

}  // namespace firebreak::playbook
