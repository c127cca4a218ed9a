// What can be said of rules without a stream: do their own tests hold, what is missing in them, what do they mean.
//
// Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "fold/rules/rule_set.h"

namespace firebreak::rules {

struct TestResult {
  std::uint32_t rule = 0;
  std::string name;
  bool expected = true, matched = false;
  bool passed() const { return expected == matched; }
};

// A test's events go, in their order, through a new engine with the whole set. An event without `logsource` is of the rule's
// own (a correlation: of the first detection it is made of); one without `time` comes a second after the one before.
std::vector<TestResult> run_tests(const std::shared_ptr<const RuleSet>& set, std::uint32_t rule);
Logsource source_of_tests(const RuleSet& set, std::uint32_t rule);

struct Note {
  std::uint32_t rule = 0;
  bool grave = false;  // not grave: advice
  std::string what;
};
// What a good rule has and this one has not; tests are run. `ours`: shipped rules, where missing framework ids are grave.
std::vector<Note> lint(const std::shared_ptr<const RuleSet>& set, bool ours = false);

// {id, title, …, says: [lines], questions: [text], frameworks, correlation?, cost}.
JsonObject explain(const RuleSet& set, std::uint32_t rule);

}  // namespace firebreak::rules
