// Who acts, in playbooks of other orchestrators: their agents are parts of themselves ("soarca-http-api"). Parts of import.h.
#pragma once

#include <vector>

#include "cacao/import.h"

namespace firebreak::cacao {

// A step whose agent is of a type outside the vocabulary, and whose commands leave no choice of who does them here: requests (http-api,
// openc2-http) to targets that have an address are sent by Firebreak, manual commands are done by people. All others stay.
std::vector<Repair> agents_that_are_here(JsonObject& playbook);

// SOARCA's extension that takes values out of an answer by simple jq paths (".a.b") becomes `results` of Firebreak's extension of steps,
// when all of a step's assignments are so; an expression that computes stays as it is.
std::vector<Repair> assignments_as_results(JsonObject& playbook);

}  // namespace firebreak::cacao
