#include "cacao/import_drafts.h"

#include <fmt/core.h>

#include <map>
#include <set>

#include "cacao/schema.h"
#include "cacao/validate.h"
#include "cacao/value.h"

namespace firebreak::cacao {
namespace {

constexpr std::string_view kWays[] = {"on_completion", "on_success", "on_failure", "on_true", "on_false"};
constexpr std::string_view kManyWays[] = {"next_steps", "cases", "conditions"};

// nullptr when there is none, or more of it than is looked at.
JsonObject* workflow_of(JsonObject& playbook) {
  Json* const workflow = playbook.if_contains("workflow");
  if (workflow == nullptr || !workflow->is_object() || workflow->get_object().size() > kMostSteps) return nullptr;
  return &workflow->get_object();
}

JsonObject* step_in(JsonObject& workflow, const std::string& id) {
  Json* const step = workflow.if_contains(id);
  return step != nullptr && step->is_object() ? &step->get_object() : nullptr;
}

// Calls `act` with every string of the step that names a next step.
template <class Act>
void each_way(JsonObject& step, Act act) {
  for (const std::string_view key : kWays)
    if (Json* const way = step.if_contains(key); way != nullptr && way->is_string()) act(*way);
  for (const std::string_view key : kManyWays) {
    Json* const ways = step.if_contains(key);
    if (ways != nullptr && ways->is_array())
      for (Json& way : ways->get_array())
        if (way.is_string()) act(way);
    if (ways != nullptr && ways->is_object())
      for (auto& way : ways->get_object())
        if (way.value().is_string()) act(way.value());
  }
}

std::string text_of(const Json& value) { return {value.get_string().data(), value.get_string().size()}; }

// Steps that are reached from `id`, itself first, in the order in which a walk meets them; not beyond `stop`.
std::vector<std::string> reached(JsonObject& workflow, const std::string& id, const std::string& stop = {}) {
  std::vector<std::string> order;
  std::set<std::string> seen;
  std::vector<std::string> open{id};
  while (!open.empty()) {
    const std::string next = open.back();
    open.pop_back();
    JsonObject* const step = step_in(workflow, next);
    if (step == nullptr || next == stop || !seen.insert(next).second) continue;
    order.push_back(next);
    each_way(*step, [&](const Json& way) { open.push_back(text_of(way)); });
  }
  return order;
}

class Decisions {
 public:
  explicit Decisions(JsonObject& playbook) : playbook_(playbook) {}

  std::vector<Repair> run() {
    std::vector<std::string> asked;
    for (auto& step : workflow())
      if (step.value().is_object() && is_question(step.value().get_object())) asked.emplace_back(step.key());
    for (const std::string& id : asked) ask(id);
    return std::move(repairs_);
  }

 private:
  // Found anew each time: a member that is added to the playbook moves the others. It may grow past what workflow_of takes.
  JsonObject& workflow() { return playbook_.at("workflow").get_object(); }

  bool is_question(const JsonObject& step) {
    const Json* const answers = step.if_contains("conditions");
    if (answers == nullptr || !answers->is_object() || answers->get_object().empty() || string_or(step, "type") != "action") return false;
    if (step.contains("on_completion") || step.contains("on_success")) return false;
    for (const auto& answer : answers->get_object())
      if (!answer.value().is_string() || step_in(workflow(), text_of(answer.value())) == nullptr) return false;
    return true;
  }

  // The first step that every answer leads to.
  std::string join(const JsonObject& answers) {
    std::map<std::string, std::size_t> met;
    std::vector<std::string> first;
    for (const auto& answer : answers) {
      const auto steps = reached(workflow(), text_of(answer.value()));
      if (first.empty()) first = steps;
      for (const std::string& step : steps) ++met[step];
    }
    for (const std::string& step : first)
      if (met[step] == answers.size()) return step;
    return {};
  }

  std::string new_end(const std::string& made_of) {
    const std::string id = made_identifier("end", made_of);
    workflow()[id] = JsonObject{{"type", "end"}};
    return id;
  }

  void ask(const std::string& id) {
    JsonObject answers = workflow().at(id).at("conditions").as_object();
    const std::string variable = fmt::format("__answer_{}__", ++count_), branching = made_identifier("switch-condition", id);
    std::string after = join(answers);
    for (auto& answer : answers) {
      const std::string target = text_of(answer.value()), key(answer.key());
      if (after.empty()) continue;
      const std::string own_end = made_identifier("end", id + '\n' + key);
      bool used = target == after;
      for (const std::string& inside : reached(workflow(), target, after))
        each_way(*step_in(workflow(), inside), [&](Json& way) {
          if (text_of(way) != after) return;
          way = own_end;
          used = true;
        });
      if (target == after) answer.value() = own_end;
      if (used) workflow()[own_end] = JsonObject{{"type", "end"}};
    }
    if (after.empty()) after = new_end(id);
    write(id, branching, variable, std::move(answers), after);
  }

