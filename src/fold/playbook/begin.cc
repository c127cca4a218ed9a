// What a step does when its time has come.
#include <fmt/core.h>

#include "fold/playbook/parts.h"

namespace firebreak::playbook {
namespace {

Result<bool> holds(const At& at) {
  const auto condition = at.plan->conditions.find(at.step->id);
  if (condition == at.plan->conditions.end()) return fail(Code::kInvalid, "the condition cannot be read");
  return condition->second.holds(lookup_in(*at.state, *at.run, *at.plan, at.step, at.activation));
}

Drafts start_branch(const At& at, const std::string& step) { return start_step(*at.state, *at.run, *at.plan, step, at.id()); }

std::string branch(const cacao::Step& step, std::string_view label) {
  for (const cacao::Branch& one : step.branches)
    if (one.label == label) return one.step;
  return {};
}

Drafts choose(const At& at) {
  const auto yes = holds(at);
  if (!yes) return end_step(at, "failure", yes.error().message);
  const std::string way = branch(*at.step, *yes ? "on_true" : "on_false");
  return way.empty() ? end_step(at, "success", "the condition does not hold") : start_branch(at, way);
}

// The case whose key is the variable's value, else `default`, else a failure.
Drafts choose_case(const At& at) {
  std::string_view name = at.step->switch_on;
  if (name.ends_with(":value")) name.remove_suffix(6);
  const auto value = lookup_in(*at.state, *at.run, *at.plan, at.step, at.activation)(name);
  std::string way;
  if (value) way = branch(*at.step, fmt::format("case '{}'", value->text));
  if (way.empty()) way = branch(*at.step, "default");
  if (!way.empty()) return start_branch(at, way);
  if (!value) return end_step(at, "failure", fmt::format("the variable {} has no value, and there is no default", name));
  // Whoever listed the cases did not think of this one: going on would look as if something had been done.
  return end_step(at, "failure", fmt::format("no case '{}', and no default", value->text));
}

// The called playbook's external variables take the values of those in_args that bear their names.
Drafts call_playbook(const At& at, Time now) {
  const auto versions = at.state->installed.find(at.step->playbook_id);
  if (versions == at.state->installed.end() || versions->second.empty()) return end_step(at, "failure", fmt::format("the playbook {} is not installed", at.step->playbook_id));
  auto version = std::prev(versions->second.end());
  if (!at.step->playbook_version.empty()) {
    const auto modified = parse_time(at.step->playbook_version);
    version = modified ? versions->second.find(*modified) : versions->second.end();
    if (version == versions->second.end()) return end_step(at, "failure", fmt::format("version {} of {} is not installed", at.step->playbook_version, at.step->playbook_id));
  }
  Start start{version->second.plan, at.run->incident, at.run->by, "", "", at.run->id, at.id(), {}};
  const auto lookup = lookup_in(*at.state, *at.run, *at.plan, at.step, at.activation);
  for (const std::string& name : at.step->in_args)
    if (!is_given(name) && start.plan->read.variables.contains(name))
      if (const auto value = lookup(name)) start.variables[name] = value->text;
  auto draft = start_run(*at.state, start, now);
  if (!draft) return end_step(at, "failure", draft.error().message);
  return {std::move(*draft)};
}

}  // namespace

Drafts enter_loop(const At& at) {
  if (at.run->paused) return {make_draft("playbook_command_held", at.run->id, at.body())};
  const auto yes = holds(at);
  if (!yes) return end_step(at, "failure", yes.error().message);
  if (!*yes) return end_step(at, "success", fmt::format("{} times", at.activation->iterations));
  const std::uint32_t most = at.rules().iterations;
  if (at.activation->iterations >= most) return end_step(at, "failure", fmt::format("the condition still holds after {} times", most));
  // A loop that waits for nothing turns with the inputs (at least each second) after its first turns: nobody else waits for it.
  return start_step(*at.state, *at.run, *at.plan, branch(*at.step, "on_true"), at.id(), at.activation->iterations >= kFreeTurns);
}

Drafts begin(const At& at) {
  const std::string& type = at.step->type;
  if (type == "action") return at.rules().approvers > 0 ? ask(at) : go_on(at);
  if (type == "start" || type == "end") return end_step(at, "success", "");
  if (type == "playbook-action") return call_playbook(at, at.activation->begin);
  if (type == "if-condition") return choose(at);
  if (type == "switch-condition") return choose_case(at);
  if (type == "while-condition") return enter_loop(at);
  Drafts drafts;
  for (const cacao::Branch& one : at.step->branches) join(drafts, start_step(*at.state, *at.run, *at.plan, one.step, at.id(), at.state->at_once + drafts.size() >= kAtOnce));
  return drafts;
}

}  // namespace firebreak::playbook
