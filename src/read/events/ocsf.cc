// OCSF 1.5.0: detection_finding (2004) and incident_finding (2005). Times are milliseconds; captions stand beside their ids.
#include <fmt/core.h>

#include <algorithm>

#include "read/events/lines.h"

namespace firebreak::events {
namespace {

struct Word {
  int id;
  std::string_view caption;
};

std::int64_t ms(Time time) { return time.us / 1'000; }

Word activity_of(Activity activity) {
  constexpr Word kWords[] = {{0, "Unknown"}, {1, "Create"}, {2, "Update"}, {3, "Close"}};
  return kWords[static_cast<int>(activity)];
}

Word severity_of(Severity severity) {
  constexpr Word kWords[] = {{0, "Unknown"}, {1, "Informational"}, {2, "Low"}, {3, "Medium"}, {4, "High"}, {5, "Critical"}};
  return kWords[static_cast<int>(severity)];
}

Word severity_of(const std::string& severity) {  // SEV-1 is the gravest
  if (severity == "SEV-1") return {5, "Critical"};
  if (severity == "SEV-2") return {4, "High"};
  if (severity == "SEV-3") return {3, "Medium"};
  return {2, "Low"};
}

Word status_of(const KnownFinding& finding) {
  if (!finding.mute.empty() || finding.verdict == "benign" || finding.verdict == "test" || finding.verdict == "duplicate") return {3, "Suppressed"};
  if (finding.verdict == "true" || !finding.incident.empty()) return {2, "In Progress"};
  return {1, "New"};
}

Word status_of(const KnownIncident& incident) {
  if (incident.phase == "closed") return {5, "Closed"};
  if (incident.phase == "post_incident") return {4, "Resolved"};
  return incident.acknowledged_by.empty() ? Word{1, "New"} : Word{2, "In Progress"};
}

Word verdict_of(const std::string& triage) {
  if (triage == "suspected_malice") return {4, "Suspicious"};
  if (triage == "benign_drift") return {5, "Benign"};
  if (triage == "undetermined") return {7, "Insufficient Data"};
  return {0, "Unknown"};
}

JsonObject head(const Told& told, int class_uid, std::string_view class_name, Word severity) {
  const Word activity = activity_of(told.activity);
  JsonObject metadata{{"version", kOcsfVersion},
                      {"product", JsonObject{{"name", "Firebreak"}, {"vendor_name", "Firebreak"}, {"version", told.product_version}}},
                      {"log_name", "journal"},
                      {"event_code", told.entry.kind},
                      {"sequence", told.entry.index},
                      {"uid", fmt::format("journal:{}", told.entry.index)},
                      {"original_time", format_time(told.entry.time)}};
  return JsonObject{{"category_uid", 2},
                    {"category_name", "Findings"},
                    {"class_uid", class_uid},
                    {"class_name", class_name},
                    {"activity_id", activity.id},
                    {"activity_name", activity.caption},
                    {"type_uid", class_uid * 100 + activity.id},
                    {"type_name", fmt::format("{}: {}", class_name, activity.caption)},
                    {"severity_id", severity.id},
                    {"severity", severity.caption},
                    {"time", ms(told.entry.time)},
                    {"message", told.message},
                    {"metadata", std::move(metadata)}};
}

// ATLAS alone: the object is for MITRE's two matrices. "AML.T0043.001", "Craft Adversarial Data: Black-Box Optimization" is a sub-technique.
Json attack_of(const Meaning& means) {
  JsonObject out{{"version", means.version}};
  const std::size_t first = means.id.find('.'), last = means.id.rfind('.');
  const std::size_t colon = means.name.find(": ");
  if (first == last) {
    out["technique"] = JsonObject{{"uid", means.id}, {"name", means.name}};
    return out;
  }
  JsonObject technique{{"uid", means.id.substr(0, last)}};
  if (colon != std::string::npos) technique["name"] = means.name.substr(0, colon);
  out["technique"] = std::move(technique);
  out["sub_technique"] = JsonObject{{"uid", means.id}, {"name", colon == std::string::npos ? means.name : means.name.substr(colon + 2)}};
  return out;
}

JsonObject info_of(const KnownFinding& finding) {
  const FindingUpdate& said = finding.said;
  std::string title = said.kind;
  std::replace(title.begin(), title.end(), '_', ' ');
  JsonObject analytic{{"name", said.kind},
                      {"uid", "firebreak/" + said.kind},
                      {"type_id", said.kind == "rule_match" ? 1 : 3},
                      {"type", said.kind == "rule_match" ? "Rule" : "Statistical"}};
  JsonObject info{{"uid", finding.id},
                  {"title", fmt::format("{} at {}", title, said.endpoint)},
                  {"desc", said.summary},
                  {"types", JsonArray{said.kind}},
                  {"created_time", ms(finding.opened)},
                  {"first_seen_time", ms(said.first_time)},
                  {"last_seen_time", ms(said.last_time)},
                  {"data_sources", JsonArray{said.stream}},
                  {"analytic", std::move(analytic)}};
  JsonArray attacks, tags;  // tags: of frameworks that have no object of their own
  for (const Meaning& one : finding.means) {
    if (one.framework == kAtlas) attacks.push_back(attack_of(one));
    else tags.push_back(JsonObject{{"name", one.framework + " " + one.version}, {"value", fmt::format("{} {}", one.id, one.name)}});
  }
  if (!attacks.empty()) info["attacks"] = std::move(attacks);
  if (!tags.empty()) info["tags"] = std::move(tags);
  if (!said.origin.empty()) info["product"] = JsonObject{{"name", said.origin}};
  return info;
}

JsonArray resources(const std::string& endpoint) { return {JsonObject{{"type", "AI endpoint"}, {"name", endpoint}, {"uid", endpoint}}}; }

}  // namespace

Json ocsf_finding(const Told& told, const KnownFinding& finding) {
  const FindingUpdate& said = finding.said;
  JsonObject out = head(told, 2004, "Detection Finding", severity_of(said.severity));
  const Word status = status_of(finding);
  out["status_id"] = status.id;
  out["status"] = status.caption;
  out["is_alert"] = finding.mute.empty() && said.severity >= Severity::kMedium;
  out["finding_info"] = info_of(finding);
  out["resources"] = resources(said.endpoint);
  out["count"] = std::max<std::uint64_t>(said.count, 1);
  JsonObject evidence{{"stream", said.stream}, {"first", said.first_index}, {"last", said.last_index}};
  if (!said.feature.empty()) evidence["feature"] = said.feature;
  if (!said.segment.empty()) evidence["segment"] = said.segment;
  if (said.onset)
    evidence["onset"] = JsonObject{{"first", said.onset->first_index}, {"last", said.onset->last_index},
                                   {"first_time", format_time(said.onset->first_time)}, {"last_time", format_time(said.onset->last_time)}};
  JsonObject numbers;
  for (const auto& [name, value] : said.numbers) numbers[name] = value;
  evidence["numbers"] = std::move(numbers);
  out["evidences"] = JsonArray{JsonObject{{"name", "records of the stream"}, {"data", std::move(evidence)}}};
  if (!finding.incident.empty()) out["metadata"].as_object()["correlation_uid"] = finding.incident;
  if (!finding.verdict.empty()) out["status_detail"] = "verdict: " + finding.verdict;
  return out;
}

Json ocsf_incident(const Told& told, const KnownIncident& incident, const std::vector<const KnownFinding*>& findings) {
  JsonObject out = head(told, 2005, "Incident Finding", severity_of(incident.severity));
  const Word status = status_of(incident), verdict = verdict_of(incident.triage);
  out["status_id"] = status.id;
  out["status"] = status.caption;
  out["status_detail"] = incident.phase;
  out["verdict_id"] = verdict.id;
  out["verdict"] = verdict.caption;
  out["desc"] = incident.title;
  out["metadata"].as_object()["correlation_uid"] = incident.id;
  JsonArray infos;
  for (const KnownFinding* finding : findings) infos.push_back(info_of(*finding));
  if (infos.empty())  // declared by a person; the schema wants one
    infos.push_back(JsonObject{{"uid", incident.id}, {"title", incident.title}, {"created_time", ms(incident.opened)}});
  out["finding_info_list"] = std::move(infos);
  if (incident.acknowledged_by.starts_with("user:"))
    out["assignee"] = JsonObject{{"name", incident.acknowledged_by.substr(5)}};
  else  // the schema wants one of the two
    out["assignee_group"] = JsonObject{{"name", incident.team.empty() ? "unassigned" : incident.team}};
  out["unmapped"] = JsonObject{{"incident", incident.id}, {"endpoint", incident.endpoint}, {"severity", incident.severity}, {"phase", incident.phase}};
  return out;
}

}  // namespace firebreak::events
