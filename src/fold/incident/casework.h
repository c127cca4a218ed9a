// The daily work with findings: planned changes, mutes, verdicts, causes inside an incident, triage.
//
// Times of a change are event time: they are held against the onset of findings. A mute is in force by journal time. Words are
// documented in docs/working-with-findings.md. Pure data; the rules stand in calendar.cc, verdicts.cc, causes.cc, triage.cc.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"

namespace firebreak::incident {

inline constexpr std::string_view kVerdicts[] = {"true", "benign", "test", "duplicate"};
inline constexpr std::string_view kChangeKinds[] = {"deploy", "retrain", "campaign", "ab_test", "other"};
inline constexpr std::string_view kTriageVerdicts[] = {"benign_drift", "suspected_malice", "undetermined"};

struct Change {  // somebody planned it, or a promotion that the journal tells of (then its id is the action's)
  std::string kind, endpoint, reason, by;  // endpoint empty: all
  Time from, to;                           // to of a promotion that still runs: far away
  bool operator==(const Change&) const = default;
};

struct Mute {  // alerts alone: findings are recorded as ever
  std::string rule, kind, endpoint, reason, by;  // all that are not empty must fit
  Time from, until;
  bool operator==(const Mute&) const = default;
};

struct Proposal {  // of another detector configuration; open until another person decides
  std::string endpoint, digest, by;
  Json document;
  bool operator==(const Proposal&) const = default;
};

struct Judged {  // what precision is counted of
  std::string kind, endpoint, origin, verdict;
  bool operator==(const Judged&) const = default;
};

// How often findings of one kind (and tool) on one endpoint were what.
struct Tally {
  std::uint64_t opened = 0;
  std::array<std::uint64_t, 4> by{};  // in the order of kVerdicts
  bool operator==(const Tally&) const = default;
};

// Findings of an incident that share a cause. Derived, never stored: onset is what all that came with one agree on.
struct Cause {
  int id = 0;
  Time first, last;  // of the onset
  Time seen;         // newest evidence
  std::set<std::string> sources, features, callers;
  std::string founder;
  bool operator==(const Cause&) const = default;
};

struct Fact {  // one reason for a triage verdict
  std::string code, text;
  bool malice = false;  // which side it speaks for
  int weight = 1;
  bool operator==(const Fact&) const = default;
};

struct Triage {
  std::string verdict, computed;  // computed: what the facts alone say; verdict: a person's, once there is one
  std::string by, reason;
  std::vector<Fact> facts;
  bool operator==(const Triage&) const = default;
};

}  // namespace firebreak::incident
