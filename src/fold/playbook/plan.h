// A playbook made ready to run: read, its conditions and rules parsed, what starts it named. And what keeps a playbook from
// running here: everything that the engine could not do is refused before a run starts, never skipped.
//
// Runs: all eight step types; commands `manual`, `http-api`, `openc2-http`, `firebreak` (or `x-firebreak`). Refused by
// name: shells and every other command type of the vocabulary, agents of unknown types, what the linter calls an error.
// Plans are immutable and shared: they may be read from any thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "cacao/condition.h"
#include "cacao/diagnostic.h"
#include "cacao/model.h"
#include "fold/playbook/rules.h"

namespace firebreak::playbook {

inline constexpr std::size_t kSteps = 500;
inline constexpr std::size_t kDocument = 30 * 1024;  // octets, signatures and all, so that playbook_installed fits an entry
inline constexpr std::int64_t kLongestStepMs = 14LL * 86'400'000;
inline constexpr std::int64_t kDefaultStepMs = 86'400'000;  // an action without `timeout`: nothing waits for ever

struct Plan {
  cacao::Playbook read;
  std::string digest;  // SHA-256 of the canonical document, hex
  Time modified;
  std::optional<Time> valid_from, valid_until;
  std::vector<std::string> trigger_rules;  // labels "trigger:rule=…": the incident's rule is one of them
  std::string trigger_kind;                // label "trigger:kind=…": a finding it opened with is of this kind
  std::map<std::string, StepRules> rules;  // by step; those that have some
  std::map<std::string, cacao::Condition> conditions;  // by step; a step whose condition does not parse fails when it is reached

  const cacao::Step* step(const std::string& id) const { return read.step(id); }
  const StepRules& rules_for(const std::string& step) const;
  // µs after its begin; the engine's maximum when the step names none
  std::int64_t timeout_us(const cacao::Step& step) const;
  // Commands × targets: an action without targets runs each command once, by its agent.
  std::size_t units(const cacao::Step& step) const;
};
using PlanPtr = std::shared_ptr<const Plan>;

// Reads what can be read: an entry of the journal is a fact, whatever lint thinks of it today.
PlanPtr make_plan(const Json& document);

// What keeps this document from running here: first the linter's errors (profile lenient-import), then what the engine does not do.
std::vector<cacao::Diagnostic> not_runnable(const Json& document);

// Refuses (kInvalid) with the first of not_runnable().
Result<PlanPtr> runnable_plan(const Json& document);

// The two differ in their signatures alone: a signature is no new version.
bool differ_in_signatures(const Json& a, const Json& b);

// Why it may not start now (revoked, not valid yet, expired); empty: it may.
std::string not_in_force(const Plan& plan, Time now);

// The variables that Firebreak itself gives a value when a playbook declares them `external`: __incident__, __endpoint__, …
bool is_given(std::string_view variable);

}  // namespace firebreak::playbook
