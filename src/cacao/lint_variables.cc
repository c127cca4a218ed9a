// Variables: what is referred to is declared within reach, what is declared is used, constants are not written.
#include <fmt/core.h>

#include <set>

#include "cacao/lint_parts.h"
#include "cacao/step_rules.h"
#include "cacao/value.h"

namespace firebreak::cacao {
namespace {

// Text for people: it may speak of a variable, declared or not.
bool is_prose(std::string_view key) { return key == "description" || key == "name" || key == "external_references" || key == "step_extensions"; }

class Usage {
 public:
  Usage(Findings& findings, const Playbook& playbook) : findings_(findings), playbook_(playbook) {}

  void run() {
    for (const auto& [id, step] : playbook_.steps) check_step(step);
    for (const auto& [name, variable] : playbook_.variables) {
      if (variable.value)
        for (const std::string& inner : references_in(*variable.value)) used_.insert(inner);
    }
    scan_parties_of_nobody();
    for (const auto& [name, variable] : playbook_.variables)
      if (!used_.contains(name)) findings_.add("variable-unused", child("/playbook_variables", name), fmt::format("'{}' is used nowhere", name));
  }

 private:
  void check_step(const Step& step) {
    used_here_.clear();
    const Json* const object = find_pointer(playbook_.document, step.pointer);
    scan(*object, step.pointer, &step);
    for (const auto& [key, names] : {std::pair("in_args", &step.in_args), std::pair("out_args", &step.out_args)})
      for (std::size_t i = 0; i < names->size(); ++i) {
        // Some write an argument as a reference: both are the same variable.
        const std::string& given = (*names)[i];
        use(given.ends_with(":value") ? given.substr(0, given.size() - 6) : given, child(child(step.pointer, key), i), &step, std::string_view(key) == "out_args");
      }
    check_raw(*object, step);
    scan_party("/agent_definitions", step.agent, step);
    for (const std::string& target : step.targets) scan_party("/target_definitions", target, step);
    for (const auto& [name, variable] : step.variables)
      if (!used_here_.contains(name))
        findings_.add("variable-unused", child(child(step.pointer, "step_variables"), name), fmt::format("'{}' is used nowhere", name));
  }

  // Variables that go into a content as they are. To name one there is no use of it.
  void check_raw(const Json& object, const Step& step) {
    const Json* const extensions = find(object, "step_extensions");
    const Json* const own = extensions == nullptr ? nullptr : find(*extensions, kFirebreakExtension);
    const Json* const names = own == nullptr ? nullptr : find(*own, kRawVariables);
    if (names == nullptr) return;
    const std::string pointer = child(child(child(step.pointer, "step_extensions"), kFirebreakExtension), kRawVariables);
    if (!names->is_array()) return findings_.add("wrong-type", pointer, "a list of variables' names is expected");
    for (std::size_t i = 0; i < names->get_array().size(); ++i) {
      const Json& item = names->get_array()[i];
      const std::string name = item.is_string() ? std::string(item.get_string()) : std::string();
      if (!is_variable_name(name)) findings_.add("variable-name", child(pointer, i), "a variable is named as __name__");
      else if (!is_declared(name, &step)) findings_.add("variable-undeclared", child(pointer, i), fmt::format("'{}' is declared nowhere in reach", name));
      else findings_.add("raw-insertion", child(pointer, i), fmt::format("'{}' is put into the content as it is", name));
    }
  }

  // An agent or target, and how it authenticates, see the variables of the step that uses them.
  void scan_party(const std::string& dictionary, const std::string& id, const Step& step) {
    const std::string pointer = child(dictionary, id);
    const Json* const party = id.empty() ? nullptr : find_pointer(playbook_.document, pointer);
    if (party == nullptr) return;
    in_use_.insert(pointer);
    scan(*party, pointer, &step);
    const std::string authentication = child("/authentication_info_definitions", string_or(*party, "authentication_info"));
    if (const Json* const info = find_pointer(playbook_.document, authentication); info != nullptr && !string_or(*party, "authentication_info").empty()) {
      in_use_.insert(authentication);
      scan(*info, authentication, &step);
    }
  }

  void scan_parties_of_nobody() {
    for (const char* dictionary : {"/agent_definitions", "/target_definitions", "/authentication_info_definitions"}) {
      const Json* const entries = find_pointer(playbook_.document, dictionary);
      if (entries == nullptr || !entries->is_object()) continue;
      for (const auto& entry : entries->get_object())
        if (const std::string at = child(dictionary, entry.key()); !in_use_.contains(at)) scan(entry.value(), at, nullptr);
    }
  }

  void scan(const Json& value, const std::string& pointer, const Step* step, bool prose = false) {
    if (value.is_string()) {
      for (const std::string& name : references_in({value.get_string().data(), value.get_string().size()}))
        if (!prose || is_declared(name, step)) use(name, pointer, step, false);
    } else if (value.is_array()) {
      for (std::size_t i = 0; i < value.get_array().size(); ++i) scan(value.get_array()[i], child(pointer, i), step, prose);
    } else if (value.is_object()) {
      for (const auto& member : value.get_object()) {
        const std::string_view key = member.key();
        if (key == "in_args" || key == "out_args") continue;
        if (key.ends_with("_b64") && member.value().is_string()) scan_encoded(member.value(), child(pointer, key), step);
        else scan(member.value(), child(pointer, key), step, prose || is_prose(key));
      }
    }
  }

  bool is_declared(const std::string& name, const Step* step) const {
    return playbook_.variables.contains(name) || (step != nullptr && step->variables.contains(name));
  }

  void scan_encoded(const Json& value, const std::string& pointer, const Step* step) {
    const auto decoded = decode_base64({value.get_string().data(), value.get_string().size()});
    if (!decoded) return;
    for (const std::string& name : references_in(*decoded)) use(name, pointer, step, false);
  }

  void use(const std::string& name, const std::string& pointer, const Step* step, bool written) {
    const Variable* variable = nullptr;
    if (step != nullptr)
      if (const auto own = step->variables.find(name); own != step->variables.end()) {
        used_here_.insert(name);
        variable = &own->second;
      }
    if (const auto global = playbook_.variables.find(name); variable == nullptr && global != playbook_.variables.end()) {
      used_.insert(name);
      variable = &global->second;
    }
    if (variable == nullptr) {
      if (told_.insert(pointer + '\n' + name).second) findings_.add("variable-undeclared", pointer, fmt::format("'{}' is declared nowhere in reach", name));
    } else if (written && variable->constant) {
      findings_.add("variable-constant-written", pointer, fmt::format("'{}' is a constant", name));
    }
  }

  Findings& findings_;
  const Playbook& playbook_;
  std::set<std::string> used_, used_here_, in_use_, told_;
};

}  // namespace

void lint_variables(Findings& findings, const Playbook& playbook) { Usage(findings, playbook).run(); }

}  // namespace firebreak::cacao
