// What the fold knows of incidents and findings: which records they name, and which callers.
#include <fmt/core.h>

#include <algorithm>

#include "fold/remedy/parts.h"

namespace firebreak::remedy {
namespace {

constexpr std::size_t kCallers = 1'000, kCallersOfFinding = 64;

std::uint64_t number(const Json& body, std::string_view key) { return static_cast<std::uint64_t>(int_or(body, key)); }

void widen(Facts& incident, const FindingFacts& finding) {
  for (const std::string& caller : finding.callers)
    if (incident.callers.size() < kCallers) incident.callers.insert(caller);
  if (finding.stream != incident.stream) return;  // indexes of another stream say nothing about this one
  incident.first = incident.first == 0 && incident.last == 0 ? finding.first : std::min(incident.first, finding.first);
  incident.last = std::max(incident.last, finding.last);
}

void link(RemedyState& state, const std::string& incident, const std::string& finding) {
  const auto at = state.findings.find(finding);
  const auto in = state.incidents.find(incident);
  if (at == state.findings.end() || in == state.incidents.end()) return;
  at->second.incident = incident;
  widen(in->second, at->second);
}

void apply_finding(RemedyState& state, const Entry& entry) {
  const Json& body = entry.body;
  const std::string key = string_or(body, "stream") + "\n" + string_or(body, "episode");
  auto known = state.finding_of.find(key);
  if (known == state.finding_of.end()) {
    if (entry.kind != "finding_opened") return;
    known = state.finding_of.emplace(key, entry.id("find")).first;
  }
  FindingFacts& facts = state.findings[known->second];
  state.ages.insert(index_of(known->second));
  facts.stream = string_or(body, "stream");
  facts.episode = string_or(body, "episode");
  facts.first = number(body, "first");
  facts.last = number(body, "last");
  for (const std::string& caller : strings_or_empty(body, "callers"))  // an update tells new ones only
    if (facts.callers.size() < kCallersOfFinding) facts.callers.insert(caller);
  if (const auto at = state.incidents.find(facts.incident); at != state.incidents.end()) widen(at->second, facts);
  while (state.findings.size() > kFindings) {
    const auto oldest = state.findings.find(fmt::format("find-{}", *state.ages.begin()));
    FIREBREAK_ASSERT(oldest != state.findings.end());
    state.ages.erase(state.ages.begin());
    state.finding_of.erase(oldest->second.stream + "\n" + oldest->second.episode);
    state.findings.erase(oldest);
  }
}

}  // namespace

// Facts of closed incidents go when there are many, oldest first; those of one with a list stay with it.
void drop_surplus(RemedyState& state) {
  std::vector<std::string> closed;
  for (const auto& [id, facts] : state.incidents)
    if (facts.closed && !state.lists.contains(id)) closed.push_back(id);
  if (closed.size() <= kClosed) return;
  std::sort(closed.begin(), closed.end(), [](const auto& a, const auto& b) { return index_of(a) < index_of(b); });
  for (std::size_t i = 0; i + kClosed < closed.size(); ++i) state.incidents.erase(closed[i]);
}

bool apply_facts(RemedyState& state, const Entry& entry) {
  if (entry.kind == "finding_opened" || entry.kind == "finding_updated" || entry.kind == "finding_closed") {
    apply_finding(state, entry);
  } else if (entry.kind == "incident_opened") {
    const std::string id = entry.id("inc");
    Facts& facts = state.incidents[id];
    facts.endpoint = string_or(entry.body, "endpoint");
    facts.stream = string_or(entry.body, "stream");
    for (const std::string& finding : strings_or_empty(entry.body, "findings")) link(state, id, finding);
  } else if (entry.kind == "incident_finding_linked") {
    link(state, string_or(entry.body, "incident"), string_or(entry.body, "finding"));
  } else if (entry.kind == "release_registered") {
    if (const std::string release = string_or(entry.body, "release"); !release.empty()) state.releases[string_or(entry.body, "endpoint")].insert(release);
  } else if (entry.kind == "incident_closed") {
    if (const auto at = state.incidents.find(string_or(entry.body, "incident")); at != state.incidents.end()) at->second.closed = true;
    drop_surplus(state);
  } else {
    return false;
  }
  return true;
}

}  // namespace firebreak::remedy
