// The state as a document, for snapshots.
#include "fold/playbook/parts.h"

namespace firebreak::playbook {
namespace {

std::uint64_t number(const Json& object, std::string_view key) { return static_cast<std::uint64_t>(int_or(object, key)); }

Json to_json(const RunStep& step) {
  return JsonObject{{"command", step.command},
                    {"started", step.started.us},
                    {"waits_for", step.waits_for},
                    {"items", JsonArray(step.items.begin(), step.items.end())},
                    {"parent", step.parent},
                    {"failed", step.failed},
                    {"ended", step.ended},
                    {"outcome", step.outcome},
                    {"open_branches", step.open_branches},
                    {"branch_failed", step.branch_failed}};
}

RunStep read_step(const Json& document) {
  RunStep step;
  step.command = string_or(document, "command");
  step.started = Time{int_or(document, "started")};
  step.waits_for = string_or(document, "waits_for");
  const auto items = strings_or_empty(document, "items");
  step.items = {items.begin(), items.end()};
  step.parent = string_or(document, "parent");
  step.failed = string_or(document, "failed");
  step.ended = number(document, "ended");
  step.outcome = string_or(document, "outcome");
  step.open_branches = static_cast<std::uint32_t>(number(document, "open_branches"));
  step.branch_failed = bool_or(document, "branch_failed");
  return step;
}

Json to_json(const Run& run) {
  JsonObject steps;
  for (const auto& [id, step] : run.steps) steps[id] = to_json(step);
  return JsonObject{{"playbook", run.playbook}, {"modified", run.modified}, {"incident", run.incident},
                    {"endpoint", run.endpoint}, {"stream", run.stream},     {"steps", std::move(steps)},
                    {"ended", run.ended},       {"outcome", run.outcome}};
}

template <class Read>
void each(const Json& document, std::string_view key, Read read) {
  const Json* part = find(document, key);
  if (part == nullptr || !part->is_object()) return;
  for (const auto& member : part->get_object()) read(std::string(member.key()), member.value());
}

Run read_run(const std::string& id, const Json& document) {
  Run run;
  run.id = id;
  run.playbook = string_or(document, "playbook");
  run.modified = string_or(document, "modified");
  run.incident = string_or(document, "incident");
  run.endpoint = string_or(document, "endpoint");
  run.stream = string_or(document, "stream");
  each(document, "steps", [&](const std::string& step, const Json& d) { run.steps[step] = read_step(d); });
  run.ended = bool_or(document, "ended");
  run.outcome = string_or(document, "outcome");
  return run;
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

Json strings(const std::map<std::string, std::string>& map) {
  JsonObject object;
  for (const auto& [key, value] : map) object[key] = value;
  return object;
}

std::map<std::string, std::string> read_strings(const Json& document, std::string_view key) {
  std::map<std::string, std::string> map;
  each(document, key, [&](const std::string& name, const Json& value) {
    if (value.is_string()) map[name] = std::string(value.get_string());
  });
  return map;
}

}  // namespace

Json to_json(const PlaybookState& state) {
  JsonObject installed, runs, incidents, findings;
  for (const auto& [id, one] : state.installed) installed[id] = JsonObject{{"digest", one.digest}, {"document", one.document}};
  for (const auto& [id, run] : state.runs) runs[id] = to_json(run);
  for (const auto& [id, facts] : state.incidents) incidents[id] = to_json(facts);
  for (const auto& [id, facts] : state.findings) findings[id] = to_json(facts);
  return JsonObject{{"installed", std::move(installed)}, {"runs", std::move(runs)},
                    {"incidents", std::move(incidents)}, {"findings", std::move(findings)},
                    {"proposed", strings(state.proposed)}, {"action_of", strings(state.action_of)}};
}

Result<PlaybookState> playbook_state_from_json(const Json& document) {
  if (!document.is_object()) return fail(Code::kInvalid, "a JSON object is expected");
  PlaybookState state;
  if (const Json* installed = find(document, "installed"); installed != nullptr && installed->is_object())
    for (const auto& member : installed->get_object()) {
      const Json* text = find(member.value(), "document");
      if (text == nullptr) return fail(Code::kInvalid, "'document' is missing", "/installed");
      FIREBREAK_ASSIGN(Playbook playbook, playbook_from_json(*text));
      state.installed[std::string(member.key())] = {std::move(playbook), string_or(member.value(), "digest"), *text};
    }
  each(document, "runs", [&](const std::string& id, const Json& d) { state.runs[id] = read_run(id, d); });
  each(document, "incidents", [&](const std::string& id, const Json& d) { state.incidents[id] = read_incident(d); });
  each(document, "findings", [&](const std::string& id, const Json& d) {
    FindingFacts facts = read_finding(d);
    state.finding_of[facts.stream + "\n" + facts.episode] = id;
    state.findings[id] = std::move(facts);
  });
  state.proposed = read_strings(document, "proposed");
  state.action_of = read_strings(document, "action_of");
  return state;
}

}  // namespace firebreak::playbook
