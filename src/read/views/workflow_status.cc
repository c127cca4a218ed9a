#include "read/views/workflow_status.h"

#include "base/encoding.h"
#include "base/time.h"

namespace firebreak::views {
namespace {

std::string step_status(const Json& step) {
  const std::string state = string_or(step, "state");
  if (state == "success") return "successfully_executed";
  if (state == "timeout") return "timeout_error";
  if (state == "cancelled") return "exception_condition_error";
  if (state == "running") {
    const std::string waits = string_or(step, "waits_for");
    return waits.starts_with("task-") || waits.starts_with("appr-") ? "await_user_input" : "ongoing";
  }
  const Json* const call = find(step, "made");
  const std::int64_t status = call != nullptr ? int_or(*call, "status") : 0;
  if (status >= 500) return "server_side_error";
  if (status >= 400) return "client_side_error";
  return "failed";
}

std::string run_status(const std::string& state) {
  if (state == "success") return "successfully_executed";
  if (state == "running" || state == "paused") return "ongoing";
  if (state == "cancelled" || state == "incident_closed") return "exception_condition_error";
  return "failed";
}

// {start_time, end_time?, duration?} in RFC 3339 and milliseconds.
void times(const Json& from, JsonObject& out) {
  const std::string start = string_or(from, "time");
  out["start_time"] = start;
  const Json* const ended = find(from, "ended");
  if (ended == nullptr || !ended->is_object()) return;
  const std::string end = string_or(*ended, "time");
  out["end_time"] = end;
  const auto a = parse_time(start), b = parse_time(end);
  if (a && b) out["duration"] = (*b - *a) / kMillisecond;
}

}  // namespace

Json workflow_status(const Json& run) {
  JsonObject out{{"type", "execution_status"}, {"execution_id", string_or(run, "id")}, {"playbook_id", string_or(run, "playbook")},
                 {"playbook_version", string_or(run, "modified")}, {"name", string_or(run, "name")}, {"status", run_status(string_or(run, "state"))}};
  times(run, out);
  JsonObject steps;
  if (const Json* const list = find(run, "steps"); list != nullptr && list->is_array())
    for (const Json& step : list->get_array()) {
      JsonObject one{{"step_id", string_or(step, "step")}, {"name", string_or(step, "name")}, {"status", step_status(step)},
                     {"status_text", string_or(step, "detail")}, {"executed_by", string_or(step, "by", "firebreak")}, {"automated_execution", !string_or(step, "waits_for").starts_with("task-")}};
      times(step, one);
      if (const std::string command = string_or(step, "command"); !command.empty()) one["command_b64"] = JsonArray{to_base64(command)};
      if (const Json* const variables = find(step, "variables")) one["variables"] = *variables;
      steps[string_or(step, "activation", string_or(step, "step"))] = std::move(one);
    }
  out["step_results"] = std::move(steps);
  return out;
}

}  // namespace firebreak::views
