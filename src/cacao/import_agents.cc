#include "cacao/import_agents.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <set>

#include "cacao/import_flow.h"
#include "cacao/schema.h"
#include "cacao/step_rules.h"
#include "cacao/value.h"

namespace firebreak::cacao {
namespace {

bool all_of_type(const Json& commands, std::initializer_list<std::string_view> types) {
  const JsonArray& list = commands.get_array();
  return !list.empty() && std::all_of(list.begin(), list.end(), [&](const Json& command) {
    return std::find(types.begin(), types.end(), string_or(command, "type")) != types.end();
  });
}

class Agents {
 public:
  explicit Agents(JsonObject& playbook) : playbook_(playbook), scope_(string_or(playbook, "id")) {}

  std::vector<Repair> run() {
    JsonObject* const workflow = workflow_of(playbook_);
    if (workflow == nullptr) return {};
    for (auto& step : *workflow)
      if (step.value().is_object() && string_or(step.value(), "type") == "action") choose(step.value().get_object(), child("/workflow", step.key()));
    define();
    return std::move(repairs_);
  }

 private:
  // Not named, of a type of the vocabulary, or an id that nobody defines: then it stays.
  bool stays(const JsonObject& step) {
    JsonObject* const agents = object_at(playbook_, "agent_definitions");
    const Json* const agent = agents == nullptr ? nullptr : at(*agents, string_or(step, "agent"));
    const std::string type = agent == nullptr ? "" : string_or(*agent, "type");
    return type.empty() || party_shape(type) != nullptr;
  }

  bool targets_have_addresses(const JsonObject& step) {
    const Json* const targets = step.if_contains("targets");
    JsonObject* const defined = object_at(playbook_, "target_definitions");
    if (targets == nullptr || !targets->is_array() || targets->get_array().empty() || defined == nullptr) return false;
    return std::all_of(targets->get_array().begin(), targets->get_array().end(), [&](const Json& id) {
      const Json* const one = id.is_string() ? at(*defined, text_of(id)) : nullptr;
      return one != nullptr && find(*one, "address") != nullptr;
    });
  }

  void choose(JsonObject& step, const std::string& pointer) {
    const Json* const commands = at(step, "commands");
    if (commands == nullptr || !commands->is_array() || stays(step)) return;
    const bool people = all_of_type(*commands, {"manual"});
    if (!people && !(all_of_type(*commands, {"http-api", "openc2-http"}) && targets_have_addresses(step))) return;
    std::string& id = people ? people_ : firebreak_;
    if (id.empty()) id = people ? made_identifier("group", scope_ + "\nresponders") : made_identifier("security-category", scope_ + "\nfirebreak");
    const std::string before = string_or(step, "agent");
    replaced_.insert(before);
    step["agent"] = id;
    repairs_.push_back({people ? "agent-people" : "agent-firebreak", child(pointer, "agent"),
                        people ? "manual commands are done by people" : "Firebreak sends the requests to the targets' addresses", canonical_json(Json(before)), canonical_json(Json(id))});
  }

  void define() {
    if (repairs_.empty()) return;
    Json& agents = playbook_["agent_definitions"];
    if (!agents.is_object()) agents = JsonObject{};
    for (auto& step : *workflow_of(playbook_)) replaced_.erase(string_or(step.value(), "agent"));
    for (const std::string& id : replaced_) agents.get_object().erase(id);  // nobody's agent any more
    if (!people_.empty()) agents.get_object()[people_] = JsonObject{{"type", "group"}, {"name", "incident responders"}};
    if (!firebreak_.empty()) agents.get_object()[firebreak_] = JsonObject{{"type", "security-category"}, {"name", "Firebreak"}, {"category", JsonArray{"orchestrator"}}};
  }

