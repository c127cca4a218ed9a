// Parts of the playbook fold that its files share. Not for other rooms.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fold/playbook/playbook.h"

namespace firebreak::playbook {

inline constexpr std::size_t kSteps = 200;
inline constexpr std::size_t kDocument = 28 * 1024;               // octets, so that playbook_installed fits an entry
inline constexpr std::int64_t kLongestStepMs = 14LL * 86'400'000;
inline constexpr std::int64_t kDefaultStepMs = 86'400'000;
inline constexpr std::size_t kFindings = 1'000;

using Drafts = std::vector<Draft>;

// One x-firebreak command, read. `items` of evidence.capture, `days` of options.offer, `first` and `rest` of the others:
// task.open OWNER TEXT, phase TO REASON.
struct Verb {
  std::string name, first, rest;
  std::vector<std::string> items;
  std::int64_t days = 3;
};
Result<Verb> parse_verb(std::string_view command);
Result<std::vector<std::string>> parse_items(std::string_view text);  // "model,dataset"

// STIX comparison, the part used here: __name__:value (= | != | LIKE) 'literal', % in LIKE stands for any text.
struct Condition {
  std::string variable, op, literal;
};
Result<Condition> parse_condition(std::string_view text);
bool holds(const Condition& condition, const IncidentFacts& facts);

Draft make(std::string_view kind, std::string cause, JsonObject body);

// run.cc
Drafts start_run(const PlaybookState& state, const Playbook& playbook, const std::string& incident);
Drafts decide_run_started(const PlaybookState& state, const Entry& entry);
Drafts decide_step_started(const PlaybookState& state, const Entry& entry);
Drafts decide_step_ended(const PlaybookState& state, const Entry& entry);
Drafts end_step(const PlaybookState& state, const Run& run, const std::string& step, std::string_view outcome,
                std::string detail);
Drafts timeouts_due(const PlaybookState& state, Time now);

// answers.cc: what a waiting step was waiting for
Drafts decide_answer(const PlaybookState& state, const Entry& entry);
Drafts decide_command(const PlaybookState& state, const Entry& entry);

}  // namespace firebreak::playbook
