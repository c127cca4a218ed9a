// Reporting duties: which regime asks for what on which incident, when each report is due, that it was sent, or why it is not.
//
// A duty is a regime on an incident; each of its stages is a reporting deadline. Promise: a deadline that has begun to run stays in sight until
// its report is proven, or two people have set it aside, with a reason. What brings a deadline forward one person says; whatever moves one back or
// takes it away (a fact, a stop, an event that was told by mistake) is a relief, which a second person confirms. A first filing is no relief: it has a proof;
// another one of the same stage is one when it moves a later stage back. A relief whose deadline moves meanwhile is void: nobody was asked that.
// Closing an incident ends no duty. Reminders come once each before the due time and once when it is over.
// A regime may hold the evidence of its incident (AI Act, art. 73(6)): until the report is proven, set aside, or two people override the hold.
//
// Regimes come by `regime_configured`; a duty keeps the version it was started with. When something is due is computed (src/deadline) when a command
// is decided, and stands in the entry: apply() takes it from there, so old decisions stay what they were.
// Pure: no clock (entry.time), no I/O, sorted containers only. decide() sees the state with `entry` applied; apply(tick) changes nothing.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "types/entry.h"

namespace firebreak::reporting {

inline constexpr std::string_view kFoldName = "reporting";
inline constexpr int kSchemaVersion = 1;
inline constexpr std::size_t kDuties = 5'000;         // settled ones of closed incidents go first
inline constexpr std::size_t kTold = 200;             // events and filings of one duty
inline constexpr std::size_t kStops = 50, kReliefs = 20;
inline constexpr std::size_t kIncidents = 10'000, kEvidence = 20'000;  // remembered, newest

struct Version {  // of a regime, with the calendar that goes with it
  Json document;
  std::vector<std::string> holidays;
  int offset_minutes = 0;
  bool operator==(const Version&) const = default;
};

struct Told {  // an event, or the filing of a stage ("filed:initial") with its proof
  std::string event;
  Time at;
  std::string by, reference, evidence;
  bool operator==(const Told&) const = default;
};

struct Stop {
  std::string id;  // stop-N
  Time from, to;
  std::string reason, by;
  bool operator==(const Stop&) const = default;
};

struct StageState {  // as the newest entry of the duty says
  std::string id, state;  // due, waits, does_not_apply
  Time start, due, later, met;  // {0}: none
  std::string by;         // the period in words
  bool expected = false, late = false;
  std::vector<std::string> waits_for, notes;
  bool operator==(const StageState&) const = default;
};

struct SetAside {
  std::string reason, by, with;
  bool operator==(const SetAside&) const = default;
};

struct Relief {  // proposed, and not confirmed yet
  Json change;
  std::string by;
  std::map<std::string, Time> dues;  // of the stages that it eases, as they stood
  bool operator==(const Relief&) const = default;
};

struct Reminded {
  Time due;
  int level = 0;  // place in kReminders, from 1
  bool operator==(const Reminded&) const = default;
};

struct Duty {
  std::string id, incident, endpoint, regime, version, by;  // version: the digest
  Time started;
  std::vector<Told> told;
  std::set<std::string> facts;
  std::vector<Stop> stops;
  std::vector<StageState> stages;          // in the regime's order
  std::map<std::string, SetAside> aside;   // by stage
  std::map<std::string, Reminded> reminded;
  std::map<std::string, Relief> reliefs;   // by relief-N
  bool holds = false;                      // the evidence of its incident, now
  bool overridden = false;                 // two people let the system be changed before the notice
  bool operator==(const Duty&) const = default;
};

struct IncidentFacts {
  std::string endpoint;
  Time opened;
  bool closed = false;
  bool operator==(const IncidentFacts&) const = default;
};

struct ReportingState {
  std::map<std::string, std::string> regimes;       // id -> digest of the version that duties start with
  std::map<std::string, Version> versions;          // by digest: those and the ones of duties
  std::map<std::uint64_t, Duty> duties;             // by N of duty-N
  std::map<std::uint64_t, IncidentFacts> incidents; // by N of inc-N
  std::map<std::uint64_t, std::string> evidence;    // N of ev-N -> incident
  bool operator==(const ReportingState&) const = default;
};

std::vector<Draft> decide(const ReportingState& state, const Entry& entry);
void apply(ReportingState& state, const Entry& entry);
Json to_json(const ReportingState& state);
Result<ReportingState> state_from_json(const Json& document);

// True when the stage runs: its time has begun, and it is neither proven nor set aside.
bool runs(const Duty& duty, const StageState& stage);

}  // namespace firebreak::reporting
