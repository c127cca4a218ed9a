// What CACAO 2.0 leaves open about a step, said in the step itself: Firebreak's extension of steps (docs/playbooks.md).
//
//   "step_extensions": {"extension-definition--b7a1c2d4-…": {
//     "success":  {"status": "200-299,404", "when": "__left__:value = 0"},  what counts as success; default: 200-299
//     "results":  [{"to": "__version__", "pointer": "/version"}, …],         what is taken from an answer (cacao/http_request.h)
//     "retry":    {"attempts": 3, "wait": 2000},                             tries in all (1..10), ms between them
//     "idempotent": true,                                                    a POST that may be sent twice with the same key
//     "approval": {"approvers": 2, "within": 3600000},                       people who must say yes (1..5), ms until it lapses
//     "iterations": 20,                                                      of a while-condition; default 100, at most 1,000
//     "raw_variables": ["__body__"]}}                                        inserted as they are
//
// Pure. Errors name the member by JSON Pointer below the extension.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "cacao/model.h"

namespace firebreak::playbook {

struct StepRules {
  std::vector<std::pair<int, int>> statuses = {{200, 299}};  // inclusive ranges
  std::string when;                                          // a condition over variables, asked after the results are in
  Json results = JsonArray{};
  std::uint32_t attempts = 1;
  std::int64_t retry_wait_ms = 1'000;
  bool idempotent = false;
  std::uint32_t approvers = 0;  // 0: nobody is asked
  std::int64_t approval_ms = 3'600'000;
  std::uint32_t iterations = 100;
  std::vector<std::string> raw;

  bool accepts(int status) const;
};

Result<StepRules> parse_rules(const Json& extension);

// The rules of a step of this document: the defaults when it has no such extension.
Result<StepRules> rules_of(const Json& document, const std::string& step);

}  // namespace firebreak::playbook
