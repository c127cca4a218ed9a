// Tasks of an incident, and which of them wait for others; also those that a template brings.
#include <fmt/core.h>

#include <algorithm>

#include "fold/incident/parts.h"

namespace firebreak::incident {
namespace {

constexpr std::size_t kAfter = 20;

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

}  // namespace firebreak::incident
