// Runs of playbooks as a fold: every step's start and end is an entry, so a run survives any restart.
//
// Success of a step: its effect has come back (all evidence items captured, options offered, task done, an action in
// force). Failure routing: on_failure, else the playbook's workflow_exception, else the
// run ends as failed. A parallel step waits for all branches and fails when one of them failed. A step that is not
// answered within its timeout (default 24 h) ends with outcome timeout and takes the failure route.
// Pure: no clock (entry.time), no I/O, sorted containers only. decide() sees the state with `entry` applied.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "fold/playbook/cacao.h"
#include "types/entry.h"

namespace firebreak::playbook {

inline constexpr std::string_view kFoldName = "playbook";
inline constexpr int kSchemaVersion = 1;

struct Installed {
  Playbook playbook;
  std::string digest;
  Json document;  // as installed; a snapshot reads `playbook` from it again
  bool operator==(const Installed&) const = default;
};

struct RunStep {
  std::string command;
  Time started;
  std::string waits_for;           // request or task id; empty: nothing
  std::set<std::string> items;     // evidence items still missing
  std::string parent;              // the branching step it stands in, "" = top level
  std::string failed;              // why one of the items failed
  std::uint64_t ended = 0;         // index of its playbook_step_ended; 0 = under way
  std::string outcome;             // success, failure, timeout
  std::uint32_t open_branches = 0; // parallel, if-condition: branches that have not reached their end
  bool branch_failed = false;
  bool operator==(const RunStep&) const = default;
};

struct Run {
  std::string id, playbook, modified, incident, endpoint, stream;
  std::map<std::string, RunStep> steps;  // started ones
  bool ended = false;
  std::string outcome;
  bool operator==(const Run&) const = default;
};

struct IncidentFacts {  // what conditions and commands of a step can see
  std::string endpoint, stream, rule, severity, phase = "detection_analysis";
  std::uint64_t first = 0, last = 0;       // inference range of its findings
  std::set<std::string> finding_kinds;
  bool operator==(const IncidentFacts&) const = default;
};

struct FindingFacts {
  std::string kind, endpoint, stream, episode, incident;
  std::uint64_t first = 0, last = 0;
  bool closed = false;
  bool operator==(const FindingFacts&) const = default;
};

struct PlaybookState {
  std::map<std::string, Installed> installed;       // newest version by playbook id
  std::map<std::string, Run> runs;                  // open, and ended ones of open incidents
  std::map<std::string, IncidentFacts> incidents;   // open
  std::map<std::string, FindingFacts> findings;     // by id; closed ones without an incident: the newest 1,000
  std::map<std::string, std::string> finding_of;    // stream '\n' episode -> finding id
  std::map<std::string, std::string> proposed;      // containment action, not in force yet -> open incident
  std::map<std::string, std::string> action_of;     // containment action in force -> open incident
  bool operator==(const PlaybookState&) const = default;
};

std::vector<Draft> decide(const PlaybookState& state, const Entry& entry);
void apply(PlaybookState& state, const Entry& entry);

Json to_json(const PlaybookState& state);
Result<PlaybookState> playbook_state_from_json(const Json& document);

}  // namespace firebreak::playbook
