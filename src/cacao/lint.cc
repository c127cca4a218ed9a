#include "cacao/lint.h"

#include <algorithm>

#include "cacao/lint_parts.h"
#include "cacao/validate.h"

namespace firebreak::cacao {

std::vector<Diagnostic> lint(const Json& document, Profile profile) {
  Findings findings(profile);
  validate(findings, document);
  const auto ends_it = [](const Diagnostic& one) { return one.rule == "not-a-playbook" || one.rule == "too-large"; };
  if (std::any_of(findings.all().begin(), findings.all().end(), ends_it)) return findings.take();
  const Playbook playbook = read_playbook(document);
  lint_flow(findings, playbook);
  lint_variables(findings, playbook);
  lint_conditions(findings, playbook);
  lint_safety(findings, playbook);
  lint_secrets(findings, document);
  return findings.take();
}

}  // namespace firebreak::cacao
