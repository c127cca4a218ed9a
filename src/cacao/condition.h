// Conditions of if- and while-steps: the comparison expressions of STIX 2.1 patterning (OASIS, section 9.6) over variables.
//
//   __count__:value >= 3 AND NOT (__model__:value IN ('fraud', 'credit') OR __host__:value ISSUBSET '10.0.0.0/8')
//
// Operands, on either side: __name__:value, 'text' (\' and \\ escape), 3, 0.5, true, false, h'0aff', b'base64', t'2026-03-01T09:00:00Z'.
// Operators: = != < > <= >=, IN (one, or, more), LIKE (% any text, _ one character), MATCHES (RE2, found anywhere), ISSUBSET and ISSUPERSET
// (networks), each with NOT before it. AND binds tighter than OR; NOT (…) turns round; the whole may stand in [ ].
//
// Comparison goes by type: integer, long and float as numbers, bool as truth values, times as times, addresses as addresses, all else as
// text by octets. Text beside a number is compared as a number, and when it is none, that is an error: nothing is false by accident.
// AND and OR stop at the first part that decides.
//
// Bounds: 4 KiB, nesting 32; LIKE and MATCHES look at values of at most 64 KiB with patterns of at most 1 KiB. Threads: a Condition is
// constant and may be shared.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cacao/lookup.h"

namespace firebreak::cacao {

struct ConditionNode;  // condition_parts.h

class Condition {
 public:
  // Errors: kInvalid; the message says the column (1-based, in characters) and what was expected there.
  static Result<Condition> parse(std::string_view text);

  // Errors: kInvalid when a variable that is needed has no value, or two things cannot be compared. The message names variables, never
  // what they hold.
  Result<bool> holds(const Lookup& lookup) const;

  // The variables ("__name__") it refers to, each once, in order of first mention.
  std::vector<std::string> variables() const;

 private:
  std::shared_ptr<const ConditionNode> root_;
};

}  // namespace firebreak::cacao
