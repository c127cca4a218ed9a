// What waiting steps were waiting for, and the commands that concern playbooks and evidence.
#include <fmt/core.h>

#include "base/digest.h"
#include "fold/playbook/parts.h"
#include "types/command.h"

namespace firebreak::playbook {
namespace {

Drafts refuse(const std::string& name, Code code, std::string reason, std::string pointer = {}) {
  return {make("command_refused", "", refusal(name, code, std::move(reason), std::move(pointer)))};
}

Drafts install(const PlaybookState& state, const std::string& name, const Json& args) {
  const Json* document = find(args, "document");
  if (document == nullptr) return refuse(name, Code::kInvalid, "'document' is missing", "/document");
  auto playbook = playbook_from_json(*document);
  if (!playbook) return refuse(name, Code::kInvalid, playbook.error().message, "/document" + playbook.error().pointer);
  const std::string text = canonical_json(*document);
  if (text.size() > kDocument)
    return refuse(name, Code::kTooLarge, fmt::format("a playbook has at most {} octets", kDocument), "/document");
  const std::string digest = sha256(text).hex();
  if (const auto at = state.installed.find(playbook->id); at != state.installed.end()) {
    if (at->second.digest == digest) return refuse(name, Code::kConflict, "this version is installed already", "/document");
    // (id, modified) is a version's identity; the same one with other bytes would be two versions under one name.
    const auto had = parse_time(at->second.playbook.modified), has = parse_time(playbook->modified);
    if (had && has && *has <= *had)
      return refuse(name, Code::kConflict, fmt::format("the version of {} is installed; a new one needs a newer 'modified'",
                                                       at->second.playbook.modified), "/document/modified");
  }
  return {make("playbook_installed", "",
               {{"id", playbook->id}, {"modified", playbook->modified}, {"name", playbook->name}, {"digest", digest}, {"document", *document}})};
}

Drafts run(const PlaybookState& state, const std::string& name, const Json& args, Time now) {
  const std::string id = string_or(args, "playbook"), incident = string_or(args, "incident");
  const auto installed = state.installed.find(id);
  if (installed == state.installed.end()) return refuse(name, Code::kNotFound, fmt::format("there is no playbook '{}'", id), "/playbook");
  if (!state.incidents.contains(incident))
    return refuse(name, Code::kNotFound, fmt::format("there is no open incident '{}'", incident), "/incident");
  if (const std::string why = not_in_force(installed->second.playbook, now); !why.empty())
    return refuse(name, Code::kConflict, why + ": install a version that is in force", "/playbook");
  for (const auto& [run_id, run] : state.runs)
    if (!run.ended && run.playbook == id && run.incident == incident)
      return refuse(name, Code::kConflict, fmt::format("{} is under way on this incident", run_id), "/playbook");
  return start_run(state, installed->second.playbook, incident);
}

Drafts capture(const PlaybookState& state, const std::string& name, const Json& args) {
  const std::string incident = string_or(args, "incident");
  const auto facts = state.incidents.find(incident);
  if (facts == state.incidents.end())
    return refuse(name, Code::kNotFound, fmt::format("there is no open incident '{}'", incident), "/incident");
  std::string list;
  for (const std::string& item : strings_or_empty(args, "items")) list += (list.empty() ? "" : ",") + item;
  auto items = parse_items(list);
  if (!items) return refuse(name, Code::kInvalid, items.error().message, "/items");
  return {make("evidence_requested", incident,
               {{"incident", incident},
                {"endpoint", facts->second.endpoint},
                {"stream", facts->second.stream},
                {"items", JsonArray(items->begin(), items->end())},
                {"first", facts->second.first},
                {"last", facts->second.last}})};
}

// The step under way that waits for `id`, if any.
std::pair<const Run*, std::string> waiting(const PlaybookState& state, const std::string& id) {
  if (!id.empty())
    for (const auto& [run_id, run] : state.runs)
      for (const auto& [step_id, step] : run.steps)
        if (!run.ended && step.ended == 0 && step.waits_for == id) return {&run, step_id};
  return {nullptr, {}};
}

Drafts evidence(const PlaybookState& state, const Entry& entry) {
  const auto [run, step] = waiting(state, string_or(entry.body, "request"));
  if (run == nullptr) return {};
  const RunStep& waits = run->steps.at(step);
  if (!waits.items.empty()) return {};
  return end_step(state, *run, step, waits.failed.empty() ? "success" : "failure", waits.failed);
}

Drafts options(const PlaybookState& state, const Entry& entry) {
  const auto [run, step] = waiting(state, string_or(entry.body, "request"));
  return run == nullptr ? Drafts{} : end_step(state, *run, step, "success", "");
}

Drafts task(const PlaybookState& state, const Entry& entry) {
  const auto [run, step] = waiting(state, string_or(entry.body, "task"));
  if (run == nullptr) return {};
  const std::string result = string_or(entry.body, "result");
  // A person who says that it failed stops the success route, whatever follows in their words.
  const bool failed = result.starts_with("fail");
  return end_step(state, *run, step, failed ? "failure" : "success", result);
}

Drafts in_force(const PlaybookState& state, const Entry& entry) {
  const auto incident = state.action_of.find(string_or(entry.body, "action"));
  Drafts drafts;
  if (incident == state.action_of.end()) return drafts;
  for (const auto& [run_id, run] : state.runs) {
    if (run.ended || run.incident != incident->second) continue;
    for (const auto& [step_id, step] : run.steps)
      if (step.ended == 0 && step.command == "containment.wait")
        for (Draft& draft : end_step(state, run, step_id, "success", incident->first + " is in force"))
          drafts.push_back(std::move(draft));
  }
  return drafts;
}

}  // namespace

Drafts decide_answer(const PlaybookState& state, const Entry& entry) {
  if (entry.kind == "options_offered") return options(state, entry);
  if (entry.kind == "incident_task_done") return task(state, entry);
  if (entry.kind == "action_in_force") return in_force(state, entry);
  return evidence(state, entry);
}

Drafts decide_command(const PlaybookState& state, const Entry& entry) {
  const Json& args = command_args(entry);
  const std::string name = string_or(entry.body, "name");
  if (name == "playbook.install") return install(state, name, args);
  if (name == "playbook.run") return run(state, name, args, entry.time);
  if (name == "evidence.capture") return capture(state, name, args);
  return {};
}

}  // namespace firebreak::playbook
