// What the specification says of single steps, agents, targets and authentication. A part of this room; others use validate.h.
#pragma once

#include <string>
#include <string_view>

#include "cacao/diagnostic.h"

namespace firebreak::cacao {

void check_step(Findings& findings, const Json& document, const Json& step, const std::string& pointer);
void check_party(Findings& findings, const Json& document, const Json& party, const std::string& pointer);
void check_authentication(Findings& findings, const Json& authentication, const std::string& pointer);

// `object`[`key`], where it is a string, must be a step of the workflow.
void check_step_reference(Findings& findings, const Json& document, const Json& object, const std::string& pointer, std::string_view key);

}  // namespace firebreak::cacao
