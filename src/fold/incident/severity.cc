// The severity that follows from the impact, from the record, and from how soon an authority is to hear. It is only raised here.
#include <fmt/core.h>

#include <algorithm>

#include "fold/incident/parts.h"

namespace firebreak::incident {
namespace {

constexpr std::int64_t kUrgent = 24 * kHour;  // a reporting deadline of at most this makes an incident the gravest

// SP 800-61r2 tables 3-2 to 3-4 to our four levels, and what makes an incident the gravest whatever its tables say.
std::string severity_of_impact(const Incident& incident) {
  const auto functional = {incident.functional_now, incident.functional_likely};
  const auto any = [&](std::string_view level) { return std::find(functional.begin(), functional.end(), level) != functional.end(); };
  const auto& information = incident.information;
  const auto breached = [&](std::string_view what) { return std::find(information.begin(), information.end(), what) != information.end(); };
  const std::string& recoverability = incident.recoverability;
  if (any("High") || recoverability == "Not Recoverable" || incident.agent_acted || (incident.people_at_risk && breached("Privacy Breach"))) return "SEV-1";
  if (any("Medium") || breached("Integrity Loss") || breached("Privacy Breach") || recoverability == "Extended") return "SEV-2";
  if (any("Low") || breached("Proprietary Breach") || recoverability == "Supplemented") return "SEV-3";
  return "SEV-4";
}

Drafts raised(const Incident* incident, const std::string& to, std::string reason) {
  if (incident == nullptr || incident->severity_by_hand || !is_graver(to, incident->severity)) return {};
  return {make_draft("incident_severity", incident->id,
               {{"incident", incident->id}, {"from", incident->severity}, {"to", to}, {"reason", std::move(reason)}, {"by", "firebreak"}})};
}

// The stage that is due the soonest after its start, of those that run and were not given longer.
const Json* urgent_stage(const Json& duty) {
  const Json* const stages = find(duty, "stages");
  const Json* soonest = nullptr;
  std::int64_t least = kUrgent;
  if (stages == nullptr || !stages->is_array()) return nullptr;
  for (const Json& stage : stages->get_array()) {
    const auto start = get_time(stage, "start"), due = get_time(stage, "due");
    if (string_or(stage, "state") != "due" || bool_or(stage, "expected") || find(stage, "met") != nullptr || !start || !due || *due - *start > least) continue;
    least = *due - *start;
    soonest = &stage;
  }
  return soonest;
}

}  // namespace

Drafts decide_impact(const IncidentState& state, const Entry& entry) {
  const Incident* const incident = find_open(state, string_or(entry.body, "incident"));
  if (incident == nullptr) return {};
  return raised(incident, severity_of_impact(*incident), entry.kind == "incident_impact" ? "follows from the impact" : "follows from the record");
}

Drafts decide_deadline(const IncidentState& state, const Entry& entry) {
  const Json* const stage = urgent_stage(entry.body);
  if (stage == nullptr) return {};
  return raised(find_open(state, string_or(entry.body, "incident")), "SEV-1",
                fmt::format("a reporting deadline of at most 24 h runs: {}, {}, due {}", string_or(entry.body, "regime"), string_or(*stage, "stage"), string_or(*stage, "due")));
}

}  // namespace firebreak::incident
