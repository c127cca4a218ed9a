// Who may do what: ten roles of people, thirteen duties, one cell for each pair. Data, not code: the gate of commands
// (fold/access), the API and the command line read this one table. docs/formats/roles.md shows it.
//
// An installation's preset changes single cells, so that two people can do what an enterprise spreads over ten. Several
// roles of one person add up: the strongest cell counts. The roles of programs (gateway, producer) have no cells; the
// commands that they may give name them (types/command.h).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace firebreak {

enum class Duty : std::uint8_t {
  kDeclare,     // open an incident
  kSteer,       // severity, phase, impact, who has which role
  kTimeline,    // facts, tasks, verdicts; nothing is rewritten, a correction is a new row
  kEvidence,    // capture, custody
  kContain,     // bounded, reversible: limit, quarantine, last known good, freeze, mute
  kDisrupt,     // disruptive or destructive: fallback, block, what a playbook changes outside
  kOverride,    // of the evidence interlock, of holds
  kPromote,     // releases, recovery gates, data sources
  kRegulator,   // reporting deadlines set aside, reports to authorities
  kMessage,     // to anybody outside
  kClose,       // close, reopen
  kAdminister,  // users, keys, configuration, policy
  kAudit,       // read the whole journal, verify it
};
inline constexpr std::size_t kDuties = 13;
inline constexpr std::string_view kDutyNames[kDuties] = {"declare", "steer",   "timeline",  "evidence", "contain",    "disrupt", "override",
                                                         "promote", "regulator", "message", "close",    "administer", "audit"};
std::string_view duty_name(Duty duty);
std::optional<Duty> duty_named(std::string_view name);

enum class Cell : std::uint8_t {
  kNone,
  kView,
  kPropose,     // asks; somebody with `do` decides
  kDoSecond,    // does, with a second person who is not the requester
  kDo,
};
std::string_view cell_name(Cell cell);  // none, view, propose, second, do

using Rights = std::array<Cell, kDuties>;
inline Cell cell_of(const Rights& rights, Duty duty) { return rights[static_cast<std::size_t>(duty)]; }

inline constexpr std::string_view kHumanRoles[] = {"viewer", "analyst",   "ml_engineer", "fraud_analyst", "scribe",
                                                   "legal",  "commander", "approver",    "admin",         "auditor"};
inline constexpr std::string_view kCounsel = "legal";  // who reads notes under privilege, and releases them
inline constexpr std::string_view kProgramRoles[] = {"gateway", "producer"};
inline constexpr std::string_view kHumans = "viewer analyst ml_engineer fraud_analyst scribe legal commander approver admin auditor";

struct CellChange {
  std::string_view role;
  Duty duty;
  Cell cell;
};

struct Preset {
  std::string_view name, help;
  std::string_view first_roles;            // of the first admin
  bool mfa = false;                        // approving takes a one-time code
  bool own_browsers = false;               // who asked and who approves sign in in two browsers
  std::span<const CellChange> changes = {};  // of the matrix
};
std::span<const Preset> presets();
const Preset* find_preset(std::string_view name);
inline constexpr std::string_view kDefaultPreset = "pair";  // how a journal is read that names none

// The matrix itself, as the preset `enterprise` has it. A role that is none of people: all none.
Rights matrix_row(std::string_view role);
// Of somebody with these roles (space-separated) under a preset.
Rights rights_of(std::string_view roles, const Preset& preset);

bool has_word(std::string_view words, std::string_view word);  // of a space-separated list
bool is_program(std::string_view roles);
// One or more roles of people, each once, or one of a program; sorted as in kHumanRoles. Empty when it is neither.
std::string normal_roles(std::string_view roles);

}  // namespace firebreak
