// Tasks of an incident, which of them wait for others, and templates: tasks in their order for those who have no time to think of them.
#include <fmt/core.h>

#include <algorithm>

#include "fold/incident/parts.h"
#include "types/incident.h"

namespace firebreak::incident {
namespace {

constexpr std::size_t kTemplates = 100, kTemplateTasks = 50, kAfter = 20, kTitle = 200;

bool is(const Task& task, const std::string& named) { return task.id == named || (!task.key.empty() && task.key == named); }

// What a task still waits for. One that went with a merge, or was never there, holds nobody up.
std::string waits_for(const Incident& incident, const Task& task) {
  std::string open;
  for (const std::string& named : task.after)
    for (const Task& other : incident.tasks)
      if (!other.done && is(other, named)) open += fmt::format("{}{} ({})", open.empty() ? "" : ", ", other.id, other.text.substr(0, 80));
  return open;
}

JsonArray array_of(const std::vector<std::string>& words) { return JsonArray(words.begin(), words.end()); }

Drafts tasks_of(const Template& from, const std::string& name, const std::string& incident, const Entry& entry, const std::string& by) {
  Drafts drafts;
  for (const TemplateTask& task : from.tasks) {
    JsonObject body{{"incident", incident}, {"text", task.text}, {"owner", task.owner}, {"by", by}, {"template", name}, {"key", task.key}};
    if (!task.after.empty()) body["after"] = array_of(task.after);
    if (task.due_us != 0) body["due"] = format_time(entry.time + task.due_us);
    drafts.push_back(make_draft("incident_task_opened", incident, std::move(body)));
  }
  return drafts;
}

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

Drafts decide_task(const Incident& incident, const Entry& entry, const Json& args, const Refusal& refused) {
  auto text = text_of(args, "text");
  if (!text) return refused(text.error().code, text.error().message, text.error().pointer);
  if (incident.tasks.size() >= kTasks) return refused(Code::kTooLarge, fmt::format("an incident has at most {} tasks", kTasks));
  JsonObject body{{"incident", incident.id}, {"text", std::move(*text)}, {"owner", string_or(args, "owner")}, {"by", who(entry)}};
  if (find(args, "due") != nullptr) {
    const auto due = get_time(args, "due");
    if (!due) return refused(Code::kInvalid, due.error().message, "/due");
    body["due"] = format_time(*due);
  }
  if (find(args, "after") != nullptr) {
    const auto after = get_strings(args, "after");
    if (!after) return refused(after.error().code, after.error().message, "/after");
    if (after->size() > kAfter) return refused(Code::kTooLarge, fmt::format("a task waits for at most {} others", kAfter), "/after");
    for (const std::string& named : *after)
      if (std::none_of(incident.tasks.begin(), incident.tasks.end(), [&](const Task& t) { return is(t, named); }))
        return refused(Code::kNotFound, fmt::format("the incident has no task '{}'", named), "/after");
    if (!after->empty()) body["after"] = array_of(*after);
  }
  return {make_draft("incident_task_opened", incident.id, std::move(body))};
}

Drafts decide_task_done(const Incident& incident, const Entry& entry, const Json& args, const Refusal& refused) {
  const std::string id = string_or(args, "task"), result = string_or(args, "result", "success");
  const auto at = std::find_if(incident.tasks.begin(), incident.tasks.end(), [&](const Task& t) { return t.id == id; });
  if (at == incident.tasks.end()) return refused(Code::kNotFound, fmt::format("the incident has no task '{}'", id), "/task");
  if (at->done) return refused(Code::kConflict, "the task is done already", "/task");
  const bool failed = result.starts_with("fail");  // what cannot be done may be said at any time
  if (at->form && !failed)
    return refused(Code::kConflict, fmt::format("a playbook's step asks for values with it: answer it with 'firebreak playbook answer {}'", id), "/task");
  if (const std::string open = waits_for(incident, *at); !open.empty() && !failed)
    return refused(Code::kConflict, fmt::format("it waits for {}: finish that first, or say why it cannot be done with a result that begins with 'failed'", open), "/task");
  return {make_draft("incident_task_done", incident.id, {{"incident", incident.id}, {"task", id}, {"by", who(entry)}, {"result", result}})};
}

Drafts decide_template(const IncidentState& state, const Entry& entry, const Incident& incident, const Json& args, const Refusal& refused) {
  const std::string name = string_or(args, "template");
  const auto from = state.templates.find(name);
  if (from == state.templates.end()) return refused(Code::kNotFound, unknown_template(state, name), "/template");
  for (const TemplateTask& task : from->second.tasks)
    for (const Task& other : incident.tasks)
      if (!other.done && other.key == task.key)
        return refused(Code::kConflict, fmt::format("{} is open as '{}' already: the template was applied, or another with a task of this key", other.id, task.key), "/template");
  if (incident.tasks.size() + from->second.tasks.size() > kTasks) return refused(Code::kTooLarge, fmt::format("an incident has at most {} tasks", kTasks));
  return tasks_of(from->second, name, incident.id, entry, who(entry));
}

Drafts decide_declared(const IncidentState& state, const Entry& entry) {
  const std::string name = string_or(entry.body, "template");
  const auto from = state.templates.find(name);
  return from == state.templates.end() ? Drafts{} : tasks_of(from->second, name, entry.id("inc"), entry, string_or(entry.body, "declared_by"));
}

void apply_task(Incident& incident, const Entry& entry) {
  if (incident.tasks.size() >= kTasks) return;
  incident.tasks.push_back({entry.id("task"), string_or(entry.body, "text"), string_or(entry.body, "owner"), "",
                            get_time(entry.body, "due").value_or(Time{}), false, find(entry.body, "form") != nullptr,
                            string_or(entry.body, "key"), strings_or_empty(entry.body, "after")});
}

void apply_task_done(Incident& incident, const Entry& entry) {
  for (Task& task : incident.tasks)
    if (task.id == string_or(entry.body, "task")) {
      task.done = true;
      task.result = string_or(entry.body, "result");
    }
}

std::string unknown_template(const IncidentState& state, const std::string& name) {
  std::string known;
  for (const auto& [each, one] : state.templates) known += (known.empty() ? "" : ", ") + each;
  return fmt::format("there is no template '{}'; there are: {}", name, known.empty() ? "none" : known);
}

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
      if (!task.after.empty()) each["after"] = array_of(task.after);
      if (task.due_us != 0) each["due_s"] = task.due_us / kSecond;
      tasks.push_back(std::move(each));
    }
    all.push_back(JsonObject{{"name", name}, {"title", one.title}, {"severity", one.severity}, {"tasks", std::move(tasks)}});
  }
  return JsonObject{{"templates", std::move(all)}};
}

}  // namespace firebreak::incident
