// What may start: the version in force, signed by whom it must be, every variable that the caller must give given and of its
// type, every playbook that it calls installed. And what starts by itself.
#include <fmt/core.h>

#include <algorithm>

#include "cacao/signature.h"
#include "fold/playbook/parts.h"

namespace firebreak::playbook {
namespace {

Result<void> check_signature(const PlaybookState& state, const Installed& installed, const IncidentFacts& facts, Time now) {
  if (!state.signatures.severities.contains(facts.severity)) return {};
  const auto verdicts = cacao::verify_signatures(installed.document, state.signatures.keys, now);
  const bool good = verdicts && std::any_of(verdicts->begin(), verdicts->end(), [](const cacao::Verdict& one) { return one.standing == cacao::Standing::kValid && one.trusted; });
  if (good) return {};
  return fail(Code::kForbidden, fmt::format("on an incident of {} only playbooks run that a trusted key has signed, and this one is not: sign it ('firebreak playbook sign'), install it again", facts.severity), "/playbook");
}

Result<void> check_variables(const PlaybookState& state, const Plan& plan, const Values& values) {
  for (const auto& [name, value] : values) {
    const auto known = plan.read.variables.find(name);
    if (known == plan.read.variables.end()) return fail(Code::kInvalid, fmt::format("the playbook has no variable {}", name), "/variables/" + name);
    if (is_given(name)) return fail(Code::kInvalid, fmt::format("{} is what Firebreak knows of the incident: it is not given by hand", name), "/variables/" + name);
    if (!known->second.external) return fail(Code::kInvalid, fmt::format("the variable {} is not external: its value is not given from outside", name), "/variables/" + name);
  }
  if (auto problem = problem_of(plan, nullptr, values)) return fail(Code::kInvalid, std::move(*problem), "/variables");
  for (const auto& [name, variable] : plan.read.variables) {
    if (!variable.external || variable.value || is_given(name) || values.contains(name) || state.variables.contains(name)) continue;
    return fail(Code::kInvalid, fmt::format("the variable {} ({}) has no value: give it (--set {}=…), or set it in the configuration under playbooks: variables", name, variable.type, name), "/variables/" + name);
  }
  return {};
}

// Every playbook that is called, however deep, is installed in the version that is asked for, and none comes back to itself.
Result<void> check_calls(const PlaybookState& state, const Plan& plan, std::vector<std::string>& above) {
  if (above.size() >= kDepth) return fail(Code::kInvalid, fmt::format("playbooks call each other more than {} deep", kDepth), "/playbook");
  above.push_back(plan.read.id);
  for (const auto& [id, step] : plan.read.steps) {
    if (step.type != "playbook-action") continue;
    if (std::find(above.begin(), above.end(), step.playbook_id) != above.end()) return fail(Code::kInvalid, fmt::format("'{}' calls {}, which leads back to it", step.title(), step.playbook_id), step.pointer);
    const auto versions = state.installed.find(step.playbook_id);
    if (versions == state.installed.end() || versions->second.empty()) return fail(Code::kNotFound, fmt::format("'{}' calls {}, which is not installed", step.title(), step.playbook_id), step.pointer);
    auto version = std::prev(versions->second.end());
    if (!step.playbook_version.empty()) {
      const auto modified = parse_time(step.playbook_version);
      version = modified ? versions->second.find(*modified) : versions->second.end();
      if (version == versions->second.end()) return fail(Code::kNotFound, fmt::format("'{}' calls version {} of {}, which is not installed", step.title(), step.playbook_version, step.playbook_id), step.pointer);
    }
    FIREBREAK_TRY(check_calls(state, *version->second.plan, above));
  }
  above.pop_back();
  return {};
}

bool is_for(const Plan& plan, const IncidentFacts& facts) {
  const bool by_rule = !facts.rule.empty() && std::find(plan.trigger_rules.begin(), plan.trigger_rules.end(), facts.rule) != plan.trigger_rules.end();
  return by_rule || (!plan.trigger_kind.empty() && facts.finding_kinds.contains(plan.trigger_kind));
}

}  // namespace

Result<Draft> start_run(const PlaybookState& state, const Start& start, Time now) {
  const Plan& plan = *start.plan;
  const auto facts = state.incidents.find(start.incident);
  if (facts == state.incidents.end()) return fail(Code::kNotFound, fmt::format("there is no open incident '{}'", start.incident), "/incident");
  if (const std::string why = not_in_force(plan, now); !why.empty()) return fail(Code::kConflict, why + ": install a version that is in force", "/playbook");
  FIREBREAK_TRY(check_signature(state, state.installed.at(plan.read.id).at(plan.modified), facts->second, now));
  std::size_t under_way = 0;
  for (const auto& [id, run] : state.runs) {
    if (run.ended) continue;
    ++under_way;
    if (start.parent_run.empty() && run.parent_run.empty() && run.playbook == plan.read.id && run.incident == start.incident)
      return fail(Code::kConflict, fmt::format("{} is under way on this incident", id), "/playbook");
  }
  if (under_way >= kRuns) return fail(Code::kBusy, fmt::format("{} runs are under way", under_way), "/playbook");
  FIREBREAK_TRY(check_variables(state, plan, start.variables));
  std::vector<std::string> above;
  FIREBREAK_TRY(check_calls(state, plan, above));
  JsonObject body{{"playbook", plan.read.id}, {"modified", plan.read.modified}, {"name", plan.read.name}, {"incident", start.incident},
                  {"endpoint", facts->second.endpoint}, {"stream", facts->second.stream}, {"by", start.by}};
  const std::pair<std::string_view, const std::string&> more[] = {{"from", start.from}, {"rerun_of", start.rerun_of}, {"parent_run", start.parent_run}, {"parent_step", start.parent_step}};
  for (const auto& [key, value] : more)
    if (!value.empty()) body[key] = value;
  JsonObject values;
  for (const auto& [name, value] : start.variables) values[name] = value;
  if (!values.empty()) body["variables"] = std::move(values);
  return make_draft("playbook_run_started", start.incident, std::move(body));
}

// A label may name the rule, or a kind of finding that the incident was opened with.
Drafts on_incident(const PlaybookState& state, const Entry& entry) {
  const auto facts = state.incidents.find(entry.id("inc"));
  Drafts drafts;
  if (facts == state.incidents.end()) return drafts;
  for (const auto& [id, versions] : state.installed) {
    if (versions.empty()) continue;
    const PlanPtr& plan = versions.rbegin()->second.plan;
    if (!is_for(*plan, facts->second)) continue;
    auto draft = start_run(state, Start{plan, entry.id("inc"), "firebreak", "", "", "", "", {}}, entry.time);
    // Whoever relies on it must hear that it does not come.
    if (!draft)
      draft = make_draft("incident_task_opened", entry.id("inc"),
                   {{"incident", entry.id("inc")},
                    {"owner", "lead"},
                    {"text", fmt::format("The playbook '{}' is for this incident and was not started: {}. Go on by hand.", plan->read.name, draft.error().message)}});
    drafts.push_back(std::move(*draft));
  }
  return drafts;
}

}  // namespace firebreak::playbook
