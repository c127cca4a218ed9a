// A playbook to start from: it conforms to strict-cs01 and runs as it is; people write their own words into it.
#pragma once

#include <functional>
#include <string>

#include "base/json.h"
#include "base/time.h"

namespace firebreak::cacao {

struct NewPlaybook {
  std::string name;
  std::string identity;               // identity--UUID of its author; empty: one is made
  Time now;
  std::function<std::string()> uuid;  // random UUIDs, version 4
};

// The phases of NIST SP 800-61r2: tell, capture evidence beside bounded containment, eradicate, recover, learn.
Json nist_skeleton(const NewPlaybook& wanted);

}  // namespace firebreak::cacao
