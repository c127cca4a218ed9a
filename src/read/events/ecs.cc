// Elastic Common Schema 8.17. What it has no field for stands under "firebreak".
#include <fmt/core.h>

#include <algorithm>

#include "read/events/lines.h"

namespace firebreak::events {
namespace {

JsonObject head(const Told& told, std::string_view dataset, int severity, bool alert) {
  const std::string_view type = told.activity == Activity::kCreate ? "start" : told.activity == Activity::kClose ? "end" : "change";
  JsonObject event{{"kind", alert ? "alert" : "event"},
                   {"category", JsonArray{"intrusion_detection"}},
                   {"type", JsonArray{type, "info"}},
                   {"action", told.entry.kind},
                   {"id", fmt::format("journal:{}", told.entry.index)},
                   {"sequence", told.entry.index},
                   {"severity", severity},
                   {"module", "firebreak"},
                   {"dataset", dataset},
                   {"reason", told.message}};
  return JsonObject{{"@timestamp", format_time(told.entry.time)},
                    {"ecs", JsonObject{{"version", kEcsVersion}}},
                    {"message", told.message},
                    {"event", std::move(event)},
                    {"observer", JsonObject{{"vendor", "Firebreak"}, {"product", "Firebreak"}, {"type", "ai-incident-response"}, {"version", told.product_version}}}};
}

int severity_of(const std::string& severity) { return severity == "SEV-1" ? 5 : severity == "SEV-2" ? 4 : severity == "SEV-3" ? 3 : 2; }

}  // namespace

Json ecs_finding(const Told& told, const KnownFinding& finding) {
  const FindingUpdate& said = finding.said;
  const bool alert = finding.mute.empty() && said.severity >= Severity::kMedium && told.activity == Activity::kCreate;
  JsonObject out = head(told, "firebreak.finding", static_cast<int>(said.severity), alert);
  out["event"].as_object()["start"] = format_time(said.first_time);
  out["event"].as_object()["end"] = format_time(said.last_time);
  out["event"].as_object()["created"] = format_time(finding.opened);
  if (!said.origin.empty()) out["event"].as_object()["provider"] = said.origin;
  out["rule"] = JsonObject{{"name", said.kind}, {"description", said.summary}, {"uuid", finding.id}};
  out["service"] = JsonObject{{"name", said.endpoint}, {"type", "ai-endpoint"}};
  JsonObject own{{"finding", finding.id}, {"stream", said.stream}, {"first", said.first_index}, {"last", said.last_index}, {"count", said.count}};
  for (const auto& [key, value] : {std::pair<const char*, const std::string&>{"feature", said.feature},
                                   {"segment", said.segment},
                                   {"incident", finding.incident},
                                   {"verdict", finding.verdict},
                                   {"mute", finding.mute}})
    if (!value.empty()) own[key] = value;
  if (said.onset)
    own["onset"] = JsonObject{{"first", said.onset->first_index}, {"last", said.onset->last_index},
                              {"first_time", format_time(said.onset->first_time)}, {"last_time", format_time(said.onset->last_time)}};
  JsonObject numbers;
  for (const auto& [name, value] : said.numbers) numbers[name] = value;
  own["numbers"] = std::move(numbers);
  out["firebreak"] = std::move(own);
  return out;
}

Json ecs_incident(const Told& told, const KnownIncident& incident, const std::vector<const KnownFinding*>& findings) {
  JsonObject out = head(told, "firebreak.incident", severity_of(incident.severity), told.activity == Activity::kCreate);
  out["event"].as_object()["created"] = format_time(incident.opened);
  out["service"] = JsonObject{{"name", incident.endpoint}, {"type", "ai-endpoint"}};
  JsonArray ids;
  for (const KnownFinding* finding : findings) ids.emplace_back(finding->id);
  JsonObject own{{"incident", incident.id}, {"title", incident.title}, {"severity", incident.severity}, {"phase", incident.phase}, {"findings", std::move(ids)}};
  if (!incident.triage.empty()) own["triage"] = incident.triage;
  if (!incident.acknowledged_by.empty()) own["acknowledged_by"] = incident.acknowledged_by;
  out["firebreak"] = std::move(own);
  return out;
}

}  // namespace firebreak::events
