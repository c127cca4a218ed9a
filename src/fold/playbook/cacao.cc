#include "fold/playbook/cacao.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "base/time.h"
#include "cacao/model.h"
#include "fold/playbook/parts.h"

namespace firebreak::playbook {
namespace {

constexpr std::size_t kWalk = 20 * kSteps;
constexpr std::string_view kStepTypes[] = {"start", "end", "action", "parallel", "if-condition"};

class Linter {
 public:
  explicit Linter(const Json& document) : document_(document) {}

  std::vector<Diagnostic> run() {
    if (!document_.is_object()) {
      error("", "a playbook is a JSON object");
      return std::move(found_);
    }
    check_head();
    const Json* workflow = find(document_, "workflow");
    if (workflow == nullptr || !workflow->is_object() || workflow->get_object().empty()) {
      error("/workflow", "'workflow' must be an object with at least a start and an end step");
      return std::move(found_);
    }
    if (workflow->get_object().size() > kSteps) {
      error("/workflow", fmt::format("at most {} steps", kSteps));
      return std::move(found_);
    }
    workflow_ = &workflow->get_object();
    for (const auto& step : *workflow_) check_step(std::string(step.key()), step.value());
    check_start();
    if (std::none_of(found_.begin(), found_.end(), [](const Diagnostic& d) { return d.error; })) check_flow();
    return std::move(found_);
  }

 private:
  void error(std::string pointer, std::string message) { found_.push_back({std::move(pointer), std::move(message), true}); }
  void warn(std::string pointer, std::string message) { found_.push_back({std::move(pointer), std::move(message), false}); }

  void check_head() {
    if (string_or(document_, "type") != "playbook") error("/type", "'type' must be \"playbook\"");
    if (string_or(document_, "spec_version") != "cacao-2.0") error("/spec_version", "'spec_version' must be \"cacao-2.0\"");
    for (const std::string_view key : {"id", "name", "created_by", "created", "modified", "workflow_start"})
      if (string_or(document_, key).empty()) error(fmt::format("/{}", key), fmt::format("'{}' is missing", key));
    if (!string_or(document_, "id").starts_with("playbook--")) error("/id", "'id' must be playbook--UUID");
    const auto created = parse_time(string_or(document_, "created")), modified = parse_time(string_or(document_, "modified"));
    if (!created) error("/created", "'created' is no RFC 3339 time");
    if (!modified) error("/modified", "'modified' is no RFC 3339 time");
    if (created && modified && *modified < *created) error("/modified", "'modified' is earlier than 'created'");
    const Json* types = find(document_, "playbook_types");
    if (types != nullptr && find(document_, "playbook_activities") == nullptr)
      warn("/playbook_types", "'playbook_types' without 'playbook_activities'");
  }

  void check_start() {
    const std::string start = string_or(document_, "workflow_start");
    const Json* step = at(start);
    if (step == nullptr) {
      error("/workflow_start", fmt::format("there is no step '{}'", start));
    } else if (string_or(*step, "type") != "start") {
      error("/workflow_start", "'workflow_start' must name a step of type start");
    }
    if (find(document_, "workflow_exception") != nullptr) reference(document_, "", "workflow_exception");
  }

  void check_step(const std::string& id, const Json& step) {
    const std::string where = "/workflow/" + id;
    const std::string type = string_or(step, "type");
    if (std::find(std::begin(kStepTypes), std::end(kStepTypes), type) == std::end(kStepTypes)) {
      error(where + "/type", fmt::format("steps of type '{}' are not run here (start, end, action, parallel, if-condition)", type));
      return;
    }
    if (!id.starts_with(type + "--")) error(where, fmt::format("the id must be {}--UUID", type));
    check_successors(where, type, step);
    if (find(step, "timeout") != nullptr && (int_or(step, "timeout", -1) <= 0 || int_or(step, "timeout") > kLongestStepMs))
      error(where + "/timeout", fmt::format("'timeout' is 1..{} ms", kLongestStepMs));
    if (find(step, "delay") != nullptr && int_or(step, "delay") != 0) error(where + "/delay", "delays are not run here");
    if (type == "action") check_action(where, step);
    if (type == "parallel") check_parallel(where, step);
    if (type == "if-condition") check_if(where, step);
  }

