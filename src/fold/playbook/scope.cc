// What a step sees: the activation with all that belongs to it, and what its variables hold.
#include <fmt/core.h>

#include "cacao/value.h"
#include "fold/playbook/parts.h"

namespace firebreak::playbook {
namespace {

std::optional<std::string> given(const Run& run, const IncidentFacts* facts, std::string_view name) {
  if (name == "__incident__") return run.incident;
  if (name == "__run__") return run.id;
  if (name == "__endpoint__") return run.endpoint;
  if (name == "__stream__") return run.stream;
  if (facts == nullptr) return std::nullopt;
  if (name == "__rule__") return facts->rule;
  if (name == "__severity__") return facts->severity;
  if (name == "__phase__") return facts->phase;
  if (name == "__first__") return std::to_string(facts->first);
  if (name == "__last__") return std::to_string(facts->last);
  if (name != "__finding_kinds__") return std::nullopt;
  std::string kinds;
  for (const std::string& kind : facts->finding_kinds) kinds += (kinds.empty() ? "" : ",") + kind;
  return kinds;
}

}  // namespace

const cacao::Variable* declared(const Plan& plan, const cacao::Step* step, const std::string& name) {
  if (step != nullptr)
    if (const auto own = step->variables.find(name); own != step->variables.end()) return &own->second;
  const auto global = plan.read.variables.find(name);
  return global == plan.read.variables.end() ? nullptr : &global->second;
}

std::string At::id() const { return fmt::format("step-{}", index); }

JsonObject At::body() const { return {{"run", run->id}, {"incident", run->incident}, {"step", step->id}, {"activation", id()}}; }

std::optional<At> at(const PlaybookState& state, const std::string& run_id, std::uint64_t index) {
  const auto run = state.runs.find(run_id);
  if (run == state.runs.end() || run->second.ended) return std::nullopt;
  const auto open = run->second.open.find(index);
  const Plan* const plan = plan_of(state, run->second);
  if (open == run->second.open.end() || plan == nullptr) return std::nullopt;
  const cacao::Step* const step = plan->step(open->second.step);
  if (step == nullptr) return std::nullopt;
  return At{&state, &run->second, plan, index, &open->second, step};
}

std::optional<At> at(const PlaybookState& state, const Json& body) { return at(state, string_or(body, "run"), index_of(string_or(body, "activation"))); }

std::vector<At> waiting_for(const PlaybookState& state, const std::string& id) {
  std::vector<At> out;
  if (id.empty()) return out;
  for (auto found = state.waits.lower_bound({id, "", 0}); found != state.waits.end() && std::get<0>(*found) == id; ++found)
    if (const auto one = at(state, std::get<1>(*found), std::get<2>(*found))) out.push_back(*one);
  return out;
}

const Plan* plan_of(const PlaybookState& state, const Run& run) {
  const auto versions = state.installed.find(run.playbook);
  if (versions == state.installed.end()) return nullptr;
  const auto version = versions->second.find(run.modified);
  return version == versions->second.end() ? nullptr : version->second.plan.get();
}

cacao::Lookup lookup_in(const PlaybookState& state, const Run& run, const Plan& plan, const cacao::Step* step, const Activation* activation) {
  return [&state, &run, &plan, step, activation](std::string_view variable) -> std::optional<cacao::Value> {
    const std::string name(variable);
    const cacao::Variable* const known = declared(plan, step, name);
    const std::string type = known != nullptr ? known->type : "string";
    const bool local = step != nullptr && step->variables.contains(name);
    const Values& values = local && activation != nullptr ? activation->locals : run.variables;
    if (const auto set = values.find(name); set != values.end()) return cacao::Value{type, set->second};
    if (!local && (known == nullptr || known->external)) {
      const auto facts = state.incidents.find(run.incident);
      if (auto value = given(run, facts == state.incidents.end() ? nullptr : &facts->second, name)) return cacao::Value{type, std::move(*value)};
      if (const auto own = state.variables.find(name); own != state.variables.end()) return cacao::Value{type, own->second};
    }
    if (known != nullptr && known->value) return cacao::Value{type, *known->value};
    return std::nullopt;
  };
}

std::vector<std::string> choices_of(const Plan& plan, const std::string& variable) {
  for (const auto& [id, step] : plan.read.steps) {
    if (step.type != "switch-condition" || step.switch_on != variable + ":value") continue;
    std::vector<std::string> out;
    for (const cacao::Branch& branch : step.branches) {
      if (branch.label == "default") return {};
      out.push_back(branch.label.substr(6, branch.label.size() - 7));  // case 'route'
    }
    return out;
  }
  return {};
}

std::optional<std::string> problem_of(const Plan& plan, const cacao::Step* step, const Values& values) {
  for (const auto& [name, value] : values) {
    const cacao::Variable* const variable = declared(plan, step, name);
    if (variable == nullptr) return fmt::format("the variable {} is not declared", name);
    if (variable->constant) return fmt::format("the variable {} is constant", name);
    if (value.size() > kValue) return fmt::format("the value of {} has {} octets; {} are the most", name, value.size(), kValue);
    if (const auto problem = cacao::value_problem(variable->type, value)) return fmt::format("the value of {} is {}", name, *problem);
  }
  return std::nullopt;
}

}  // namespace firebreak::playbook
