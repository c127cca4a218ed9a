#include "cacao/model.h"

#include <fmt/core.h>

#include "cacao/diagnostic.h"
#include "cacao/value.h"

namespace firebreak::cacao {
namespace {

// `plain`, else what `encoded` decodes to.
std::string either(const Json& object, std::string_view plain, std::string_view encoded) {
  if (find(object, plain) != nullptr) return string_or(object, plain);
  return decode_base64(string_or(object, encoded)).value_or("");
}

template <class Item, class Read>
std::map<std::string, Item> dictionary(const Json& object, std::string_view key, Read read) {
  std::map<std::string, Item> out;
  each_member(object, key, [&](const std::string& name, const Json& item) { out[name] = read(name, item); });
  return out;
}

Variable read_variable(const std::string&, const Json& object) {
  Variable variable{string_or(object, "type"), string_or(object, "description"), std::nullopt, bool_or(object, "constant"), bool_or(object, "external")};
  const Json* const value = find(object, "value");
  if (value != nullptr && value->is_string()) variable.value = std::string(value->get_string());
  else if (value != nullptr && !value->is_null()) variable.value = canonical_json(*value);
  return variable;
}

Command read_command(const Json& object) {
  return {string_or(object, "type"), string_or(object, "playbook_activity"), either(object, "command", "command_b64"), either(object, "content", "content_b64")};
}

std::vector<Branch> read_branches(const Json& object, const std::string& type, const std::string& pointer) {
  std::vector<Branch> branches;
  if (type == "parallel") {
    const std::vector<std::string> next = strings_or_empty(object, "next_steps");
    for (std::size_t i = 0; i < next.size(); ++i)
      branches.push_back({fmt::format("branch {}", i + 1), child(child(pointer, "next_steps"), i), next[i]});
  } else if (type == "switch-condition") {
    const Json* const cases = find(object, "cases");
    if (cases == nullptr || !cases->is_object()) return branches;
    for (const auto& one : cases->get_object())
      if (one.value().is_string())
        branches.push_back({one.key() == "default" ? "default" : fmt::format("case '{}'", std::string_view(one.key())),
                            child(child(pointer, "cases"), one.key()), std::string(one.value().get_string())});
  } else if (type == "if-condition" || type == "while-condition") {
    for (const std::string_view key : {"on_true", "on_false"})
      if (const std::string next = string_or(object, key); !next.empty()) branches.push_back({std::string(key), child(pointer, key), next});
  }
  return branches;
}

Step read_step(const std::string& id, const Json& object) {
  Step step;
  step.id = id;
  step.pointer = child("/workflow", id);
  step.type = string_or(object, "type");
  step.name = string_or(object, "name");
  step.description = string_or(object, "description");
  step.owner = string_or(object, "owner");
  step.on_completion = string_or(object, "on_completion");
  step.on_success = string_or(object, "on_success");
  step.on_failure = string_or(object, "on_failure");
  step.delay_ms = int_or(object, "delay");
  if (const auto timeout = get_int(object, "timeout")) step.timeout_ms = *timeout;
  step.variables = dictionary<Variable>(object, "step_variables", read_variable);
  step.in_args = strings_or_empty(object, "in_args");
  step.out_args = strings_or_empty(object, "out_args");
  if (const Json* const commands = find(object, "commands"); commands != nullptr && commands->is_array())
    for (const Json& command : commands->get_array()) step.commands.push_back(read_command(command));
  step.agent = string_or(object, "agent");
  step.targets = strings_or_empty(object, "targets");
  step.playbook_id = string_or(object, "playbook_id");
  step.playbook_version = string_or(object, "playbook_version");
  step.condition = string_or(object, "condition");
  step.switch_on = string_or(object, "switch");
  step.branches = read_branches(object, step.type, step.pointer);
  return step;
}

}  // namespace

std::vector<std::pair<std::string_view, std::string>> Step::routes() const {
  std::vector<std::pair<std::string_view, std::string>> out;
  if (!on_completion.empty()) out.emplace_back("on_completion", on_completion);
  if (!on_success.empty()) out.emplace_back("on_success", on_success);
  if (!on_failure.empty()) out.emplace_back("on_failure", on_failure);
  return out;
}

const Step* Playbook::step(const std::string& id_of_step) const {
  const auto at = steps.find(id_of_step);
  return at == steps.end() ? nullptr : &at->second;
}

const Party* Playbook::party(const std::string& id_of_party) const {
  if (const auto at = agents.find(id_of_party); at != agents.end()) return &at->second;
  const auto at = targets.find(id_of_party);
  return at == targets.end() ? nullptr : &at->second;
}

Playbook read_playbook(const Json& document) {
  Playbook playbook;
  playbook.id = string_or(document, "id");
  playbook.name = string_or(document, "name");
  playbook.description = string_or(document, "description");
  playbook.created_by = string_or(document, "created_by");
  playbook.created = string_or(document, "created");
  playbook.modified = string_or(document, "modified");
  playbook.valid_from = string_or(document, "valid_from");
  playbook.valid_until = string_or(document, "valid_until");
  playbook.start = string_or(document, "workflow_start");
  playbook.exception = string_or(document, "workflow_exception");
  playbook.revoked = bool_or(document, "revoked");
  playbook.types = strings_or_empty(document, "playbook_types");
  playbook.activities = strings_or_empty(document, "playbook_activities");
  playbook.labels = strings_or_empty(document, "labels");
  playbook.variables = dictionary<Variable>(document, "playbook_variables", read_variable);
  playbook.steps = dictionary<Step>(document, "workflow", read_step);
  const auto party = [](const std::string&, const Json& object) {
    return Party{string_or(object, "type"), string_or(object, "name"), string_or(object, "description")};
  };
  playbook.agents = dictionary<Party>(document, "agent_definitions", party);
  playbook.targets = dictionary<Party>(document, "target_definitions", party);
  playbook.document = document;
  return playbook;
}

}  // namespace firebreak::cacao
