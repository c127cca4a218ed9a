// A step's commands with the values that their variables have now: what would leave, and how a person reads it.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "cacao/lookup.h"
#include "fold/playbook/plan.h"

namespace firebreak::playbook {

// One command for one target. `kind`: manual, http, verb.
struct Rendered {
  std::string kind;
  Json what;         // manual {text}; http {method, url, headers, body, auth?}; verb {name, args}
  std::string text;  // for people: one line, or the text of a manual command
  std::string digest() const;  // SHA-256 of kind and what, hex
};

// `unit`: command × target, targets running faster. Errors: a variable without a value, a value that the place cannot hold.
Result<Rendered> render(const Plan& plan, const cacao::Step& step, std::size_t unit, const cacao::Lookup& lookup);

}  // namespace firebreak::playbook
