// What people say of findings, and how good detectors are by that.
#include <fmt/core.h>

#include <algorithm>

#include "fold/incident/parts.h"
#include "types/command.h"

namespace firebreak::incident {
namespace {

std::size_t place_of(const std::string& verdict) {
  return static_cast<std::size_t>(std::find(std::begin(kVerdicts), std::end(kVerdicts), verdict) - std::begin(kVerdicts));
}

std::string key_of(const Judged& judged) { return judged.endpoint + "\n" + judged.kind + "\n" + judged.origin; }

std::uint64_t number_of(const std::string& id) { return id.starts_with("find-") ? index_of(id) : 0; }

}  // namespace

bool counts(const Finding& finding) { return finding.verdict.empty() || finding.verdict == "true"; }

void count_opened(IncidentState& state, const Entry& entry) {
  const Judged judged{string_or(entry.body, "kind"), string_or(entry.body, "endpoint"), string_or(entry.body, "origin"), ""};
  if (state.tallies.size() < kTallies || state.tallies.contains(key_of(judged))) ++state.tallies[key_of(judged)].opened;
  state.judged[entry.index] = judged;
  if (state.judged.size() > kJudged) state.judged.erase(state.judged.begin());
}

Drafts decide_verdict(const IncidentState& state, const Entry& entry, const Json& args) {
  const std::string id = string_or(args, "finding"), verdict = string_or(args, "verdict"), other = string_or(args, "duplicate_of");
  const auto known = state.judged.find(number_of(id));
  if (known == state.judged.end())
    return refuse(entry, Code::kNotFound, fmt::format("there is no finding '{}' among the newest {}", id, kJudged), "/finding");
  if (place_of(verdict) == std::size(kVerdicts))
    return refuse(entry, Code::kInvalid, "'verdict' is one of: true, benign, test, duplicate", "/verdict");
  if ((verdict == "duplicate") == other.empty())
    return refuse(entry, Code::kInvalid, verdict == "duplicate" ? "a duplicate says of which finding" : "only a duplicate is one of another finding",
                  "/duplicate_of");
  const auto first = state.judged.find(number_of(other));
  if (verdict == "duplicate" && (first == state.judged.end() || other == id))
    return refuse(entry, Code::kNotFound, fmt::format("there is no other finding '{}' among the newest {}", other, kJudged), "/duplicate_of");
  if (verdict == "duplicate" && first->second.verdict == "duplicate")
    return refuse(entry, Code::kConflict, other + " is a duplicate itself: name the one that it is a duplicate of", "/duplicate_of");
  const auto reason = text_of(args, "reason");
  if (!reason) return refuse(entry, reason.error().code, reason.error().message, reason.error().pointer);
  const Judged& was = known->second;
  JsonObject body{{"finding", id}, {"kind", was.kind}, {"endpoint", was.endpoint}, {"verdict", verdict}, {"reason", *reason}, {"by", who(entry)}};
  if (!was.verdict.empty()) body["previous"] = was.verdict;
  if (!other.empty()) body["duplicate_of"] = other;
  if (const auto at = state.findings.find(id); at != state.findings.end() && !at->second.incident.empty()) body["incident"] = at->second.incident;
  return {make_draft("finding_verdict", id, std::move(body))};
}

void apply_verdict(IncidentState& state, const Entry& entry) {
  const std::string id = string_or(entry.body, "finding"), verdict = string_or(entry.body, "verdict");
  if (const auto at = state.findings.find(id); at != state.findings.end()) at->second.verdict = verdict;
  const auto known = state.judged.find(number_of(id));
  const std::size_t place = place_of(verdict);
  if (known == state.judged.end() || place == std::size(kVerdicts)) return;
  const auto tally = state.tallies.find(key_of(known->second));
  if (tally != state.tallies.end()) {
    if (const std::size_t before = place_of(known->second.verdict); before < std::size(kVerdicts)) --tally->second.by[before];
    ++tally->second.by[place];
  }
  known->second.verdict = verdict;
}

}  // namespace firebreak::incident