  void write(const std::string& id, const std::string& branching, const std::string& variable, JsonObject answers, const std::string& after) {
    std::string words;
    for (const auto& answer : answers) words += (words.empty() ? "" : " or ") + std::string(answer.key());
    JsonObject& step = workflow().at(id).as_object();
    const std::string before = canonical_json(step.at("conditions"));
    step.erase("conditions");
    step["out_args"] = JsonArray{Json(variable)};
    step["on_completion"] = branching;
    Json& commands = step["commands"];
    if (commands.is_array() && !commands.get_array().empty() && commands.get_array()[0].is_object())
      commands.get_array()[0].get_object()["command"] = fmt::format("{} Answer {}.", string_or(commands.get_array()[0], "command"), words);
    workflow()[branching] = JsonObject{{"type", "switch-condition"}, {"switch", variable + ":value"}, {"cases", std::move(answers)}, {"on_completion", after}};
    Json& variables = playbook_["playbook_variables"];
    if (!variables.is_object()) variables = JsonObject{};
    variables.get_object()[variable] = JsonObject{{"type", "string"}, {"description", "What a person answered."}};
    repairs_.push_back({"decision-asked", "/workflow/" + id, "a decision without a condition is a question to a person; what all answers lead to comes after it", before,
                        canonical_json(workflow().at(branching).at("cases"))});
  }

  JsonObject& playbook_;
  std::vector<Repair> repairs_;
  int count_ = 0;
};

// Commands of a step that names nobody: those of a type that nobody defines become manual. Whether all are manual then.
bool by_hand(Json& commands, const std::string& pointer, std::vector<Repair>& repairs) {
  if (!commands.is_array() || commands.get_array().empty()) return false;
  bool all = true;
  for (const Json& one : commands.get_array()) {
    const std::string type = one.is_object() ? string_or(one, "type") : "";
    all = all && one.is_object() && !string_or(one, "command").empty() && (type == "manual" || (!type.empty() && command_shape(type) == nullptr));
  }
  if (!all) return false;
  for (std::size_t i = 0; i < commands.get_array().size(); ++i) {
    JsonObject& one = commands.get_array()[i].get_object();
    const std::string type = string_or(one, "type");
    if (type == "manual") continue;
    one["type"] = "manual";
    one["command"] = fmt::format("By hand ({}): {}", type, string_or(one, "command"));
    repairs.push_back({"command-by-hand", child(child(pointer, i), "type"), "a command of a type that nobody defines, of a step that names nobody, is done by people", "\"" + type + "\"", "\"manual\""});
  }
  return true;
}

}  // namespace

std::vector<Repair> people_do_what_has_no_command(JsonObject& playbook) {
  std::vector<Repair> repairs;
  JsonObject* const workflow = workflow_of(playbook);
  if (workflow == nullptr) return repairs;
  const std::string people = made_identifier("group", string_or(playbook, "id") + "\nresponders");
  bool needed = false;
  for (auto& member : *workflow) {
    if (!member.value().is_object()) continue;
    JsonObject& step = member.value().get_object();
    const std::string pointer = child("/workflow", member.key()), words = string_or(step, "description", string_or(step, "name"));
    if (string_or(step, "type") != "action" || step.contains("agent")) continue;
    if (Json* const commands = step.if_contains("commands")) {
      if (!by_hand(*commands, child(pointer, "commands"), repairs)) continue;
      repairs.push_back({"agent-added", child(pointer, "agent"), "manual commands of nobody are those of the responders", "", "\"" + people + "\""});
    } else if (!words.empty()) {
      step["commands"] = JsonArray{JsonObject{{"type", "manual"}, {"command", words}}};
      repairs.push_back({"done-by-people", pointer, "an action without commands is done by people, who read its description", "", "manual: " + words});
    } else {
      continue;
    }
    step["agent"] = people;
    needed = true;
  }
  if (!needed) return repairs;
  Json& agents = playbook["agent_definitions"];
  if (!agents.is_object()) agents = JsonObject{};
  agents.get_object()[people] = JsonObject{{"type", "group"}, {"name", "incident responders"}};
  return repairs;
}

std::vector<Repair> ask_decisions(JsonObject& playbook) {
  return workflow_of(playbook) == nullptr ? std::vector<Repair>{} : Decisions(playbook).run();
}

}  // namespace firebreak::cacao
