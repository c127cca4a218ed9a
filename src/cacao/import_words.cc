#include "cacao/import_words.h"

#include <fmt/core.h>
#include <re2/re2.h>

#include <utility>

#include "cacao/import_flow.h"
#include "cacao/value.h"

namespace firebreak::cacao {
namespace {

using Renaming = std::pair<std::string_view, std::string_view>;
constexpr Renaming kOfSteps[] = {{"on-completion", "on_completion"}, {"on-success", "on_success"}, {"on-failure", "on_failure"},
                                 {"on-true", "on_true"},             {"on-false", "on_false"},     {"next-steps", "next_steps"}};
constexpr Renaming kOfPlaybooks[] = {{"workflow-start", "workflow_start"},  {"workflow-exception", "workflow_exception"},    {"agents", "agent_definitions"},
                                     {"targets", "target_definitions"},     {"playbook_extension", "playbook_extensions"}};

class Words {
 public:
  explicit Words(JsonObject& playbook) : playbook_(playbook) {}

  std::vector<Repair> names() {
    for (const Renaming& one : kOfPlaybooks) rename(playbook_, "", one);
    for_steps([&](JsonObject& step, const std::string& pointer) {
      for (const Renaming& one : kOfSteps) rename(step, pointer, one);
    });
    return std::move(repairs_);
  }

  std::vector<Repair> forms() {
    references();
    empty_values(playbook_, "", "playbook_variables");
    for_steps([&](JsonObject& step, const std::string& pointer) {
      empty_values(step, pointer, "step_variables");
      commands(step, pointer);
      truth_value(step, pointer);
    });
    return std::move(repairs_);
  }

 private:
  template <class Do>
  void for_steps(Do act) {
    if (JsonObject* const workflow = workflow_of(playbook_); workflow != nullptr)
      for (auto& step : *workflow)
        if (step.value().is_object()) act(step.value().get_object(), child("/workflow", step.key()));
  }

  void rename(JsonObject& object, const std::string& pointer, const Renaming& names) {
    const auto [from, to] = names;
    Json* const value = at(object, from);
    if (value == nullptr || at(object, to) != nullptr) return;
    Json moved = std::move(*value);
    object.erase({from.data(), from.size()});
    object[to] = std::move(moved);
    repairs_.push_back({"draft-word-renamed", child(pointer, to), fmt::format("'{}' is called '{}' in CACAO 2.0", from, to), fmt::format("\"{}\"", from), fmt::format("\"{}\"", to)});
  }

  void commands(JsonObject& step, const std::string& pointer) {
    Json* const list = at(step, "commands");
    if (list == nullptr || !list->is_array()) return;
    for (std::size_t i = 0; i < list->get_array().size(); ++i) {
      if (!list->get_array()[i].is_object()) continue;
      JsonObject& command = list->get_array()[i].get_object();
      const std::string here = child(child(pointer, "commands"), i);
      openc2(command, here);
      start_line(command, here);
    }
  }

  // "openc2" with a start line is what the vocabulary calls openc2-http: both send the content by POST.
  void openc2(JsonObject& command, const std::string& pointer) {
    if (string_or(command, "type") != "openc2" || !string_or(command, "command").starts_with("POST ")) return;
    command["type"] = "openc2-http";
    repairs_.push_back({"openc2-renamed", child(pointer, "type"), "OpenC2 over HTTP is called openc2-http", "\"openc2\"", "\"openc2-http\""});
  }

  // "GET status HTTP1.1": a path without its slash, after the address of the agent or target. No URL, and no variable that may hold anything.
  void start_line(JsonObject& command, const std::string& pointer) {
    static const RE2 kLine(R"(([A-Z]+) +([A-Za-z0-9][^ :]*)(?: +HTTP/?[0-9.]*)?)");
    const std::string type = string_or(command, "type"), line = string_or(command, "command");
    std::string method, target;
    if ((type != "http-api" && type != "openc2-http") || !RE2::FullMatch(line, kLine, &method, &target) || method == "CONNECT") return;
    const std::string whole = fmt::format("{} /{} HTTP/1.1", method, target);
    command["command"] = whole;
    repairs_.push_back({"start-line-slash", child(pointer, "command"), "the path of a request begins with '/'", canonical_json(Json(line)), canonical_json(Json(whole))});
  }

  // A condition compares; a variable that is true or false by its type says by itself what it is compared with.
  void truth_value(JsonObject& step, const std::string& pointer) {
    Json* const condition = at(step, "condition");
    if (condition == nullptr || !condition->is_string()) return;
    const std::string text = text_of(*condition);
    const auto found = find_references(text);
    if (found.size() != 1 || found[0].size != text.size() || type_of(step, found[0].name) != "bool") return;
    *condition = text + " = true";
    repairs_.push_back({"condition-of-truth-value", child(pointer, "condition"), "a condition compares; the variable is a truth value", canonical_json(Json(text)), canonical_json(*condition)});
  }

  std::string type_of(JsonObject& step, std::string_view variable) {
    for (JsonObject* const variables : {object_at(step, "step_variables"), object_at(playbook_, "playbook_variables")})
      if (variables != nullptr)
        if (const Json* const one = at(*variables, variable)) return string_or(*one, "type");
    return {};
  }

  // "" for an address or a number stands where the value is not known yet; as a text it is a value.
  void empty_values(JsonObject& object, const std::string& pointer, std::string_view key) {
    JsonObject* const variables = object_at(object, key);
    if (variables == nullptr) return;
    for (auto& variable : *variables) {
      if (!variable.value().is_object()) continue;
      JsonObject& own = variable.value().get_object();
      const Json* const value = at(own, "value");
      if (value == nullptr || !value->is_string() || !value->get_string().empty() || !value_problem(string_or(own, "type"), "")) continue;
      own.erase("value");
      repairs_.push_back({"variable-value-empty", child(child(pointer, key), variable.key()), fmt::format("an empty value is none of type {}: there is no value yet", string_or(own, "type")), "value: \"\"", ""});
    }
  }

  void references() {
    Json* const list = at(playbook_, "external_references");
    if (list == nullptr || !list->is_array()) return;
    for (std::size_t i = 0; i < list->get_array().size(); ++i) {
      Json& one = list->get_array()[i];
      if (!one.is_object() || find(one, "name") != nullptr) continue;
      for (const std::string_view key : {"source", "description", "external_id", "url"}) {
        const std::string words = string_or(one, key);
        if (words.empty()) continue;
        one.get_object()["name"] = words;
        repairs_.push_back({"reference-named", child(child("/external_references", i), "name"), fmt::format("a reference without a name is called as its '{}' says", key), "", canonical_json(Json(words))});
        break;
      }
    }
  }

  JsonObject& playbook_;
  std::vector<Repair> repairs_;
};

}  // namespace

std::vector<Repair> draft_words(JsonObject& playbook) { return Words(playbook).names(); }

std::vector<Repair> own_forms(JsonObject& playbook) { return Words(playbook).forms(); }

}  // namespace firebreak::cacao
