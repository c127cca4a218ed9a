// A dry run: every command of a playbook with the values that its variables would have, and nothing is done.
#pragma once

#include "base/json.h"
#include "fold/playbook/state.h"

namespace firebreak::playbook {

// What a rehearsal knows: values given for this run, the organisation's, the incident's facts.
struct RehearsalInput {
  Values variables, organisation;
  IncidentFacts incident;
  std::string incident_id = "inc-0";
};

// {name, id, modified, problems: [text…], steps: [{step, name, type, depth, reached: "on_success" | "branch 2" | …, agent, timeout_s,
//  delay_ms, commands: [{kind, text, what, error?}], condition, holds?, approval?, next: {…}}]}, in the order of the flow.
// A variable that only a step before gives stands as __name__ in what is shown, and `later` names the step that gives it.
// Pure; linear in the size of the playbook.
Json rehearse(const PlanPtr& plan, const RehearsalInput& input);

}  // namespace firebreak::playbook
