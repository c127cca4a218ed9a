// Which findings of an incident share a cause: they began together, come from the same source, or name the same callers.
//
// One that says again what another said belongs to that one. Else each cause is scored by what it has in common with the finding;
// that they began together does not count when both have declared sources and share none: two feeds that break in one hour are two
// causes. The answer goes into the journal as a fact, so that it stays although this may become wiser.
#include <fmt/core.h>

#include <algorithm>

#include "fold/incident/parts.h"

namespace firebreak::incident {
namespace {

std::set<std::string> common(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::set<std::string> out;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(out, out.end()));
  return out;
}

std::string named(const std::set<std::string>& names) {
  std::string text;
  std::size_t told = 0;
  for (const std::string& name : names) {
    if (++told > 3) return text + fmt::format(" and {} more", names.size() - 3);
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

std::string span(std::int64_t us) {
  if (us >= 2 * kDay) return fmt::format("{} days", us / kDay);
  if (us >= 2 * kHour) return fmt::format("{} h", us / kHour);
  return fmt::format("{} min", us / kMinute);
}

std::int64_t between_onsets(const Cause& cause, const Finding& finding) {
  return apart(cause.first, cause.last, finding.onset_first, finding.onset_last);
}

struct Likeness {
  int score = 0;
  std::string why;
};

Likeness likeness(const IncidentState& state, const Cause& cause, const Finding& finding) {
  Likeness out;
  const auto say = [&](int score, const std::string& why) {
    out.score += score;
    out.why += (out.why.empty() ? "" : "; ") + why;
  };
  const std::set<std::string> sources = sources_of(state, finding);
  const auto callers = common(cause.callers, finding.callers), shared = common(cause.sources, sources);
  if (apart(cause.first, cause.seen, finding.first_time, finding.last_time) <= kKin) {
    if (!callers.empty()) say(4, "callers in common: " + named(callers));
    if (!shared.empty()) {
      say(3, "same source: " + named(shared));
    } else if (cause.features.contains(finding.feature)) {
      say(3, "same feature: " + finding.feature);
    }
  }
  const bool contradicts = shared.empty() && callers.empty() && !sources.empty() && !cause.sources.empty();
  if (const std::int64_t gap = between_onsets(cause, finding); gap <= kNear && !contradicts)
    say(2, gap == 0 ? "began together with " + cause.founder : fmt::format("began within {} of {}", span(std::max(gap, kMinute)), cause.founder));
  return out;
}

}  // namespace

std::int64_t apart(Time a_first, Time a_last, Time b_first, Time b_last) {
  if (a_last < b_first) return b_first - a_last;
  if (b_last < a_first) return a_first - b_last;
  return 0;
}

std::string said_by(const Finding& finding) { return finding.kind + "\n" + finding.feature + "\n" + finding.segment; }

std::set<std::string> sources_of(const IncidentState& state, const Finding& finding) {
  const auto endpoint = state.lineage.find(finding.endpoint);
  if (finding.feature.empty() || endpoint == state.lineage.end()) return {};
  const auto feature = endpoint->second.find(finding.feature);
  return feature == endpoint->second.end() ? std::set<std::string>{} : feature->second;
}

Place Grouping::place(const Finding& finding) const {
  if (const auto said = said_.find(said_by(finding)); said != said_.end()) {
    const Finding& before = state_.findings.at(said->second);
    if (apart(before.first_time, before.last_time, finding.first_time, finding.last_time) <= kKin)
      return {std::max(before.cause, 1), "says again what " + before.id + " said", before.id};
  }
  Place best;
  int score = 0;
  const Cause* nearest = nullptr;
  for (const auto& [id, cause] : causes_) {
    Likeness like = likeness(state_, cause, finding);
    if (nearest == nullptr || between_onsets(cause, finding) < between_onsets(*nearest, finding)) nearest = &cause;
    if (like.score <= score) continue;
    score = like.score;
    best = {id, std::move(like.why), {}};
  }
  if (score > 0) return best;
  if (nearest == nullptr) return {1, "the first", {}};
  const int next = std::min(causes_.rbegin()->first + 1, kCauses);
  const std::int64_t gap = between_onsets(*nearest, finding);
  return {next, gap <= kNear ? fmt::format("began with cause {}, but comes from another source", nearest->id)
                             : fmt::format("began {} apart from cause {}; shares no source, feature or caller", span(gap), nearest->id), {}};
}

void Grouping::add(const Finding& finding, int id) {
  const bool fresh = !causes_.contains(id);
  Cause& cause = causes_[id];
  if (fresh) {
    cause.id = id;
    cause.founder = finding.id;
    cause.first = finding.onset_first;
    cause.last = finding.onset_last;
    cause.seen = finding.last_time;
  } else if (between_onsets(cause, finding) == 0) {  // what all agree on
    cause.first = std::max(cause.first, finding.onset_first);
    cause.last = std::min(cause.last, finding.onset_last);
  }
  cause.seen = std::max(cause.seen, finding.last_time);
  cause.sources.merge(sources_of(state_, finding));
  if (!finding.feature.empty()) cause.features.insert(finding.feature);
  cause.callers.insert(finding.callers.begin(), finding.callers.end());
  said_[said_by(finding)] = finding.id;
}

Grouping grouping_of(const IncidentState& state, const Incident& incident) {
  Grouping grouping(state);
  for (const std::string& id : incident.findings)
    if (const auto at = state.findings.find(id); at != state.findings.end()) grouping.add(at->second, std::max(at->second.cause, 1));
  return grouping;
}

}  // namespace firebreak::incident
