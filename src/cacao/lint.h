// Does this playbook make sense, and is it safe to start? What validate.h asks for, and beyond it: the way through the
// steps, variables, evidence before action, approval before destruction, secrets in text.
//
// Linear in the size of the document, but for logarithms; deterministic; never fails, whatever the JSON.
#pragma once

#include <vector>

#include "cacao/diagnostic.h"

namespace firebreak::cacao {

std::vector<Diagnostic> lint(const Json& document, Profile profile);

}  // namespace firebreak::cacao
