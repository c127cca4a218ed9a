// Measures to choose from, as a step shows them: Firebreak's extension of steps for people. It changes nothing in how the step runs.
//
//   "step_extensions": {"extension-definition--5d0c3f5e-…": {"options": [
//     {"name": "route", "does": "Serve an older release.", "potential_damage": "…", "evidence_preservation": "…",
//      "service_availability": "…", "time_and_resources": "…", "effectiveness": "…", "duration": "…"}, …]}}
//
// The six criteria are those of NIST SP 800-61r2, section 3.3.1. Reading never fails: what is missing is empty.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cacao/model.h"

namespace firebreak::cacao {

inline constexpr std::string_view kOptionsExtension = "extension-definition--5d0c3f5e-8a41-4b7e-9c52-7f1e6a90b3d4";

struct ContainmentOption {
  std::string name, does;
  std::string potential_damage, evidence_preservation, service_availability, time_and_resources, effectiveness, duration;
};

// In the order of the document; empty when the step has none.
std::vector<ContainmentOption> containment_options(const Playbook& playbook, const Step& step);

}  // namespace firebreak::cacao
