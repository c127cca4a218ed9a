// A Sigma rule as it was read: what people are told, and what is tested.
//
// Sources: Sigma Rules Specification 2.0, Correlation Rules Specification 2.0, Modifiers Appendix 2.1. What of them is
// supported, and the reason why something is not, stands in docs/rules.md. Nothing is ignored that could change what a rule
// finds: it is refused. Errors: kInvalid with the reason and the JSON Pointer of the place. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fold/rules/atom.h"
#include "types/finding.h"

namespace firebreak::rules {

inline constexpr std::size_t kRuleNodes = 10'000;  // of one rule's condition, written out
inline constexpr std::uint64_t kMostCount = 10'000;  // that a correlation may ask for

// An id of a public framework, never without its version.
struct Framework {
  std::string framework, version, id, name;
};

// Events that must, or must not, make the rule match: JSON objects as docs/rules.md says.
struct RuleTest {
  struct Step {
    Json event;
    std::uint64_t repeat = 1;         // so often; {i} in its texts is the number, from 0
    std::int64_t every_us = kSecond;  // after the event before it, where it has no time of its own
  };
  std::string name;
  bool match = true;
  std::vector<Step> steps;
};

struct Correlation {
  enum class Type : std::uint8_t { kEventCount, kValueCount, kTemporal, kTemporalOrdered };
  Type type = Type::kEventCount;
  std::vector<std::string> rules;  // ids or names
  std::vector<std::string> group_by;
  std::int64_t timespan_us = 0;
  std::uint64_t least = 1;                            // matches from this count on …
  std::uint64_t most = UINT64_MAX;                    // … up to this one
  std::string field;                                  // kValueCount
  // alias -> rule (id or name) -> field
  std::vector<std::pair<std::string, std::vector<std::pair<std::string, std::string>>>> aliases;
  bool generate = false;  // the rules it is made of speak for themselves, too
};
std::string_view type_name(Correlation::Type type);

struct Rule {
  std::string id, name, title, status, description, author, date, modified, license;
  std::optional<Severity> level;
  Logsource source;
  std::vector<std::string> references, tags, falsepositives, fields;
  std::vector<Framework> frameworks;  // Firebreak's own section `frameworks`
  std::vector<RuleTest> tests;        // Firebreak's own section `tests`
  std::vector<std::string> custom;    // other sections: they say nothing to the matcher
  std::vector<Atom> atoms;
  Expr condition;                          // over atoms; of detections
  std::optional<Correlation> correlation;  // then there is no condition

  // By what others name it: the id, else the name, else the title.
  const std::string& key() const { return !id.empty() ? id : !name.empty() ? name : title; }
};

Result<Rule> parse_rule(const Json& document);

// Parts of parse_rule, for tests.
Result<Expr> parse_condition(std::string_view text, const std::vector<std::pair<std::string, Expr>>& searches);
// One search identifier: a map, a list of maps, or keywords. Adds to `atoms`.
Result<Expr> parse_search(const Json& search, std::vector<Atom>& atoms);
// "field|modifier|…" and its value or values.
Result<Expr> parse_item(std::string_view key, const Json& value, std::vector<Atom>& atoms);
Result<Correlation> parse_correlation(const Json& section);
Result<std::int64_t> parse_span(std::string_view text);  // "90m" in microseconds

}  // namespace firebreak::rules
