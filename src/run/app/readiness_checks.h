// Is an endpoint ready for its next incident? A list of checks, each with the command that mends it. Pure: facts in, checks out;
// readiness.cc gathers the facts. Times are the journal's.
//
// Source: NIST SP 800-61r2 §3.1 (preparation); the points that only models have are ours. Meaning of each: docs/readiness.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"

namespace firebreak::app {

inline constexpr std::int64_t kDrilledWithin = 90 * kDay;  // what was proven longer ago counts as unproven
inline constexpr std::int64_t kLabelsWithin = 30 * kDay;   // labels of fraud come after weeks
inline constexpr std::int64_t kRecordsWithin = kDay;

struct ReadinessFacts {
  std::string endpoint, owner_team, on_call;
  bool tap = false;               // nothing can be in force on it
  std::string absent_gateway;     // the gateway that it names and nobody configured; empty: there it is
  bool has_fallback = false;      // rules that answer instead of the model
  std::string last_known_good;    // release
  bool good_registered = false;   // with its model's digest
  bool good_holdout = false;      // and a labelled holdout
  std::string holdout_breach;     // why that is no secret any more; empty: it is one
  std::optional<Time> fallback_proven;  // newest green effect check of a measure that let the rules answer some
  std::optional<Time> kill_proven;      // … that let them answer all
  std::optional<Time> newest_record, newest_label;
  bool baseline = false;          // detectors hold records against something
  bool capture_gap = false;       // a finding says that records are missing
  std::size_t playbooks = 0;      // installed
  std::vector<std::string> unsigned_playbooks;  // of these, by name; no trusted key signed them
  bool signatures_known = false;  // the configuration names trusted keys
  std::vector<std::string> absent_playbooks;  // that the endpoint's document names, and that are not installed
  bool channels = false;          // alerts leave over some
  bool on_call_known = false;     // its on-call is a contact, or a rotation in which somebody has the turn
  std::int64_t label_days = 0;    // after how many days the truth comes, as its document says
  std::vector<std::string> regimes, unknown_regimes;  // of reporting deadlines; those that are not configured
  std::size_t standing_valid = 0;             // approvals given in advance
  std::vector<std::string> standing_lapsed;   // that time, use or a change has ended, with none in their place
};

enum class Ready { kYes, kNo, kNotApplicable };

struct ReadinessCheck {
  std::string name;     // "kill_switch"
  Ready ready = Ready::kNo;
  std::string why;      // a sentence for a person
  std::string command;  // that mends it; empty when it is ready
  bool operator==(const ReadinessCheck&) const = default;
};

std::vector<ReadinessCheck> readiness_checks(const ReadinessFacts& facts, Time now);

// {endpoint, ready, of, red[names], checks[{name, ready (yes, no, not_applicable), why, command?}]}
Json to_json(const std::string& endpoint, const std::vector<ReadinessCheck>& checks);

}  // namespace firebreak::app
