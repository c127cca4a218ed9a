// The communication plan against the matrix of roles: whom an audience's `approves` names, and whom the gate lets approve a message.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "run/main/doctor.h"
#include "types/roles.h"

namespace firebreak::cli {

// Roles within an incident (communications, lead) are not judged: whoever holds one has a role of the matrix as well.
std::vector<Diagnosis> judge_plan(const Json& notify) {
  const Json* const audiences = find(notify, "audiences");
  if (audiences == nullptr || !audiences->is_object()) return {};
  std::vector<Diagnosis> out;
  for (const Preset& preset : presets()) {
    std::vector<std::string> contradicted, nobody;
    for (const auto& member : audiences->get_object()) {
      std::vector<std::string> may, may_not;
      bool by_incident = false;
      for (const std::string& role : strings_or_empty(member.value(), "approves")) {
        if (std::find(std::begin(kHumanRoles), std::end(kHumanRoles), role) == std::end(kHumanRoles)) by_incident = true;
        else (cell_of(rights_of(role, preset), Duty::kMessage) >= Cell::kDoSecond ? may : may_not).push_back(role);
      }
      const std::string name(member.key());
      if (may.empty() && !by_incident) nobody.push_back(name);
      else if (!may_not.empty()) contradicted.push_back(fmt::format("{} ({})", name, fmt::join(may_not, ", ")));
    }
    if (!nobody.empty())
      out.push_back({Health::kRed, fmt::format("communication plan: under preset {} nobody whom the plan names may approve a message to {}", preset.name, fmt::join(nobody, ", ")),
                     "name approver or legal in 'approves', or choose another preset (firebreak access preset)"});
    if (!contradicted.empty())
      out.push_back({Health::kWarn, fmt::format("communication plan: under preset {} the gate refuses some whom the plan lets approve: {}", preset.name, fmt::join(contradicted, "; ")),
                     "firebreak access show --preset NAME   (column MESSAGE says who may)"});
  }
  return out;
}

}  // namespace firebreak::cli
