// What people write into an incident, and what they may. Rows are added, never changed: the state holds which there are, not what they say.
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
#include "types/entry.h"

namespace firebreak::casefile {

inline constexpr std::string_view kFoldName = "casefile";
inline constexpr int kSchemaVersion = 2;
inline constexpr std::size_t kRows = 20'000, kIndicators = 20'000, kContacts = 500, kLabels = 200, kLessons = 500;  // of one incident
inline constexpr std::size_t kDocuments = 100, kHandovers = 50, kPrivileged = 500;
inline constexpr std::size_t kClosedKept = 1'000;  // closed incidents whose rows and indicators are still known
inline constexpr std::size_t kAssets = 20'000, kLinks = 100'000, kFollowUps = 10'000;
inline constexpr std::size_t kAmendments = 50;  // that nobody decided on yet

struct Row {
  std::uint64_t index = 0;
  bool opinion = false;
  std::uint64_t corrected_by = 0;  // 0: it stands
  std::optional<Time> occurred;    // a correction that says nothing of it keeps it
  bool operator==(const Row&) const = default;
};

struct Notes {
  std::int64_t revision = 0;
  std::string text;  // as it stands in the entry
  bool operator==(const Notes&) const = default;
};

struct Check {
  std::string state;
  std::int64_t round = 1;
  bool operator==(const Check&) const = default;
};

struct Handover {
  std::string role, to, by, digest;
  bool operator==(const Handover&) const = default;
};

struct Privileged {  // a note under counsel's privilege, not released
  std::string sealed, by;  // SHA-256 of its sealed octets
  Time time;
  bool operator==(const Privileged&) const = default;
};

struct EvidenceItem {
  std::string digest;
  std::string holder;             // who signed for it; empty: where it was captured
  std::string offer, last_offer;  // that waits; the newest
  bool operator==(const EvidenceItem&) const = default;
};

struct CaseFile {
  std::string endpoint, stream, title, severity, rule, phase = "detection_analysis";
  std::map<std::string, std::string> roles;
  bool closed = false;
  std::string into;                            // merged into
  std::string reopen_asked_by;
  std::vector<Row> rows;                       // by index
  std::map<std::string, std::string> words;    // fields of type one and several, as they are set: the severity follows from some
  std::set<std::string> classed;               // fields of the attack's class that are set
  std::size_t contacts = 0, lessons = 0;
  std::set<std::uint64_t> lesson_ids;          // by index
  std::set<std::string> labels;                // framework '\n' version '\n' id
  std::map<std::string, Check> checks;
  std::int64_t round = 1;                      // of the loop from 6.3 to 1.1
  std::set<std::uint64_t> indicators;          // not withdrawn
  std::map<std::string, std::string> assets;   // -> state
  std::map<std::string, EvidenceItem> items;   // by ev-N
  std::map<std::string, Notes> notes;
  std::map<std::string, Handover> handovers;   // not accepted yet, by hand-N
  std::map<std::string, Privileged> privileged;  // by priv-N
  std::set<std::string> working;               // runs that go on, actions that may be in force
  bool operator==(const CaseFile&) const = default;
};

struct FollowUp {
  std::string incident, owner;
  Time due;
  bool overdue = false;  // told
  bool operator==(const FollowUp&) const = default;
};

// A change that a lesson asks for (amend-N), until it is in force, failed or rejected.
struct Amendment {
  std::string incident, lesson, kind, by, session, digest;
  Json document;
  Time expires;
  bool approved = false;
  std::uint64_t command = 0;  // the entry by which its owner is asked to take it
  bool operator==(const Amendment&) const = default;
};

struct CustodyOffer {
  std::string incident, from, to, digest;
  bool operator==(const CustodyOffer&) const = default;
};

struct CasefileState {
  std::map<std::string, CaseFile> files;                 // by incident
  std::set<std::string> relations;                       // incident '\n' relation '\n' other
  std::map<std::string, std::string> asset_types;
  std::map<std::string, std::set<std::string>> needs;    // asset -> what it depends on
  std::map<std::string, FollowUp> follow_ups;            // open ones, by follow-N
  std::map<std::string, Amendment> amendments;
  std::set<std::string> regressions;                     // amendments whose trace the gates replay
  std::string rules;                                     // digest of the Sigma rules that are applied; empty: none are
  std::map<std::string, std::string> working_of;         // run or action -> incident
  std::map<std::string, CustodyOffer> offers;            // that wait, by cust-N
  std::set<std::uint64_t> closed_order;                  // closed incidents that keep their rows, by index
  bool operator==(const CasefileState&) const = default;
};

std::vector<Draft> decide(const CasefileState& state, const Entry& entry);
void apply(CasefileState& state, const Entry& entry);
Json to_json(const CasefileState& state);
Result<CasefileState> state_from_json(const Json& document);

// What depends on the asset, however far: without itself, by name, each with its distance and the asset that it depends through.
struct Reached {
  std::size_t distance = 0;
  std::string through;
  bool operator==(const Reached&) const = default;
};
std::map<std::string, Reached> downstream(const CasefileState& state, const std::string& asset);
std::map<std::string, Reached> upstream(const CasefileState& state, const std::string& asset);

}  // namespace firebreak::casefile
