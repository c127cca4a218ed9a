#include "read/views/screens.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

namespace firebreak::views {
namespace {

JsonArray things(Store& store, const std::string& kind, const std::string& incident,
                 void (*trim)(JsonObject&) = nullptr) {
  JsonArray items;
  for (JsonObject& document :
       store.list({.kind = kind, .incident = incident, .endpoint = {}, .state = {}, .oldest_first = true})) {
    if (trim != nullptr) trim(document);
    items.push_back(std::move(document));
  }
  return items;
}

// One row for the control (what it approves is what the gate counts), one for the candidate, one for each
// attack that the gate's detail tells apart: "attacks": [{attack, still_approved, approved_by_control}].
void add_rows(Store& store, JsonArray& rows, const JsonObject& gate) {
  const Json nothing = JsonObject{};
  const Json* detail = find(gate, "detail");
  if (detail == nullptr) detail = &nothing;
  const std::string incident = string_or(gate, "incident");
  const std::string all = incident.empty() ? "all chains" : "chains of " + incident;
  const auto add = [&](std::string_view release, std::string_view attack, std::int64_t approved,
                       std::int64_t of, bool control) {
    JsonObject row{
        {"release", release}, {"attack", attack}, {"approved", approved}, {"of", of}, {"control", control}};
    row["share"] = of > 0 ? Json(static_cast<double>(approved) / static_cast<double>(of)) : Json(nullptr);
    for (const char* name : {"endpoint", "candidate", "gate", "index", "incident", "time"})
      row[name] = gate.contains(name) ? gate.at(name) : Json(nullptr);
    const std::optional<JsonObject> judged =
        store.get("release", string_or(gate, "endpoint") + "/" + std::string(release));
    row["release_state"] = judged ? Json(string_or(*judged, "state")) : Json(nullptr);
    for (const char* name : {"limit", "passed"})
      row[name] = control || !gate.contains(name) ? Json(nullptr) : gate.at(name);
    rows.push_back(std::move(row));
  };
  const std::string candidate = string_or(gate, "candidate"), control = string_or(gate, "control");
  const std::int64_t of = int_or(*detail, "approved_by_control");
  if (!control.empty()) add(control, all, of, of, true);
  add(candidate, all, int_or(*detail, "still_approved"), of, false);
  const Json* attacks = find(*detail, "attacks");
  if (attacks == nullptr || !attacks->is_array()) return;
  for (const Json& attack : attacks->get_array())
    add(candidate, string_or(attack, "attack"), int_or(attack, "still_approved"),
        int_or(attack, "approved_by_control"), false);
}

// What the findings of one cause have in common, for a person: how many of which kind, which features, when it began, and why
// they belong together (each reason with how often it was given).
Json told_cause(Store& store, const Json& cause) {
  std::map<std::string, std::int64_t> kinds, why;
  std::set<std::string> features;
  std::string first, last;
  std::int64_t repeats = 0;
  const JsonArray& findings = cause.at("findings").as_array();
  for (const Json& member : findings) {
    repeats += find(member, "repeats") != nullptr;
    const std::string reason = string_or(member, "why");
    if (!reason.empty() && find(member, "repeats") == nullptr) ++why[reason];
    const std::optional<JsonObject> finding = store.get("finding", string_or(member, "id"));
    if (!finding) continue;
    ++kinds[string_or(*finding, "kind")];
    if (const std::string feature = string_or(*finding, "feature"); !feature.empty()) features.insert(feature);
    const Json* onset = find(*finding, "onset");
    const std::string from = onset == nullptr ? string_or(*finding, "first_time") : string_or(*onset, "first_time");
    const std::string to = onset == nullptr ? string_or(*finding, "last_time") : string_or(*onset, "last_time");
    if (first.empty()) last = to;
    if (first.empty() || from < first) first = from;
    last = std::min(last, to);
  }
  JsonObject counted, reasons;
  for (const auto& [kind, count] : kinds) counted[kind] = count;
  for (const auto& [reason, count] : why) reasons[reason] = count;
  return JsonObject{{"cause", int_or(cause, "cause")}, {"count", findings.size()},     {"repeats", repeats},
                    {"kinds", std::move(counted)},     {"why", std::move(reasons)},    {"features", JsonArray(features.begin(), features.end())},
                    {"began", JsonObject{{"first", first}, {"last", std::max(first, last)}}}, {"findings", findings}};
}

// Planned changes and promotions that lay over the onset of a finding.
JsonArray changes_over(Store& store, const JsonObject& finding) {
  const Json* onset = find(finding, "onset");
  const Json whole = finding;
  const auto first = get_time(onset != nullptr ? *onset : whole, "first_time"), last = get_time(onset != nullptr ? *onset : whole, "last_time");
  JsonArray out;
  if (!first || !last) return out;
  for (JsonObject& change : store.list({.kind = "change", .incident = {}, .endpoint = {}, .state = {}})) {
    const std::string endpoint = string_or(change, "endpoint");
    if (string_or(change, "state") == "cancelled" || (!endpoint.empty() && endpoint != string_or(finding, "endpoint"))) continue;
    const auto from = get_time(change, "from"), to = get_time(change, "to");
    if (from && *from <= *last && (!to || *first <= *to + kHour)) out.push_back(std::move(change));
  }
  return out;
}

}  // namespace

Result<Json> finding_screen(Store& store, const std::string& id) {
  std::optional<JsonObject> finding = store.get("finding", id);
  if (!finding) return fail(Code::kNotFound, fmt::format("there is no finding '{}'", id));
  (*finding)["changes"] = changes_over(store, *finding);
  return Json(std::move(*finding));
}

void trim_incident(JsonObject& incident) {
  if (const Json* triage = find(incident, "triage"); triage != nullptr && triage->is_object()) incident["triage"] = string_or(*triage, "verdict");
  if (Json* causes = incident.if_contains("causes"); causes != nullptr && causes->is_array()) *causes = causes->get_array().size();
  if (Json* options = incident.if_contains("options"); options != nullptr && options->is_object()) {
    const Json* list = find(*options, "options");
    options->get_object()["count"] = list != nullptr && list->is_array() ? list->get_array().size() : 0;
    options->get_object().erase("options");
  }
}

void trim_notes(JsonObject& notes) {
  for (const char* list : {"before", "kept"}) {
    const Json* const all = find(notes, list);
    notes[std::string(list) + "_count"] = all != nullptr && all->is_array() ? all->get_array().size() : 0;
    notes.erase(list);
  }
  notes.erase("text");
}

void trim_action(JsonObject& action) {
  if (const Json* measure = find(action, "measure")) action["measure_kind"] = string_or(*measure, "kind");
  action.erase("measure");
  if (Json* option = action.if_contains("option"); option != nullptr && option->is_object())
    option->get_object().erase("measure");
}

JsonObject run_screen(Store& store, JsonObject run, int most) {
  Query query;
  query.kind = "step";
  query.incident = string_or(run, "id");
  query.limit = most;
  std::vector<JsonObject> newest = store.list(query);
  JsonArray steps;
  for (auto step = newest.rbegin(); step != newest.rend(); ++step) steps.push_back(std::move(*step));
  run["steps_before"] = std::max<std::int64_t>(0, int_or(run, "step_count") - static_cast<std::int64_t>(steps.size()));
  run["steps"] = std::move(steps);
  return run;
}

Result<Json> incident_screen(Store& store, const std::string& id) {
  std::optional<JsonObject> incident = store.get("incident", id);
  if (!incident) return fail(Code::kNotFound, fmt::format("there is no incident '{}'", id));
  Lines lines;
  lines.incident = id;
  (*incident)["timeline"] = store.timeline(lines);
  (*incident)["actions"] = things(store, "action", id, trim_action);
  (*incident)["evidence"] = things(store, "evidence", id);
  JsonArray findings;
  for (const std::string& finding : strings_or_empty(*incident, "findings"))
    if (std::optional<JsonObject> document = store.get("finding", finding))
      findings.push_back(std::move(*document));
  (*incident)["findings"] = std::move(findings);
  if (const Json* causes = incident->if_contains("causes"); causes != nullptr && causes->is_array()) {
    JsonArray told;
    for (const Json& cause : causes->get_array()) told.push_back(told_cause(store, cause));
    (*incident)["causes"] = std::move(told);
  }
  (*incident)["gates"] = things(store, "gate", id);
  (*incident)["tasks"] = things(store, "task", id);
  (*incident)["deadlines"] = things(store, "duty", id);
  (*incident)["reliefs"] = things(store, "relief", id);
  const std::optional<JsonObject> remedy = store.get("remedy", id);
  (*incident)["remedy"] = remedy ? Json(*remedy) : Json(nullptr);
  (*incident)["taints"] = things(store, "taint", id);
  JsonArray runs;
  for (Json& run : things(store, "run", id)) runs.push_back(run_screen(store, std::move(run.as_object()), 100));
  (*incident)["runs"] = std::move(runs);
  (*incident)["approvals"] = things(store, "approval", id);
  (*incident)["people"] = things(store, "user", "");
  for (const auto& [key, kind] : {std::pair("fields", "field"), {"contacts", "contact"}, {"labels", "label"}, {"checks", "check"}, {"indicators", "indicator"}, {"assets", "case_asset"},
                                  {"notes", "notes"}, {"relations", "relation"}, {"handovers", "handover"}, {"lessons", "lesson"}, {"amendments", "amendment"}, {"tickets", "ticket"}, {"follow_ups", "follow_up"}})
    (*incident)[key] = things(store, kind, id, std::string_view(kind) == "notes" ? trim_notes : nullptr);
  return Json(std::move(*incident));
}

Result<Json> duty_screen(Store& store, const std::string& id) {
  std::optional<JsonObject> duty = store.get("duty", id);
  if (!duty) return fail(Code::kNotFound, fmt::format("there is no duty '{}'", id));
  JsonArray reliefs;
  for (Json& relief : things(store, "relief", string_or(*duty, "incident")))
    if (string_or(relief, "duty") == id) reliefs.push_back(std::move(relief));
  (*duty)["reliefs"] = std::move(reliefs);
  return Json(std::move(*duty));
}

Result<Json> action_screen(Store& store, const std::string& id) {
  std::optional<JsonObject> action = store.get("action", id);
  if (!action) return fail(Code::kNotFound, fmt::format("there is no action '{}'", id));
  JsonArray orders;
  // Orders carry their action in the document only; those of one endpoint are few enough to walk.
  for (JsonObject& order : store.list({.kind = "order",
                           .incident = string_or(*action, "incident"),
                           .endpoint = string_or(*action, "endpoint"),
                           .state = {},
                           .limit = 2'000}))
    if (string_or(order, "action") == id && orders.size() < 200) orders.push_back(std::move(order));
  (*action)["orders"] = std::move(orders);
  return Json(std::move(*action));
}

JsonObject robustness_screen(Store& store) {
  JsonArray rows;
  for (const JsonObject& gate : store.list({.kind = "gate", .incident = {}, .endpoint = {}, .state = {}}))
    if (string_or(gate, "gate") == "G3a") add_rows(store, rows, gate);
  return JsonObject{{"rows", std::move(rows)}};
}

}  // namespace firebreak::views
