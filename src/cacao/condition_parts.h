// A condition as a tree, and how two things are compared. A part of this room; others use condition.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cacao/lookup.h"

namespace firebreak::cacao {

enum class Comparator { kEqual, kUnequal, kLess, kLessEqual, kGreater, kGreaterEqual, kIn, kLike, kMatches, kSubset, kSuperset };

// One side of a comparison. A variable becomes one of the other kinds when it is looked up.
struct Term {
  enum class Kind { kVariable, kText, kNumber, kBool, kBytes, kTime, kAddress };
  Kind kind = Kind::kText;
  std::string text;      // the variable's name; the text; digits; true or false; octets; RFC 3339
  std::string name;      // who it is, for messages: the variable's name, or what the literal is
  bool is_hex = false;   // the text is hex digits (hexstring and hashes): octets compare with what they stand for
};

struct ConditionNode {
  enum class Kind { kAll, kAny, kNot, kComparison };
  Kind kind = Kind::kComparison;
  std::vector<ConditionNode> children;
  Comparator comparator = Comparator::kEqual;
  bool negated = false;
  Term left;
  std::vector<Term> right;  // one, or the set of IN
};

// The variable's value as a term; other terms as they are. Errors: kInvalid when it has no value.
Result<Term> look_up(const Term& term, const Lookup& lookup);

// `left` and `right` are looked up already. kIn compares with one item of the set. Errors: kInvalid.
Result<bool> compare(Comparator comparator, const Term& left, const Term& right);

// Errors: kInvalid says what is wrong with a pattern of MATCHES, or with a network.
Result<void> check_pattern(const std::string& pattern);
Result<void> check_network(std::string_view text);

}  // namespace firebreak::cacao
