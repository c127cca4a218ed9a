// Conditions: what an if- or while-step asks can be read.
#include "cacao/condition.h"
#include "cacao/lint_parts.h"

namespace firebreak::cacao {

void lint_conditions(Findings& findings, const Playbook& playbook) {
  for (const auto& [id, step] : playbook.steps) {
    if ((step.type != "if-condition" && step.type != "while-condition") || step.condition.empty()) continue;  // missing: told by its shape
    if (const auto condition = Condition::parse(step.condition); !condition) findings.add("bad-condition", child(step.pointer, "condition"), condition.error().message);
  }
}

}  // namespace firebreak::cacao
