// Findings become incidents here.
#include <fmt/core.h>

#include <algorithm>

#include "fold/incident/parts.h"
#include "types/incident.h"

namespace firebreak::incident {
namespace {

std::int64_t apart(const Finding& a, const Finding& b) {
  return incident::apart(a.first_time, a.last_time, b.first_time, b.last_time);
}

std::int64_t onsets_apart(const Finding& a, const Finding& b) {
  return incident::apart(a.onset_first, a.onset_last, b.onset_first, b.onset_last);
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_of(const Rule& rule, const std::string& kind) {
  return kind == rule.kind || contains(rule.with, kind) || contains(rule.any_of, kind);
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

// The findings with which `finding` fulfils the rule; it is one of them. Empty: it does not.
std::vector<const Finding*> fulfils(const IncidentState& state, const Rule& rule, const Finding& finding) {
  std::vector<const Finding*> all = {&finding};
  std::set<std::string> said = {said_by(finding)};
  const bool counted = rule.count > 0 && contains(rule.any_of, finding.kind) && finding.severity >= rule.at_least;
  for (const auto& [id, other] : state.findings) {
    if (&other == &finding || !is_free(other) || other.endpoint != finding.endpoint) continue;
    const bool same = counted && contains(rule.any_of, other.kind) && other.severity >= rule.at_least && onsets_apart(finding, other) <= rule.within_us;
    if (!same && !fits(rule, finding, other)) continue;
    all.push_back(&other);
    said.insert(said_by(other));
  }
  if (rule.count > 0) return counted && said.size() >= rule.count ? all : std::vector<const Finding*>{};
  return all.size() > 1 ? all : std::vector<const Finding*>{};
}

Drafts open_by(const IncidentState& state, const Rule& rule, const Finding& finding, std::vector<const Finding*> all) {
  // Whatever else of the rule's kinds happened in the same hour belongs to it as well.
  const std::vector<const Finding*> halves = all;
  for (const auto& [id, more] : state.findings) {
    if (std::find(all.begin(), all.end(), &more) != all.end() || !is_free(more) || more.endpoint != finding.endpoint || !is_of(rule, more.kind)) continue;
    if (std::any_of(halves.begin(), halves.end(), [&](const Finding* half) { return apart(more, *half) <= rule.within_us; })) all.push_back(&more);
  }
  std::sort(all.begin(), all.end(), [](const Finding* a, const Finding* b) { return index_of(a->id) < index_of(b->id); });
  Severity gravest = Severity::kInformational;
  for (const Finding* one : all) gravest = std::max(gravest, one->severity);
  std::string title = rule.title;
  if (const std::size_t at = title.find("{endpoint}"); at != std::string::npos) title.replace(at, 10, finding.endpoint);
  return {make_draft("incident_opened", finding.id,
               opening(state, finding.endpoint, finding.stream, title, severity_of(gravest), rule.name, all))};
}

Draft muted(const Finding& finding, const std::pair<const std::string, Mute>& mute) {
  return make_draft("finding_muted", mute.first,
              {{"finding", finding.id}, {"mute", mute.first}, {"by", mute.second.by}, {"reason", mute.second.reason},
               {"until", format_time(mute.second.until)}});
}

Drafts link_to(const IncidentState& state, const Incident& open, const Finding& finding) {
  if (!in_a_rule(state, finding.kind) && finding.severity < Severity::kMedium) return {};
  return {make_draft("incident_finding_linked", open.id, linking(state, open, finding))};
}

// The mute of a correlation rule that this finding was marked with, while it is in force.
const Mute* mute_of_rule_still(const IncidentState& state, const Finding& finding, Time now) {
  const auto at = state.mutes.find(finding.mute);
  return at != state.mutes.end() && !at->second.rule.empty() && now < at->second.until ? &at->second : nullptr;
}

// An incident opens by the first rule that is fulfilled and not muted; no mute holds back what is critical.
Drafts open_by_rules(const IncidentState& state, const Finding& finding, Time now) {
  for (const Rule& rule : state.rules) {
    auto all = fulfils(state, rule, finding);
    if (all.empty()) continue;
    const auto* mute = mute_on_rule(state, rule.name, finding.endpoint, now);
    if (mute != nullptr && finding.severity < Severity::kCritical) return {muted(finding, *mute)};
    return open_by(state, rule, finding, std::move(all));
  }
  return {};
}

void forget(IncidentState& state, std::set<std::pair<Time, std::string>>::iterator which) {
  const auto finding = state.findings.find(which->second);
  FIREBREAK_ASSERT(finding != state.findings.end());
  state.finding_of.erase(finding->second.stream + "\n" + finding->second.episode);
  state.findings.erase(finding);
  state.loose.erase(which);
}

void note_onset(Finding& finding, const Json& body) {
  const Json* onset = find(body, "onset");
  if (onset != nullptr) {
    finding.onset_first = get_time(*onset, "first_time").value_or(finding.first_time);
    finding.onset_last = std::max(finding.onset_first, get_time(*onset, "last_time").value_or(finding.last_time));
  } else if (finding.onset_last.us == 0) {
    finding.onset_first = finding.first_time;
    finding.onset_last = finding.last_time;
  }
}

}  // namespace

bool is_free(const Finding& finding) { return finding.incident.empty() && finding.mute.empty() && counts(finding); }

JsonObject linking(const IncidentState& state, const Incident& open, const Finding& finding) {
  const Place place = grouping_of(state, open).place(finding);
  JsonObject body{{"incident", open.id}, {"finding", finding.id}, {"kind", finding.kind}, {"summary", finding.summary},
                  {"cause", place.cause}, {"why", place.why}};
  if (!place.repeats.empty()) body["repeats"] = place.repeats;
  return body;
}

// Forgets what no rule can need any more: closed, unlinked, too old or too many. Those of kinds in no rule: forget_unruled().
void forget_loose(IncidentState& state) {
  while (!state.loose.empty() && (state.loose.size() > kFindings || state.loose.begin()->first < state.newest_event - kRemember)) forget(state, state.loose.begin());
}

void forget_unruled(IncidentState& state) {
  for (auto at = state.loose.begin(); at != state.loose.end();) {
    const auto which = at++;
    if (!in_a_rule(state, state.findings.at(which->second).kind)) forget(state, which);
  }
}

bool in_a_rule(const IncidentState& state, const std::string& kind) {
  return std::any_of(state.rules.begin(), state.rules.end(),
                     [&](const Rule& rule) { return is_of(rule, kind); });
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

JsonObject opening(const IncidentState& state, const std::string& endpoint, const std::string& stream, const std::string& title,
                   const std::string& severity, const std::string& rule, const std::vector<const Finding*>& findings) {
  JsonArray ids, kinds;
  Time first, last;
  Grouping grouping(state);
  std::map<int, std::pair<JsonArray, JsonArray>> causes;  // findings, why
  for (const Finding* finding : findings) {
    const Place place = grouping.place(*finding);
    grouping.add(*finding, place.cause);
    causes[place.cause].first.emplace_back(finding->id);
    causes[place.cause].second.emplace_back(place.why);
    ids.emplace_back(finding->id);
    kinds.emplace_back(finding->kind);
    if (first.us == 0 || finding->first_time < first) first = finding->first_time;
    last = std::max(last, finding->last_time);
  }
  JsonArray told;
  for (auto& [id, of] : causes) told.push_back(JsonObject{{"cause", id}, {"findings", std::move(of.first)}, {"why", std::move(of.second)}});
  return {{"endpoint", endpoint},       {"stream", stream},
          {"title", title},             {"severity", severity},
          {"rule", rule},               {"findings", std::move(ids)},
          {"kinds", std::move(kinds)},  {"first_time", format_time(first)},
          {"last_time", format_time(last)}, {"causes", std::move(told)}};
}

void apply_finding(IncidentState& state, const Entry& entry) {
  const std::string key = string_or(entry.body, "stream") + "\n" + string_or(entry.body, "episode");
  auto known = state.finding_of.find(key);
  if (known == state.finding_of.end()) {
    if (entry.kind != "finding_opened") return;
    count_opened(state, entry);
    known = state.finding_of.emplace(key, entry.id("find")).first;
  }
  Finding& finding = state.findings[known->second];
  state.loose.erase({finding.last_time, known->second});
  finding.id = known->second;
  finding.kind = string_or(entry.body, "kind");
  finding.endpoint = string_or(entry.body, "endpoint");
  finding.stream = string_or(entry.body, "stream");
  finding.episode = string_or(entry.body, "episode");
  finding.summary = string_or(entry.body, "summary");
  finding.severity = parse_severity(string_or(entry.body, "severity")).value_or(Severity::kMedium);
  finding.first_time = get_time(entry.body, "first_time").value_or(entry.time);
  finding.last_time = get_time(entry.body, "last_time").value_or(entry.time);
  finding.feature = string_or(entry.body, "feature");
  finding.segment = string_or(entry.body, "segment");
  finding.origin = string_or(entry.body, "origin");
  note_onset(finding, entry.body);
  for (const std::string& caller : strings_or_empty(entry.body, "callers"))
    if (finding.callers.size() < kCallers) finding.callers.insert(caller);
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
    if (finding.incident.empty()) {
      const auto at = state.loose.emplace(finding.last_time, finding.id).first;
      if (!in_a_rule(state, finding.kind)) forget(state, at);
    }
    forget_loose(state);
  }
}

Drafts decide_finding(const IncidentState& state, const Entry& entry) {
  const Finding* finding = finding_of(state, entry);
  if (finding == nullptr) return {};
  if (!finding->incident.empty()) return decide_late(state, *finding);
  if (!counts(*finding)) return {};
  const auto* mute = mute_on(state, *finding, entry.time);
  if (mute != nullptr && finding->severity < Severity::kCritical)
    return finding->mute.empty() ? Drafts{muted(*finding, *mute)} : Drafts{};
  Drafts drafts;
  if (!finding->mute.empty()) {
    const auto* rule_mute = mute_of_rule_still(state, *finding, entry.time);
    if (rule_mute != nullptr && finding->severity < Severity::kCritical) return {};
    drafts.push_back(make_draft("finding_unmuted", finding->id, {{"finding", finding->id}, {"mute", finding->mute}}));
  }
  const Incident* open = incident_of_endpoint(state, finding->endpoint);
  Drafts more = open != nullptr ? link_to(state, *open, *finding) : decide_join(state, *finding);
  if (open == nullptr && more.empty()) more = open_by_rules(state, *finding, entry.time);
  for (Draft& draft : more) drafts.push_back(std::move(draft));
  return drafts;
}

// A graver finding makes the incident graver, unless a person has set the severity.
Drafts decide_linked(const IncidentState& state, const Entry& entry) {
  const Incident* incident = find_open(state, string_or(entry.body, "incident"));
  const auto at = state.findings.find(string_or(entry.body, "finding"));
  if (incident == nullptr || at == state.findings.end() || incident->severity_by_hand) return {};
  const std::string severity = severity_of(at->second.severity);
  if (!is_graver(severity, incident->severity)) return {};
  return {make_draft("incident_severity", incident->id,
               {{"incident", incident->id},
                {"from", incident->severity},
                {"to", severity},
                {"reason", fmt::format("{} is {}", at->first, severity_name(at->second.severity))},
                {"by", "firebreak"}})};
}

}  // namespace firebreak::incident
