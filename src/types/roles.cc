#include "types/roles.h"

#include <algorithm>

namespace firebreak {
namespace {

constexpr Cell N = Cell::kNone, V = Cell::kView, P = Cell::kPropose, S = Cell::kDoSecond, D = Cell::kDo;

// A line per duty, a column per role in the order of kHumanRoles.
constexpr Cell kMatrix[kDuties][std::size(kHumanRoles)] = {
    //             viewer analyst ml  fraud scribe legal commander approver admin auditor
    /* declare    */ {D, D, D, D, D, D, D, D, N, N},
    /* steer      */ {N, P, P, P, P, N, D, V, N, V},
    /* timeline   */ {N, D, D, D, D, D, D, D, N, V},
    /* evidence   */ {N, D, D, P, N, N, D, N, N, V},
    /* contain    */ {N, D, D, P, N, N, D, D, N, V},
    /* disrupt    */ {N, P, P, N, N, N, P, S, N, V},
    /* override   */ {N, N, N, N, N, P, P, S, N, V},
    /* promote    */ {N, N, P, N, N, N, P, S, N, V},
    /* regulator  */ {N, N, N, N, N, P, V, S, N, V},
    /* message    */ {N, N, N, N, N, D, P, D, N, V},
    /* close      */ {N, N, N, N, N, N, P, S, N, V},
    /* administer */ {N, N, N, N, N, N, N, N, S, V},
    /* audit      */ {N, N, N, N, N, N, V, V, V, D},
};

// One person alone: nothing at the gate waits for another. What comes into force still takes two, or a broken glass.
constexpr CellChange kSolo[] = {
    {"admin", Duty::kDeclare, D},  {"admin", Duty::kSteer, D},     {"admin", Duty::kTimeline, D},  {"admin", Duty::kEvidence, D}, {"admin", Duty::kContain, D},
    {"admin", Duty::kDisrupt, D},  {"admin", Duty::kOverride, D},  {"admin", Duty::kPromote, D},   {"admin", Duty::kRegulator, D}, {"admin", Duty::kMessage, D},
    {"admin", Duty::kClose, D},    {"admin", Duty::kAdminister, D}, {"admin", Duty::kAudit, D},
    {"analyst", Duty::kSteer, D},  {"analyst", Duty::kClose, D},   {"analyst", Duty::kAudit, V},   {"approver", Duty::kClose, D},
};

// An analyst and an approver, and somebody who looks after the installation: the analyst leads, either may close, and the
// second person stands where something comes into force.
constexpr CellChange kPair[] = {
    {"analyst", Duty::kSteer, D},    {"analyst", Duty::kOverride, P},  {"analyst", Duty::kPromote, P},   {"analyst", Duty::kRegulator, P}, {"analyst", Duty::kMessage, P},
    {"analyst", Duty::kClose, D},    {"analyst", Duty::kAudit, V},     {"approver", Duty::kSteer, D},    {"approver", Duty::kClose, D},
    {"admin", Duty::kDeclare, D},    {"admin", Duty::kSteer, D},       {"admin", Duty::kTimeline, D},    {"admin", Duty::kEvidence, D},    {"admin", Duty::kContain, D},
    {"admin", Duty::kDisrupt, P},    {"admin", Duty::kOverride, P},    {"admin", Duty::kPromote, P},     {"admin", Duty::kRegulator, P},   {"admin", Duty::kMessage, P},
    {"admin", Duty::kClose, D},      {"admin", Duty::kAdminister, D},
};

// A team with one who looks after the installation: that one needs no second.
constexpr CellChange kTeam[] = {{"admin", Duty::kAdminister, D}};

constexpr Preset kPresets[] = {
    {"solo", "one person; what comes into force takes a second one, or break-glass", "admin analyst commander approver", false, false, kSolo},
    {"pair", "an analyst and an approver, who may share a browser", "admin", false, false, kPair},
    {"team", "the matrix, but one admin needs no second; who asks and who approves use two browsers", "admin", false, true, kTeam},
    {"enterprise", "the matrix as it stands; approving takes a one-time code", "admin", true, true, {}},
};

template <class Words>
std::optional<std::size_t> place_in(const Words& words, std::string_view word) {
  const auto at = std::find(std::begin(words), std::end(words), word);
  return at == std::end(words) ? std::nullopt : std::optional(static_cast<std::size_t>(at - std::begin(words)));
}

}  // namespace

std::string_view duty_name(Duty duty) { return kDutyNames[static_cast<std::size_t>(duty)]; }

std::optional<Duty> duty_named(std::string_view name) {
  const auto at = place_in(kDutyNames, name);
  return at ? std::optional(static_cast<Duty>(*at)) : std::nullopt;
}

std::string_view cell_name(Cell cell) {
  constexpr std::string_view kNames[] = {"none", "view", "propose", "second", "do"};
  return kNames[static_cast<std::size_t>(cell)];
}

std::span<const Preset> presets() { return kPresets; }

const Preset* find_preset(std::string_view name) {
  for (const Preset& preset : kPresets)
    if (preset.name == name) return &preset;
  return nullptr;
}

Rights matrix_row(std::string_view role) {
  Rights rights{};
  const auto column = place_in(kHumanRoles, role);
  if (column)
    for (std::size_t duty = 0; duty < kDuties; ++duty) rights[duty] = kMatrix[duty][*column];
  return rights;
}

Rights rights_of(std::string_view roles, const Preset& preset) {
  Rights rights{};
  for (const std::string_view role : kHumanRoles) {
    if (!has_word(roles, role)) continue;
    Rights row = matrix_row(role);
    for (const CellChange& change : preset.changes)
      if (change.role == role) row[static_cast<std::size_t>(change.duty)] = change.cell;
    for (std::size_t duty = 0; duty < kDuties; ++duty) rights[duty] = std::max(rights[duty], row[duty]);
  }
  return rights;
}

bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == word) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

bool is_program(std::string_view roles) { return place_in(kProgramRoles, roles).has_value(); }

std::string normal_roles(std::string_view roles) {
  if (is_program(roles)) return std::string(roles);
  std::string normal;
  std::size_t found = 0, given = 0;
  for (const std::string_view role : kHumanRoles)
    if (has_word(roles, role)) {
      normal += (normal.empty() ? "" : " ") + std::string(role);
      ++found;
    }
  for (std::string_view rest = roles; !rest.empty();) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    ++given;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return given == found && !roles.ends_with(' ') ? normal : std::string();
}

}  // namespace firebreak
