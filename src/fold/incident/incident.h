// Incidents: when findings become one, and its life through the NIST SP 800-61r2 phases to its close.
//
// One thing on several endpoints: a finding that shares a principal, an asset or (where endpoints are said to be one system) the time
// with an open incident elsewhere joins it (joins.cc); a split undoes that, and what was split off does not come back by itself.
// Growth: a new chain that no quarantine of the incident takes in leads back to detection_analysis.
// Rules: content/rules/*.yaml through config_applied (document.rules), or the same built in. One open incident per
// endpoint: further findings of it are linked, and grouped by what they seem to come from (causes.cc). Closed only through
// post_incident, or earlier with a reason; so too with open tasks or open decisions of its remedy list. Never without its class as
// an attack, or the word of a person, or of the facts, that it is none (attack_class.cc).
// Pure: no clock (entry.time), no I/O, sorted containers only. decide() sees the state with `entry` applied.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "fold/incident/casework.h"
#include "fold/incident/templates.h"
#include "types/entry.h"
#include "types/finding.h"

namespace firebreak::incident {

inline constexpr std::string_view kFoldName = "incident";
inline constexpr int kSchemaVersion = 4;

// Either `kind` together with any of `with`, or `count` findings of `any_of`; on one endpoint, evidence intervals overlapping or
// at most `within_us` apart in event time (labels lag by days: the times at which findings open cannot be compared).
struct Rule {
  std::string name, kind, title;             // "{endpoint}" in the title stands for the endpoint's name
  std::vector<std::string> with, any_of;
  std::int64_t within_us = kHour;
  std::size_t count = 0;
  Severity at_least = Severity::kLow;
  bool operator==(const Rule&) const = default;
};
std::vector<Rule> built_in_rules();
Result<std::vector<Rule>> rules_from_json(const Json& document);  // {"correlation": [...] or {"rules": [...]}}

// What makes findings on two endpoints one incident: their evidence lies at most `within_us` apart in event time, and they share a caller
// (principal), what data and models are made of (asset), or nothing but the time (time: only among `endpoints`).
struct Join {
  std::string name, by;                // by: principal, asset, time
  std::int64_t within_us = kHour;
  std::vector<std::string> kinds;      // of both findings; empty: any that may stand in an incident
  std::vector<std::string> endpoints;  // both of them; empty: any
  bool operator==(const Join&) const = default;
};
std::vector<Join> built_in_joins();
// {"correlation": {"joins": [...]}}; nothing when the document states none.
Result<std::optional<std::vector<Join>>> joins_from_json(const Json& document);

struct Finding {
  std::string id, kind, endpoint, stream, episode, summary, incident, feature, segment, origin, verdict;
  std::string mute;                          // the one that keeps it from alerting
  Severity severity = Severity::kMedium;
  Time first_time, last_time;
  Time onset_first, onset_last;              // when it says; else the evidence it opened with
  std::set<std::string> callers;             // at most kCallers
  int cause = 0;                             // its group in the incident
  bool closed = false;
  bool late = false;                         // told that it goes on although its incident is closed
  bool operator==(const Finding&) const = default;
};

struct TimelineRow {
  std::uint64_t index = 0;
  Time time;
  std::string text;
  bool operator==(const TimelineRow&) const = default;
};

struct Task {
  std::string id, text, owner, result;
  Time due;
  bool done = false, form = false;  // form: a playbook's step asks for values with it
  std::string key;                  // its name in the template it comes from
  std::vector<std::string> after;   // ids or keys of tasks of the incident that come first
  bool operator==(const Task&) const = default;
};

struct ActionFacts {  // what the incident needs to know of an action
  std::string incident, measure, cls;  // measure: its kind
  bool in_force = false;
  bool on_ladder = false;                // a promotion between its first step and the end of its watch
  bool operator==(const ActionFacts&) const = default;
};

struct Incident {
  std::string id, endpoint, stream, title, severity, rule, phase = "detection_analysis";
  std::string acknowledged_by, functional_now, functional_likely, recoverability;
  std::vector<std::string> information, findings;
  std::map<std::string, std::string> roles;  // role -> user
  std::vector<Task> tasks;
  std::vector<TimelineRow> timeline;         // bounded: the first 50 and the last 150 rows
  Time opened, first_time, last_time;
  bool severity_by_hand = false;             // the commander has lowered it: nothing raises it but people
  bool people_at_risk = false, agent_acted = false;
  std::set<std::string> classed;             // fields of its class by NIST AI 100-2 that people set, or that it is no attack
  int causes = 0;
  std::uint64_t remedy_open = 0;             // decisions of its remedy list that nobody has settled
  Triage triage;
  bool operator==(const Incident&) const = default;
};

struct IncidentState {
  std::vector<Rule> rules = built_in_rules();
  Templates templates;                                // of templates_applied
  std::vector<Join> joins = built_in_joins();
  std::map<std::string, Incident> open;               // by id
  std::map<std::string, std::string> open_by_endpoint;
  std::map<std::string, std::string> closed;          // id -> endpoint
  std::map<std::string, Finding> findings;            // by id: open ones, those of open incidents, and unlinked ones
                                                      // of a rule's kinds, 30 days of event time, at most 2,000
  std::set<std::pair<Time, std::string>> loose;       // of these the closed ones without an incident, by the time of their end; derived
  std::map<std::string, std::string> finding_of;      // stream '\n' episode -> id
  std::map<std::string, ActionFacts> actions;         // of open incidents
  std::set<std::string> endpoints;                    // registered
  std::map<std::string, std::map<std::string, std::set<std::string>>> lineage;  // endpoint -> feature -> sources
  std::map<std::string, std::set<std::string>> sources;  // endpoint -> what its releases were trained on
  std::map<std::string, std::set<std::string>> needs;    // of the inventory: asset -> assets
  std::set<std::string> apart;                        // incident '\n' endpoint, or younger '\n' older incident: not joined by itself
  std::map<std::string, Change> changes;              // by chg-N, or act-N of a promotion
  std::map<std::string, Mute> mutes;                  // by mute-N
  std::map<std::string, Proposal> proposals;          // by tune-N
  std::map<std::uint64_t, Judged> judged;             // the newest findings by index of their opening, kJudged of them
  std::map<std::string, Tally> tallies;               // endpoint '\n' kind '\n' origin
  Time newest_event;                                  // of any finding: for forgetting
  bool operator==(const IncidentState&) const = default;
};

std::vector<Draft> decide(const IncidentState& state, const Entry& entry);
void apply(IncidentState& state, const Entry& entry);

Json to_json(const IncidentState& state);
Result<IncidentState> incident_state_from_json(const Json& document);

// The allowed moves between phases; closing has rules of its own.
bool may_move(std::string_view from, std::string_view to);

}  // namespace firebreak::incident
