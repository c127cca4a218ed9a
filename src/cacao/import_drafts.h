// Playbooks as drafts and guidance write them: steps that say what is to be done and not by whom, decisions without a
// condition, branches that share their tail. Parts of import.h; others use that.
#pragma once

#include <vector>

#include "cacao/import.h"

namespace firebreak::cacao {

// An action without commands and without an agent is done by a person, who reads its description. One without an agent whose commands
// are manual, or of types that nobody defines, is done by a person too. Commands of known types keep their error: who runs them is not guessed.
std::vector<Repair> people_do_what_has_no_command(JsonObject& playbook);

// A decision with `conditions` {answer: step} and no condition is a question to a person: an action that asks, then a
// switch-condition over the answer. What all answers lead to comes after the switch; each branch gets an end of its own.
std::vector<Repair> ask_decisions(JsonObject& playbook);

}  // namespace firebreak::cacao
