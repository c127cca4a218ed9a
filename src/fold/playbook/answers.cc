// What waiting steps were waiting for.
#include <fmt/core.h>

#include <algorithm>

#include "fold/playbook/parts.h"

namespace firebreak::playbook {
namespace {

Values values_in(const Json& body, std::string_view key) {
  Values out;
  const Json* const values = find(body, key);
  if (values == nullptr || !values->is_object()) return out;
  for (const auto& member : values->get_object())
    out[std::string(member.key())] = member.value().is_string() ? std::string(member.value().get_string()) : canonical_json(member.value());
  return out;
}

// What came for `id`, handed to the first step that waits for it.
template <class Answer>
Drafts answer(const PlaybookState& state, const std::string& id, Answer hand) {
  const auto waiting = waiting_for(state, id);
  return waiting.empty() ? Drafts{} : hand(waiting[0]);
}

Drafts evidence(const PlaybookState& state, const Entry& entry) {
  return answer(state, string_or(entry.body, "request"), [](const At& at) -> Drafts {
    if (!at.activation->items.empty()) return {};
    return at.activation->failed.empty() ? unit_done(at, {}) : unit_failed(at, "failure", at.activation->failed);
  });
}

// An answer with `values` gives those; one with `error` failed; each names its request.
Drafts told(const PlaybookState& state, const Entry& entry) {
  return answer(state, string_or(entry.body, "request"), [&](const At& at) {
    const std::string error = string_or(entry.body, "error");
    return error.empty() ? unit_done(at, values_in(entry.body, "values")) : unit_failed(at, "failure", error);
  });
}

Drafts task(const PlaybookState& state, const Entry& entry) {
  return answer(state, string_or(entry.body, "task"), [&](const At& at) {
    const std::string result = string_or(entry.body, "result"), outcome = string_or(entry.body, "outcome");
    // A person who says that it failed stops the success route, whatever follows in their words.
    if (outcome == "failure" || (outcome.empty() && result.starts_with("fail"))) return unit_failed(at, "failure", result, false);
    Values values = values_in(entry.body, "values");
    for (const std::string& name : at.step->out_args)
      if (!values.contains(name)) return unit_failed(at, "failure", fmt::format("the answer gives no value for {}: use 'firebreak playbook answer'", name), false);
    return unit_done(at, std::move(values));
  });
}

Drafts in_force(const PlaybookState& state, const Entry& entry) {
  const std::string action = string_or(entry.body, "action");
  Drafts drafts = answer(state, action, [&](const At& at) { return unit_done(at, {{"__action__", action}}); });
  const auto incident = state.action_of.find(action);
  if (incident == state.action_of.end()) return drafts;
  for (const At& at : waiting_for(state, "measure:" + incident->second)) join(drafts, unit_done(at, {{"__action__", action}}));
  return drafts;
}

// The measure that the step asked for is not coming; or, for `lift`, it is gone as it should.
Drafts action_over(const PlaybookState& state, const Entry& entry) {
  const std::string action = string_or(entry.body, "action");
  return answer(state, action, [&](const At& at) {
    if (entry.kind == "action_lifted" && at.activation->waits_for.size() > 1) return unit_done(at, {});
    return unit_failed(at, "failure", fmt::format("{} {}: {}", action, entry.kind.substr(7), string_or(entry.body, "reason")));
  });
}

Drafts refused(const PlaybookState& state, const Entry& entry) {
  return answer(state, entry.cause, [&](const At& at) { return unit_failed(at, "failure", string_or(entry.body, "reason")); });
}

Drafts judged(const PlaybookState& state, const Entry& entry) {
  return answer(state, string_or(entry.body, "request"), [&](const At& at) {
    const bool cleared = entry.kind == "candidate_cleared";
    return cleared ? unit_done(at, {{"__gates__", "passed"}}) : unit_failed(at, "failure", "the gates do not let the candidate through", false);
  });
}

Drafts approval(const PlaybookState& state, const Entry& entry) {
  return answer(state, string_or(entry.body, "approval"), [&](const At& at) -> Drafts {
    if (entry.kind == "playbook_approval_rejected")
      return end_step(at, "failure", fmt::format("rejected by {}: {}", string_or(entry.body, "by"), string_or(entry.body, "reason")));
    return at.activation->approval.complete ? go_on(at) : Drafts{};
  });
}

Drafts call(const PlaybookState& state, const Entry& entry) {
  return answer(state, string_or(entry.body, "call"), [&](const At& at) {
    const std::string result = string_or(entry.body, "result"), detail = string_or(entry.body, "detail");
    const bool once = bool_or(at.activation->call.ordered, "once");
    if (result == "uncertain")
      return unit_failed(at, "failure", once ? fmt::format("nobody knows whether it happened, and it may not happen twice: {}", detail) : detail, !once);
    if (result != "done") return unit_failed(at, "failure", detail);
    const std::int64_t status = int_or(entry.body, "status");
    if (status != 0 && !at.rules().accepts(static_cast<int>(status))) return unit_failed(at, "failure", fmt::format("the answer has status {}{}{}", status, detail.empty() ? "" : ": ", detail), !once);
    if (const std::string error = string_or(entry.body, "error"); !error.empty()) return unit_failed(at, "failure", error, !once);
    return unit_done(at, values_in(entry.body, "values"));
  });
}

Drafts due(const PlaybookState& state, const Entry& entry) {
  const auto found = at(state, entry.body);
  if (!found) return {};
  return found->activation->attempt > 1 || found->activation->unit > 0 ? go_on(*found) : begin(*found);
}

Drafts started(const PlaybookState& state, const Entry& entry) {
  const auto found = at(state, string_or(entry.body, "run"), entry.index);
  return found && found->activation->begun ? begin(*found) : Drafts{};
}

Drafts next_unit(const PlaybookState& state, const Entry& entry) {
  const auto found = at(state, entry.body);
  return found && found->activation->begun ? go_on(*found) : Drafts{};
}

// A task whose step ended in the same group, between the decision to ask and this entry: nobody has to answer it.
Drafts asked(const PlaybookState& state, const Entry& entry) {
  if (find(entry.body, "activation") == nullptr || at(state, entry.body)) return {};
  return {make_draft("incident_task_done", string_or(entry.body, "run"),
               {{"incident", string_or(entry.body, "incident")}, {"task", entry.id("task")}, {"by", "firebreak"}, {"result", "withdrawn: the step is over"}})};
}

// The duty that the command began or added to; __due__ is the time of the deadline that ends first.
Drafts duty(const PlaybookState& state, const Entry& entry) {
  return answer(state, entry.cause, [&](const At& at) {
    std::string due;
    if (const Json* const stages = find(entry.body, "stages"); stages != nullptr && stages->is_array())
      for (const Json& stage : stages->get_array()) {
        const std::string one = string_or(stage, "due");
        if (!one.empty() && string_or(stage, "met").empty() && (due.empty() || one < due)) due = one;
      }
    return unit_done(at, {{"__due__", due}, {"__duty__", string_or(entry.body, "duty", entry.id("duty"))}});
  });
}

struct Row {
  std::string_view kind;
  Drafts (*decide)(const PlaybookState&, const Entry&);
};
constexpr Row kRows[] = {
    {"action_expired", action_over},
    {"action_failed", action_over},
    {"action_in_force", in_force},
    {"action_lifted", action_over},
    {"action_rejected", action_over},
    {"action_uncertain", action_over},
    {"candidate_cleared", judged},
    {"candidate_refused", judged},
    {"command_refused", refused},
    {"deadline_started", duty},
    {"deadline_told", duty},
    {"evidence_captured", evidence},
    {"evidence_failed", evidence},
    {"impact_told", told},
    {"incident_task_done", task},
    {"incident_task_opened", asked},
    {"notify_ended", call},
    {"options_offered", told},
    {"playbook_approval_rejected", approval},
    {"playbook_approved", approval},
    {"playbook_call_ended", call},
    {"playbook_step_due", due},
    {"playbook_step_started", started},
    {"playbook_unit_ended", next_unit},
    {"replay_told", told},
};

}  // namespace

Drafts decide_answer(const PlaybookState& state, const Entry& entry) {
  for (const Row& row : kRows)
    if (row.kind == entry.kind) return row.decide(state, entry);
  return {};
}

}  // namespace firebreak::playbook
