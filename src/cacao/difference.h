// What differs between two playbooks, place by place: two versions of one, or an organisation's own and the shipped one.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace firebreak::cacao {

struct Difference {
  std::string pointer;        // into the first, or the second when it is not in the first
  std::string step;           // name of the step it is in; empty: in none
  std::string before, after;  // canonical JSON; empty: not there
};

// Members of objects by name, items of lists of the same length by place, other lists as a whole; in the order of pointers.
// Signatures are no part of a version and are left out.
std::vector<Difference> differences(const Json& first, const Json& second);

std::string to_text(const Difference& difference);
JsonObject to_json(const Difference& difference);

}  // namespace firebreak::cacao
