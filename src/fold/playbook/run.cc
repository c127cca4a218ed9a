// How a run goes from step to step.
#include <fmt/core.h>

#include "fold/playbook/parts.h"

namespace firebreak::playbook {
namespace {

// Where a step leads. A failure never follows on_completion: it takes on_failure, at the top level else the playbook's
// exception; inside a branch it ends the branch, and the branching step fails.
std::string next_of(const At& at, std::string_view outcome) {
  const cacao::Step& step = *at.step;
  if (outcome == "success") return step.on_success.empty() ? step.on_completion : step.on_success;
  if (outcome == "cancelled") return "";
  if (!step.on_failure.empty()) return step.on_failure;
  const std::string& exception = at.plan->read.exception;
  return at.activation->parent.empty() && !at.run->exceptional && exception != step.id ? exception : "";
}

// What a step under way has asked people for and nobody has to answer any more.
Drafts withdraw(const Run& run, const Activation& activation, std::string_view why) {
  Drafts drafts;
  for (const std::string& id : activation.waits_for)
    if (id.starts_with("task-"))
      drafts.push_back(make_draft("incident_task_done", run.id, {{"incident", run.incident}, {"task", id}, {"by", "firebreak"}, {"result", fmt::format("withdrawn: {}", why)}}));
  return drafts;
}

// The child that a playbook-action waits for goes with it.
Drafts end_child(const PlaybookState& state, const Activation& activation) {
  for (const std::string& id : activation.waits_for)
    if (const auto child = state.runs.find(id); child != state.runs.end() && !child->second.ended)
      return end_run(state, child->second, "cancelled", "firebreak", "the step that called it is over");
  return {};
}

Values given_back(const PlaybookState& state, const Run& run) {
  Values values;
  const auto parent = at(state, run.parent_run, run.parent_step);
  const Plan* const plan = plan_of(state, run);
  if (!parent || plan == nullptr) return values;
  const auto lookup = lookup_in(state, run, *plan, nullptr, nullptr);
  for (const std::string& name : parent->step->out_args)
    if (const auto value = lookup(name)) values[name] = value->text;
  return values;
}

}  // namespace

void join(Drafts& to, Drafts more) {
  for (Draft& draft : more) to.push_back(std::move(draft));
}

Drafts start_step(const PlaybookState& state, const Run& run, const Plan& plan, const std::string& id, const std::string& parent, bool later) {
  const cacao::Step* const step = plan.step(id);
  if (run.paused) return {};  // kept back: playbook_run_resumed starts it
  if (step == nullptr || run.activations >= kActivations)
    return end_run(state, run, "failure", "firebreak", step == nullptr ? fmt::format("there is no step '{}'", id) : fmt::format("{} steps have been started: a loop without end?", kActivations));
  JsonObject body{{"run", run.id}, {"incident", run.incident}, {"step", id}, {"name", step->name.empty() ? step->type : step->name}, {"type", step->type},
                  {"command", step->commands.empty() ? "" : shortened(step->commands[0].text, 1'000)}, {"parent", parent}};
  if (step->type == "parallel") body["branches"] = step->branches.size();
  if (step->delay_ms > 0) body["delay_ms"] = step->delay_ms;
  if (later || state.at_once >= kAtOnce) body["later"] = true;
  return {make_draft("playbook_step_started", run.id, std::move(body))};
}

Drafts end_step(const At& at, std::string_view outcome, std::string detail, Values values) {
  JsonObject body = at.body();
  body["name"] = at.step->name.empty() ? at.step->type : at.step->name;
  body["parent"] = at.activation->parent;
  JsonArray next;
  JsonObject given;
  std::size_t octets = 0;
  for (const auto& [name, value] : values) {
    given[name] = value;
    octets += name.size() + value.size();
  }
  if (octets > kValues) {
    outcome = "failure";
    detail = fmt::format("what the step gives is larger than {} octets", kValues);
    given.clear();
  } else if (auto problem = problem_of(*at.plan, at.step, values)) {
    outcome = "failure";
    detail = std::move(*problem);
    given.clear();
  }
  if (std::string way = next_of(at, outcome); !way.empty()) next.emplace_back(std::move(way));
  body["outcome"] = outcome;
  body["detail"] = shortened(cacao::printable(detail), 2'000);
  body["next"] = std::move(next);
  if (!given.empty()) body["variables"] = std::move(given);
  Drafts drafts{make_draft("playbook_step_ended", at.run->id, std::move(body))};
  if (outcome != "success") {
    join(drafts, withdraw(*at.run, *at.activation, outcome == "timeout" ? "nobody answered in time" : "the step is over"));
    join(drafts, end_child(*at.state, *at.activation));
    join(drafts, abandon_within(*at.state, *at.run, at.id(), "the step it stands in is over"));
  }
  return drafts;
}

// Everything under way below `parent` ("" = all of the run): cancelled, and it leads nowhere.
Drafts abandon_within(const PlaybookState& state, const Run& run, const std::string& parent, std::string_view why) {
  Drafts drafts;
  for (const auto& [index, activation] : run.open) {
    if (activation.parent != parent) continue;
    const auto child = at(state, run.id, index);
    if (child) join(drafts, end_step(*child, "cancelled", std::string(why)));
  }
  return drafts;
}

Drafts end_run(const PlaybookState& state, const Run& run, std::string_view outcome, std::string by, std::string reason) {
  JsonObject body{{"run", run.id}, {"incident", run.incident}, {"playbook", run.playbook}, {"outcome", outcome}};
  if (!by.empty()) body["by"] = std::move(by);
  if (!reason.empty()) body["reason"] = std::move(reason);
  JsonObject values;
  for (const auto& [name, value] : given_back(state, run)) values[name] = value;
  if (!values.empty()) body["variables"] = std::move(values);
  return {make_draft("playbook_run_ended", run.id, std::move(body))};
}

Drafts decide_run_started(const PlaybookState& state, const Entry& entry) {
  const auto found = state.runs.find(entry.id("run"));
  if (found == state.runs.end()) return {};
  const Plan* const plan = plan_of(state, found->second);
  if (plan == nullptr) return end_run(state, found->second, "failure", "firebreak", "this version of the playbook is gone");
  // Its caller may have come to an end between the decision and this entry.
  if (!found->second.parent_run.empty() && !at(state, found->second.parent_run, found->second.parent_step))
    return end_run(state, found->second, "cancelled", "firebreak", "the step that called it is over");
  const std::string from = string_or(entry.body, "from");
  return start_step(state, found->second, *plan, from.empty() ? plan->read.start : from, "");
}

Drafts decide_run_ended(const PlaybookState& state, const Entry& entry) {
  const auto found = state.runs.find(string_or(entry.body, "run"));
  if (found == state.runs.end() || found->second.last_ended != entry.index) return {};  // it was over already
  const Run& run = found->second;
  Drafts drafts;
  for (const auto& [index, activation] : run.open) {
    join(drafts, withdraw(run, activation, "the run is over"));
    join(drafts, end_child(state, activation));
  }
  const auto parent = at(state, run.parent_run, run.parent_step);
  if (!parent || !parent->activation->waits_for.contains(run.id)) return drafts;
  Values values;
  if (const Json* const given = find(entry.body, "variables"))
    for (const auto& member : given->as_object()) values[std::string(member.key())] = std::string(member.value().as_string());
  const bool good = run.outcome == "success";
  join(drafts, end_step(*parent, good ? "success" : "failure", good ? "" : fmt::format("{} ended: {}", run.id, run.outcome), good ? std::move(values) : Values{}));
  return drafts;
}

Drafts decide_step_ended(const PlaybookState& state, const Entry& entry) {
  const auto found = state.runs.find(string_or(entry.body, "run"));
  if (found == state.runs.end() || found->second.ended || found->second.last_ended != entry.index) return {};
  const Run& run = found->second;
  const Plan* const plan = plan_of(state, run);
  if (plan == nullptr) return {};
  const auto next = strings_or_empty(entry.body, "next");
  const std::string parent = string_or(entry.body, "parent");
  if (!next.empty()) return start_step(state, run, *plan, next.front(), parent);
  const bool good = string_or(entry.body, "outcome") == "success";
  // A success only when it never had to take the exception's way. What is still open stood in the step that has just ended:
  // its end is decided already, and comes before the run's.
  if (parent.empty()) return end_run(state, run, good && !run.exceptional ? "success" : "failure");
  const auto branching = at(state, run.id, index_of(parent));
  if (!branching || branching->activation->open_branches != 0) return {};
  if (branching->activation->branch_failed) return end_step(*branching, "failure", "a branch failed");
  return branching->step->type == "while-condition" ? enter_loop(*branching) : end_step(*branching, "success", "");
}

}  // namespace firebreak::playbook
