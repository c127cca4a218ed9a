#include "fold/playbook/playbook.h"

#include <algorithm>

#include "fold/playbook/parts.h"

namespace firebreak::playbook {
namespace {

Drafts on_closed(const PlaybookState& state, const Entry& entry) {
  Drafts drafts;
  for (const auto& [id, run] : state.runs)
    if (!run.ended && run.parent_run.empty() && run.incident == string_or(entry.body, "incident")) join(drafts, end_run(state, run, "incident_closed"));
  return drafts;
}

// What the pause kept back.
Drafts on_resumed(const PlaybookState& state, const Entry& entry) {
  const auto found = state.runs.find(string_or(entry.body, "run"));
  const Plan* const plan = found == state.runs.end() ? nullptr : plan_of(state, found->second);
  Drafts drafts;
  if (plan == nullptr) return drafts;
  for (const Held& held : found->second.held) {
    if (held.activation == 0) {
      join(drafts, start_step(state, found->second, *plan, held.step, held.parent));
    } else if (const auto one = at(state, found->first, held.activation)) {
      join(drafts, one->step->type == "while-condition" ? enter_loop(*one) : go_on(*one));
    }
  }
  return drafts;
}

struct Row {
  std::string_view kind;
  Drafts (*decide)(const PlaybookState&, const Entry&);
};
constexpr Row kRows[] = {
    {"command_accepted", decide_command},         {"incident_closed", on_closed},               {"incident_opened", on_incident},       {"playbook_run_ended", decide_run_ended},
    {"playbook_run_resumed", on_resumed},         {"playbook_run_started", decide_run_started}, {"playbook_step_ended", decide_step_ended},
};

// The run that nobody called: a playbook and all that it calls end together.
std::string outermost(const PlaybookState& state, std::string run) {
  for (auto found = state.runs.find(run); found != state.runs.end() && !found->second.parent_run.empty(); found = state.runs.find(run)) run = found->second.parent_run;
  return run;
}

}  // namespace

std::vector<Draft> decide(const PlaybookState& state, const Entry& entry) {
  const auto row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& one) { return one.kind == entry.kind; });
  Drafts drafts = row != std::end(kRows) ? row->decide(state, entry) : decide_answer(state, entry);
  if (!is_input_kind(entry.kind)) return drafts;
  std::set<std::string> moved;  // what an answer has just moved does not time out as well: it may with the next input
  for (const Draft& draft : drafts) moved.insert(outermost(state, string_or(draft.body, "run")));
  join(drafts, timers_due(state, entry.time, [&](const std::string& run) { return moved.contains(outermost(state, run)); }));
  return drafts;
}

void apply(PlaybookState& state, const Entry& entry) {
  if (is_input_kind(entry.kind)) state.at_once = 0;  // a group begins; a tick, which is not applied, comes with a time of its own
  if (is_input_kind(entry.kind) && !state.leaving.empty()) {
    for (const std::string& run : state.leaving) state.runs.erase(run);
    state.leaving.clear();
  }
  apply_fact(state, entry);
  apply_run(state, entry);
}

std::optional<Call> open_call(const PlaybookState& state, const std::string& id) {
  const auto waiting = waiting_for(state, id);
  return waiting.empty() ? std::nullopt : std::optional(waiting[0].activation->call);
}

std::vector<Call> open_calls(const PlaybookState& state) {
  std::vector<std::pair<std::uint64_t, const Call*>> found;
  for (const auto& [id, run] : state.runs)
    for (const auto& [index, activation] : run.open)
      if (!run.ended && !activation.call.id.empty()) found.emplace_back(index_of(activation.call.id), &activation.call);
  std::sort(found.begin(), found.end());
  std::vector<Call> out;
  for (const auto& [index, call] : found) out.push_back(*call);
  return out;
}

}  // namespace firebreak::playbook
