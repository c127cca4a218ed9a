// The after-action report: objectives rated P, S, M or U (HSEEP), what was expected and what happened, and a follow-up for each point
// that was lost, with an owner, a due time and an acceptance test. JSON, Markdown and one HTML page of the same.
//
//   P  met, no lack and no harm          S  met, improvements noted
//   M  met, but it harmed other work     U  not met (below half of its points)
// Made of the score alone; pure.
#pragma once

#include <string>

#include "base/time.h"
#include "run/drill/score.h"

namespace firebreak::drill {

Result<Json> after_action(const Score& score, Time made_at);  // by the wall clock: follow-ups run from then on
std::string after_action_markdown(const Json& report);
std::string after_action_html(const Json& report);

}  // namespace firebreak::drill
