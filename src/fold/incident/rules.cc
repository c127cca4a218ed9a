// Findings become incidents here.
#include <fmt/core.h>

#include <algorithm>

#include "fold/incident/parts.h"
#include "types/incident.h"

namespace firebreak::incident {
namespace {

// Distance of two intervals; 0 when they overlap.
std::int64_t apart(const Finding& a, const Finding& b) {
  if (a.last_time < b.first_time) return b.first_time - a.last_time;
  if (b.last_time < a.first_time) return a.first_time - b.last_time;
  return 0;
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool fits(const Rule& rule, const Finding& a, const Finding& b) {
  const bool kinds = (a.kind == rule.kind && contains(rule.with, b.kind)) ||
                     (b.kind == rule.kind && contains(rule.with, a.kind));
  return kinds && a.endpoint == b.endpoint && a.severity >= rule.at_least && b.severity >= rule.at_least &&
         apart(a, b) <= rule.within_us;
}

const Finding* finding_of(const IncidentState& state, const Entry& entry) {
  const auto id = state.finding_of.find(string_or(entry.body, "stream") + "\n" + string_or(entry.body, "episode"));
  if (id == state.finding_of.end()) return nullptr;
  const auto at = state.findings.find(id->second);
  return at == state.findings.end() ? nullptr : &at->second;
}

Drafts open_by(const IncidentState& state, const Rule& rule, const Finding& finding, const Finding& other) {
  std::vector<const Finding*> all = {&finding, &other};
  // Whatever else of the rule's kinds happened in the same hour belongs to it as well.
  for (const auto& [id, more] : state.findings) {
    if (&more == &finding || &more == &other || !more.incident.empty() || more.endpoint != finding.endpoint) continue;
    if (more.kind != rule.kind && !contains(rule.with, more.kind)) continue;
    if (apart(more, finding) <= rule.within_us || apart(more, other) <= rule.within_us) all.push_back(&more);
  }
  std::sort(all.begin(), all.end(), [](const Finding* a, const Finding* b) { return a->id < b->id; });
  Severity gravest = Severity::kInformational;
  for (const Finding* one : all) gravest = std::max(gravest, one->severity);
  std::string title = rule.title;
  if (const std::size_t at = title.find("{endpoint}"); at != std::string::npos) title.replace(at, 10, finding.endpoint);
  return {make("incident_opened", finding.id,
               opening(finding.endpoint, finding.stream, title, severity_of(gravest), rule.name, all))};
}

// Forgets what no rule can need any more: closed, unlinked, too old or too many.
void forget(IncidentState& state) {
  std::vector<std::pair<Time, std::string>> loose;
  for (const auto& [id, finding] : state.findings)
    if (finding.closed && finding.incident.empty()) loose.emplace_back(finding.last_time, id);
  std::sort(loose.begin(), loose.end());
  const std::size_t surplus = loose.size() > kFindings ? loose.size() - kFindings : 0;
  for (std::size_t i = 0; i < loose.size(); ++i) {
    const Finding& finding = state.findings.at(loose[i].second);
    const bool old = finding.last_time < state.newest_event - kRemember;
    if (i >= surplus && !old && in_a_rule(state, finding.kind)) continue;
    state.finding_of.erase(finding.stream + "\n" + finding.episode);
    state.findings.erase(loose[i].second);
  }
}

}  // namespace

std::vector<Rule> built_in_rules() {
  // The same as content/rules/correlation.yaml; a test compares them.
  return {{"evasion", "outlier_burst", "Adversarial evasion of {endpoint}", {"query_chain", "performance_drop"}, kHour,
           Severity::kLow}};
}

Result<std::vector<Rule>> rules_from_json(const Json& document) {
  const Json* list = find(document, "correlation");
  // The configuration inlines a whole file under its section's name.
  if (list != nullptr && list->is_object()) list = find(*list, "rules");
  if (list == nullptr || !list->is_array()) return fail(Code::kInvalid, "'correlation' must be an array", "/correlation");
  std::vector<Rule> rules;
  for (std::size_t i = 0; i < list->get_array().size(); ++i) {
    const Json& item = list->get_array()[i];
    const std::string at = fmt::format("/correlation/{}", i);
    auto keys = only_keys(item, {"name", "title", "kind", "with", "within_s", "at_least", "reason"});
    if (!keys) return fail(std::move(keys.error()).at(at));
    Rule rule;
    FIREBREAK_ASSIGN(rule.name, get_string(item, "name"));
    FIREBREAK_ASSIGN(rule.kind, get_string(item, "kind"));
    FIREBREAK_ASSIGN(rule.with, get_strings(item, "with"));
    FIREBREAK_ASSIGN(const std::int64_t seconds, get_int(item, "within_s"));
    if (seconds < 0 || seconds > 30 * 86'400) return fail(Code::kInvalid, "'within_s' is 0 s to 30 days", at + "/within_s");
    rule.within_us = seconds * kSecond;
    rule.title = string_or(item, "title", "Incident on {endpoint}");
    FIREBREAK_ASSIGN(rule.at_least, parse_severity(string_or(item, "at_least", "low")));
    if (rule.with.empty()) return fail(Code::kInvalid, "'with' names at least one kind", at + "/with");
    rules.push_back(std::move(rule));
  }
  return rules;
}

bool in_a_rule(const IncidentState& state, const std::string& kind) {
  return std::any_of(state.rules.begin(), state.rules.end(),
                     [&](const Rule& rule) { return rule.kind == kind || contains(rule.with, kind); });
}

std::string severity_of(Severity severity) {
  switch (severity) {
    case Severity::kCritical: return "SEV-1";
    case Severity::kHigh: return "SEV-2";
    case Severity::kMedium: return "SEV-3";
    case Severity::kLow:
    case Severity::kInformational: return "SEV-4";
  }
  return "SEV-4";
}

bool is_graver(const std::string& a, const std::string& b) { return a < b; }  // SEV-1 is the gravest

JsonObject opening(const std::string& endpoint, const std::string& stream, const std::string& title,
                   const std::string& severity, const std::string& rule, const std::vector<const Finding*>& findings) {
  JsonArray ids, kinds;
  Time first, last;
  for (const Finding* finding : findings) {
    ids.emplace_back(finding->id);
    kinds.emplace_back(finding->kind);
    if (first.us == 0 || finding->first_time < first) first = finding->first_time;
    last = std::max(last, finding->last_time);
  }
  return {{"endpoint", endpoint},       {"stream", stream},
          {"title", title},             {"severity", severity},
          {"rule", rule},               {"findings", std::move(ids)},
          {"kinds", std::move(kinds)},  {"first_time", format_time(first)},
          {"last_time", format_time(last)}};
}

void apply_finding(IncidentState& state, const Entry& entry) {
  const std::string key = string_or(entry.body, "stream") + "\n" + string_or(entry.body, "episode");
  auto known = state.finding_of.find(key);
  if (known == state.finding_of.end()) {
    if (entry.kind != "finding_opened") return;
    known = state.finding_of.emplace(key, entry.id("find")).first;
  }
  Finding& finding = state.findings[known->second];
  finding.id = known->second;
  finding.kind = string_or(entry.body, "kind");
  finding.endpoint = string_or(entry.body, "endpoint");
  finding.stream = string_or(entry.body, "stream");
  finding.episode = string_or(entry.body, "episode");
  finding.summary = string_or(entry.body, "summary");
  finding.severity = parse_severity(string_or(entry.body, "severity")).value_or(Severity::kMedium);
  finding.first_time = get_time(entry.body, "first_time").value_or(entry.time);
  finding.last_time = get_time(entry.body, "last_time").value_or(entry.time);
  finding.closed = entry.kind == "finding_closed";
  state.newest_event = std::max(state.newest_event, finding.last_time);
  if (const auto at = state.open.find(finding.incident); at != state.open.end()) {
    at->second.first_time = std::min(at->second.first_time, finding.first_time);
    at->second.last_time = std::max(at->second.last_time, finding.last_time);
  }
  // Closed ones of a closed incident have nothing left to say; the rest is pruned in bulk.
  if (finding.closed && state.closed.contains(finding.incident)) {
    state.findings.erase(known->second);
    state.finding_of.erase(known);
  } else if (finding.closed) {
    forget(state);
  }
}

Drafts decide_finding(const IncidentState& state, const Entry& entry) {
  const Finding* finding = finding_of(state, entry);
  if (finding == nullptr || !finding->incident.empty()) return {};
  if (const Incident* open = incident_of_endpoint(state, finding->endpoint)) {
    if (!in_a_rule(state, finding->kind) && finding->severity < Severity::kMedium) return {};
    return {make("incident_finding_linked", open->id,
                 {{"incident", open->id}, {"finding", finding->id}, {"kind", finding->kind}, {"summary", finding->summary}})};
  }
  for (const Rule& rule : state.rules)
    for (const auto& [id, other] : state.findings)
      if (id != finding->id && other.incident.empty() && fits(rule, *finding, other))
        return open_by(state, rule, *finding, other);
  return {};
}

// A graver finding makes the incident graver, unless a person has set the severity.
Drafts decide_linked(const IncidentState& state, const Entry& entry) {
  const Incident* incident = find_open(state, string_or(entry.body, "incident"));
  const auto at = state.findings.find(string_or(entry.body, "finding"));
  if (incident == nullptr || at == state.findings.end() || incident->severity_by_hand) return {};
  const std::string severity = severity_of(at->second.severity);
  if (!is_graver(severity, incident->severity)) return {};
  return {make("incident_severity", incident->id,
               {{"incident", incident->id},
                {"from", incident->severity},
                {"to", severity},
                {"reason", fmt::format("{} is {}", at->first, severity_name(at->second.severity))},
                {"by", "firebreak"}})};
}

}  // namespace firebreak::incident