  void check_successors(const std::string& where, const std::string& type, const Json& step) {
    const bool completion = find(step, "on_completion") != nullptr;
    const bool success = find(step, "on_success") != nullptr, failure = find(step, "on_failure") != nullptr;
    for (const std::string_view key : {"on_completion", "on_success", "on_failure"})
      if (find(step, key) != nullptr) reference(step, where, key);
    if (type == "end") {
      if (completion || success || failure) error(where, "an end step has no successor");
      return;
    }
    if (type == "start" && (success || failure)) error(where, "a start step has on_completion alone");
    if (completion && (success || failure))
      error(where + "/on_completion", "'on_completion' excludes 'on_success' and 'on_failure'");
    if (failure && !success && !completion) error(where + "/on_failure", "'on_failure' without 'on_success': no way on");
    if (!completion && !success && !failure) error(where, "the step has no successor");
    if (type == "action" && !failure && string_or(document_, "workflow_exception").empty())
      warn(where, "a failure of this step ends the run: neither 'on_failure' nor 'workflow_exception'");
  }

  void check_action(const std::string& where, const Json& step) {
    const std::string agent = string_or(step, "agent");
    if (agent.empty()) error(where + "/agent", "an action has exactly one 'agent'");
    const Json* agents = find(document_, "agent_definitions");
    if (!agent.empty() && (agents == nullptr || find(*agents, agent) == nullptr))
      error(where + "/agent", fmt::format("there is no agent '{}'", agent));
    const Json* commands = find(step, "commands");
    if (commands == nullptr || !commands->is_array() || commands->get_array().size() != 1) {
      error(where + "/commands", "an action has exactly one command here");
      return;
    }
    const Json& command = commands->get_array()[0];
    const std::string type = string_or(command, "type"), text = string_or(command, "command");
    if (text.empty()) {
      error(where + "/commands/0/command", "'command' is missing");
    } else if (type == "x-firebreak") {
      if (auto verb = parse_verb(text); !verb) error(where + "/commands/0/command", verb.error().message);
    } else if (type != "manual") {
      error(where + "/commands/0/type", fmt::format("commands of type '{}' are not run here (x-firebreak, manual)", type));
    }
  }

  void check_parallel(const std::string& where, const Json& step) {
    const Json* next = find(step, "next_steps");
    if (next == nullptr || !next->is_array() || next->get_array().size() < 2) {
      error(where + "/next_steps", "a parallel step has at least two 'next_steps'");
      return;
    }
    for (std::size_t i = 0; i < next->get_array().size(); ++i) {
      const Json& id = next->get_array()[i];
      if (!id.is_string() || at(std::string(id.get_string())) == nullptr)
        error(fmt::format("{}/next_steps/{}", where, i), "the reference leads nowhere");
    }
  }

  void check_if(const std::string& where, const Json& step) {
    if (auto condition = parse_condition(string_or(step, "condition")); !condition)
      error(where + "/condition", condition.error().message);
    if (find(step, "on_true") == nullptr) error(where + "/on_true", "'on_true' is missing");
    for (const std::string_view key : {"on_true", "on_false"})
      if (find(step, key) != nullptr) reference(step, where, key);
  }

  void reference(const Json& object, const std::string& where, std::string_view key) {
    if (at(string_or(object, key)) == nullptr) error(fmt::format("{}/{}", where, key), "the reference leads nowhere");
  }

  const Json* at(const std::string& id) const {
    return workflow_ == nullptr || id.empty() ? nullptr : workflow_->if_contains(id);
  }

  // Every path ends in an end step, nothing loops, branches share no step, nothing stands apart.
  void check_flow() {
    std::set<std::string> path;
    walk(string_or(document_, "workflow_start"), path, reached_);
    if (const std::string exception = string_or(document_, "workflow_exception"); !exception.empty())
      walk(exception, path, reached_);
    for (const auto& step : *workflow_)
      if (!reached_.contains(std::string(step.key()))) warn("/workflow/" + std::string(step.key()), "no path leads to this step");
  }

