// Which findings on several endpoints are one thing: what they share, and how near they lie. The reason goes into the entry that links them.
//
// A free finding looks for an open incident elsewhere; an incident that opened or grew takes in the free findings that belong to it, one an
// entry, so that each brings what it shares in turn. Two incidents that are open already are told to be related and stay two: people work
// on both, and merging is theirs. What a person split off does not come back by itself.
#include <fmt/core.h>

#include <algorithm>

#include "fold/incident/parts.h"

namespace firebreak::incident {
namespace {

constexpr std::string_view kBy[] = {"principal", "asset", "time"};
constexpr std::size_t kJoins = 50;

bool contains(const std::vector<std::string>& words, const std::string& word) { return std::find(words.begin(), words.end(), word) != words.end(); }
bool all_or_one_of(const std::vector<std::string>& words, const std::string& word) { return words.empty() || contains(words, word); }

std::string minutes(std::int64_t us) { return us < kMinute ? "at the same time" : us < 2 * kHour ? fmt::format("{} min apart", us / kMinute) : fmt::format("{} h apart", us / kHour); }

// What data and models of an endpoint are made of: declared sources of its features, what its releases were trained on, and what the
// inventory says that the asset of its name needs, however far down.
std::set<std::string> assets_of(const IncidentState& state, const Finding& finding) {
  if (auto own = sources_of(state, finding); !own.empty()) return own;  // a feature's finding speaks of what fills that feature
  std::set<std::string> out;
  if (const auto features = state.lineage.find(finding.endpoint); features != state.lineage.end())
    for (const auto& [feature, sources] : features->second) out.insert(sources.begin(), sources.end());
  if (const auto trained = state.sources.find(finding.endpoint); trained != state.sources.end()) out.insert(trained->second.begin(), trained->second.end());
  std::vector<std::string> waiting{finding.endpoint};
  while (!waiting.empty() && out.size() < kAssets) {
    const auto needed = state.needs.find(waiting.back());
    waiting.pop_back();
    if (needed == state.needs.end()) continue;
    for (const std::string& asset : needed->second)
      if (out.insert(asset).second) waiting.push_back(asset);
  }
  return out;
}

std::string first_common(const std::set<std::string>& a, const std::set<std::string>& b) {
  const auto at = std::find_if(a.begin(), a.end(), [&](const std::string& one) { return b.contains(one); });
  return at == a.end() ? std::string() : *at;
}

struct Tie {
  const Join* join = nullptr;
  const Finding* with = nullptr;
  std::string what;  // the principal or asset
  std::int64_t gap = 0;
};

// The first join that holds between the two; none: nothing ties them.
Tie tie_of(const IncidentState& state, const Finding& a, const Finding& b) {
  const std::int64_t gap = apart(a.first_time, a.last_time, b.first_time, b.last_time);
  for (const Join& join : state.joins) {
    if (gap > join.within_us || !all_or_one_of(join.endpoints, a.endpoint) || !all_or_one_of(join.endpoints, b.endpoint) || !all_or_one_of(join.kinds, a.kind) || !all_or_one_of(join.kinds, b.kind)) continue;
    Tie tie{&join, &b, {}, gap};
    if (join.by == "principal") tie.what = first_common(a.callers, b.callers);
    else if (join.by == "asset") tie.what = first_common(assets_of(state, a), assets_of(state, b));
    else return tie;
    if (!tie.what.empty()) return tie;
  }
  return {};
}

bool is_nearer(const IncidentState& state, const Tie& a, const Tie& b) {
  if (b.join == nullptr) return a.join != nullptr;
  if (a.join == nullptr) return false;
  const auto key = [&](const Tie& tie) { return std::tuple(tie.join - state.joins.data(), tie.gap, index_of(tie.with->id)); };
  return key(a) < key(b);
}

std::string said(const Tie& tie) {
  const std::string shared = tie.join->by == "time" ? std::string("same system and time") : fmt::format("same {} {}", tie.join->by, tie.what);
  return fmt::format("{} as {} on {}, {}", shared, tie.with->id, tie.with->endpoint, minutes(tie.gap));
}

// What may stand in an incident at all.
bool weighs(const IncidentState& state, const Finding& finding) { return in_a_rule(state, finding.kind) || finding.severity >= Severity::kMedium; }

Draft joined(const IncidentState& state, const Incident& open, const Finding& finding, const Tie& tie) {
  JsonObject body = linking(state, open, finding);
  body["why"] = said(tie);
  body["endpoint"] = finding.endpoint;
  JsonObject how{{"join", tie.join->name}, {"by", tie.join->by}, {"with", tie.with->id}, {"endpoint", tie.with->endpoint}, {"apart_s", tie.gap / kSecond}};
  if (!tie.what.empty()) how["what"] = tie.what;
  body["joined"] = std::move(how);
  return make_draft("incident_finding_linked", open.id, std::move(body));
}

bool is_apart(const IncidentState& state, const std::string& incident, const std::string& other) { return state.apart.contains(incident + "\n" + other); }

// The nearest free finding elsewhere that belongs to the incident, by one of `grown`: its findings, or the one that said more.
Drafts take_in(const IncidentState& state, const Incident& incident, const std::vector<std::string>& grown) {
  Tie best;
  const Finding* taken = nullptr;
  for (const auto& [id, free] : state.findings) {
    if (!is_free(free) || !weighs(state, free) || incident_of_endpoint(state, free.endpoint) != nullptr || is_apart(state, incident.id, free.endpoint)) continue;
    for (const std::string& own : grown) {
      const auto at = state.findings.find(own);
      if (at == state.findings.end() || at->second.endpoint == free.endpoint) continue;
      const Tie tie = tie_of(state, free, at->second);
      if (!is_nearer(state, tie, best)) continue;
      best = tie;
      taken = &free;
    }
  }
  if (taken == nullptr) return {};
  return {joined(state, incident, *taken, best)};
}

// Two that are open already: told once.
Drafts tell_related(const IncidentState& state, const Incident& incident, const std::vector<std::string>& grown) {
  for (const auto& [id, other] : state.open) {
    const bool older = index_of(id) < index_of(incident.id);
    const std::string &young = older ? incident.id : id, &old = older ? id : incident.id;
    if (id == incident.id || is_apart(state, young, old)) continue;
    Tie best;
    for (const std::string& own : grown)
      for (const std::string& theirs : other.findings) {
        const auto a = state.findings.find(own), b = state.findings.find(theirs);
        if (a == state.findings.end() || b == state.findings.end() || a->second.endpoint == b->second.endpoint) continue;
        if (const Tie tie = tie_of(state, a->second, b->second); is_nearer(state, tie, best)) best = tie;
      }
    if (best.join == nullptr) continue;
    return {make_draft("incident_related", young,
                       {{"incident", young}, {"other", old}, {"relation", "related"}, {"by", "firebreak"}, {"reason", fmt::format("{}; 'firebreak incident merge {} {}' makes them one", said(best), young, old)}})};
  }
  return {};
}

void note_sources(IncidentState& state, const Entry& entry) {
  const Json* const sources = find(entry.body, "sources");
  if (sources == nullptr || !sources->is_array()) return;
  std::set<std::string>& kept = state.sources[string_or(entry.body, "endpoint")];
  for (const Json& source : sources->get_array())
    if (const std::string name = string_or(source, "name"); !name.empty() && kept.size() < kAssets) kept.insert(name);
}

void remember_apart(IncidentState& state, std::string pair) {
  if (state.apart.size() < kApart) state.apart.insert(std::move(pair));
}

Result<Join> join_from_json(const Json& item) {
  FIREBREAK_TRY(only_keys(item, {"name", "by", "within_s", "kinds", "endpoints", "reason"}));
  Join join;
  FIREBREAK_ASSIGN(join.name, get_string(item, "name"));
  FIREBREAK_ASSIGN(join.by, get_string(item, "by"));
  if (std::find(std::begin(kBy), std::end(kBy), join.by) == std::end(kBy)) return fail(Code::kInvalid, "'by' is one of: principal, asset, time", "/by");
  FIREBREAK_ASSIGN(const std::int64_t seconds, get_int(item, "within_s"));
  if (seconds < 0 || seconds > 30 * 86'400) return fail(Code::kInvalid, "'within_s' is 0 s to 30 days", "/within_s");
  join.within_us = seconds * kSecond;
  for (const auto& [key, list] : {std::pair("kinds", &join.kinds), std::pair("endpoints", &join.endpoints)})
    if (find(item, key) != nullptr) {
      FIREBREAK_ASSIGN(*list, get_strings(item, key));
    }
  if (join.by == "time" && join.endpoints.size() < 2)
    return fail(Code::kInvalid, "time alone joins nothing: name the 'endpoints' that are one system, at least two", "/endpoints");
  return join;
}

}  // namespace

std::vector<Join> built_in_joins() {
  // The same as in content/rules/correlation.yaml; a test compares them.
  return {{"one_principal", "principal", kDay, {}, {}},
          {"one_asset", "asset", kHour,
           {"unknown_model", "tainted_training_data", "performance_drop", "estimated_performance_drop", "feature_drift", "feature_range", "unseen_category", "missing_values",
            "type_mismatch", "pattern_mismatch", "unit_change", "stale_feature", "multivariate_drift"},
           {}}};
}

Result<std::optional<std::vector<Join>>> joins_from_json(const Json& document) {
  const Json* const correlation = find(document, "correlation");
  const Json* const list = correlation == nullptr ? nullptr : find(*correlation, "joins");
  if (list == nullptr) return std::nullopt;
  if (!list->is_array()) return fail(Code::kInvalid, "'joins' must be an array", "/correlation/joins");
  if (list->get_array().size() > kJoins) return fail(Code::kTooLarge, fmt::format("at most {} joins", kJoins), "/correlation/joins");
  std::vector<Join> joins;
  for (const Json& item : list->get_array()) {
    auto join = join_from_json(item);
    if (!join) return fail(std::move(join.error()).at(fmt::format("/correlation/joins/{}", joins.size())));
    joins.push_back(std::move(*join));
  }
  return joins;
}

Drafts decide_join(const IncidentState& state, const Finding& finding) {
  if (state.open.empty() || !weighs(state, finding)) return {};
  Tie best;
  for (const auto& [id, other] : state.findings) {
    if (other.endpoint == finding.endpoint || find_open(state, other.incident) == nullptr || is_apart(state, other.incident, finding.endpoint)) continue;
    if (const Tie tie = tie_of(state, finding, other); is_nearer(state, tie, best)) best = tie;
  }
  if (best.join == nullptr) return {};
  return {joined(state, *find_open(state, best.with->incident), finding, best)};
}

Drafts decide_draw(const IncidentState& state, const Entry& entry) {
  if (state.endpoints.size() < 2) return {};
  std::string id = entry.kind == "incident_opened" ? entry.id("inc") : string_or(entry.body, "incident");
  std::vector<std::string> grown;
  if (entry.kind.starts_with("finding_")) {
    if (find(entry.body, "callers") == nullptr) return {};  // nothing new to share
    const auto known = state.finding_of.find(string_or(entry.body, "stream") + "\n" + string_or(entry.body, "episode"));
    const auto at = known == state.finding_of.end() ? state.findings.end() : state.findings.find(known->second);
    if (at == state.findings.end()) return {};
    id = at->second.incident;
    grown = {at->first};
  }
  const Incident* const incident = find_open(state, id);
  if (incident == nullptr) return {};
  if (grown.empty()) grown = incident->findings;
  Drafts drafts = take_in(state, *incident, grown);
  return drafts.empty() ? tell_related(state, *incident, grown) : drafts;
}

void apply_join(IncidentState& state, const Entry& entry) {
  const std::string asset = string_or(entry.body, "asset");
  if (entry.kind == "release_registered") note_sources(state, entry);
  if (entry.kind == "asset_linked") state.needs[asset].insert(string_or(entry.body, "needs"));
  if (entry.kind == "asset_unlinked")
    if (const auto at = state.needs.find(asset); at != state.needs.end() && at->second.erase(string_or(entry.body, "needs")) > 0 && at->second.empty()) state.needs.erase(at);
  if (entry.kind != "incident_related") return;
  const std::string a = string_or(entry.body, "incident"), b = string_or(entry.body, "other");
  remember_apart(state, index_of(a) < index_of(b) ? b + "\n" + a : a + "\n" + b);
}

// The endpoints of what was split off, and the two incidents: related by the split, not told again.
void keep_apart(IncidentState& state, const Incident& from, const Entry& split) {
  remember_apart(state, split.id("inc") + "\n" + from.id);
  for (const std::string& id : strings_or_empty(split.body, "findings"))
    if (const auto at = state.findings.find(id); at != state.findings.end() && at->second.endpoint != from.endpoint) remember_apart(state, from.id + "\n" + at->second.endpoint);
}

void add_joins(const IncidentState& state, JsonObject& document) {
  JsonArray joins;
  for (const Join& join : state.joins) {
    JsonObject item{{"name", join.name}, {"by", join.by}, {"within_s", join.within_us / kSecond}};
    if (!join.kinds.empty()) item["kinds"] = JsonArray(join.kinds.begin(), join.kinds.end());
    if (!join.endpoints.empty()) item["endpoints"] = JsonArray(join.endpoints.begin(), join.endpoints.end());
    joins.push_back(std::move(item));
  }
  document["rules"].as_object()["joins"] = std::move(joins);
  for (const auto& [key, map] : {std::pair("sources", &state.sources), std::pair("needs", &state.needs)}) {
    JsonObject of;
    for (const auto& [name, set] : *map) of[name] = JsonArray(set.begin(), set.end());
    document[key] = std::move(of);
  }
  document["apart"] = JsonArray(state.apart.begin(), state.apart.end());
}

Result<void> read_joins(const Json& document, IncidentState& state) {
  if (const Json* const rules = find(document, "rules"); rules != nullptr && find(*rules, "joins") != nullptr) {
    FIREBREAK_ASSIGN(auto joins, joins_from_json(JsonObject{{"correlation", *rules}}));
    state.joins = std::move(*joins);
  }
  for (const auto& [key, map] : {std::pair("sources", &state.sources), std::pair("needs", &state.needs)})
    if (const Json* const of = find(document, key); of != nullptr && of->is_object())
      for (const auto& member : of->get_object()) {
        const auto names = strings_or_empty(*of, std::string(member.key()));
        (*map)[std::string(member.key())] = {names.begin(), names.end()};
      }
  const auto apart = strings_or_empty(document, "apart");
  state.apart = {apart.begin(), apart.end()};
  return {};
}

}  // namespace firebreak::incident
