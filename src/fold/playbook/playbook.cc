#include "fold/playbook/playbook.h"

#include <fmt/core.h>

#include <algorithm>

#include "fold/playbook/parts.h"

namespace firebreak::playbook {
namespace {

std::uint64_t number(const Json& body, std::string_view key) { return static_cast<std::uint64_t>(int_or(body, key)); }

RunStep* step_of(PlaybookState& state, const Entry& entry) {
  const auto run = state.runs.find(string_or(entry.body, "run"));
  if (run == state.runs.end()) return nullptr;
  const auto step = run->second.steps.find(string_or(entry.body, "step"));
  return step == run->second.steps.end() ? nullptr : &step->second;
}

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
  IncidentFacts facts;
  facts.endpoint = string_or(entry.body, "endpoint");
  facts.stream = string_or(entry.body, "stream");
  facts.rule = string_or(entry.body, "rule");
  facts.severity = string_or(entry.body, "severity");
  state.incidents[entry.id("inc")] = std::move(facts);
  for (const std::string& finding : strings_or_empty(entry.body, "findings")) link(state, entry.id("inc"), finding);
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
  const std::string id = string_or(entry.body, "incident");
  state.incidents.erase(id);
  std::erase_if(state.action_of, [&](const auto& item) { return item.second == id; });
  std::erase_if(state.runs, [&](const auto& item) { return item.second.incident == id && item.second.ended; });
  for (auto& [finding_id, finding] : state.findings)
    if (finding.incident == id) finding.incident.clear();
  forget_surplus(state);
}

void apply_installed(PlaybookState& state, const Entry& entry) {
  const Json* document = find(entry.body, "document");
  auto playbook = document != nullptr ? playbook_from_json(*document) : Result<Playbook>(fail(Code::kInvalid, ""));
  if (!playbook) return;
  const std::string id = playbook->id;
  state.installed[id] = {std::move(*playbook), string_or(entry.body, "digest"), *document};
}

void apply_run_started(PlaybookState& state, const Entry& entry) {
  Run run;
  run.id = entry.id("run");
  run.playbook = string_or(entry.body, "playbook");
  run.modified = string_or(entry.body, "modified");
  run.incident = string_or(entry.body, "incident");
  run.endpoint = string_or(entry.body, "endpoint");
  run.stream = string_or(entry.body, "stream");
  state.runs[run.id] = std::move(run);
}

void apply_step_started(PlaybookState& state, const Entry& entry) {
  const auto at = state.runs.find(string_or(entry.body, "run"));
  if (at == state.runs.end()) return;
  RunStep step;
  step.command = string_or(entry.body, "command");
  step.parent = string_or(entry.body, "parent");
  step.started = entry.time;
  step.open_branches = static_cast<std::uint32_t>(number(entry.body, "branches"));
  at->second.steps[string_or(entry.body, "step")] = std::move(step);
}

void apply_step_ended(PlaybookState& state, const Entry& entry) {
  RunStep* step = step_of(state, entry);
  if (step == nullptr || step->ended != 0) return;
  step->ended = entry.index;
  step->outcome = string_or(entry.body, "outcome");
  if (!strings_or_empty(entry.body, "next").empty() || step->parent.empty()) return;
  // Nothing follows inside the branch: it has reached its end.
  RunStep& parent = state.runs[string_or(entry.body, "run")].steps[step->parent];
  if (parent.open_branches > 0) --parent.open_branches;
  parent.branch_failed |= step->outcome != "success";
}

void apply_run_ended(PlaybookState& state, const Entry& entry) {
  const auto at = state.runs.find(string_or(entry.body, "run"));
  if (at == state.runs.end()) return;
  at->second.ended = true;
  at->second.outcome = string_or(entry.body, "outcome");
  if (!state.incidents.contains(at->second.incident)) state.runs.erase(at);
}

void apply_evidence_requested(PlaybookState& state, const Entry& entry) {
  RunStep* step = step_of(state, entry);
  if (step == nullptr) return;
  step->waits_for = entry.id("req");
  const auto items = strings_or_empty(entry.body, "items");
  step->items = {items.begin(), items.end()};
}
void apply_forecast_requested(PlaybookState& state, const Entry& entry) {
  if (RunStep* step = step_of(state, entry)) step->waits_for = entry.id("req");
}
void apply_task(PlaybookState& state, const Entry& entry) {
  if (RunStep* step = step_of(state, entry)) step->waits_for = entry.id("task");
}
void apply_evidence(PlaybookState& state, const Entry& entry) {
  const std::string request = string_or(entry.body, "request"), item = string_or(entry.body, "item");
  for (auto& [run_id, run] : state.runs)
    for (auto& [step_id, step] : run.steps)
      if (step.waits_for == request && step.items.erase(item) > 0 && entry.kind == "evidence_failed")
        step.failed = item + ": " + string_or(entry.body, "reason");
}

void apply_proposed(PlaybookState& state, const Entry& entry) {
  const std::string incident = string_or(entry.body, "incident");
  if (string_or(entry.body, "class") != "promotion" && state.incidents.contains(incident))
    state.proposed[entry.id("act")] = incident;
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

struct ApplyRow {
  std::string_view kind;
  void (*apply)(PlaybookState&, const Entry&);
};
constexpr ApplyRow kApply[] = {
    {"action_expired", apply_action_over},         {"action_failed", apply_action_over},
    {"action_in_force", apply_in_force},           {"action_lifted", apply_action_over},
    {"action_proposed", apply_proposed},           {"action_rejected", apply_action_over},
    {"action_uncertain", apply_action_over},       {"evidence_captured", apply_evidence},
    {"evidence_failed", apply_evidence},           {"evidence_requested", apply_evidence_requested},
    {"finding_closed", apply_finding},             {"finding_opened", apply_finding},
    {"finding_updated", apply_finding},            {"forecast_requested", apply_forecast_requested},
    {"incident_closed", apply_incident_closed},    {"incident_finding_linked", apply_linked},
    {"incident_opened", apply_incident_opened},    {"incident_phase", apply_phase},
    {"incident_severity", apply_severity},         {"incident_task_opened", apply_task},
    {"playbook_installed", apply_installed},       {"playbook_run_ended", apply_run_ended},
    {"playbook_run_started", apply_run_started},   {"playbook_step_ended", apply_step_ended},
    {"playbook_step_started", apply_step_started},
};

// A label may name the rule, or a kind of finding that the incident was opened with.
Drafts on_incident(const PlaybookState& state, const Entry& entry) {
  const auto facts = state.incidents.find(entry.id("inc"));
  Drafts drafts;
  if (facts == state.incidents.end()) return drafts;
  for (const auto& [id, installed] : state.installed) {
    const Playbook& playbook = installed.playbook;
    const std::string& rule = facts->second.rule;
    const bool by_rule = !rule.empty() && (" " + playbook.trigger_rule + " ").find(" " + rule + " ") != std::string::npos;
    const bool by_kind = !playbook.trigger_kind.empty() && facts->second.finding_kinds.contains(playbook.trigger_kind);
    if (!by_rule && !by_kind) continue;
    if (const std::string why = not_in_force(playbook, entry.time); !why.empty()) {
      // Whoever relies on it must hear that it does not come.
      drafts.push_back(make("incident_task_opened", entry.id("inc"),
                            {{"incident", entry.id("inc")},
                             {"owner", "lead"},
                             {"text", fmt::format("The playbook '{}' is for this incident and was not started: {}. Go on by hand.", playbook.name, why)}}));
      continue;
    }
    for (Draft& draft : start_run(state, playbook, entry.id("inc"))) drafts.push_back(std::move(draft));
  }
  return drafts;
}

Drafts on_closed(const PlaybookState& state, const Entry& entry) {
  Drafts drafts;
  for (const auto& [id, run] : state.runs)
    if (!run.ended && run.incident == string_or(entry.body, "incident"))
      drafts.push_back(make("playbook_run_ended", id,
                            {{"run", id}, {"incident", run.incident}, {"playbook", run.playbook}, {"outcome", "incident_closed"}}));
  return drafts;
}

struct DecideRow {
  std::string_view kind;
  Drafts (*decide)(const PlaybookState&, const Entry&);
};
constexpr DecideRow kDecide[] = {
    {"action_in_force", decide_answer},           {"command_accepted", decide_command},
    {"evidence_captured", decide_answer},         {"evidence_failed", decide_answer},
    {"incident_closed", on_closed},               {"incident_opened", on_incident},
    {"incident_task_done", decide_answer},        {"options_offered", decide_answer},
    {"playbook_run_started", decide_run_started}, {"playbook_step_ended", decide_step_ended},
    {"playbook_step_started", decide_step_started},
};

}  // namespace

std::vector<Draft> decide(const PlaybookState& state, const Entry& entry) {
  Drafts drafts;
  const auto row = std::find_if(std::begin(kDecide), std::end(kDecide), [&](const DecideRow& r) { return r.kind == entry.kind; });
  if (row != std::end(kDecide)) drafts = row->decide(state, entry);
  if (!is_input_kind(entry.kind)) return drafts;
  std::set<std::string> decided;  // a step that this answer has just ended does not time out as well
  for (const Draft& draft : drafts) decided.insert(string_or(draft.body, "run") + string_or(draft.body, "step"));
  for (Draft& draft : timeouts_due(state, entry.time))
    if (!decided.contains(string_or(draft.body, "run") + string_or(draft.body, "step"))) drafts.push_back(std::move(draft));
  return drafts;
}

void apply(PlaybookState& state, const Entry& entry) {
  const auto row = std::find_if(std::begin(kApply), std::end(kApply), [&](const ApplyRow& r) { return r.kind == entry.kind; });
  if (row != std::end(kApply)) row->apply(state, entry);
}

}  // namespace firebreak::playbook
