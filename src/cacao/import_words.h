// Words and places of drafts and of other programs that have one meaning in CACAO 2.0. Parts of import.h; others use that.
#pragma once

#include <vector>

#include "cacao/import.h"

namespace firebreak::cacao {

// Names of properties: on-completion, agents, targets, playbook_extension …
std::vector<Repair> draft_words(JsonObject& playbook);

// `openc2` that is sent by HTTP, a condition that is a truth value alone, a reference without a name, an empty value.
std::vector<Repair> own_forms(JsonObject& playbook);

}  // namespace firebreak::cacao
