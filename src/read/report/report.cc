#include "read/report/report.h"

#include <fmt/core.h>

#include "read/report/casefile.h"
#include "read/report/postmortem.h"

namespace firebreak::report {
namespace {

// The value at `key`, or null: a figure that nobody has is absent, never zero.
Json value_or_null(const Json& from, std::string_view key) {
  const Json* value = find(from, key);
  return value != nullptr ? *value : Json(nullptr);
}

const JsonArray& list_or_empty(const Json& from, std::string_view key) {
  static const JsonArray nothing;
  const Json* value = find(from, key);
  return value != nullptr && value->is_array() ? value->get_array() : nothing;
}

JsonObject incident_part(const Json& incident) {
  JsonObject part;
  for (const char* name : {"id", "title", "endpoint", "severity", "rule", "state", "findings", "declared_by",
                           "acknowledged", "impact", "roles", "closed", "first_time", "last_time"})
    part[name] = value_or_null(incident, name);
  part["opened"] = value_or_null(incident, "time");
  part["index"] = value_or_null(incident, "index");
  part["phases"] = list_or_empty(incident, "phases");
  return part;
}

JsonArray timeline_part(const Json& incident) {
  JsonArray lines;
  for (const Json& line : list_or_empty(incident, "timeline")) {
    JsonObject copy;
    for (const char* name : {"time", "text", "log", "index", "actor", "kind", "type"})
      copy[name] = value_or_null(line, name);
    for (const char* name : {"row", "occurred", "said", "source", "corrects", "corrected_by", "reason"})
      if (const Json* const value = find(line, name)) copy[name] = *value;
    lines.push_back(std::move(copy));
  }
  return lines;
}

JsonArray actions_part(const Json& incident) {
  JsonArray actions;
  for (const Json& action : list_or_empty(incident, "actions")) {
    JsonObject copy;
    for (const char* name : {"id",       "index",        "what",        "class",
                             "state",    "requested_by", "approved_by", "approvals_needed",
                             "digest",   "lease_us",     "undo",        "ordered",
                             "in_force", "until",        "lifted",      "ended",
                             "checks",   "extensions",   "steps",       "forecast"})
      copy[name] = value_or_null(action, name);
    copy["proposed"] = value_or_null(action, "time");
    actions.push_back(std::move(copy));
  }
  return actions;
}

JsonArray evidence_part(const Json& incident) {
  JsonArray items;
  for (const Json& item : list_or_empty(incident, "evidence")) {
    JsonObject copy{{"kind", value_or_null(item, "item")}, {"bytes", value_or_null(item, "octets")}};
    for (const char* name : {"id", "state", "digest", "index", "time", "name", "origin", "stream", "first",
                             "last", "root", "expected", "reason", "custody"})
      copy[name] = value_or_null(item, name);
    items.push_back(std::move(copy));
  }
  return items;
}

JsonObject recovery_part(const Json& incident) {
  JsonArray gates;
  for (const Json& gate : list_or_empty(incident, "gates")) {
    JsonObject copy{{"id", value_or_null(gate, "gate")}};
    for (const char* name : {"candidate", "figure", "limit", "passed", "index", "time", "detail"})
      copy[name] = value_or_null(gate, name);
    gates.push_back(std::move(copy));
  }
  JsonArray ladders;
  for (const Json& action : list_or_empty(incident, "actions")) {
    if (string_or(action, "class") != "promotion") continue;
    ladders.push_back(JsonObject{{"action", value_or_null(action, "id")},
                                 {"what", value_or_null(action, "what")},
                                 {"steps", list_or_empty(action, "steps")},
                                 {"ended", value_or_null(action, "ladder_ended")}});
  }
  return JsonObject{{"gates", std::move(gates)}, {"promotions", std::move(ladders)}};
}

// The gate runs of this incident, and those that were made for none.
JsonArray robustness_part(const Json& robustness, const std::string& incident) {
  JsonArray rows;
  for (const Json& row : list_or_empty(robustness, "rows"))
    if (const std::string of = string_or(row, "incident"); of.empty() || of == incident) rows.push_back(row);
  return rows;
}

// What is still open when the report is written: measures in force, and what people said when they closed.
JsonObject residual_part(const Json& incident) {
  JsonArray measures;
  for (const Json& action : list_or_empty(incident, "actions"))
    if (string_or(action, "state") == "in_force")
      measures.push_back(JsonObject{{"action", value_or_null(action, "id")},
                                    {"what", value_or_null(action, "what")},
                                    {"until", value_or_null(action, "until")}});
  const Json* closed = find(incident, "closed");
  return JsonObject{{"stated", closed != nullptr ? value_or_null(*closed, "residual_risk") : Json(nullptr)},
                    {"measures_in_force", std::move(measures)}};
}

}  // namespace

Result<Json> build_report(const ReportInput& input) {
  if (string_or(input.incident, "id").empty() || find(input.incident, "timeline") == nullptr)
    return fail(Code::kInvalid, "a report needs an incident with its timeline");
  if (!input.player.is_null() && !input.player.is_object())
    return fail(Code::kInvalid, "the player's measurements must be a JSON object", "/player");
  JsonObject report;
  report["version"] = 1;
  report["made"] = JsonObject{{"at", format_time(input.made_at)}, {"by", input.made_by}};
  report["incident"] = incident_part(input.incident);
  report["triage"] = value_or_null(input.incident, "triage");
  report["causes"] = list_or_empty(input.incident, "causes");
  report["timeline"] = timeline_part(input.incident);
  report["attack"] = value_or_null(input.player, "attack");
  report["traffic"] = value_or_null(input.player, "traffic");
  report["measured_by"] =
      input.player.is_null() ? Json(nullptr) : Json(string_or(input.player, "measured_by", "player"));
  report["measurements"] = list_or_empty(input.incident, "measurements");
  report["actions"] = actions_part(input.incident);
  report["evidence"] = evidence_part(input.incident);
  report["recovery"] = recovery_part(input.incident);
  report["robustness"] = robustness_part(input.robustness, string_or(input.incident, "id"));
  report["residual"] = residual_part(input.incident);
  report["impact_change"] = impact_change(input.incident);
  for (const char* name : {"fields", "labels", "checks", "contacts", "indicators", "assets", "relations", "handovers", "lessons", "follow_ups"}) report[name] = list_or_empty(input.incident, name);
  report["people"] = list_or_empty(input.incident, "people");
  report["tasks"] = list_or_empty(input.incident, "tasks");
  report["remedy"] = value_or_null(input.incident, "remedy");
  report["taints"] = list_or_empty(input.incident, "taints");
  report["findings"] = list_or_empty(input.incident, "findings");
  report["postmortem"] = postmortem_of(input.incident, input.made_at, input.endpoint_owner);
  report["replay"] = input.replay;
  report["logs"] = input.logs;
  report["offsite"] = input.offsite;
  return Json(std::move(report));
}

}  // namespace firebreak::report
