// Benign drift, suspected malice, or undetermined: the facts for and against, from findings, changes and callers alone.
//
// The two lists follow the triage of drift without malice in incident-response practice for ML: benign is gradual, broad, in step
// with the calendar or an upstream release, and shared by other consumers of the feed; malice is abrupt, narrow, coordinated, and
// coincides with a retrain. A side is believed when its facts weigh kEnough and outweigh the other's. Facts are named, so that a
// person can disagree with one of them; what a person says stands until a person says something else.
#include <fmt/core.h>

#include <algorithm>

#include "fold/incident/parts.h"
#include "types/command.h"

namespace firebreak::incident {
namespace {

constexpr int kEnough = 3;
constexpr std::size_t kBroad = 5;                     // features
constexpr std::int64_t kRetrainShows = 48 * kHour;
constexpr std::size_t kFindingsNamed = 3;

constexpr std::string_view kUpstream[] = {"unit_change", "new_field", "type_mismatch", "schema_violation", "stale_feature",
                                          "missing_values", "timestamp_disorder"};
constexpr std::string_view kShifts[] = {"feature_drift", "multivariate_drift", "caller_mix", "unseen_category", "pattern_mismatch", "feature_range", "cardinality_burst",
                                        "probability_rule", "volume_drop", "estimated_performance_drop", "performance_drop"};
constexpr std::string_view kTampering[] = {"unknown_model", "log_contradicted"};

template <std::size_t N>
bool is_one(const std::string_view (&kinds)[N], const std::string& kind) {
  return std::find(std::begin(kinds), std::end(kinds), kind) != std::end(kinds);
}

using Findings = std::vector<const Finding*>;

template <class Fits>
Findings those(const Findings& all, Fits fits) {
  Findings out;
  std::copy_if(all.begin(), all.end(), std::back_inserter(out), [&](const Finding* f) { return fits(*f); });
  return out;
}

Findings of_kind(const Findings& all, std::string_view kind) {
  return those(all, [&](const Finding& f) { return f.kind == kind; });
}

std::string named(const Findings& findings) {
  std::string text;
  for (std::size_t i = 0; i < findings.size() && i < kFindingsNamed; ++i) text += (i == 0 ? "" : ", ") + findings[i]->id;
  return findings.size() > kFindingsNamed ? text + ", ..." : text;
}

// 5, 10, 20, 50, …: a storm must not bring a new verdict with every finding.
std::size_t at_least(std::size_t count) {
  std::size_t step = 5;
  for (const std::size_t next : {10, 20, 50, 100, 200, 500, 1'000})
    if (count >= next) step = next;
  return step;
}

void malice_by_kind(const Findings& all, std::vector<Fact>& facts) {
  const Findings chains = of_kind(all, "query_chain"), outliers = of_kind(all, "outlier_burst");
  const Findings losses = those(all, [](const Finding& f) { return f.kind == "performance_drop" || f.kind == "estimated_performance_drop"; });
  if (!chains.empty()) {
    facts.push_back({"query_chain", fmt::format("queries that climb step by step ({})", chains.front()->id), true, 3});
    if (std::any_of(chains.begin(), chains.end(), [](const Finding* f) { return f->callers.size() > 1; }))
      facts.push_back({"coordinated", "several callers hand one chain of queries on", true, 1});
  }
  if (!outliers.empty() && !losses.empty()) {
    facts.push_back({"outliers_and_loss",
                     fmt::format("performance fell ({}) while unusual requests came in a burst ({})", losses.front()->id, outliers.front()->id), true, 3});
  } else if (!outliers.empty()) {
    facts.push_back({"outliers", fmt::format("unusual requests came in a burst ({})", outliers.front()->id), true, 1});
  }
  if (const auto tampering = those(all, [](const Finding& f) { return is_one(kTampering, f.kind); }); !tampering.empty())
    facts.push_back({"tampering", fmt::format("a model or a log is not what was registered ({})", named(tampering)), true, 3});
  if (const auto rules = those(all, [](const Finding& f) { return f.kind == "rule_match" && f.severity >= Severity::kHigh; }); !rules.empty())
    facts.push_back({"rule", fmt::format("a rule of high severity matched ({})", rules.front()->id), true, 2});
}

void by_shape(const Findings& all, std::vector<Fact>& facts) {
  const auto shifts = those(all, [](const Finding& f) { return is_one(kShifts, f.kind); });
  if (!shifts.empty() && std::all_of(shifts.begin(), shifts.end(), [](const Finding* f) { return !f->segment.empty(); }))
    facts.push_back({"narrow", fmt::format("only a part of the traffic changed ({})", shifts.front()->segment), true, 1});
  const auto gradual = those(shifts, [](const Finding& f) { return f.onset_last - f.onset_first > kDay; });
  const auto abrupt = those(shifts, [](const Finding& f) { return f.onset_last - f.onset_first <= kHour && f.kind == "feature_drift"; });
  if (!gradual.empty() && abrupt.empty()) facts.push_back({"gradual", fmt::format("it came on over more than a day ({})", gradual.front()->id), false, 1});
  if (!abrupt.empty()) facts.push_back({"abrupt", fmt::format("it came on within an hour ({})", abrupt.front()->id), true, 1});
  std::set<std::string> features;
  for (const Finding* f : all)
    if (!f->feature.empty() && f->segment.empty()) features.insert(f->feature);
  if (features.size() >= kBroad)
    facts.push_back({"broad", fmt::format("at least {} features changed, for all callers", at_least(features.size())), false, 1});
}

void by_source(const IncidentState& state, const Findings& all, std::vector<Fact>& facts) {
  if (const auto upstream = those(all, [](const Finding& f) { return is_one(kUpstream, f.kind); }); !upstream.empty())
    facts.push_back({"upstream", fmt::format("form, unit or completeness of the input changed, as with a release upstream ({})", upstream.front()->id), false, 2});
  std::set<std::string> features, sources;
  for (const Finding* f : all) {
    if (f->feature.empty()) continue;
    features.insert(f->feature);
    const auto of = sources_of(state, *f);
    sources.insert(of.empty() ? "" : *of.begin());
  }
  if (features.size() >= 2 && sources.size() == 1 && !sources.begin()->empty())
    facts.push_back({"one_source", fmt::format("all features that changed come from '{}'", *sources.begin()), false, 1});
  for (const Finding* f : all) {
    if (f->feature.empty()) continue;
    const auto other = std::find_if(state.findings.begin(), state.findings.end(), [&](const auto& item) {
      const Finding& o = item.second;
      return o.endpoint != f->endpoint && o.kind == f->kind && o.feature == f->feature && counts(o) &&
             apart(o.onset_first, o.onset_last, f->onset_first, f->onset_last) <= kNear;
    });
    if (other == state.findings.end()) continue;
    facts.push_back({"elsewhere", fmt::format("'{}' changed at {} as well ({})", f->feature, other->second.endpoint, other->first), false, 2});
    return;
  }
}

void by_calendar(const IncidentState& state, const Findings& all, std::vector<Fact>& facts) {
  std::map<std::string, std::string> explained;  // change -> text
  for (const Finding* f : all)
    for (const auto& [id, change] : changes_on(state, *f))
      if (!explained.contains(id))
        explained[id] = fmt::format("{} {}{} lay over the onset of {}: {}", change.kind, id, change.endpoint.empty() ? " (all endpoints)" : "", f->id, change.reason);
  for (const auto& [id, text] : explained) facts.push_back({"change:" + id, text, false, 2});
  for (const Finding* f : of_kind(all, "performance_drop"))
    for (const auto& [id, change] : state.changes) {
      const bool here = change.endpoint.empty() || change.endpoint == f->endpoint;
      if (!here || change.kind != "retrain" || change.from > f->onset_last || change.to < f->onset_first - kRetrainShows) continue;
      facts.push_back({"retrain:" + id, fmt::format("performance fell ({}) after retrain {}: what was it trained on?", f->id, id), true, 1});
      return;
    }
}

Triage triage_of(const IncidentState& state, const Incident& incident) {
  Findings all;
  for (const std::string& id : incident.findings)
    if (const auto at = state.findings.find(id); at != state.findings.end() && counts(at->second)) all.push_back(&at->second);
  Triage out = incident.triage;
  out.facts.clear();
  malice_by_kind(all, out.facts);
  by_shape(all, out.facts);
  by_source(state, all, out.facts);
  by_calendar(state, all, out.facts);
  const bool attack = std::any_of(out.facts.begin(), out.facts.end(), [](const Fact& f) { return f.malice && f.weight > 1; });
  if (!attack && of_kind(all, "outlier_burst").empty() && !all.empty())
    out.facts.push_back({"no_attack", "no chain of queries, no burst of outliers, no rule of high severity", false, 1});
  int malice = 0, benign = 0;
  for (const Fact& fact : out.facts) (fact.malice ? malice : benign) += fact.weight;
  out.computed = malice >= kEnough && malice > benign ? "suspected_malice" : benign >= kEnough && benign > malice + 1 ? "benign_drift" : "undetermined";
  if (out.by.empty() || out.by == "firebreak") {
    out.verdict = out.computed;
    out.by = "firebreak";
  }
  return out;
}

Draft triaged(const Incident& incident, const Triage& triage) {
  JsonObject body = to_json(triage).as_object();
  body["incident"] = incident.id;
  return make_draft("incident_triaged", incident.id, std::move(body));
}

std::vector<const Incident*> touched(const IncidentState& state, const Entry& entry) {
  std::string id = entry.kind == "incident_opened" ? entry.id("inc") : string_or(entry.body, "incident");
  if (entry.kind.starts_with("finding_") && id.empty()) {
    const auto known = state.finding_of.find(string_or(entry.body, "stream") + "\n" + string_or(entry.body, "episode"));
    const auto at = known == state.finding_of.end() ? state.findings.end() : state.findings.find(known->second);
    if (at != state.findings.end()) id = at->second.incident;
  }
  if (const Incident* incident = find_open(state, id)) return {incident};
  std::vector<const Incident*> all;
  if (entry.kind.starts_with("change_") || entry.kind.starts_with("ladder_"))
    for (const auto& [name, incident] : state.open) all.push_back(&incident);
  return all;
}

}  // namespace

Drafts decide_triage(const IncidentState& state, const Entry& entry) {
  Drafts drafts;
  for (const Incident* incident : touched(state, entry))
    if (Triage triage = triage_of(state, *incident); triage != incident->triage) drafts.push_back(triaged(*incident, triage));
  return drafts;
}

Drafts decide_triage_by_hand(const IncidentState& state, const Entry& entry, const Incident& incident, const Json& args) {
  const std::string verdict = string_or(args, "verdict");
  if (std::find(std::begin(kTriageVerdicts), std::end(kTriageVerdicts), verdict) == std::end(kTriageVerdicts))
    return refuse(entry, Code::kInvalid, "'verdict' is one of: benign_drift, suspected_malice, undetermined", "/verdict");
  const auto reason = text_of(args, "reason");
  if (!reason) return refuse(entry, reason.error().code, reason.error().message, reason.error().pointer);
  Triage triage = triage_of(state, incident);
  triage.verdict = verdict;
  triage.by = who(entry);
  triage.reason = *reason;
  return {triaged(incident, triage)};
}

void apply_triage(IncidentState& state, const Entry& entry) {
  if (const auto at = state.open.find(string_or(entry.body, "incident")); at != state.open.end()) at->second.triage = triage_from_json(entry.body);
}

}  // namespace firebreak::incident
