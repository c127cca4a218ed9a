// What a lesson changes, before somebody proposes it: checked as far as the server can, and made into the document that another person approves.
//
//   rule        {rules: [{file, document, lines}]}: added to the rules that are applied (the same id is replaced); each brings tests, and all hold
//   playbook    {playbook}: a CACAO 2.0 document that runs here
//   regression  {answer, most?}: the incident's requests that were answered so; records of the stream by their numbers, so that who is erased is gone here too
//   retire      {amendment}: the end of a regression trace
//
// Threads: any.
#pragma once

#include <string>

#include "fold/gates/gates.h"
#include "run/app/context.h"
#include "run/app/rule_desk.h"
#include "types/observation.h"

namespace firebreak::app {

// {"kind", "document"} for `amendment.propose`. kInvalid with a pointer, kNotFound, kTooLarge.
Result<Json> make_amendment(const Context& context, RuleDesk& rules, const std::string& incident, const Json& asked);
// What the approver reads of the blob that the document names: the rules, or the trace. Null: the document says all.
Result<Json> amendment_content(const Context& context, const Json& amendment);

// A regression trace in force, as gates replay it.
struct Trace {
  std::string id, incident, lesson, answer;
  double most = 0;
  std::vector<FeatureRow> rows;     // that can be read
  std::uint64_t unreadable = 0;     // erased, or past their days
};
Result<std::vector<Trace>> traces_of(const Context& context, const std::string& endpoint);

}  // namespace firebreak::app
