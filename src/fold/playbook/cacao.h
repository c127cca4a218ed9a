// The part of CACAO 2.0 (OASIS Committee Specification 01) that Firebreak runs, and what keeps a playbook from running here.
// The whole language, its linter and its import are in src/cacao.
//
// Steps: start, end, action, parallel, if-condition. Commands: `x-firebreak` (docs/formats/playbook.md lists the
// verbs) and `manual`. Everything else is refused by lint with a diagnostic, never skipped.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace firebreak::playbook {

struct Diagnostic {
  std::string pointer;   // into the document
  std::string message;
  bool error = true;     // false: a warning; the playbook can run
};

struct Step {
  std::string id, type, name;          // type as in CACAO: "action", "if-condition", …
  std::string command_type, command;   // action: its one command
  std::string on_completion, on_success, on_failure;
  std::vector<std::string> branches;   // parallel: next_steps; if-condition: on_true, on_false ("" = none)
  std::string condition;
  std::int64_t timeout_ms = 0;         // 0: the engine's maximum, 24 h
  bool operator==(const Step&) const = default;
};

struct Playbook {
  std::string id, modified, name, start, exception;
  std::string trigger_kind, trigger_rule;  // from labels "trigger:kind=…" / "trigger:rule=…"; empty: by hand only
  bool revoked = false;
  std::optional<Time> valid_from, valid_until;
  std::map<std::string, Step> steps;
  bool operator==(const Playbook&) const = default;
};

std::vector<Diagnostic> lint(const Json& document);

// Refuses (kInvalid) with the first error of lint().
Result<Playbook> playbook_from_json(const Json& document);

// Why it may not start now (revoked, not valid yet, expired); empty: it may.
std::string not_in_force(const Playbook& playbook, Time now);

}  // namespace firebreak::playbook
