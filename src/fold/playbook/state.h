// What the playbook fold remembers: versions of playbooks, runs with what is under way in each, and the facts of incidents
// and findings that conditions and commands can see. Plain data in sorted containers; docs/formats/journal.md names the
// entries it is folded from.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "fold/playbook/plan.h"

namespace firebreak::playbook {

using Values = std::map<std::string, std::string>;  // "__name__" -> value as text

struct Installed {
  PlanPtr plan;
  Json document;
  bool operator==(const Installed& other) const { return plan->digest == other.plan->digest; }
};

struct Call {                  // ordered and not answered: it can be taken up again
  std::string id;              // call-N
  Json ordered;                // the body of the entry that ordered it
  std::uint32_t started = 0;   // how often it may have left
  bool operator==(const Call&) const = default;
};

// N people's yes to exactly these commands.
struct Approval {
  std::string id;  // appr-N; empty: nobody was asked
  std::vector<std::string> units;  // SHA-256 of each command as it was rendered, from the first that was asked about
  Time until;
  std::set<std::string> by;
  bool complete = false;
  bool operator==(const Approval&) const = default;
};

struct Activation {
  std::string step, parent;         // CACAO id; the activation of the branching step it stands in, "" = top level
  Time begin, deadline;             // after its delay (or before its next try); when it is given up
  bool begun = false;
  std::uint32_t unit = 0;           // commands × targets: which one is under way
  std::uint32_t attempt = 1;
  std::uint32_t iterations = 0;     // while-condition
  std::uint32_t open_branches = 0;
  bool branch_failed = false;
  std::set<std::string> waits_for;  // any of: request, task, action, call, run, approval, "journal:N" (a command), "measure:inc-N"
  std::set<std::string> items;      // evidence that is missing yet
  std::string failed;               // why one of the items failed
  Values locals;                    // its step_variables
  Approval approval;
  Call call;
  bool operator==(const Activation&) const = default;
};

// What a pause keeps back: the start of a step, or the next command of an activation.
struct Held {
  std::string step, parent;
  std::uint64_t activation = 0;
  bool operator==(const Held&) const = default;
};

struct Run {
  std::string id, playbook, incident, endpoint, stream;
  Time modified;                     // the version: a newer one changes nothing in a run under way
  std::string by;                    // who started it: a person, or "firebreak"
  std::string parent_run;            // playbook-action: the run and the activation that called it
  std::uint64_t parent_step = 0;
  Values variables;
  std::map<std::uint64_t, Activation> open;      // by the index of its playbook_step_started
  std::map<std::string, std::string> outcomes;   // the newest outcome of each step that has ended
  std::vector<Held> held;
  std::uint64_t last_ended = 0;      // the playbook_step_ended that counted last, then the playbook_run_ended
  std::uint32_t activations = 0;     // ever
  bool paused = false, exceptional = false, ended = false;
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

// Whose signature a playbook must bear to run on an incident of one of these severities.
struct SignaturePolicy {
  std::vector<std::string> keys;      // public keys, PEM
  std::set<std::string> severities;   // empty: signatures are not asked for
  bool operator==(const SignaturePolicy&) const = default;
};

struct PlaybookState {
  std::map<std::string, std::map<Time, Installed>> installed;  // versions by id
  std::map<std::string, Run> runs;                  // open, and ended ones of open incidents
  std::map<std::string, IncidentFacts> incidents;   // open
  std::map<std::string, FindingFacts> findings;     // by id; closed ones without an incident: the newest 1,000
  std::map<std::string, std::string> finding_of;    // stream '\n' episode -> finding id
  std::map<std::string, std::string> proposed;      // containment action, not in force yet -> open incident
  std::map<std::string, std::string> action_of;     // containment action in force -> open incident
  Time moment;                                      // time of the newest entry by which a run went on …
  std::uint64_t at_once = 0;                        // … and how many bore it: a group has an end
  std::map<std::string, std::map<std::string, std::string>> reminders;  // open incident -> owner '\n' text -> open task that no step waits for
  std::map<std::string, std::string> holds;         // duty that holds the evidence -> its incident
  Values variables;                                 // of the organisation: contacts, addresses; an external one takes its value from here
  std::set<std::string> channels, connectors, hosts;  // that the configuration names
  std::set<std::string> people;                       // contacts, rotations and audiences of notify_applied
  SignaturePolicy signatures;
  // Derived: who waits for what (id, run, activation), and what is due next.
  std::set<std::tuple<std::string, std::string, std::uint64_t>> waits;
  std::set<std::tuple<Time, std::string, std::uint64_t>> timers;
  std::set<std::string> leaving;                    // ended runs of closed incidents: gone with the next input
  bool operator==(const PlaybookState&) const = default;
};

}  // namespace firebreak::playbook
