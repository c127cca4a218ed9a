// Playbooks, their runs step by step, and what waits for people's yes.
#include <fmt/core.h>

#include "read/views/projection.h"

namespace firebreak::views {
namespace {

constexpr std::int64_t kTold = 300;  // steps of a run that the incident's timeline tells; a loop may take thousands

void installed(Store& store, const Entry& entry) {
  JsonObject playbook = thing(entry, string_or(entry.body, "id"), "installed");
  copy_members(playbook, entry.body, {"modified", "name", "digest"});
  store.put("playbook", playbook);
}

void run_started(Store& store, const Entry& entry) {
  JsonObject run = thing(entry, entry.id("run"), "running");
  copy_members(run, entry.body, {"playbook", "modified", "name", "incident", "endpoint", "by", "from", "rerun_of", "parent_run", "parent_step", "variables"});
  run["step_count"] = 0;
  store.put("run", run);
  const std::optional<JsonObject> playbook = store.get("playbook", string_or(entry.body, "playbook"));
  const std::string name = string_or(entry.body, "name");
  store.add_timeline(string_or(entry.body, "incident"), entry, fmt::format("Playbook started: {}", !name.empty() ? name : playbook ? string_or(*playbook, "name") : string_or(entry.body, "playbook")));
}

// Where a branch begins or ends: nothing happens there. The run keeps these steps, the timeline does not tell them.
bool is_mark(const Json& body) {
  const std::string step = string_or(body, "step");
  return step.starts_with("start--") || step.starts_with("end--");
}

// The step that this entry is about; older entries name it by its CACAO id alone.
std::optional<JsonObject> step_of(Store& store, const Json& body) {
  if (const std::string activation = string_or(body, "activation"); !activation.empty()) return store.get("step", activation);
  Query query;
  query.kind = "step";
  query.incident = string_or(body, "run");
  query.state = "running";
  for (JsonObject& step : store.list(query))
    if (string_or(step, "step") == string_or(body, "step")) return std::move(step);
  return std::nullopt;
}

template <class Change>
void edit_step(Store& store, const Entry& entry, const Json& body, Change change) {
  std::optional<JsonObject> step = step_of(store, body);
  if (!step) return;
  change(*step);
  (*step)["updated"] = format_time(entry.time);
  store.put_part("step", *step, string_or(*step, "run"));
}

bool is_told(Store& store, const Json& body) {
  const std::optional<JsonObject> run = store.get("run", string_or(body, "run"));
  return run && int_or(*run, "step_count") <= kTold;
}

void step_started(Store& store, const Entry& entry) {
  JsonObject step = thing(entry, entry.id("step"), "running");
  copy_members(step, entry.body, {"run", "step", "name", "type", "command", "parent", "delay_ms"});
  step["activation"] = entry.id("step");
  store.put_part("step", step, string_or(entry.body, "run"));
  std::int64_t count = 0;
  std::string incident;
  edit(store, entry, "run", string_or(entry.body, "run"), [&](JsonObject& run) {
    run["step_count"] = count = int_or(run, "step_count") + 1;
    incident = string_or(run, "incident");
  });
  if (count == kTold + 1) store.add_timeline(incident, entry, fmt::format("More steps of {} are told with the run", string_or(entry.body, "run")));
  if (count > 0 && count <= kTold && !is_mark(entry.body)) store.add_timeline(incident, entry, fmt::format("Step started: {}", string_or(entry.body, "name", string_or(entry.body, "step"))));
}

void set_variables(Store& store, const Entry& entry) {
  const Json* const values = find(entry.body, "variables");
  if (values == nullptr || !values->is_object()) return;
  edit(store, entry, "run", string_or(entry.body, "run"), [&](JsonObject& run) {
    if (!run.contains("variables") || !run["variables"].is_object()) run["variables"] = JsonObject{};
    for (const auto& member : values->get_object()) run["variables"].as_object()[member.key()] = member.value();
  });
}

void step_ended(Store& store, const Entry& entry) {
  const std::string outcome = string_or(entry.body, "outcome"), detail = string_or(entry.body, "detail");
  std::string name = string_or(entry.body, "name", string_or(entry.body, "step"));
  edit_step(store, entry, entry.body, [&](JsonObject& step) {
    name = string_or(step, "name", name);
    step["state"] = outcome;
    step["ended"] = moment(entry);
    copy_members(step, entry.body, {"detail", "variables"});
  });
  set_variables(store, entry);
  if ((is_mark(entry.body) && outcome == "success") || !is_told(store, entry.body)) return;
  store.add_timeline(string_or(entry.body, "incident"), entry, fmt::format("Step ended ({}): {}{}", outcome, name, detail.empty() ? "" : fmt::format(" ({})", detail)));
}

void unit_ended(Store& store, const Entry& entry) {
  edit_step(store, entry, entry.body, [&](JsonObject& step) { step["commands_done"] = int_or(entry.body, "unit") + 1; });
  set_variables(store, entry);
}

void step_retried(Store& store, const Entry& entry) {
  edit_step(store, entry, entry.body, [&](JsonObject& step) { copy_members(step, entry.body, {"attempt", "detail"}); });
}

void waits_for(Store& store, const Entry& entry, std::string what) {
  edit_step(store, entry, entry.body, [&](JsonObject& step) { step["waits_for"] = std::move(what); });
}
void task_opened(Store& store, const Entry& entry) {
  if (find(entry.body, "activation") == nullptr) return;
  edit_step(store, entry, entry.body, [&](JsonObject& step) {
    step["waits_for"] = entry.id("task");
    copy_members(step, entry.body, {"text", "form"});
  });
}
void task_done(Store& store, const Entry& entry) {
  const std::optional<JsonObject> task = store.get("task", string_or(entry.body, "task"));
  if (!task || string_or(*task, "activation").empty()) return;
  edit_step(store, entry, *task, [&](JsonObject& step) {
    step["by"] = string_or(entry.body, "by");
    step["note"] = string_or(entry.body, "result");
  });
}

void requested(Store& store, const Entry& entry) {
  if (find(entry.body, "activation") != nullptr) waits_for(store, entry, entry.id("req"));
}
void measure_awaited(Store& store, const Entry& entry) { waits_for(store, entry, "a measure in force"); }

// Who is asked for something by a number of ours: call, or a command of a run.
void remember(Store& store, const Entry& entry, const std::string& id) {
  JsonObject index = thing(entry, id, "ordered");
  copy_members(index, entry.body, {"run", "activation"});
  store.put("call", index);
}
void command_given(Store& store, const Entry& entry) {
  if (find(entry.body, "activation") != nullptr) remember(store, entry, fmt::format("journal:{}", entry.index));
}
void command_led_to(Store& store, const Entry& entry) {
  const std::optional<JsonObject> asked = entry.cause.starts_with("journal:") ? store.get("call", entry.cause) : std::nullopt;
  if (asked) edit_step(store, entry, *asked, [&](JsonObject& step) { step["waits_for"] = entry.id(entry.kind == "action_proposed" ? "act" : "req"); });
}

void call_ordered(Store& store, const Entry& entry) {
  remember(store, entry, entry.id("call"));
  edit_step(store, entry, entry.body, [&](JsonObject& step) {
    JsonObject call = moment(entry);
    call["id"] = entry.id("call");
    copy_members(call, entry.body, {"call", "request", "key", "once"});
    call["state"] = "ordered";
    step["waits_for"] = entry.id("call");
    step["made"] = std::move(call);
  });
}

void call_moved(Store& store, const Entry& entry) {
  const std::optional<JsonObject> known = store.get("call", string_or(entry.body, "call"));
  if (!known) return;
  edit_step(store, entry, *known, [&](JsonObject& step) {
    if (!step.contains("made")) return;
    JsonObject& call = step["made"].as_object();
    call["state"] = entry.kind == "playbook_call_started" ? "sent" : string_or(entry.body, "result");
    copy_members(call, entry.body, {"attempt", "status", "detail"});
  });
}

// ---- approvals

void approval_requested(Store& store, const Entry& entry) {
  JsonObject approval = thing(entry, entry.id("appr"), "waiting");
  copy_members(approval, entry.body, {"run", "incident", "step", "activation", "name", "digest", "approvers", "commands"});
  approval["until"] = format_time(entry.time + int_or(entry.body, "within_ms") * kMillisecond);
  approval["by"] = JsonArray{};
  store.put("approval", approval);
  waits_for(store, entry, entry.id("appr"));
  store.add_timeline(string_or(entry.body, "incident"), entry, fmt::format("{} asks for {} approval(s): {}", string_or(entry.body, "name"), int_or(entry.body, "approvers"), entry.id("appr")));
}

void approval_moved(Store& store, const Entry& entry) {
  edit(store, entry, "approval", string_or(entry.body, "approval"), [&](JsonObject& approval) {
    const std::string by = string_or(entry.body, "by");
    if (entry.kind == "playbook_approved") {
      approval["by"].as_array().emplace_back(by);
      if (bool_or(entry.body, "complete")) approval["state"] = "approved";
    } else {
      approval["state"] = entry.kind == "playbook_approval_rejected" ? "rejected" : "void";
      copy_members(approval, entry.body, {"reason"});
    }
    store.add_timeline(string_or(approval, "incident"), entry, fmt::format("{} {}{}", string_or(approval, "id"), string_or(approval, "state"), by.empty() ? "" : " by " + by));
  });
}

// An approval whose step is over waits for nobody.
void settle_approvals(Store& store, const Entry& entry, const std::string& run, const std::string& activation) {
  Query query;
  query.kind = "approval";
  query.state = "waiting";
  for (JsonObject& approval : store.list(query)) {
    if (string_or(approval, "run") != run || (!activation.empty() && string_or(approval, "activation") != activation)) continue;
    edit(store, entry, "approval", string_or(approval, "id"), [](JsonObject& one) { one["state"] = "lapsed"; });
  }
}

void step_ended_and_settled(Store& store, const Entry& entry) {
  step_ended(store, entry);
  if (string_or(entry.body, "outcome") != "success" && find(entry.body, "activation") != nullptr) settle_approvals(store, entry, string_or(entry.body, "run"), string_or(entry.body, "activation"));
}

void run_ended(Store& store, const Entry& entry) {
  edit(store, entry, "run", string_or(entry.body, "run"), [&](JsonObject& run) {
    const std::string outcome = string_or(entry.body, "outcome", "ended"), by = string_or(entry.body, "by"), reason = string_or(entry.body, "reason");
    run["state"] = outcome;
    run["ended"] = moment(entry);
    if (!reason.empty()) run["reason"] = reason;
    store.add_timeline(string_or(run, "incident"), entry, fmt::format("Playbook ended: {}{}{}", outcome, by.empty() || by == "firebreak" ? "" : " by " + by, reason.empty() ? "" : ": " + reason));
  });
  Query query;
  query.kind = "step";
  query.incident = string_or(entry.body, "run");
  query.state = "running";
  for (JsonObject& step : store.list(query)) {
    step["state"] = "cancelled";
    store.put_part("step", step, string_or(entry.body, "run"));
  }
  settle_approvals(store, entry, string_or(entry.body, "run"), "");
}

void run_paused(Store& store, const Entry& entry) {
  edit(store, entry, "run", string_or(entry.body, "run"), [&](JsonObject& run) {
    const bool paused = entry.kind == "playbook_run_paused";
    run["state"] = paused ? "paused" : "running";
    store.add_timeline(string_or(run, "incident"), entry, fmt::format("{} {} by {}", string_or(run, "id"), paused ? "paused" : "resumed", string_or(entry.body, "by")));
  });
}

// ---- what Firebreak told a run

void told(Store& store, const Entry& entry) {
  const std::string error = string_or(entry.body, "error");
  std::string text = entry.kind == "replay_told" ? fmt::format("Replay of both releases on old and new inputs: {}", string_or(entry.body, "verdict"))
                                                 : fmt::format("Impact: {} inferences of {} callers", int_or(entry.body, "inferences"), int_or(entry.body, "caller_count"));
  if (!error.empty()) text = fmt::format("{} could not be told: {}", entry.kind == "replay_told" ? "The replay" : "The impact", error);
  store.add_timeline(string_or(entry.body, "incident"), entry, text);
}

constexpr Handler kHandlers[] = {
    {"action_proposed", command_led_to},
    {"command_accepted", command_given},
    {"evidence_requested", requested},
    {"forecast_requested", requested},
    {"gate_requested", command_led_to},
    {"impact_requested", requested},
    {"impact_told", told},
    {"incident_task_done", task_done},
    {"incident_task_opened", task_opened},
    {"playbook_approval_rejected", approval_moved},
    {"playbook_approval_requested", approval_requested},
    {"playbook_approval_void", approval_moved},
    {"playbook_approved", approval_moved},
    {"playbook_call_ended", call_moved},
    {"playbook_call_ordered", call_ordered},
    {"playbook_call_started", call_moved},
    {"playbook_installed", installed},
    {"playbook_measure_awaited", measure_awaited},
    {"playbook_run_ended", run_ended},
    {"playbook_run_paused", run_paused},
    {"playbook_run_resumed", run_paused},
    {"playbook_run_started", run_started},
    {"playbook_step_ended", step_ended_and_settled},
    {"playbook_step_retried", step_retried},
    {"playbook_step_started", step_started},
    {"playbook_unit_ended", unit_ended},
    {"replay_requested", requested},
    {"replay_told", told},
};

}  // namespace

std::span<const Handler> playbook_handlers() { return kHandlers; }

}  // namespace firebreak::views
