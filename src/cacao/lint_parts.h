// The parts of the linter, a file each. A part of this room; others use lint.h.
#pragma once

#include "cacao/diagnostic.h"
#include "cacao/model.h"

namespace firebreak::cacao {

void lint_flow(Findings& findings, const Playbook& playbook);        // lint_flow.cc
void lint_variables(Findings& findings, const Playbook& playbook);   // lint_variables.cc
void lint_conditions(Findings& findings, const Playbook& playbook);  // lint_conditions.cc
void lint_safety(Findings& findings, const Playbook& playbook);      // lint_safety.cc
void lint_secrets(Findings& findings, const Json& document);         // secrets.cc

}  // namespace firebreak::cacao
