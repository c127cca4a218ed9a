// Is this JSON document a CACAO 2.0 playbook? Structure, references, and what the specification says of each object.
// Whether it makes sense to run it: lint.h.
#pragma once

#include <vector>

#include "cacao/diagnostic.h"

namespace firebreak::cacao {

// More is not looked at: the document is refused with too-large.
inline constexpr std::size_t kMostSteps = 2'000;

void validate(Findings& findings, const Json& document);

}  // namespace firebreak::cacao
