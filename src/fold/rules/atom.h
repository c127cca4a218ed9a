// The smallest questions that rules ask of an event: one field (or any word), one comparison.
//
// An Expr is a rule's condition over its atoms. Sources: Sigma Rules Specification 2.0 and Modifiers Appendix 2.1.
// Two-valued: a comparison with a field that an event does not have is false, and its negation true. Pure; any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fold/rules/event.h"
#include "fold/rules/pattern.h"

namespace firebreak::rules {

enum class Op : std::uint8_t { kText, kNumber, kLess, kLessOrEqual, kGreater, kGreaterOrEqual, kRegex, kCidr, kNull, kExists, kField };
// What of a time is compared (Sigma's time modifiers), in UTC; the week is ISO 8601's.
enum class TimePart : std::uint8_t { kNone, kMinute, kHour, kDay, kWeek, kMonth, kYear };

struct Cidr {
  std::string network;  // 4 or 16 octets
  unsigned bits = 0;
};
Result<Cidr> parse_cidr(std::string_view text);
std::optional<std::string> parse_address(std::string_view text);  // 4 or 16 octets; an IPv4 in IPv6 is 4

// A compiled regular expression: RE2, so time is linear in the text whatever the pattern.
class Regex {
 public:
  // `flags`: of i, m, s. kInvalid with RE2's reason.
  static Result<std::shared_ptr<const Regex>> compile(const std::string& pattern, std::string_view flags);
  ~Regex();
  bool found_in(std::string_view text) const;
  std::size_t bytes() const;
  const std::string& pattern() const { return pattern_; }

 private:
  Regex() = default;
  struct Program;
  std::unique_ptr<Program> program_;
  std::string pattern_;
};
// A text that every match of the expression contains, in lower case; empty when none is plain to see.
std::string required_literal(std::string_view pattern, bool insensitive);

struct Atom {
  std::string field;  // empty: any value of the event (keywords)
  Op op = Op::kText;
  TimePart part = TimePart::kNone;
  Pattern pattern;                     // kText
  double number = 0;                   // comparisons
  std::shared_ptr<const Regex> regex;  // kRegex
  std::string flags;                   // kRegex
  Cidr cidr;
  std::string text;                    // kCidr: as written
  std::string other;                   // kField: the other field
  bool starts = false, ends = false;   // kField: the field starts, ends with (both: contains) the other's value
  bool cased = false;                  // kField

  std::string key() const;   // equal keys: the same question
  std::string said() const;  // for people: "features.age is greater than 90"
};

// `value`, `other`: of the atom's field and of the one it refers to.
bool holds(const Atom& atom, const Event& event, const Value& value, const Value* other);

struct Expr {
  enum class Kind : std::uint8_t { kAtom, kAnd, kOr, kNot };
  Kind kind = Kind::kAtom;
  std::size_t atom = 0;  // of the rule's atoms
  std::vector<Expr> parts;
};
std::size_t nodes(const Expr& expr);

}  // namespace firebreak::rules
