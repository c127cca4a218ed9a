#include "read/events/lines.h"

#include <fmt/core.h>

#include <algorithm>

namespace firebreak::events {
namespace {

FindingPhase phase_of(const std::string& kind) {
  return kind == "finding_opened" ? FindingPhase::kOpened : kind == "finding_closed" ? FindingPhase::kClosed : FindingPhase::kUpdated;
}

std::uint64_t number_of(const std::string& id) { return id.starts_with("find-") ? index_of(id) : 0; }

std::string words(std::string text) {
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

// One sentence on what an entry did to its incident.
std::string happened(const Entry& entry) {
  const auto text = [&](std::string_view key) { return string_or(entry.body, key); };
  if (entry.kind == "incident_opened") return "Incident opened: " + text("title");
  if (entry.kind == "incident_finding_linked") return fmt::format("Finding {} ({}) joined the incident", text("finding"), words(text("kind")));
  if (entry.kind == "incident_acknowledged") return "Incident acknowledged by " + text("by");
  if (entry.kind == "incident_phase") return fmt::format("Phase {} to {}", words(text("from")), words(text("to")));
  if (entry.kind == "incident_severity") return fmt::format("Severity {} to {}", text("from"), text("to"));
  if (entry.kind == "incident_triaged") return fmt::format("Triage: {} ({})", words(text("verdict")), text("by"));
  if (entry.kind == "incident_reopened") return fmt::format("Incident opened again by {} and {}", text("with"), text("by"));
  return "Incident closed by " + text("by");
}

}  // namespace

Result<Format> parse_format(std::string_view name) {
  if (name == "ocsf") return Format::kOcsf;
  if (name == "ecs") return Format::kEcs;
  return fail(Code::kInvalid, fmt::format("'{}' is no format of events (ocsf, ecs)", name));
}

std::optional<std::uint64_t> index_of_line(std::string_view line) {
  const auto document = parse_json(line);
  if (!document) return std::nullopt;
  for (const char* pointer : {"/metadata/sequence", "/event/sequence"})
    if (const Json* at = find_pointer(*document, pointer); at != nullptr && at->is_number()) return at->to_number<std::uint64_t>();
  return std::nullopt;
}

std::optional<std::string> Lines::next(const Entry& entry) {
  if (entry.kind == "finding_opened" || entry.kind == "finding_updated" || entry.kind == "finding_closed") return finding(entry);
  if (entry.kind == "finding_verdict" || entry.kind == "finding_muted" || entry.kind == "finding_unmuted") return about_finding(entry);
  if (const Json* endpoint = entry.kind == "endpoint_registered" ? find(entry.body, "endpoint") : nullptr)
    teams_[string_or(*endpoint, "name")] = string_or(*endpoint, "owner_team");
  if (entry.kind == "rules_taken") rules_[string_or(entry.body, "endpoint")] = string_or(entry.body, "digest");
  static const std::set<std::string, std::less<>> kIncident = {"incident_opened",   "incident_finding_linked", "incident_acknowledged", "incident_phase",
                                                               "incident_severity", "incident_triaged",        "incident_closed",
                                                               "incident_reopened"};
  return kIncident.contains(entry.kind) ? incident(entry) : std::nullopt;
}

// The rule says what its match means; its key stands in the episode, rule_match/RULE/INDEX.
std::vector<Meaning> Lines::means(const FindingUpdate& said) const {
  std::vector<Meaning> out;
  if (const auto kind = meanings_.of_kind.find(said.kind); kind != meanings_.of_kind.end()) out = kind->second;
  const auto set = rules_.find(said.stream);
  const std::size_t from = said.episode.find('/'), to = said.episode.rfind('/');
  if (said.kind != "rule_match" || set == rules_.end() || set->second.empty() || !meanings_.of_rule || from == to) return out;
  for (Meaning& one : meanings_.of_rule(set->second, said.episode.substr(from + 1, to - from - 1))) out.push_back(std::move(one));
  return out;
}

std::optional<std::string> Lines::finding(const Entry& entry) {
  const FindingPhase phase = phase_of(entry.kind);
  auto update = finding_from_json(phase, entry.body);
  if (!update) return std::nullopt;
  const std::string key = update->stream + "\n" + update->episode;
  if (phase == FindingPhase::kOpened) {
    episodes_[key] = entry.index;
    findings_[entry.index] = {entry.id("find"), {}, {}, {}, {}, entry.time, means(*update)};
    forget();
  }
  const auto index = episodes_.find(key);
  if (index == episodes_.end()) return std::nullopt;
  KnownFinding& known = findings_.at(index->second);
  known.said = std::move(*update);
  known.said.indexes.clear();
  known.said.callers.clear();
  known.said.digests.clear();
  const Activity activity = phase == FindingPhase::kOpened ? Activity::kCreate : phase == FindingPhase::kClosed ? Activity::kClose : Activity::kUpdate;
  const Told told{entry, activity, known.said.summary, version_};
  return canonical_json(format_ == Format::kOcsf ? ocsf_finding(told, known) : ecs_finding(told, known));
}

std::optional<std::string> Lines::about_finding(const Entry& entry) {
  const auto at = findings_.find(number_of(string_or(entry.body, "finding")));
  if (at == findings_.end()) return std::nullopt;
  KnownFinding& known = at->second;
  std::string message;
  if (entry.kind == "finding_verdict") {
    known.verdict = string_or(entry.body, "verdict");
    message = fmt::format("{} says that the finding is {}", string_or(entry.body, "by"), known.verdict);
  } else if (entry.kind == "finding_muted") {
    known.mute = string_or(entry.body, "mute");
    message = fmt::format("Muted until {} by {} ({})", string_or(entry.body, "until"), string_or(entry.body, "by"), known.mute);
  } else {
    known.mute.clear();
    message = "No longer muted";
  }
  const Told told{entry, Activity::kUpdate, std::move(message), version_};
  return canonical_json(format_ == Format::kOcsf ? ocsf_finding(told, known) : ecs_finding(told, known));
}

std::optional<std::string> Lines::incident(const Entry& entry) {
  const bool opens = entry.kind == "incident_opened", closes = entry.kind == "incident_closed";
  const std::string id = opens ? entry.id("inc") : string_or(entry.body, "incident");
  if (opens || entry.kind == "incident_reopened")
    incidents_[id] = {id, string_or(entry.body, "endpoint"), teams_[string_or(entry.body, "endpoint")], string_or(entry.body, "title"), string_or(entry.body, "severity"),
                      "detection_analysis", "", "", {}, entry.time};
  const auto at = incidents_.find(id);
  if (at == incidents_.end()) return std::nullopt;
  KnownIncident& known = at->second;
  std::vector<std::string> joined = opens ? strings_or_empty(entry.body, "findings") : std::vector<std::string>{};
  if (entry.kind == "incident_finding_linked") joined.push_back(string_or(entry.body, "finding"));
  for (const std::string& finding : joined) {
    if (known.findings.size() < kListed) known.findings.push_back(finding);
    if (const auto of = findings_.find(number_of(finding)); of != findings_.end()) of->second.incident = id;
  }
  if (entry.kind == "incident_acknowledged") known.acknowledged_by = string_or(entry.body, "by");
  if (entry.kind == "incident_phase") known.phase = string_or(entry.body, "to", known.phase);
  if (entry.kind == "incident_severity") known.severity = string_or(entry.body, "to", known.severity);
  if (entry.kind == "incident_triaged") known.triage = string_or(entry.body, "verdict");
  if (closes) known.phase = "closed";
  std::vector<const KnownFinding*> findings;
  for (const std::string& finding : known.findings)
    if (const auto of = findings_.find(number_of(finding)); of != findings_.end()) findings.push_back(&of->second);
  const Told told{entry, opens ? Activity::kCreate : closes ? Activity::kClose : Activity::kUpdate, happened(entry), version_};
  std::string line = canonical_json(format_ == Format::kOcsf ? ocsf_incident(told, known, findings) : ecs_incident(told, known, findings));
  if (closes) incidents_.erase(at);
  return line;
}

void Lines::forget() {
  if (findings_.size() <= kRemembered) return;
  const auto oldest = findings_.begin();
  episodes_.erase(oldest->second.said.stream + "\n" + oldest->second.said.episode);
  findings_.erase(oldest);
}

}  // namespace firebreak::events
