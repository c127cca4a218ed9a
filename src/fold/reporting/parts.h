// Parts of the reporting fold that its files share. Not for other rooms.
#pragma once

#include <string>
#include <vector>

#include "fold/reporting/reporting.h"

namespace firebreak::reporting {

using Drafts = std::vector<Draft>;

std::string who(const Entry& entry);
const Duty* find_duty(const ReportingState& state, const std::string& id);
const StageState* find_stage(const Duty& duty, std::string_view id);

// change.cc. A change is {do: told | withdraw | stop | resume | set_aside | reopen | override, …}: what a command asks for, typed and checked.
// Brings it into a copy of a duty; the stages are computed anew. Errors: kInvalid, kConflict, kNotFound with the pointer into the command.
Result<void> bring_in(const ReportingState& state, Duty& duty, const Json& change, const Entry& entry);
Result<std::vector<StageState>> computed(const ReportingState& state, const Duty& duty);
// Stages of `before` that run and would end later, or not run any more, in `after`.
std::vector<std::string> loosened(const Duty& before, const Duty& after);
Draft changed(const Duty& before, const Duty& after, const Json& change, const Entry& entry, JsonObject more = {});

// commands.cc, start.cc
Drafts decide_command(const ReportingState& state, const Entry& entry);
Drafts decide_start(const ReportingState& state, const Entry& entry, const Json& args);
Draft refuse(const Entry& entry, const Error& error);
// {"awareness": TIME | "now" | "opened"} as [{event, at}]; none lies ahead of `entry`.
Result<JsonArray> events_of(const ReportingState& state, const Json& events, const std::string& incident, const Entry& entry);
Result<Time> past(const std::string& text, std::string_view pointer, Time now);
Result<std::string> text_of(const Json& args, std::string_view key);  // says something

// reminders.cc
Drafts reminders_due(const ReportingState& state, Time now);
int level_of(std::string_view word);
Drafts hold_due(const ReportingState& state, const Duty& duty);
Drafts reliefs_void(const ReportingState& state, const Duty& duty, const Entry& entry);

// state_json.cc
Json to_json(const StageState& stage);
StageState stage_from_json(const Json& document);
JsonArray to_json(const std::vector<StageState>& stages);
std::vector<StageState> stages_from_json(const Json& body);  // of its member "stages"

}  // namespace firebreak::reporting
