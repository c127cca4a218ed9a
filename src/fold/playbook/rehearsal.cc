#include "fold/playbook/rehearsal.h"

#include <fmt/core.h>

#include <algorithm>

#include "cacao/value.h"
#include "fold/playbook/parts.h"
#include "fold/playbook/render.h"

namespace firebreak::playbook {
namespace {

class Rehearsal {
 public:
  Rehearsal(const PlanPtr& plan, const RehearsalInput& input) : plan_(*plan) {
    state_.incidents[input.incident_id] = input.incident;
    state_.variables = input.organisation;
    run_.id = "run-0";
    run_.playbook = plan->read.id;
    run_.modified = plan->modified;
    run_.incident = input.incident_id;
    run_.endpoint = input.incident.endpoint;
    run_.stream = input.incident.stream;
    run_.variables = input.variables;
    for (const auto& [id, step] : plan->read.steps)
      for (const std::string& name : step.out_args) given_by_.emplace(name, step.title());
  }

  Json run() {
    missing();
    walk(plan_.read.start, 0, "start");
    if (!plan_.read.exception.empty()) walk(plan_.read.exception, 0, "workflow_exception");
    return JsonObject{{"name", plan_.read.name}, {"id", plan_.read.id}, {"modified", plan_.read.modified}, {"problems", std::move(problems_)}, {"steps", std::move(steps_)}};
  }

 private:
  void missing() {
    const auto lookup = lookup_in(state_, run_, plan_, nullptr, nullptr);
    if (auto problem = problem_of(plan_, nullptr, run_.variables)) problems_.emplace_back(std::move(*problem));
    for (const auto& [name, variable] : plan_.read.variables)
      if (variable.external && !lookup(name)) problems_.emplace_back(fmt::format("the variable {} ({}) has no value: give it with --set {}=…", name, variable.type, name));
  }

  void walk(const std::string& id, int depth, std::string_view reached) {
    const cacao::Step* const step = plan_.step(id);
    if (step == nullptr || !seen_.insert(id).second) return;
    steps_.push_back(show(*step, depth, reached));
    for (const cacao::Branch& branch : step->branches) walk(branch.step, depth + 1, branch.label);
    for (const auto& [key, next] : step->routes()) walk(next, depth, key);
  }

  Json show(const cacao::Step& step, int depth, std::string_view reached) {
    const StepRules& rules = plan_.rules_for(step.id);
    const cacao::Party* const agent = plan_.read.party(step.agent);
    JsonObject out{{"step", step.id}, {"name", step.title()}, {"type", step.type}, {"depth", depth}, {"reached", reached}};
    if (agent != nullptr) out["agent"] = agent->name.empty() ? agent->type : agent->name;
    if (step.type == "action") {
      out["timeout_s"] = plan_.timeout_us(step) / kSecond;
      out["commands"] = commands(step);
    }
    if (step.delay_ms > 0) out["delay_ms"] = step.delay_ms;
    if (rules.approvers > 0) out["approval"] = JsonObject{{"approvers", rules.approvers}, {"within_s", rules.approval_ms / 1'000}};
    if (rules.attempts > 1) out["attempts"] = rules.attempts;
    if (!step.condition.empty()) condition(step, out);
    if (!step.switch_on.empty()) out["switch"] = step.switch_on;
    if (!step.playbook_id.empty()) out["playbook"] = step.playbook_version.empty() ? step.playbook_id : step.playbook_id + " of " + step.playbook_version;
    return out;
  }

  // What is not known yet stands as its name.
  cacao::Lookup lookup(const cacao::Step& step, JsonObject& later) const {
    return [this, known = lookup_in(state_, run_, plan_, &step, nullptr), &later](std::string_view name) -> std::optional<cacao::Value> {
      if (auto value = known(name)) return value;
      const auto giver = given_by_.find(std::string(name));
      if (giver == given_by_.end()) return std::nullopt;
      later[name] = giver->second;
      return cacao::Value{"string", std::string(name)};
    };
  }

  JsonArray commands(const cacao::Step& step) const {
    JsonArray out;
    for (std::size_t unit = 0; unit < plan_.units(step); ++unit) {
      JsonObject later, one;
      const auto rendered = render(plan_, step, unit, lookup(step, later));
      if (rendered) one = {{"kind", rendered->kind}, {"text", rendered->text}, {"what", rendered->what}};
      else one = {{"text", step.commands[unit / std::max<std::size_t>(1, step.targets.size())].text}, {later.empty() ? "error" : "unknown", rendered.error().message}};
      if (!later.empty()) one["later"] = std::move(later);
      out.push_back(std::move(one));
    }
    return out;
  }

  void condition(const cacao::Step& step, JsonObject& out) const {
    out["condition"] = step.condition;
    JsonObject later;
    const auto parsed = plan_.conditions.find(step.id);
    if (parsed == plan_.conditions.end()) return void(out["error"] = "the condition cannot be read");
    const auto holds = parsed->second.holds(lookup(step, later));
    if (!later.empty()) out["later"] = std::move(later);
    else if (holds) out["holds"] = *holds;
    else out["error"] = holds.error().message;
  }

  const Plan& plan_;
  PlaybookState state_;
  Run run_;
  std::map<std::string, std::string> given_by_;
  std::set<std::string> seen_;
  JsonArray problems_, steps_;
};

}  // namespace

Json rehearse(const PlanPtr& plan, const RehearsalInput& input) { return Rehearsal(plan, input).run(); }

}  // namespace firebreak::playbook
