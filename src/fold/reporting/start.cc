// A duty begins: a regime on an incident, with what is known to have happened.
#include <fmt/core.h>

#include "fold/reporting/parts.h"
#include "types/command.h"

namespace firebreak::reporting {
namespace {

const Duty* on_incident(const ReportingState& state, const std::string& incident, const std::string& regime) {
  for (const auto& [number, duty] : state.duties)
    if (duty.incident == incident && duty.regime == regime) return &duty;
  return nullptr;
}

bool is_settled(const Duty& duty) {
  for (const StageState& stage : duty.stages)
    if (runs(duty, stage) || stage.state == "waits") return false;
  return true;
}

bool has_room(const ReportingState& state) {
  if (state.duties.size() < kDuties) return true;
  for (const auto& [number, duty] : state.duties) {
    const auto incident = state.incidents.find(index_of(duty.incident));
    if (is_settled(duty) && (incident == state.incidents.end() || incident->second.closed)) return true;
  }
  return false;
}

Result<Json> told_of(const ReportingState& state, const Json& args, const std::string& incident, const Entry& entry) {
  JsonArray facts, events;
  if (const Json* const given = find(args, "events")) {
    FIREBREAK_ASSIGN(events, events_of(state, *given, incident, entry));
  }
  for (const std::string& fact : strings_or_empty(args, "facts")) facts.push_back(JsonObject{{"fact", fact}, {"holds", true}});
  return Json(JsonObject{{"do", "told"}, {"events", std::move(events)}, {"facts", std::move(facts)}, {"reason", string_or(args, "reason")}});
}

Result<Draft> started(const ReportingState& state, const Entry& entry, const Json& args) {
  const std::string incident = string_or(args, "incident"), regime = string_or(args, "regime");
  const auto known = incident.starts_with("inc-") ? state.incidents.find(index_of(incident)) : state.incidents.end();
  if (known == state.incidents.end()) return fail(Code::kNotFound, fmt::format("there is no incident '{}'", incident), "/incident");
  const auto version = state.regimes.find(regime);
  if (version == state.regimes.end()) return fail(Code::kNotFound, fmt::format("there is no regime '{}': 'firebreak deadline list' has them", regime), "/regime");
  FIREBREAK_ASSIGN(const Json change, told_of(state, args, incident, entry));
  // A playbook that comes by a second time adds what it knows; a person is shown the duty that there is.
  if (const Duty* const there = on_incident(state, incident, regime)) {
    if (string_or(entry.body, "role") != "playbook")
      return fail(Code::kConflict, fmt::format("{} is this duty already: tell it what else happened with deadline.happened", there->id), "/regime");
    Duty after = *there;
    FIREBREAK_TRY(bring_in(state, after, change, entry));
    if (!loosened(*there, after).empty()) return fail(Code::kForbidden, "what moves a deadline back people say, not a playbook");
    return changed(*there, after, change, entry);
  }
  if (!has_room(state)) return fail(Code::kBusy, fmt::format("{} duties are open", state.duties.size()));
  if (bool_or(state.versions.at(version->second).document, "draft") && !bool_or(args, "draft"))
    return fail(Code::kConflict, fmt::format("'{}' is a draft, not law: start it with draft, if you want it all the same", regime), "/draft");
  Duty duty;
  duty.id = "the duty";
  duty.incident = incident;
  duty.regime = regime;
  duty.version = version->second;
  FIREBREAK_TRY(bring_in(state, duty, change, entry));
  return make_draft("deadline_started", "",
                    {{"incident", incident},
                     {"endpoint", known->second.endpoint},
                     {"regime", regime},
                     {"version", duty.version},
                     {"events", change.at("events")},
                     {"facts", change.at("facts")},
                     {"reason", string_or(args, "reason")},
                     {"by", who(entry)},
                     {"stages", to_json(duty.stages)}});
}

}  // namespace

Result<Time> past(const std::string& text, std::string_view pointer, Time now) {
  auto at = parse_time(text);
  if (!at) return fail(std::move(at.error()).at(pointer));
  if (*at > now) return fail(Code::kInvalid, fmt::format("{} has not come yet: it is {}", text, format_time(now)), std::string(pointer));
  return *at;
}

Result<JsonArray> events_of(const ReportingState& state, const Json& events, const std::string& incident, const Entry& entry) {
  JsonArray out;
  for (const auto& member : events.as_object()) {
    const std::string event(member.key()), pointer = "/events/" + event;
    if (!member.value().is_string()) return fail(Code::kInvalid, fmt::format("'{}' needs a time: RFC 3339, now, or opened", event), pointer);
    const std::string text(member.value().get_string());
    if (event.starts_with("filed:")) return fail(Code::kInvalid, "what was filed is told by deadline.met, with its proof", pointer);
    Time at = entry.time;
    if (text == "opened") {
      const auto known = state.incidents.find(index_of(incident));
      if (known != state.incidents.end()) at = known->second.opened;
    } else if (text != "now") {
      FIREBREAK_ASSIGN(at, past(text, pointer, entry.time));
    }
    out.push_back(JsonObject{{"event", event}, {"at", format_time(at)}});
  }
  return out;
}

Drafts decide_start(const ReportingState& state, const Entry& entry, const Json& args) {
  auto draft = started(state, entry, args);
  if (!draft) return {refuse(entry, draft.error())};
  return {std::move(*draft)};
}

}  // namespace firebreak::reporting
