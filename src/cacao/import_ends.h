// Where a playbook begins and its branches end, when only that is not written down. Parts of import.h; others use that.
#pragma once

#include <vector>

#include "cacao/import.h"

namespace firebreak::cacao {

// workflow_start that names the first step itself, a branching step that nothing follows, an end step that several branches lead to: a
// start step, an end step, and an end step for each. An end does nothing, so that another of it changes nothing.
std::vector<Repair> starts_and_ends(Json& document);

}  // namespace firebreak::cacao
