// What each entry changes. Accepts every entry ever written; what it cannot read it leaves alone.
#include <algorithm>

#include "fold/reporting/parts.h"

namespace firebreak::reporting {
namespace {

using Apply = void (*)(ReportingState&, const Entry&);

Duty* duty_in(ReportingState& state, const Entry& entry) {
  const std::string id = string_or(entry.body, "duty");
  const auto at = id.starts_with("duty-") ? state.duties.find(index_of(id)) : state.duties.end();
  return at == state.duties.end() ? nullptr : &at->second;
}

// Versions that no duty and no start needs go.
void drop_versions(ReportingState& state) {
  std::set<std::string> needed;
  for (const auto& [regime, digest] : state.regimes) needed.insert(digest);
  for (const auto& [number, duty] : state.duties) needed.insert(duty.version);
  std::erase_if(state.versions, [&](const auto& item) { return !needed.contains(item.first); });
}

void apply_regime(ReportingState& state, const Entry& entry) {
  const std::string regime = string_or(entry.body, "regime"), digest = string_or(entry.body, "digest");
  const Json* const document = find(entry.body, "document");
  if (document == nullptr || document->is_null()) {
    state.regimes.erase(regime);
  } else {
    state.regimes[regime] = digest;
    state.versions[digest] = {*document, strings_or_empty(entry.body, "holidays"), static_cast<int>(int_or(entry.body, "offset_minutes"))};
  }
  drop_versions(state);
}

void tell(Duty& duty, const Entry& entry) {
  if (const Json* const events = find(entry.body, "events"); events != nullptr && events->is_array())
    for (const Json& one : events->get_array()) {
      const Told told{string_or(one, "event"), get_time(one, "at").value_or(entry.time), who(entry), string_or(one, "reference"), string_or(one, "evidence")};
      const bool known = std::any_of(duty.told.begin(), duty.told.end(), [&](const Told& before) { return before.event == told.event && before.at == told.at; });
      if (!known) duty.told.push_back(told);
    }
  if (const Json* const facts = find(entry.body, "facts"); facts != nullptr && facts->is_array())
    for (const Json& one : facts->get_array()) {
      if (bool_or(one, "holds", true)) duty.facts.insert(string_or(one, "fact"));
      else duty.facts.erase(string_or(one, "fact"));
    }
}

void take_stages(Duty& duty, const Entry& entry) {
  if (find(entry.body, "stages") != nullptr) duty.stages = stages_from_json(entry.body);
}

void forget_surplus(ReportingState& state) {
  for (auto at = state.duties.begin(); at != state.duties.end() && state.duties.size() > kDuties;) {
    const auto incident = state.incidents.find(index_of(at->second.incident));
    const bool open = std::any_of(at->second.stages.begin(), at->second.stages.end(),
                                  [&](const StageState& stage) { return runs(at->second, stage) || stage.state == "waits"; });
    const bool gone = !open && (incident == state.incidents.end() || incident->second.closed);
    at = gone ? state.duties.erase(at) : std::next(at);
  }
}

void apply_started(ReportingState& state, const Entry& entry) {
  Duty duty;
  duty.id = entry.id("duty");
  duty.incident = string_or(entry.body, "incident");
  duty.endpoint = string_or(entry.body, "endpoint");
  duty.regime = string_or(entry.body, "regime");
  duty.version = string_or(entry.body, "version");
  duty.by = who(entry);
  duty.started = entry.time;
  tell(duty, entry);
  take_stages(duty, entry);
  state.duties[entry.index] = std::move(duty);
  forget_surplus(state);
}

void apply_told(ReportingState& state, const Entry& entry) {
  Duty* const duty = duty_in(state, entry);
  if (duty == nullptr) return;
  tell(*duty, entry);
  take_stages(*duty, entry);
}

void apply_met(ReportingState& state, const Entry& entry) {
  Duty* const duty = duty_in(state, entry);
  if (duty == nullptr) return;
  duty->told.push_back({"filed:" + string_or(entry.body, "stage"), get_time(entry.body, "at").value_or(entry.time), who(entry), string_or(entry.body, "reference"),
                        string_or(entry.body, "evidence")});
  take_stages(*duty, entry);
}

void apply_withdrawn(ReportingState& state, const Entry& entry) {
  Duty* const duty = duty_in(state, entry);
  if (duty == nullptr) return;
  const auto at = get_time(entry.body, "at");
  const auto found = std::find_if(duty->told.begin(), duty->told.end(),
                                  [&](const Told& told) { return told.event == string_or(entry.body, "event") && (!at || told.at == *at); });
  if (found != duty->told.end()) duty->told.erase(found);
  take_stages(*duty, entry);
}

void apply_stopped(ReportingState& state, const Entry& entry) {
  Duty* const duty = duty_in(state, entry);
  if (duty == nullptr) return;
  duty->stops.push_back({string_or(entry.body, "stop"), get_time(entry.body, "from").value_or(entry.time), get_time(entry.body, "until").value_or(entry.time),
                         string_or(entry.body, "reason"), who(entry)});
  take_stages(*duty, entry);
}

void apply_resumed(ReportingState& state, const Entry& entry) {
  Duty* const duty = duty_in(state, entry);
  if (duty == nullptr) return;
  const Time at = get_time(entry.body, "at").value_or(entry.time);
  const auto found = std::find_if(duty->stops.begin(), duty->stops.end(), [&](const Stop& one) { return one.id == string_or(entry.body, "stop"); });
  if (found != duty->stops.end()) {
    if (at <= found->from) duty->stops.erase(found);
    else found->to = at;
  }
  take_stages(*duty, entry);
}

void apply_set_aside(ReportingState& state, const Entry& entry) {
  Duty* const duty = duty_in(state, entry);
  if (duty == nullptr) return;
  for (const std::string& stage : strings_or_empty(entry.body, "named")) duty->aside[stage] = {string_or(entry.body, "reason"), who(entry), string_or(entry.body, "with")};
  take_stages(*duty, entry);
}

void apply_reopened(ReportingState& state, const Entry& entry) {
  Duty* const duty = duty_in(state, entry);
  if (duty == nullptr) return;
  for (const std::string& stage : strings_or_empty(entry.body, "named")) duty->aside.erase(stage);
  take_stages(*duty, entry);
}

void apply_reminder(ReportingState& state, const Entry& entry) {
  if (Duty* const duty = duty_in(state, entry))
    duty->reminded[string_or(entry.body, "stage")] = {get_time(entry.body, "due").value_or(Time{}), level_of(string_or(entry.body, "level"))};
}

void apply_proposed(ReportingState& state, const Entry& entry) {
  const Json* const change = find(entry.body, "change");
  Duty* const duty = duty_in(state, entry);
  if (duty == nullptr || change == nullptr) return;
  Relief& relief = duty->reliefs[entry.id("relief")] = {*change, who(entry), {}};
  each_member(entry.body, "dues", [&](const std::string& stage, const Json& due) {
    if (const auto time = due.is_string() ? parse_time(std::string_view(due.get_string())) : Result<Time>(Time{})) relief.dues[stage] = *time;
  });
}

void apply_relief_over(ReportingState& state, const Entry& entry) {
  if (Duty* const duty = duty_in(state, entry)) duty->reliefs.erase(string_or(entry.body, "relief"));
}

void apply_hold(ReportingState& state, const Entry& entry) {
  if (Duty* const duty = duty_in(state, entry)) duty->holds = entry.kind == "evidence_hold_set";
}
void apply_overridden(ReportingState& state, const Entry& entry) {
  if (Duty* const duty = duty_in(state, entry)) duty->overridden = true;
}

void apply_opened(ReportingState& state, const Entry& entry) {
  state.incidents[entry.index] = {string_or(entry.body, "endpoint"), entry.time, false};
  if (state.incidents.size() > kIncidents) state.incidents.erase(state.incidents.begin());
}
void apply_closed(ReportingState& state, const Entry& entry) {
  const auto at = state.incidents.find(index_of(string_or(entry.body, "incident")));
  if (at != state.incidents.end()) at->second.closed = true;
}
void apply_captured(ReportingState& state, const Entry& entry) {
  state.evidence[entry.index] = string_or(entry.body, "incident");
  if (state.evidence.size() > kEvidence) state.evidence.erase(state.evidence.begin());
}

struct Row {
  std::string_view kind;
  Apply apply;
};
constexpr Row kTable[] = {
    {"deadline_met", apply_met},
    {"deadline_relief_confirmed", apply_relief_over},
    {"deadline_relief_proposed", apply_proposed},
    {"deadline_relief_rejected", apply_relief_over},
    {"deadline_relief_void", apply_relief_over},
    {"deadline_reminder", apply_reminder},
    {"deadline_reopened", apply_reopened},
    {"deadline_resumed", apply_resumed},
    {"deadline_set_aside", apply_set_aside},
    {"deadline_started", apply_started},
    {"deadline_stopped", apply_stopped},
    {"deadline_told", apply_told},
    {"deadline_withdrawn", apply_withdrawn},
    {"evidence_captured", apply_captured},
    {"evidence_hold_lifted", apply_hold},
    {"evidence_hold_overridden", apply_overridden},
    {"evidence_hold_set", apply_hold},
    {"incident_closed", apply_closed},
    {"incident_opened", apply_opened},
    {"regime_configured", apply_regime},
};

}  // namespace

const Duty* find_duty(const ReportingState& state, const std::string& id) {
  const auto at = id.starts_with("duty-") ? state.duties.find(index_of(id)) : state.duties.end();
  return at == state.duties.end() ? nullptr : &at->second;
}

const StageState* find_stage(const Duty& duty, std::string_view id) {
  const auto at = std::find_if(duty.stages.begin(), duty.stages.end(), [&](const StageState& stage) { return stage.id == id; });
  return at == duty.stages.end() ? nullptr : &*at;
}

void apply(ReportingState& state, const Entry& entry) {
  const auto row = std::find_if(std::begin(kTable), std::end(kTable), [&](const Row& r) { return r.kind == entry.kind; });
  if (row != std::end(kTable)) row->apply(state, entry);
}

}  // namespace firebreak::reporting
