#include "fold/incident/templates.h"

#include <fmt/core.h>

#include <algorithm>

#include "fold/incident/parts.h"
#include "types/incident.h"

namespace firebreak::incident {
namespace {

constexpr std::size_t kTemplates = 100, kTemplateTasks = 50, kTitle = 200;

Result<TemplateTask> task_from_json(const Json& item, const std::vector<TemplateTask>& before) {
  FIREBREAK_TRY(only_keys(item, {"key", "text", "owner", "after", "due_s"}));
  TemplateTask task;
  FIREBREAK_ASSIGN(task.key, get_string(item, "key"));
  if (!is_name(task.key)) return fail(Code::kInvalid, "'key' is a short name", "/key");
  const auto known = [&](const std::string& key) { return std::any_of(before.begin(), before.end(), [&](const TemplateTask& t) { return t.key == key; }); };
  if (known(task.key)) return fail(Code::kInvalid, fmt::format("two tasks are called '{}'", task.key), "/key");
  FIREBREAK_ASSIGN(task.text, text_of(item, "text"));
  FIREBREAK_ASSIGN(task.owner, get_string(item, "owner"));
  if (find(item, "after") != nullptr) {
    FIREBREAK_ASSIGN(task.after, get_strings(item, "after"));
  }
  for (const std::string& key : task.after)
    if (!known(key)) return fail(Code::kInvalid, fmt::format("'{}' is no task before this one", key), "/after");
  const std::int64_t due = int_or(item, "due_s");
  if (due < 0 || due > 366 * 86'400) return fail(Code::kInvalid, "'due_s' is 0 s to 366 days", "/due_s");
  task.due_us = due * kSecond;
  return task;
}

Result<Template> template_from_json(const Json& item) {
  FIREBREAK_TRY(only_keys(item, {"name", "title", "severity", "tasks", "reason"}));
  Template one;
  FIREBREAK_ASSIGN(one.title, get_string(item, "title"));
  if (one.title.empty() || one.title.size() > kTitle) return fail(Code::kInvalid, fmt::format("'title' has 1 to {} octets", kTitle), "/title");
  FIREBREAK_ASSIGN(one.severity, get_string(item, "severity"));
  if (std::find(std::begin(words::kIncidentSeverity), std::end(words::kIncidentSeverity), one.severity) == std::end(words::kIncidentSeverity))
    return fail(Code::kInvalid, "'severity' is SEV-1 to SEV-4", "/severity");
  const Json* const tasks = find(item, "tasks");
  if (tasks == nullptr || !tasks->is_array()) return fail(Code::kInvalid, "'tasks' must be an array", "/tasks");
  if (tasks->get_array().size() > kTemplateTasks) return fail(Code::kTooLarge, fmt::format("a template has at most {} tasks", kTemplateTasks), "/tasks");
  for (std::size_t i = 0; i < tasks->get_array().size(); ++i) {
    auto task = task_from_json(tasks->get_array()[i], one.tasks);
    if (!task) return fail(std::move(task.error()).at(fmt::format("/tasks/{}", i)));
    one.tasks.push_back(std::move(*task));
  }
  return one;
}

}  // namespace

std::string title_of(const Template& from, const std::string& endpoint) {
  std::string title = from.title;
  if (const auto at = title.find("{endpoint}"); at != std::string::npos) title.replace(at, 10, endpoint);
  return title;
}

Result<Templates> templates_from_json(const Json& document) {
  FIREBREAK_TRY(only_keys(document, {"templates"}));
  const Json* const list = find(document, "templates");
  if (list == nullptr || !list->is_array()) return fail(Code::kInvalid, "'templates' must be an array", "/templates");
  if (list->get_array().size() > kTemplates) return fail(Code::kTooLarge, fmt::format("at most {} templates", kTemplates), "/templates");
  Templates templates;
  for (std::size_t i = 0; i < list->get_array().size(); ++i) {
    const Json& item = list->get_array()[i];
    auto one = template_from_json(item);
    if (!one) return fail(std::move(one.error()).at(fmt::format("/templates/{}", i)));
    const std::string name = string_or(item, "name");
    if (!is_name(name)) return fail(Code::kInvalid, "'name' is a short name", fmt::format("/templates/{}/name", i));
    if (!templates.emplace(name, std::move(*one)).second) return fail(Code::kInvalid, fmt::format("two templates are called '{}'", name), fmt::format("/templates/{}/name", i));
  }
  return templates;
}

Json to_json(const Templates& templates) {
  JsonArray all;
  for (const auto& [name, one] : templates) {
    JsonArray tasks;
    for (const TemplateTask& task : one.tasks) {
      JsonObject each{{"key", task.key}, {"text", task.text}, {"owner", task.owner}};
      if (!task.after.empty()) each["after"] = JsonArray(task.after.begin(), task.after.end());
      if (task.due_us != 0) each["due_s"] = task.due_us / kSecond;
      tasks.push_back(std::move(each));
    }
    all.push_back(JsonObject{{"name", name}, {"title", one.title}, {"severity", one.severity}, {"tasks", std::move(tasks)}});
  }
  return JsonObject{{"templates", std::move(all)}};
}

}  // namespace firebreak::incident
