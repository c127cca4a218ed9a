// How a run goes from step to step.
#include <fmt/core.h>

#include "fold/playbook/parts.h"

namespace firebreak::playbook {
namespace {

const Run* run_of(const PlaybookState& state, const Entry& entry) {
  const auto at = state.runs.find(string_or(entry.body, "run"));
  return at == state.runs.end() || at->second.ended ? nullptr : &at->second;
}

// The version that the run was started with may have been replaced; then the run goes on with the newest.
const Playbook* playbook_of(const PlaybookState& state, const Run& run) {
  const auto at = state.installed.find(run.playbook);
  return at == state.installed.end() ? nullptr : &at->second.playbook;
}

const Step* step_of(const PlaybookState& state, const Run& run, const std::string& id) {
  const Playbook* playbook = playbook_of(state, run);
  if (playbook == nullptr) return nullptr;
  const auto at = playbook->steps.find(id);
  return at == playbook->steps.end() ? nullptr : &at->second;
}

Draft start_step(const PlaybookState& state, const Run& run, const std::string& id, const std::string& parent) {
  const Step* step = step_of(state, run, id);
  JsonObject body{{"run", run.id}, {"incident", run.incident}, {"step", id},
                  {"name", step != nullptr ? step->name : id},
                  {"type", step != nullptr ? step->type : ""},
                  {"command", step != nullptr ? step->command : ""}, {"parent", parent}};
  std::int64_t branches = 0;
  if (step != nullptr && step->type == "parallel") branches = static_cast<std::int64_t>(step->branches.size());
  if (step != nullptr && step->type == "if-condition") branches = 1;
  body["branches"] = branches;
  return make("playbook_step_started", run.id, std::move(body));
}

Draft end_run(const Run& run, std::string_view outcome) {
  return make("playbook_run_ended", run.id,
              {{"run", run.id}, {"incident", run.incident}, {"playbook", run.playbook}, {"outcome", outcome}});
}

// Where a step leads. A failure never follows on_completion: it takes on_failure, at the top level else the playbook's
// exception; inside a branch it ends the branch, and the branching step fails.
std::string next_of(const PlaybookState& state, const Run& run, const Step& step, std::string_view outcome) {
  if (outcome == "success") return step.on_success.empty() ? step.on_completion : step.on_success;
  if (!step.on_failure.empty()) return step.on_failure;
  const auto at = run.steps.find(step.id);
  const Playbook* playbook = playbook_of(state, run);
  const bool top = at == run.steps.end() || at->second.parent.empty();
  return top && playbook != nullptr && playbook->exception != step.id && !run.steps.contains(playbook->exception)
             ? playbook->exception
             : "";
}

Drafts run_action(const Run& run, const Step& step, const PlaybookState& state) {
  if (step.command_type == "manual")
    return {make("incident_task_opened", run.id,
                 {{"incident", run.incident}, {"text", step.command}, {"owner", "lead"}, {"run", run.id}, {"step", step.id}})};
  const auto verb = parse_verb(step.command);
  if (!verb) return end_step(state, run, step.id, "failure", verb.error().message);
  const auto facts = state.incidents.find(run.incident);
  if (facts == state.incidents.end()) return end_step(state, run, step.id, "failure", "the incident is closed");
  if (verb->name == "evidence.capture")
    return {make("evidence_requested", run.id,
                 {{"incident", run.incident},
                  {"endpoint", facts->second.endpoint},
                  {"stream", facts->second.stream},
                  {"items", JsonArray(verb->items.begin(), verb->items.end())},
                  {"first", facts->second.first},
                  {"last", facts->second.last},
                  {"run", run.id},
                  {"step", step.id}})};
  if (verb->name == "options.offer")
    return {make("forecast_requested", run.id,
                 {{"incident", run.incident},
                  {"endpoint", facts->second.endpoint},
                  {"stream", facts->second.stream},
                  {"run", run.id},
                  {"step", step.id},
                  {"days", verb->days}})};
  if (verb->name == "containment.wait") {
    for (const auto& [action, in] : state.action_of)
      if (in == run.incident) return end_step(state, run, step.id, "success", action + " is in force");
    return {};
  }
  Drafts drafts;
  if (verb->name == "task.open")
    drafts.push_back(make("incident_task_opened", run.id,
                          {{"incident", run.incident}, {"text", verb->rest}, {"owner", verb->first}, {"run", run.id}}));
  if (verb->name == "phase")
    drafts.push_back(make("phase_requested", run.id,
                          {{"incident", run.incident}, {"to", verb->first}, {"reason", verb->rest}, {"run", run.id}}));
  for (Draft& draft : end_step(state, run, step.id, "success", "")) drafts.push_back(std::move(draft));
  return drafts;
}

}  // namespace

Drafts start_run(const PlaybookState& state, const Playbook& playbook, const std::string& incident) {
  const auto facts = state.incidents.find(incident);
  if (facts == state.incidents.end()) return {};
  return {make("playbook_run_started", incident,
               {{"playbook", playbook.id},
                {"modified", playbook.modified},
                {"name", playbook.name},
                {"incident", incident},
                {"endpoint", facts->second.endpoint},
                {"stream", facts->second.stream}})};
}

Drafts end_step(const PlaybookState& state, const Run& run, const std::string& step, std::string_view outcome,
                std::string detail) {
  const Step* found = step_of(state, run, step);
  const std::string next = found != nullptr ? next_of(state, run, *found, outcome) : "";
  JsonArray ways;
  if (!next.empty()) ways.emplace_back(next);
  return {make("playbook_step_ended", run.id,
               {{"run", run.id},
                {"incident", run.incident},
                {"step", step},
                {"name", found != nullptr ? found->name : step},
                {"outcome", outcome},
                {"detail", std::move(detail)},
                {"next", std::move(ways)}})};
}

Drafts decide_run_started(const PlaybookState& state, const Entry& entry) {
  const auto at = state.runs.find(entry.id("run"));
  const Playbook* playbook = at == state.runs.end() ? nullptr : playbook_of(state, at->second);
  if (playbook == nullptr) return {};
  return {start_step(state, at->second, playbook->start, "")};
}

Drafts decide_step_started(const PlaybookState& state, const Entry& entry) {
  const Run* run = run_of(state, entry);
  const std::string id = string_or(entry.body, "step");
  const Step* step = run == nullptr ? nullptr : step_of(state, *run, id);
  if (step == nullptr) return run == nullptr ? Drafts{} : end_step(state, *run, id, "failure", "the step is gone");
  if (step->type == "start") return end_step(state, *run, id, "success", "");
  if (step->type == "action") return run_action(*run, *step, state);
  Drafts drafts;
  if (step->type == "parallel")
    for (const std::string& branch : step->branches) drafts.push_back(start_step(state, *run, branch, id));
  if (step->type == "if-condition") {
    const auto facts = state.incidents.find(run->incident);
    const auto condition = parse_condition(step->condition);
    if (facts == state.incidents.end() || !condition) return end_step(state, *run, id, "failure", "the condition cannot be told");
    const bool yes = holds(*condition, facts->second);
    const std::string branch = step->branches[yes ? 0 : 1];
    if (branch.empty()) return end_step(state, *run, id, "success", "the condition does not hold");
    drafts.push_back(start_step(state, *run, branch, id));
  }
  // An end step: its branch or the run is over.
  if (step->type == "end") drafts = end_step(state, *run, id, "success", "");
  return drafts;
}

Drafts decide_step_ended(const PlaybookState& state, const Entry& entry) {
  const Run* run = run_of(state, entry);
  const std::string id = string_or(entry.body, "step");
  if (run == nullptr) return {};
  const auto at = run->steps.find(id);
  // A second end of one step (late answer and timeout in one group) leads nowhere.
  if (at == run->steps.end() || at->second.ended != entry.index) return {};
  const auto next = strings_or_empty(entry.body, "next");
  if (!next.empty()) {
    const Playbook* playbook = playbook_of(state, *run);
    const bool exception = playbook != nullptr && next.front() == playbook->exception;
    return {start_step(state, *run, next.front(), exception ? "" : at->second.parent)};
  }
  const std::string& parent = at->second.parent;
  const bool good = at->second.outcome == "success";
  if (parent.empty()) {
    // The run is a success only when it never had to take the exception's way.
    const Playbook* playbook = playbook_of(state, *run);
    const bool exception = playbook != nullptr && run->steps.contains(playbook->exception);
    return {end_run(*run, good && !exception ? "success" : "failure")};
  }
  const auto branching = run->steps.find(parent);
  if (branching == run->steps.end() || branching->second.ended != 0 || branching->second.open_branches != 0) return {};
  return end_step(state, *run, parent, branching->second.branch_failed ? "failure" : "success",
                  branching->second.branch_failed ? "a branch failed" : "");
}

Drafts timeouts_due(const PlaybookState& state, Time now) {
  Drafts drafts;
  for (const auto& [id, run] : state.runs) {
    if (run.ended) continue;
    for (const auto& [step_id, step] : run.steps) {
      const Step* known = step_of(state, run, step_id);
      if (step.ended != 0 || known == nullptr) continue;
      // Branching steps wait for their branches, which have times of their own.
      const std::int64_t default_ms = known->type == "action" ? kDefaultStepMs : kLongestStepMs;
      const std::int64_t ms = known->timeout_ms != 0 ? known->timeout_ms : default_ms;
      if (now < step.started + ms * kMillisecond) continue;
      for (Draft& draft : end_step(state, run, step_id, "timeout", fmt::format("no answer within {} s", ms / 1000)))
        drafts.push_back(std::move(draft));
    }
  }
  return drafts;
}

}  // namespace firebreak::playbook
