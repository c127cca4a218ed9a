// The state as a document, for snapshots; stages also for entries.
#include "fold/reporting/parts.h"

namespace firebreak::reporting {
namespace {

constexpr std::size_t kStageBytes = 16 * 1024;  // of all stages in one entry: beyond it they go without notes

JsonArray array_of(const std::vector<std::string>& list) { return JsonArray(list.begin(), list.end()); }

void put_time(JsonObject& object, std::string_view key, Time time) {
  if (time.us != 0) object[key] = format_time(time);
}
Time time_at(const Json& object, std::string_view key) { return get_time(object, key).value_or(Time{}); }

Json duty_json(const Duty& duty) {
  JsonArray told, stops;
  for (const Told& one : duty.told)
    told.push_back(JsonObject{{"event", one.event}, {"at", format_time(one.at)}, {"by", one.by}, {"reference", one.reference}, {"evidence", one.evidence}});
  for (const Stop& one : duty.stops)
    stops.push_back(JsonObject{{"id", one.id}, {"from", format_time(one.from)}, {"to", format_time(one.to)}, {"reason", one.reason}, {"by", one.by}});
  JsonObject aside, reminded, reliefs;
  for (const auto& [stage, one] : duty.aside) aside[stage] = JsonObject{{"reason", one.reason}, {"by", one.by}, {"with", one.with}};
  for (const auto& [stage, one] : duty.reminded) reminded[stage] = JsonObject{{"due", format_time(one.due)}, {"level", one.level}};
  for (const auto& [id, one] : duty.reliefs) {
    JsonObject dues;
    for (const auto& [stage, due] : one.dues) dues[stage] = format_time(due);
    reliefs[id] = JsonObject{{"change", one.change}, {"by", one.by}, {"dues", std::move(dues)}};
  }
  return JsonObject{{"incident", duty.incident}, {"endpoint", duty.endpoint}, {"regime", duty.regime}, {"version", duty.version}, {"by", duty.by},
                    {"started", format_time(duty.started)}, {"told", std::move(told)}, {"facts", JsonArray(duty.facts.begin(), duty.facts.end())},
                    {"stops", std::move(stops)}, {"stages", to_json(duty.stages)}, {"aside", std::move(aside)}, {"reminded", std::move(reminded)},
                    {"reliefs", std::move(reliefs)}, {"holds", duty.holds}, {"overridden", duty.overridden}};
}

template <class Read>
void each_of(const Json& object, std::string_view key, Read read) {
  const Json* const list = find(object, key);
  if (list == nullptr || !list->is_array()) return;
  for (const Json& one : list->get_array()) read(one);
}

Duty duty_from(const std::string& id, const Json& d) {
  Duty duty;
  duty.id = id;
  duty.incident = string_or(d, "incident");
  duty.endpoint = string_or(d, "endpoint");
  duty.regime = string_or(d, "regime");
  duty.version = string_or(d, "version");
  duty.by = string_or(d, "by");
  duty.started = time_at(d, "started");
  each_of(d, "told", [&](const Json& one) {
    duty.told.push_back({string_or(one, "event"), time_at(one, "at"), string_or(one, "by"), string_or(one, "reference"), string_or(one, "evidence")});
  });
  const auto facts = strings_or_empty(d, "facts");
  duty.facts = {facts.begin(), facts.end()};
  each_of(d, "stops", [&](const Json& one) {
    duty.stops.push_back({string_or(one, "id"), time_at(one, "from"), time_at(one, "to"), string_or(one, "reason"), string_or(one, "by")});
  });
  duty.stages = stages_from_json(d);
  each_member(d, "aside", [&](const std::string& stage, const Json& one) { duty.aside[stage] = {string_or(one, "reason"), string_or(one, "by"), string_or(one, "with")}; });
  each_member(d, "reminded", [&](const std::string& stage, const Json& one) { duty.reminded[stage] = {time_at(one, "due"), static_cast<int>(int_or(one, "level"))}; });
  each_member(d, "reliefs", [&](const std::string& relief, const Json& one) {
    const Json* const change = find(one, "change");
    Relief& read = duty.reliefs[relief] = {change != nullptr ? *change : Json(JsonObject{}), string_or(one, "by"), {}};
    if (const Json* const dues = find(one, "dues"); dues != nullptr && dues->is_object())
      for (const auto& due : dues->get_object()) read.dues[std::string(due.key())] = time_at(*dues, due.key());
  });
  duty.holds = bool_or(d, "holds");
  duty.overridden = bool_or(d, "overridden");
  return duty;
}

}  // namespace

Json to_json(const StageState& stage) {
  JsonObject out{{"stage", stage.id}, {"state", stage.state}};
  put_time(out, "start", stage.start);
  put_time(out, "due", stage.due);
  put_time(out, "later", stage.later);
  put_time(out, "met", stage.met);
  if (!stage.by.empty()) out["period"] = stage.by;
  if (stage.expected) out["expected"] = true;
  if (stage.late) out["late"] = true;
  if (!stage.waits_for.empty()) out["waits_for"] = array_of(stage.waits_for);
  if (!stage.notes.empty()) out["notes"] = array_of(stage.notes);
  return out;
}

StageState stage_from_json(const Json& d) {
  return {string_or(d, "stage"),        string_or(d, "state"),      time_at(d, "start"),    time_at(d, "due"),
          time_at(d, "later"),          time_at(d, "met"),          string_or(d, "period"), bool_or(d, "expected"),
          bool_or(d, "late"),           strings_or_empty(d, "waits_for"), strings_or_empty(d, "notes")};
}

JsonArray to_json(const std::vector<StageState>& stages) {
  JsonArray out;
  std::size_t bytes = 0;
  for (const StageState& stage : stages) {
    Json one = to_json(stage);
    bytes += canonical_json(one).size();
    if (bytes > kStageBytes) one.as_object().erase("notes");
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<StageState> stages_from_json(const Json& body) {
  std::vector<StageState> out;
  each_of(body, "stages", [&](const Json& one) { out.push_back(stage_from_json(one)); });
  return out;
}

Json to_json(const ReportingState& state) {
  JsonObject regimes, versions, duties, incidents, evidence;
  for (const auto& [regime, digest] : state.regimes) regimes[regime] = digest;
  for (const auto& [digest, one] : state.versions)
    versions[digest] = JsonObject{{"document", one.document}, {"holidays", array_of(one.holidays)}, {"offset_minutes", one.offset_minutes}};
  for (const auto& [number, duty] : state.duties) duties[duty.id] = duty_json(duty);
  for (const auto& [number, one] : state.incidents)
    incidents[std::to_string(number)] = JsonObject{{"endpoint", one.endpoint}, {"opened", format_time(one.opened)}, {"closed", one.closed}};
  for (const auto& [number, incident] : state.evidence) evidence[std::to_string(number)] = incident;
  return JsonObject{{"regimes", std::move(regimes)}, {"versions", std::move(versions)}, {"duties", std::move(duties)}, {"incidents", std::move(incidents)},
                    {"evidence", std::move(evidence)}};
}

Result<ReportingState> state_from_json(const Json& document) {
  if (!document.is_object()) return fail(Code::kInvalid, "a JSON object is expected");
  ReportingState state;
  const auto text = [](const Json& value) { return value.is_string() ? std::string(value.get_string()) : std::string(); };
  each_member(document, "regimes", [&](const std::string& regime, const Json& digest) { state.regimes[regime] = text(digest); });
  each_member(document, "versions", [&](const std::string& digest, const Json& one) {
    const Json* const regime = find(one, "document");
    if (regime != nullptr) state.versions[digest] = {*regime, strings_or_empty(one, "holidays"), static_cast<int>(int_or(one, "offset_minutes"))};
  });
  each_member(document, "duties", [&](const std::string& id, const Json& one) { state.duties[index_of(id)] = duty_from(id, one); });
  each_member(document, "incidents", [&](const std::string& number, const Json& one) {
    state.incidents[index_of("-" + number)] = {string_or(one, "endpoint"), time_at(one, "opened"), bool_or(one, "closed")};
  });
  each_member(document, "evidence", [&](const std::string& number, const Json& incident) { state.evidence[index_of("-" + number)] = text(incident); });
  return state;
}

}  // namespace firebreak::reporting
