// The report of one incident: what happened, when, who decided what, the proofs, what remains at risk.
//
// build_report puts together what the logs say (views) and what only the player of a story can know (its
// measured numbers, marked as such); it adds no figure of its own. docs/formats/report.md lists the fields.
// render_html turns that document into one self-contained page: no outside resource, no script, every text
// escaped.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"

namespace firebreak::report {

struct ReportInput {
  Json incident;            // Views::incident(id)
  std::string endpoint_owner;  // of its endpoint; empty: nobody is named
  Json robustness;          // Views::robustness()
  Json logs = JsonArray{};  // [{name, size, root}], as the ledgers state them
  Json offsite = nullptr;   // the copy off the machine: {place, state, immutable, gave_way, tested, lag_octets}; null without one
  Json replay = nullptr;    // {digest_before, digest_after}
  Json player = nullptr;    // measured by the player: {attack:{…}, traffic:{…}}
  Time made_at;
  std::string made_by;
};

// kInvalid when `incident` is not what Views::incident returns.
Result<Json> build_report(const ReportInput& input);

std::string render_html(const Json& report);

}  // namespace firebreak::report
