// The state as a document, for snapshots.
#include "fold/playbook/parts.h"

namespace firebreak::playbook {
namespace {

std::uint64_t number(const Json& object, std::string_view key) { return static_cast<std::uint64_t>(int_or(object, key)); }
std::uint32_t small(const Json& object, std::string_view key) { return static_cast<std::uint32_t>(int_or(object, key)); }
Time time_at(const Json& object, std::string_view key) { return Time{int_or(object, key)}; }
JsonArray list(const std::set<std::string>& items) { return JsonArray(items.begin(), items.end()); }

std::set<std::string> set_at(const Json& object, std::string_view key) {
  const auto items = strings_or_empty(object, key);
  return {items.begin(), items.end()};
}

Json to_json(const IncidentFacts& facts) {
  return JsonObject{{"endpoint", facts.endpoint}, {"stream", facts.stream}, {"rule", facts.rule},
                    {"severity", facts.severity}, {"phase", facts.phase},   {"first", facts.first},
                    {"last", facts.last},
                    {"finding_kinds", JsonArray(facts.finding_kinds.begin(), facts.finding_kinds.end())}};
}

IncidentFacts read_incident(const Json& document) {
  IncidentFacts facts;
  facts.endpoint = string_or(document, "endpoint");
  facts.stream = string_or(document, "stream");
  facts.rule = string_or(document, "rule");
  facts.severity = string_or(document, "severity");
  facts.phase = string_or(document, "phase");
  facts.first = number(document, "first");
  facts.last = number(document, "last");
  const auto kinds = strings_or_empty(document, "finding_kinds");
  facts.finding_kinds = {kinds.begin(), kinds.end()};
  return facts;
}

Json to_json(const FindingFacts& facts) {
  return JsonObject{{"kind", facts.kind},       {"endpoint", facts.endpoint}, {"stream", facts.stream},
                    {"episode", facts.episode}, {"incident", facts.incident}, {"first", facts.first},
                    {"last", facts.last},       {"closed", facts.closed}};
}

FindingFacts read_finding(const Json& document) {
  return {string_or(document, "kind"),     string_or(document, "endpoint"), string_or(document, "stream"),
          string_or(document, "episode"),  string_or(document, "incident"), number(document, "first"),
          number(document, "last"),        bool_or(document, "closed")};
}

Json strings(const Values& map) {
  JsonObject object;
  for (const auto& [key, value] : map) object[key] = value;
  return object;
}

Values read_strings(const Json& document, std::string_view key) {
  Values map;
  each_member(document, key, [&](const std::string& name, const Json& value) {
    if (value.is_string()) map[name] = std::string(value.get_string());
  });
  return map;
}

Json to_json(const Activation& a) {
  JsonObject out{{"step", a.step}, {"parent", a.parent}, {"begin", a.begin.us}, {"deadline", a.deadline.us}, {"begun", a.begun}, {"unit", a.unit}, {"attempt", a.attempt},
                 {"iterations", a.iterations}, {"open_branches", a.open_branches}, {"branch_failed", a.branch_failed}, {"waits_for", list(a.waits_for)}, {"items", list(a.items)},
                 {"failed", a.failed}, {"locals", strings(a.locals)}};
  if (!a.approval.id.empty())
    out["approval"] = JsonObject{{"id", a.approval.id}, {"units", JsonArray(a.approval.units.begin(), a.approval.units.end())}, {"until", a.approval.until.us}, {"by", list(a.approval.by)}, {"complete", a.approval.complete}};
  if (!a.call.id.empty()) out["call"] = JsonObject{{"id", a.call.id}, {"ordered", a.call.ordered}, {"started", a.call.started}};
  return out;
}

Activation read_activation(const Json& d) {
  Activation a;
  a.step = string_or(d, "step");
  a.parent = string_or(d, "parent");
  a.begin = time_at(d, "begin");
  a.deadline = time_at(d, "deadline");
  a.begun = bool_or(d, "begun");
  a.unit = small(d, "unit");
  a.attempt = small(d, "attempt");
  a.iterations = small(d, "iterations");
  a.open_branches = small(d, "open_branches");
  a.branch_failed = bool_or(d, "branch_failed");
  a.waits_for = set_at(d, "waits_for");
  a.items = set_at(d, "items");
  a.failed = string_or(d, "failed");
  a.locals = read_strings(d, "locals");
  if (const Json* approval = find(d, "approval"))
    a.approval = {string_or(*approval, "id"), strings_or_empty(*approval, "units"), time_at(*approval, "until"), set_at(*approval, "by"), bool_or(*approval, "complete")};
  if (const Json* call = find(d, "call")) {
    const Json* const ordered = find(*call, "ordered");
    a.call = {string_or(*call, "id"), ordered != nullptr ? *ordered : Json(), small(*call, "started")};
  }
  return a;
}

Json to_json(const Run& run) {
  JsonObject open;
  JsonArray held;
  for (const auto& [index, activation] : run.open) open[std::to_string(index)] = to_json(activation);
  for (const Held& one : run.held) held.push_back(JsonObject{{"step", one.step}, {"parent", one.parent}, {"activation", one.activation}});
  return JsonObject{{"playbook", run.playbook}, {"modified", run.modified.us}, {"incident", run.incident}, {"endpoint", run.endpoint}, {"stream", run.stream}, {"by", run.by},
                    {"parent_run", run.parent_run}, {"parent_step", run.parent_step}, {"variables", strings(run.variables)}, {"open", std::move(open)}, {"outcomes", strings(run.outcomes)},
                    {"held", std::move(held)}, {"last_ended", run.last_ended}, {"activations", run.activations}, {"paused", run.paused}, {"exceptional", run.exceptional},
                    {"ended", run.ended}, {"outcome", run.outcome}};
}

Run read_run(const std::string& id, const Json& d) {
  Run run;
  run.id = id;
  run.playbook = string_or(d, "playbook");
  run.modified = time_at(d, "modified");
  run.incident = string_or(d, "incident");
  run.endpoint = string_or(d, "endpoint");
  run.stream = string_or(d, "stream");
  run.by = string_or(d, "by");
  run.parent_run = string_or(d, "parent_run");
  run.parent_step = number(d, "parent_step");
  run.variables = read_strings(d, "variables");
  each_member(d, "open", [&](const std::string& index, const Json& one) { run.open[index_of("step-" + index)] = read_activation(one); });
  run.outcomes = read_strings(d, "outcomes");
  if (const Json* held = find(d, "held"); held != nullptr && held->is_array())
    for (const Json& one : held->get_array()) run.held.push_back({string_or(one, "step"), string_or(one, "parent"), number(one, "activation")});
  run.last_ended = number(d, "last_ended");
  run.activations = small(d, "activations");
  run.paused = bool_or(d, "paused");
  run.exceptional = bool_or(d, "exceptional");
  run.ended = bool_or(d, "ended");
  run.outcome = string_or(d, "outcome");
  return run;
}

void derive(PlaybookState& state) {
  for (const auto& [id, run] : state.runs) {
    if (run.ended && !state.incidents.contains(run.incident)) state.leaving.insert(id);
    if (run.ended) continue;
    for (const auto& [index, activation] : run.open) {
      state.timers.insert({wakes_at(run, activation), id, index});
      for (const std::string& what : activation.waits_for) state.waits.insert({what, id, index});
    }
  }
}

}  // namespace

Json to_json(const PlaybookState& state) {
  JsonArray installed;
  JsonObject runs, incidents, findings;
  for (const auto& [id, versions] : state.installed)
    for (const auto& [modified, one] : versions) installed.push_back(one.document);
  for (const auto& [id, run] : state.runs) runs[id] = to_json(run);
  for (const auto& [id, facts] : state.incidents) incidents[id] = to_json(facts);
  for (const auto& [id, facts] : state.findings) findings[id] = to_json(facts);
  JsonObject out{{"installed", std::move(installed)}, {"runs", std::move(runs)}, {"incidents", std::move(incidents)}, {"findings", std::move(findings)},
                    {"proposed", strings(state.proposed)}, {"action_of", strings(state.action_of)}, {"moment", state.moment.us}, {"at_once", state.at_once}, {"variables", strings(state.variables)},
                    {"channels", list(state.channels)}, {"connectors", list(state.connectors)}, {"hosts", list(state.hosts)}, {"people", list(state.people)},
                    {"signatures", JsonObject{{"keys", JsonArray(state.signatures.keys.begin(), state.signatures.keys.end())}, {"severities", list(state.signatures.severities)}}}};
  if (!state.holds.empty()) out["holds"] = strings(state.holds);
  JsonObject reminders;
  for (const auto& [incident, tasks] : state.reminders) reminders[incident] = strings(tasks);
  if (!reminders.empty()) out["reminders"] = std::move(reminders);
  return out;
}

Result<PlaybookState> playbook_state_from_json(const Json& document) {
  if (!document.is_object()) return fail(Code::kInvalid, "a JSON object is expected");
  PlaybookState state;
  if (const Json* installed = find(document, "installed"); installed != nullptr && installed->is_array())
    for (const Json& one : installed->get_array()) {
      PlanPtr plan = make_plan(one);
      state.installed[plan->read.id][plan->modified] = {plan, one};
    }
  each_member(document, "runs", [&](const std::string& id, const Json& d) { state.runs[id] = read_run(id, d); });
  each_member(document, "incidents", [&](const std::string& id, const Json& d) { state.incidents[id] = read_incident(d); });
  each_member(document, "findings", [&](const std::string& id, const Json& d) {
    FindingFacts facts = read_finding(d);
    state.finding_of[facts.stream + "\n" + facts.episode] = id;
    state.findings[id] = std::move(facts);
  });
  state.proposed = read_strings(document, "proposed");
  state.action_of = read_strings(document, "action_of");
  state.moment = time_at(document, "moment");
  state.at_once = number(document, "at_once");
  state.variables = read_strings(document, "variables");
  state.holds = read_strings(document, "holds");
  each_member(document, "reminders", [&](const std::string& incident, const Json&) { state.reminders[incident] = read_strings(document.at("reminders"), incident); });
  state.channels = set_at(document, "channels");
  state.connectors = set_at(document, "connectors");
  state.hosts = set_at(document, "hosts");
  state.people = set_at(document, "people");
  if (const Json* signatures = find(document, "signatures")) state.signatures = {strings_or_empty(*signatures, "keys"), set_at(*signatures, "severities")};
  derive(state);
  return state;
}

}  // namespace firebreak::playbook
