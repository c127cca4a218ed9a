// What a change does to a duty, and whether it needs a second person.
#include <fmt/core.h>

#include <algorithm>

#include "deadline/clock.h"
#include "fold/reporting/parts.h"

namespace firebreak::reporting {
namespace {

Result<deadline::Regime> regime_of(const ReportingState& state, const Duty& duty) {
  const auto version = state.versions.find(duty.version);
  if (version == state.versions.end()) return fail(Code::kInternal, fmt::format("the version of '{}' that {} was started with is not known", duty.regime, duty.id));
  FIREBREAK_ASSIGN(auto read, deadline::regimes_from_json(JsonObject{{"version", 1}, {"regimes", JsonArray{version->second.document}}}));
  return std::move(read.front());
}

std::string listed(const std::set<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out.empty() ? "none" : out;
}

Result<void> tell(const deadline::Regime& regime, Duty& duty, const Json& change, const Entry& entry) {
  const auto events = deadline::events_of(regime), facts = deadline::facts_of(regime);
  for (const Json& one : change.at("events").as_array()) {
    const std::string event = string_or(one, "event");
    const Time at = get_time(one, "at").value_or(entry.time);
    if (!events.contains(event)) return fail(Code::kInvalid, fmt::format("'{}' has no event '{}'; it has: {}", regime.id, event, listed(events)), "/events/" + event);
    const bool known = std::any_of(duty.told.begin(), duty.told.end(), [&](const Told& told) { return told.event == event && told.at == at; });
    if (known) continue;
    if (duty.told.size() >= kTold) return fail(Code::kTooLarge, fmt::format("{} has {} events already", duty.id, kTold));
    duty.told.push_back({event, at, who(entry), string_or(one, "reference"), string_or(one, "evidence")});
  }
  for (const Json& one : change.at("facts").as_array()) {
    const std::string fact = string_or(one, "fact");
    if (!facts.contains(fact)) return fail(Code::kInvalid, fmt::format("'{}' has no fact '{}'; it has: {}", regime.id, fact, listed(facts)), "/facts");
    if (bool_or(one, "holds", true)) duty.facts.insert(fact);
    else duty.facts.erase(fact);
  }
  return {};
}

Result<void> withdraw(Duty& duty, const Json& change) {
  const std::string event = string_or(change, "event");
  const auto at = get_time(change, "at");
  const auto found = std::find_if(duty.told.begin(), duty.told.end(), [&](const Told& told) { return told.event == event && (!at || told.at == *at); });
  if (found == duty.told.end()) return fail(Code::kNotFound, fmt::format("{} was not told of '{}' at this time", duty.id, event), "/event");
  if (!at && std::count_if(duty.told.begin(), duty.told.end(), [&](const Told& told) { return told.event == event; }) > 1)
    return fail(Code::kConflict, fmt::format("{} was told of '{}' more than once: say which with 'at'", duty.id, event), "/at");
  duty.told.erase(found);
  return {};
}

Result<void> stop(const deadline::Regime& regime, Duty& duty, const Json& change, const Entry& entry) {
  if (regime.tolling == deadline::Tolling::kNone)
    return fail(Code::kConflict, fmt::format("'{}' knows nothing that stops or delays its deadlines", regime.id), "/duty");
  if (duty.stops.size() >= kStops) return fail(Code::kTooLarge, fmt::format("{} has {} stops already", duty.id, kStops));
  const Time from = get_time(change, "from").value_or(entry.time), to = get_time(change, "until").value_or(from);
  if (to <= from) return fail(Code::kInvalid, "a stop ends after it begins", "/until");
  duty.stops.push_back({entry.id("stop"), from, to, string_or(change, "reason"), who(entry)});
  return {};
}

Result<void> resume(Duty& duty, const Json& change) {
  const std::string id = string_or(change, "stop");
  const auto found = std::find_if(duty.stops.begin(), duty.stops.end(), [&](const Stop& one) { return one.id == id; });
  if (found == duty.stops.end()) return fail(Code::kNotFound, fmt::format("{} has no stop '{}'", duty.id, id), "/stop");
  const Time at = get_time(change, "at").value_or(found->to);
  if (at >= found->to) return fail(Code::kConflict, fmt::format("{} ends at {} by itself", id, format_time(found->to)), "/at");
  if (at <= found->from) duty.stops.erase(found);
  else found->to = at;
  return {};
}

Result<void> set_aside(Duty& duty, const Json& change) {
  for (const std::string& stage : strings_or_empty(change, "stages")) {
    const StageState* const known = find_stage(duty, stage);
    if (known == nullptr) return fail(Code::kNotFound, fmt::format("'{}' has no stage '{}'", duty.regime, stage), "/stage");
    if (known->met.us != 0) return fail(Code::kConflict, fmt::format("'{}' was met at {}", stage, format_time(known->met)), "/stage");
    if (duty.aside.contains(stage)) return fail(Code::kConflict, fmt::format("'{}' is set aside already", stage), "/stage");
    duty.aside[stage] = {string_or(change, "reason"), "", ""};
  }
  return {};
}

// A start that comes again is met only by what was filed since; otherwise the first filing that counts.
Time met_at(const deadline::Due& due, const Duty& duty) {
  if (!due.filed) return {};
  if (due.by == nullptr || !due.by->last || due.by->after_stage) return *due.filed;
  Time met;
  for (const Told& told : duty.told)
    if (told.event == "filed:" + due.stage->id && told.at >= due.start && (met.us == 0 || told.at < met)) met = told.at;
  return met;
}

}  // namespace

Result<std::vector<StageState>> computed(const ReportingState& state, const Duty& duty) {
  FIREBREAK_ASSIGN(const deadline::Regime regime, regime_of(state, duty));
  deadline::Case what;
  for (const Told& told : duty.told) what.happened.push_back({told.event, told.at});
  what.facts = duty.facts;
  for (const Stop& one : duty.stops) what.still.push_back({one.from, one.to, one.id});
  const Version& version = state.versions.at(duty.version);
  deadline::Calendar calendar;
  calendar.offset_minutes = version.offset_minutes;
  for (const std::string& day : version.holidays) {
    FIREBREAK_ASSIGN(const deadline::Day parsed, deadline::parse_day(day));
    calendar.holidays.insert(parsed);
  }
  FIREBREAK_ASSIGN(const auto dues, deadline::due_times(regime, what, calendar, true));
  static constexpr std::string_view kStates[] = {"due", "waits", "does_not_apply"};
  std::vector<StageState> out;
  for (const deadline::Due& due : dues) {
    StageState stage;
    stage.id = due.stage->id;
    stage.state = kStates[static_cast<int>(due.state)];
    stage.waits_for = due.waits_for;
    stage.notes = due.notes;
    stage.met = met_at(due, duty);
    if (due.state == deadline::State::kDue) {
      stage.start = due.start;
      stage.due = due.due;
      stage.later = due.later.value_or(Time{});
      stage.by = deadline::period_text(*due.by);
      stage.expected = due.expected;
      stage.late = stage.met > due.due;
    }
    out.push_back(std::move(stage));
  }
  return out;
}

Result<void> bring_in(const ReportingState& state, Duty& duty, const Json& change, const Entry& entry) {
  FIREBREAK_ASSIGN(const deadline::Regime regime, regime_of(state, duty));
  const std::string what = string_or(change, "do");
  if (what == "told") FIREBREAK_TRY(tell(regime, duty, change, entry));
  if (what == "withdraw") FIREBREAK_TRY(withdraw(duty, change));
  if (what == "stop") FIREBREAK_TRY(stop(regime, duty, change, entry));
  if (what == "resume") FIREBREAK_TRY(resume(duty, change));
  if (what == "set_aside") FIREBREAK_TRY(set_aside(duty, change));
  if (what == "reopen") {
    for (const std::string& stage : strings_or_empty(change, "stages"))
      if (duty.aside.erase(stage) == 0) return fail(Code::kConflict, fmt::format("'{}' is not set aside", stage), "/stage");
  }
  if (what == "override") {
    if (!duty.holds) return fail(Code::kConflict, fmt::format("{} holds no evidence", duty.id), "/duty");
    duty.overridden = true;
  }
  FIREBREAK_ASSIGN(duty.stages, computed(state, duty));
  return {};
}

bool runs(const Duty& duty, const StageState& stage) { return stage.state == "due" && stage.met.us == 0 && !duty.aside.contains(stage.id); }

std::vector<std::string> loosened(const Duty& before, const Duty& after) {
  std::vector<std::string> out;
  for (const StageState& stage : before.stages) {
    if (!runs(before, stage)) continue;
    const StageState* const then = find_stage(after, stage.id);
    if (then == nullptr || !runs(after, *then) || then->due > stage.due) out.push_back(stage.id);
  }
  return out;
}

// The entry of a change that is decided: the change itself and where all stages stand by it.
Draft changed(const Duty& before, const Duty& after, const Json& change, const Entry& entry, JsonObject more) {
  static constexpr std::pair<std::string_view, std::string_view> kKinds[] = {
      {"told", "deadline_told"},       {"withdraw", "deadline_withdrawn"},   {"stop", "deadline_stopped"},         {"resume", "deadline_resumed"},
      {"set_aside", "deadline_set_aside"}, {"reopen", "deadline_reopened"}, {"override", "evidence_hold_overridden"}};
  const std::string what = string_or(change, "do");
  const auto kind = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const auto& one) { return one.first == what; });
  JsonObject body = change.as_object();
  body.erase("do");
  if (const auto named = body.find("stages"); named != body.end()) body["named"] = Json(named->value());
  body["duty"] = before.id;
  body["incident"] = before.incident;
  body["regime"] = before.regime;
  body["by"] = who(entry);
  body["stages"] = to_json(after.stages);
  if (what == "stop") body["stop"] = after.stops.back().id;
  for (auto& member : more) body[member.key()] = std::move(member.value());
  return make_draft(kind->second, "", std::move(body));
}

}  // namespace firebreak::reporting
