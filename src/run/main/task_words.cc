// incident task, task-done, templates, template: tasks, and templates of incidents.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "run/main/command_line.h"
#include "run/main/print.h"

namespace firebreak::cli {
namespace {

std::string templates_text(const Json& answer) {
  std::string out;
  for (const Json& one : answer.at("items").as_array()) {
    out += fmt::format("{}  {}  {}\n", string_or(one, "name"), string_or(one, "severity"), string_or(one, "title"));
    for (const Json& task : one.at("tasks").as_array()) {
      std::string after;
      for (const std::string& key : strings_or_empty(task, "after")) after += (after.empty() ? "; after " : ", ") + key;
      out += fmt::format("    {} ({}{}): {}\n", string_or(task, "key"), string_or(task, "owner"), after, string_or(task, "text"));
    }
  }
  return out.empty() ? "no templates\n" : out;
}

int print_templates(Client& client) {
  const auto answer = client.get("/api/v1/incident-templates");
  if (!answer) return report_error(answer.error(), client.connection().json);
  std::fputs(client.connection().json ? pretty_json(*answer).c_str() : templates_text(*answer).c_str(), stdout);
  return kDone;
}

}  // namespace

void CommandLine::add_tasks() {
  Words& w = words_;
  auto* done = verb(incident_, "task-done", "finish a task", [&w](Client& c) {
    return give_command(c, "incident.task_done", JsonObject{{"incident", w.id}, {"task", w.task}, {"result", w.text}});
  });
  done->add_option("id", w.id)->required();
  done->add_option("task", w.task, "its id, as task-166")->required();
  done->add_option("--result", w.text, "what came of it; 'failed: ...' when it cannot be done")->required();
  auto* task = verb(incident_, "task", "open a task", [&w](Client& c) {
    JsonObject args{{"incident", w.id}, {"text", w.text}, {"owner", w.owner}};
    if (!w.items.empty()) args["after"] = JsonArray(w.items.begin(), w.items.end());
    return give_command(c, "incident.task", args);
  });
  task->add_option("id", w.id)->required();
  task->add_option("text", w.text)->required();
  task->add_option("--owner", w.owner, "a user or a role such as communications")->required();
  task->add_option("--after", w.items, "tasks that come first, by id or by their key in a template");
  verb(incident_, "templates", "what 'incident declare --template' can fill in", print_templates);
  auto* from = verb(incident_, "template", "open the tasks of a template in this incident", [&w](Client& c) {
    return give_command(c, "incident.template", JsonObject{{"incident", w.id}, {"template", w.template_name}});
  });
  from->add_option("id", w.id)->required();
  from->add_option("template", w.template_name, "its name")->required();
}

}  // namespace firebreak::cli