  void walk(const std::string& id, std::set<std::string>& path, std::set<std::string>& seen) {
    if (path.contains(id)) {
      error("/workflow/" + id, "the path comes back to this step: loops are not run here");
      return;
    }
    if (!seen.insert(id).second) return;
    // Branches that share steps are walked once per way to them: bounded, and an error in itself.
    if (++walked_ > kWalk) {
      if (walked_ == kWalk + 1) error("/workflow/" + id, "too many ways through the workflow: branches share steps");
      return;
    }
    const Json* step = at(id);
    if (step == nullptr) return;
    path.insert(id);
    std::vector<std::string> branches = strings_or_empty(*step, "next_steps");
    for (const std::string_view key : {"on_true", "on_false"})
      if (find(*step, key) != nullptr) branches.push_back(string_or(*step, key));
    std::set<std::string> shared;
    for (const std::string& branch : branches) {
      std::set<std::string> own;
      walk(branch, path, own);
      for (const std::string& inside : own) {
        seen.insert(inside);
        if (!shared.insert(inside).second)
          error("/workflow/" + inside, "two branches share this step: each branch ends in an end step of its own");
      }
    }
    for (const std::string_view key : {"on_completion", "on_success", "on_failure"})
      if (find(*step, key) != nullptr) {
        const std::string next = string_or(*step, key);
        if (shared.contains(next)) error("/workflow/" + id, "a branch and the step after it share " + next);
        walk(next, path, seen);
      }
    path.erase(id);
  }

  const Json& document_;
  const JsonObject* workflow_ = nullptr;
  std::vector<Diagnostic> found_;
  std::set<std::string> reached_;
  std::size_t walked_ = 0;
};

Step step_of(const cacao::Step& read) {
  Step step;
  step.id = read.id;
  step.type = read.type;
  step.name = read.name.empty() ? read.type : read.name;
  step.on_completion = read.on_completion;
  step.on_success = read.on_success;
  step.on_failure = read.on_failure;
  step.timeout_ms = read.timeout_ms.value_or(0);
  step.condition = read.condition;
  if (read.type == "if-condition") step.branches.resize(2);  // on_true, on_false
  for (const cacao::Branch& branch : read.branches) {
    if (read.type == "if-condition") step.branches[branch.label == "on_true" ? 0 : 1] = branch.step;
    else step.branches.push_back(branch.step);
  }
  if (!read.commands.empty()) {
    step.command_type = read.commands[0].type;
    step.command = read.commands[0].text;
  }
  return step;
}

}  // namespace

std::vector<Diagnostic> lint(const Json& document) { return Linter(document).run(); }

Result<Playbook> playbook_from_json(const Json& document) {
  for (const Diagnostic& diagnostic : lint(document))
    if (diagnostic.error) return fail(Code::kInvalid, diagnostic.message, diagnostic.pointer);
  const cacao::Playbook read = cacao::read_playbook(document);
  Playbook playbook;
  playbook.id = read.id;
  playbook.modified = read.modified;
  playbook.name = read.name;
  playbook.start = read.start;
  playbook.exception = read.exception;
  playbook.revoked = read.revoked;
  if (const auto from = parse_time(read.valid_from)) playbook.valid_from = *from;
  if (const auto until = parse_time(read.valid_until)) playbook.valid_until = *until;
  for (const std::string& label : read.labels) {
    if (label.starts_with("trigger:kind=")) playbook.trigger_kind = label.substr(13);
    if (label.starts_with("trigger:rule=")) playbook.trigger_rule += (playbook.trigger_rule.empty() ? "" : " ") + label.substr(13);
  }
  for (const auto& [id, step] : read.steps) playbook.steps[id] = step_of(step);
  return playbook;
}

std::string not_in_force(const Playbook& playbook, Time now) {
  if (playbook.revoked) return "it is revoked";  // the times of a revoked one are ignored
  if (playbook.valid_from && now < *playbook.valid_from) return "it is valid from " + format_time(*playbook.valid_from);
  if (playbook.valid_until && *playbook.valid_until <= now) return "it expired at " + format_time(*playbook.valid_until);
  return {};
}

}  // namespace firebreak::playbook
