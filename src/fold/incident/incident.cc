#include "fold/incident/incident.h"

#include <algorithm>

#include "fold/incident/parts.h"

namespace firebreak::incident {
namespace {

Incident* open_of(IncidentState& state, const Entry& entry) {
  const auto at = state.open.find(string_or(entry.body, "incident"));
  return at == state.open.end() ? nullptr : &at->second;
}

void link(IncidentState& state, Incident& incident, const std::string& finding) {
  if (std::find(incident.findings.begin(), incident.findings.end(), finding) == incident.findings.end())
    incident.findings.push_back(finding);
  const auto at = state.findings.find(finding);
  if (at == state.findings.end()) return;
  at->second.incident = incident.id;
  incident.first_time = std::min(incident.first_time, at->second.first_time);
  incident.last_time = std::max(incident.last_time, at->second.last_time);
}

void apply_opened(IncidentState& state, const Entry& entry) {
  Incident incident;
  incident.id = entry.id("inc");
  incident.endpoint = string_or(entry.body, "endpoint");
  incident.stream = string_or(entry.body, "stream");
  incident.title = string_or(entry.body, "title");
  incident.severity = string_or(entry.body, "severity");
  incident.rule = string_or(entry.body, "rule");
  incident.opened = entry.time;
  incident.first_time = get_time(entry.body, "first_time").value_or(entry.time);
  incident.last_time = get_time(entry.body, "last_time").value_or(entry.time);
  incident.severity_by_hand = find(entry.body, "declared_by") != nullptr;
  for (const std::string& finding : strings_or_empty(entry.body, "findings")) link(state, incident, finding);
  state.open_by_endpoint[incident.endpoint] = incident.id;
  state.open[incident.id] = std::move(incident);
}

void apply_linked(IncidentState& state, const Entry& entry) {
  if (Incident* incident = open_of(state, entry)) link(state, *incident, string_or(entry.body, "finding"));
}
void apply_acknowledged(IncidentState& state, const Entry& entry) {
  if (Incident* incident = open_of(state, entry)) incident->acknowledged_by = string_or(entry.body, "by");
}
void apply_phase(IncidentState& state, const Entry& entry) {
  if (Incident* incident = open_of(state, entry)) incident->phase = string_or(entry.body, "to", incident->phase);
}
void apply_severity(IncidentState& state, const Entry& entry) {
  Incident* incident = open_of(state, entry);
  if (incident == nullptr) return;
  incident->severity = string_or(entry.body, "to", incident->severity);
  if (string_or(entry.body, "by") != "firebreak") incident->severity_by_hand = true;
}
void apply_impact(IncidentState& state, const Entry& entry) {
  Incident* incident = open_of(state, entry);
  if (incident == nullptr) return;
  incident->functional_now = string_or(entry.body, "functional_now");
  incident->functional_likely = string_or(entry.body, "functional_likely");
  incident->information = strings_or_empty(entry.body, "information");
  incident->recoverability = string_or(entry.body, "recoverability");
}
void apply_role(IncidentState& state, const Entry& entry) {
  if (Incident* incident = open_of(state, entry))
    incident->roles[string_or(entry.body, "role")] = string_or(entry.body, "user");
}
void apply_task(IncidentState& state, const Entry& entry) {
  Incident* incident = open_of(state, entry);
  if (incident == nullptr || incident->tasks.size() >= kTasks) return;
  incident->tasks.push_back({entry.id("task"), string_or(entry.body, "text"), string_or(entry.body, "owner"), "",
                             get_time(entry.body, "due").value_or(Time{}), false});
}
void apply_task_done(IncidentState& state, const Entry& entry) {
  Incident* incident = open_of(state, entry);
  if (incident == nullptr) return;
  for (Task& task : incident->tasks)
    if (task.id == string_or(entry.body, "task")) {
      task.done = true;
      task.result = string_or(entry.body, "result");
    }
}

void apply_closed(IncidentState& state, const Entry& entry) {
  const std::string id = string_or(entry.body, "incident");
  const auto at = state.open.find(id);
  if (at == state.open.end()) return;
  // Findings that still run keep the name of the closed incident: the same episode never opens a second one.
  for (const std::string& finding : at->second.findings) {
    const auto known = state.findings.find(finding);
    if (known == state.findings.end() || !known->second.closed) continue;
    state.finding_of.erase(known->second.stream + "\n" + known->second.episode);
    state.findings.erase(known);
  }
  state.closed[id] = at->second.endpoint;
  if (const auto by = state.open_by_endpoint.find(at->second.endpoint); by != state.open_by_endpoint.end() && by->second == id)
    state.open_by_endpoint.erase(by);
  state.open.erase(at);
  std::erase_if(state.actions, [&](const auto& item) { return item.second.incident == id; });
}

void apply_proposed(IncidentState& state, const Entry& entry) {
  const std::string incident = string_or(entry.body, "incident");
  if (!state.open.contains(incident)) return;
  ActionFacts facts{incident, "", string_or(entry.body, "class"), false};
  if (const Json* measure = find(entry.body, "measure")) facts.measure = string_or(*measure, "kind");
  state.actions[entry.id("act")] = std::move(facts);
}
void apply_in_force(IncidentState& state, const Entry& entry) {
  if (const auto at = state.actions.find(string_or(entry.body, "action")); at != state.actions.end()) at->second.in_force = true;
}
void apply_action_over(IncidentState& state, const Entry& entry) {
  if (const auto at = state.actions.find(string_or(entry.body, "action")); at != state.actions.end()) at->second.in_force = false;
}

void apply_endpoint(IncidentState& state, const Entry& entry) {
  if (const Json* document = find(entry.body, "endpoint"))
    if (const std::string name = string_or(*document, "name"); !name.empty()) state.endpoints.insert(name);
}

void apply_config(IncidentState& state, const Entry& entry) {
  const Json* rules = find_pointer(entry.body, "/document/rules");
  if (rules == nullptr || find(*rules, "correlation") == nullptr) return;
  if (auto read = rules_from_json(*rules)) state.rules = std::move(*read);
}

struct ApplyRow {
  std::string_view kind;
  void (*apply)(IncidentState&, const Entry&);
};
constexpr ApplyRow kApply[] = {
    {"action_failed", apply_action_over},      {"action_in_force", apply_in_force},
    {"action_lifted", apply_action_over},      {"action_proposed", apply_proposed},
    {"action_uncertain", apply_action_over},   {"config_applied", apply_config},
    {"endpoint_registered", apply_endpoint},   {"finding_closed", apply_finding},
    {"finding_opened", apply_finding},         {"finding_updated", apply_finding},
    {"incident_acknowledged", apply_acknowledged}, {"incident_closed", apply_closed},
    {"incident_finding_linked", apply_linked}, {"incident_impact", apply_impact},
    {"incident_opened", apply_opened},         {"incident_phase", apply_phase},
    {"incident_role", apply_role},             {"incident_severity", apply_severity},
    {"incident_task_done", apply_task_done},   {"incident_task_opened", apply_task},
    {"ladder_ended", apply_action_over},
};

Drafts on_linked(const IncidentState& state, const Entry& entry) {
  Drafts drafts = decide_linked(state, entry);
  for (Draft& draft : decide_phase(state, entry)) drafts.push_back(std::move(draft));
  return drafts;
}

struct DecideRow {
  std::string_view kind;
  Drafts (*decide)(const IncidentState&, const Entry&);
};
constexpr DecideRow kDecide[] = {
    {"action_in_force", decide_phase},    {"command_accepted", decide_command}, {"finding_closed", decide_finding},
    {"finding_opened", decide_finding},   {"finding_updated", decide_finding},  {"incident_finding_linked", on_linked},
    {"incident_impact", decide_impact},   {"ladder_ended", decide_phase},       {"ladder_step", decide_phase},
    {"phase_requested", decide_phase},    {"release_registered", decide_phase},
};

}  // namespace

Draft make(std::string_view kind, std::string cause, JsonObject body) {
  Draft draft;
  draft.kind = kind;
  draft.cause = std::move(cause);
  draft.body = std::move(body);
  return draft;
}

std::string who(const Entry& entry) { return entry.actor; }

const Incident* find_open(const IncidentState& state, const std::string& id) {
  const auto at = state.open.find(id);
  return at == state.open.end() ? nullptr : &at->second;
}

const Incident* incident_of_endpoint(const IncidentState& state, const std::string& endpoint) {
  const auto at = state.open_by_endpoint.find(endpoint);
  return at == state.open_by_endpoint.end() ? nullptr : find_open(state, at->second);
}

std::vector<Draft> decide(const IncidentState& state, const Entry& entry) {
  const auto row = std::find_if(std::begin(kDecide), std::end(kDecide), [&](const DecideRow& r) { return r.kind == entry.kind; });
  return row == std::end(kDecide) ? Drafts{} : row->decide(state, entry);
}

void apply(IncidentState& state, const Entry& entry) {
  const auto row = std::find_if(std::begin(kApply), std::end(kApply), [&](const ApplyRow& r) { return r.kind == entry.kind; });
  if (row != std::end(kApply)) row->apply(state, entry);
  Line line = timeline_line(state, entry);
  if (const auto at = state.open.find(line.incident); at != state.open.end() && !line.text.empty())
    add_line(at->second, entry, std::move(line.text));
}

}  // namespace firebreak::incident
