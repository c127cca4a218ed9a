// The class of an attack by NIST AI 100-2 E2025: from findings or from a person, and demanded before an incident is closed.
#include <fmt/core.h>

#include <algorithm>

#include "fold/incident/parts.h"
#include "types/casefile.h"

namespace firebreak::incident {
namespace {

bool is_class_field(std::string_view field) {
  return field == kNoAttack || std::find(std::begin(kAttackFields), std::end(kAttackFields), field) != std::end(kAttackFields);
}

bool found_as_attack(const IncidentState& state, const Incident& incident) {
  return std::any_of(incident.findings.begin(), incident.findings.end(), [&](const std::string& id) {
    const auto finding = state.findings.find(id);
    return finding != state.findings.end() && counts(finding->second) && is_attack_finding(finding->second.kind);
  });
}

std::string choices_of(std::string_view field) {
  std::string out;
  for (const std::string& choice : split_choices(find_record_field(field)->choices)) out += (out.empty() ? "" : ", ") + choice;
  return out;
}

}  // namespace

void note_class(Incident& incident, const std::string& field) {
  if (is_class_field(field)) incident.classed.insert(field);
}

// Drift without malice is no attack, by the facts or by a person's word; so is what a person says is none, with the reason.
std::string why_unclassified(const IncidentState& state, const Incident& incident) {
  if (incident.classed.contains(std::string(kNoAttack)) || incident.triage.verdict == "benign_drift" || found_as_attack(state, incident)) return {};
  std::string missing, first;
  for (const std::string_view field : kAttackFields) {
    if (incident.classed.contains(std::string(field))) continue;
    if (first.empty()) first = field;
    missing += (missing.empty() ? "" : ", ") + std::string(field);
  }
  if (missing.empty()) return {};
  return fmt::format("its class by NIST AI 100-2 is not set: {}; 'firebreak incident set {} {} VALUE' sets one ({}: {}); when it is no attack, say why: 'firebreak incident set {} {} TEXT'",
                     missing, incident.id, first, first, choices_of(first), incident.id, kNoAttack);
}

}  // namespace firebreak::incident
