#include "fold/incident/incident.h"

#include <algorithm>

#include "fold/incident/parts.h"

namespace firebreak::incident {
namespace {

Incident* open_of(IncidentState& state, const Entry& entry) {
  const auto at = state.open.find(string_or(entry.body, "incident"));
  return at == state.open.end() ? nullptr : &at->second;
}

void link(IncidentState& state, Incident& incident, const std::string& finding, int cause) {
  incident.causes = std::max(incident.causes, cause);
  if (std::find(incident.findings.begin(), incident.findings.end(), finding) == incident.findings.end())
    incident.findings.push_back(finding);
  const auto at = state.findings.find(finding);
  if (at == state.findings.end()) return;
  at->second.incident = incident.id;
  state.loose.erase({at->second.last_time, finding});
  at->second.cause = cause;
  at->second.mute.clear();
  if (!at->second.endpoint.empty()) state.open_by_endpoint.try_emplace(at->second.endpoint, incident.id);  // a stream of no endpoint is nobody's
  incident.first_time = std::min(incident.first_time, at->second.first_time);
  incident.last_time = std::max(incident.last_time, at->second.last_time);
}

// Entries from before there were causes have one.
int cause_of(const Json& opened, const std::string& finding) {
  const Json* causes = find(opened, "causes");
  if (causes == nullptr || !causes->is_array()) return 1;
  for (const Json& cause : causes->get_array())
    for (const std::string& id : strings_or_empty(cause, "findings"))
      if (id == finding) return static_cast<int>(int_or(cause, "cause", 1));
  return 1;
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
  const auto from = state.open.find(string_or(entry.body, "split_of"));
  if (from != state.open.end()) keep_apart(state, from->second, entry);
  for (const std::string& finding : strings_or_empty(entry.body, "findings")) {
    if (from != state.open.end()) std::erase(from->second.findings, finding);
    link(state, incident, finding, cause_of(entry.body, finding));
  }
  // What was split off on the same endpoint leaves the endpoint to the older one.
  const Incident* const holder = incident_of_endpoint(state, incident.endpoint);
  if (holder == nullptr || holder->endpoint != incident.endpoint) state.open_by_endpoint[incident.endpoint] = incident.id;
  state.open[incident.id] = std::move(incident);
}

void apply_linked(IncidentState& state, const Entry& entry) {
  if (Incident* incident = open_of(state, entry)) link(state, *incident, string_or(entry.body, "finding"), static_cast<int>(int_or(entry.body, "cause", 1)));
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
  if (string_or(entry.body, "by") != "firebreak") incident->severity_by_hand = is_graver(string_or(entry.body, "from"), incident->severity);
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
  if (Incident* incident = open_of(state, entry)) apply_task(*incident, entry);
}
void apply_task_done(IncidentState& state, const Entry& entry) {
  if (Incident* incident = open_of(state, entry)) apply_task_done(*incident, entry);
}

// An endpoint goes to another open incident on it, of several to the oldest.
void leave_endpoints(IncidentState& state, const std::string& id) {
  for (auto at = state.open_by_endpoint.begin(); at != state.open_by_endpoint.end();) {
    if (at->second != id) {
      ++at;
      continue;
    }
    const auto next = std::min_element(state.open.begin(), state.open.end(), [&](const auto& a, const auto& b) {
      return std::pair(a.second.endpoint != at->first, index_of(a.first)) < std::pair(b.second.endpoint != at->first, index_of(b.first));
    });
    if (next != state.open.end() && next->second.endpoint == at->first) {
      at->second = next->first;
      ++at;
    } else {
      at = state.open_by_endpoint.erase(at);
    }
  }
}

void apply_fact(IncidentState& state, const Entry& entry) {
  Incident* const incident = open_of(state, entry);
  if (incident == nullptr) return;
  const std::string field = string_or(entry.body, "field"), value = string_or(entry.body, "value");
  if (field == "people_risk") incident->people_at_risk = value == "high";
  if (field == "agent_acted") incident->agent_acted = value == "yes";
  note_class(*incident, field);
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
  std::erase_if(state.apart, [&](const std::string& pair) { return pair.starts_with(id + "\n") || pair.ends_with("\n" + id); });
  state.closed[id] = at->second.endpoint;
  state.open.erase(at);
  leave_endpoints(state, id);
  std::erase_if(state.actions, [&](const auto& item) { return item.second.incident == id; });
}

void apply_proposed(IncidentState& state, const Entry& entry) {
  const std::string incident = string_or(entry.body, "incident");
  if (!state.open.contains(incident)) return;
  ActionFacts facts{incident, "", string_or(entry.body, "class"), false, false};
  if (const Json* measure = find(entry.body, "measure")) facts.measure = string_or(*measure, "kind");
  state.actions[entry.id("act")] = std::move(facts);
}
void apply_in_force(IncidentState& state, const Entry& entry) {
  if (const auto at = state.actions.find(string_or(entry.body, "action")); at != state.actions.end()) at->second.in_force = true;
}
void apply_action_over(IncidentState& state, const Entry& entry) {
  if (const auto at = state.actions.find(string_or(entry.body, "action")); at != state.actions.end()) at->second.in_force = at->second.on_ladder = false;
}

void apply_ladder_step(IncidentState& state, const Entry& entry) {
  if (const auto at = state.actions.find(string_or(entry.body, "action")); at != state.actions.end()) at->second.on_ladder = true;
  apply_calendar(state, entry);
}

void apply_ladder_ended(IncidentState& state, const Entry& entry) {
  apply_action_over(state, entry);
  apply_calendar(state, entry);
}

void apply_endpoint(IncidentState& state, const Entry& entry) {
  const Json* document = find(entry.body, "endpoint");
  const std::string name = document == nullptr ? std::string() : string_or(*document, "name");
  if (name.empty()) return;
  state.endpoints.insert(name);
  state.lineage.erase(name);
  const Json* lineage = find(*document, "lineage");
  if (lineage == nullptr || !lineage->is_object()) return;
  for (const auto& member : lineage->get_object()) {
    const std::string source(member.key());
    for (const std::string& feature : strings_or_empty(*lineage, source)) state.lineage[name][feature].insert(source);
  }
}

void apply_config(IncidentState& state, const Entry& entry) {
  const Json* rules = find_pointer(entry.body, "/document/rules");
  if (rules == nullptr || find(*rules, "correlation") == nullptr) return;
  if (auto joins = joins_from_json(*rules); joins && joins->has_value()) state.joins = std::move(**joins);
  if (auto read = rules_from_json(*rules)) state.rules = std::move(*read);
  forget_unruled(state);
}

void apply_templates(IncidentState& state, const Entry& entry) {
  const Json* const document = find(entry.body, "document");
  if (document == nullptr) return;
  if (auto read = templates_from_json(*document)) state.templates = std::move(*read);
}

void apply_remedy(IncidentState& state, const Entry& entry) {
  const auto at = state.open.find(string_or(entry.body, "incident"));
  if (at != state.open.end()) at->second.remedy_open = static_cast<std::uint64_t>(int_or(entry.body, "open"));
}

struct ApplyRow {
  std::string_view kind;
  void (*apply)(IncidentState&, const Entry&);
};
constexpr ApplyRow kApply[] = {
    {"action_failed", apply_action_over},      {"action_in_force", apply_in_force},
    {"action_lifted", apply_action_over},      {"action_proposed", apply_proposed},
    {"action_uncertain", apply_action_over},   {"change_added", apply_calendar},
    {"asset_linked", apply_join},              {"asset_unlinked", apply_join},
    {"casefile_field", apply_fact},
    {"change_cancelled", apply_calendar},      {"config_applied", apply_config},
    {"detectors_approved", apply_tuning},      {"detectors_proposed", apply_tuning},
    {"detectors_rejected", apply_tuning},
    {"endpoint_registered", apply_endpoint},   {"finding_closed", apply_finding},
    {"finding_muted", apply_calendar},         {"finding_opened", apply_finding},
    {"finding_unmuted", apply_calendar},       {"finding_updated", apply_finding},
    {"finding_verdict", apply_verdict},
    {"incident_acknowledged", apply_acknowledged}, {"incident_closed", apply_closed},
    {"incident_finding_late", apply_late},
    {"incident_finding_linked", apply_linked}, {"incident_impact", apply_impact},
    {"incident_merged", apply_merged},         {"incident_reopened", apply_reopened},
    {"incident_opened", apply_opened},         {"incident_phase", apply_phase},
    {"incident_role", apply_role},             {"incident_severity", apply_severity},
    {"incident_task_done", apply_task_done},   {"incident_task_opened", apply_task},
    {"incident_triaged", apply_triage},        {"ladder_ended", apply_ladder_ended},
    {"ladder_step", apply_ladder_step},           {"mute_added", apply_calendar},
    {"mute_lifted", apply_calendar},           {"release_registered", apply_join},
    {"incident_related", apply_join},          {"remedy_counted", apply_remedy},
    {"templates_applied", apply_templates},
};

template <Drafts (*... Each)(const IncidentState&, const Entry&)>
Drafts all_of(const IncidentState& state, const Entry& entry) {
  Drafts drafts;
  const auto add = [&](Drafts more) {
    for (Draft& draft : more) drafts.push_back(std::move(draft));
  };
  (add(Each(state, entry)), ...);
  return drafts;
}

struct DecideRow {
  std::string_view kind;
  Drafts (*decide)(const IncidentState&, const Entry&);
};
constexpr auto kOnFinding = all_of<decide_finding, decide_triage, decide_draw>;
constexpr DecideRow kDecide[] = {
    {"action_in_force", decide_phase},
    {"casefile_field", decide_impact},
    {"change_added", decide_triage},
    {"change_cancelled", decide_triage},
    {"command_accepted", decide_command},
    {"deadline_started", decide_deadline},
    {"deadline_told", decide_deadline},
    {"finding_closed", kOnFinding},
    {"finding_opened", kOnFinding},
    {"finding_updated", kOnFinding},
    {"finding_verdict", decide_triage},
    {"incident_finding_linked", all_of<decide_linked, decide_phase, decide_triage, decide_draw>},
    {"incident_impact", decide_impact},
    {"incident_merged", decide_merged},
    {"incident_opened", all_of<decide_declared, decide_triage, decide_draw>},
    {"incident_reopened", decide_reopened},
    {"ladder_ended", all_of<decide_phase, decide_triage>},
    {"ladder_step", all_of<decide_phase, decide_triage>},
    {"phase_requested", decide_phase},
    {"release_registered", decide_phase},
};

}  // namespace

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