  JsonObject& playbook_;
  std::string scope_, people_, firebreak_;
  std::set<std::string> replaced_;
  std::vector<Repair> repairs_;
};

// ".a.b_c" -> "/a/b_c", "." -> "": the jq expressions that are no more than a place in the answer.
std::optional<std::string> pointer_of(const std::string& path) {
  if (path == ".") return "";
  if (!path.starts_with('.')) return std::nullopt;
  std::string pointer;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_', digit = c >= '0' && c <= '9';
    if (c == '.' && i + 1 < path.size()) pointer += '/';
    else if (letter || (digit && pointer.back() != '/')) pointer += c;
    else return std::nullopt;
  }
  return pointer.ends_with('/') || pointer.find("//") != std::string::npos ? std::nullopt : std::optional(pointer);
}

// The results of one step, when every assignment in it is a place in the answer; else nothing.
std::optional<JsonArray> results_of(JsonObject& step, const JsonObject& extensions) {
  JsonArray results;
  std::set<std::string> whole;
  for (const auto& one : extensions) {
    if (string_or(one.value(), "type") != "soarca-assignment") continue;
    const Json* const expression = find(one.value(), "expression");
    const auto pointer = expression != nullptr && string_or(*expression, "type") == "jq" ? pointer_of(string_or(*expression, "expression")) : std::nullopt;
    if (!pointer || !is_variable_name(string_or(one.value(), "variable"))) return std::nullopt;
    results.push_back(JsonObject{{"to", string_or(one.value(), "variable")}, {"pointer", *pointer}});
    whole.insert(string_or(one.value(), "step-result"));
  }
  // The answer itself goes into a variable as well, when the step gives it.
  for (const std::string& name : strings_or_empty(Json(step), "out_args"))
    if (whole.contains(name)) results.push_back(JsonObject{{"to", name}, {"pointer", ""}});
  return results;
}

}  // namespace

std::vector<Repair> agents_that_are_here(JsonObject& playbook) { return Agents(playbook).run(); }

std::vector<Repair> assignments_as_results(JsonObject& playbook) {
  std::vector<Repair> repairs;
  JsonObject* const workflow = workflow_of(playbook);
  if (workflow == nullptr) return repairs;
  for (auto& member : *workflow) {
    if (!member.value().is_object()) continue;
    JsonObject& step = member.value().get_object();
    JsonObject* const extensions = object_at(step, "step_extensions");
    const Json* const commands = at(step, "commands");
    if (extensions == nullptr || extensions->contains(kFirebreakExtension) || commands == nullptr || !commands->is_array() || commands->get_array().size() != 1) continue;
    if (!all_of_type(*commands, {"http-api", "openc2-http"})) continue;
    const auto results = results_of(step, *extensions);
    if (!results || results->empty()) continue;
    const std::string before = canonical_json(*extensions);
    JsonObject left;
    for (auto& one : *extensions)
      if (string_or(one.value(), "type") != "soarca-assignment") left[one.key()] = std::move(one.value());
    left[kFirebreakExtension] = JsonObject{{"results", *results}};
    *extensions = std::move(left);
    JsonArray given;
    for (const std::string& name : strings_or_empty(Json(step), "out_args")) given.push_back(Json(name));
    for (const Json& one : *results)
      if (const Json name(string_or(one, "to")); std::find(given.begin(), given.end(), name) == given.end()) given.push_back(name);
    step["out_args"] = std::move(given);
    repairs.push_back({"assignment-as-results", child(child("/workflow", member.key()), "step_extensions"), "what a step takes from its answer, as Firebreak's extension of steps says it", before, canonical_json(*object_at(step, "step_extensions"))});
  }
  if (repairs.empty()) return repairs;
  Json& definitions = playbook["extension_definitions"];
  if (!definitions.is_object()) definitions = JsonObject{};
  if (!definitions.get_object().contains(kFirebreakExtension))
    definitions.get_object()[kFirebreakExtension] = JsonObject{{"type", "extension-definition"}, {"name", "Firebreak steps"}, {"created_by", string_or(playbook, "created_by")},
                                                               {"schema", "https://firebreak.example/cacao/steps.json"}, {"version", "1.0.0"}};
  return repairs;
}

}  // namespace firebreak::cacao
