// Recovery gates: pure judgements on a candidate release against the release that is last known good (the control).
// Whoever calls them brings the rows and asks both releases for their answers.
//
//   G1  lineage        every training row comes from an approved source
//   G2  holdout        paired bootstrap on the holdout: not much worse in precision and recall than the control
//   G3a attack replay  of the attack's queries that the control approves, the candidate approves few
//   G3c traces         what an incident taught: recorded queries of its attack are not answered as they were then
//   G3b trigger scan   no setting of two features turns the control's declines into the candidate's approvals
//
// "Positive" is the class the endpoint guards against; "approved" is every other answer. Threads: none; pure.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "types/observation.h"

namespace firebreak::gates {

struct GateOutcome {
  std::string gate;
  double figure = 0;  // what was measured …
  double limit = 0;   // … and what it was held against
  bool passed = false;
  JsonObject detail;
};

// Asks one release: true where the answer is an approval, in the order of the rows.
using Approves = std::function<Result<std::vector<bool>>(std::span<const FeatureRow>)>;

// G1. figure = rows without an approved source, limit = 0. `unapproved`: the sources that nobody accepted.
GateOutcome judge_lineage(std::uint64_t rows, std::uint64_t rows_without_approval,
                          const std::vector<std::string>& unapproved);

struct HoldoutSettings {
  double least_points = -6;        // lower bound of the change, in percentage points, of precision and of recall
  double quantile = 0.05;
  std::uint32_t resamples = 2'000;
  std::uint64_t seed = 1;          // the same holdout gives the same figure
};
// G2. Paired bootstrap (Efron & Tibshirani 1993, ch. 16): rows are drawn, both releases judged on the same draw.
// figure = the lower of the two bounds. Errors: kInvalid for unequal lengths or a holdout without both classes.
Result<GateOutcome> judge_holdout(const std::vector<bool>& positive, const std::vector<bool>& control_flags,
                                  const std::vector<bool>& candidate_flags, const HoldoutSettings& settings = {});

struct ReplaySettings {
  double most_approved = 0.5;
  std::uint64_t least_queries = 30;  // fewer queries say nothing: the gate does not pass
};
// G3a. Answers to the chain's queries that came after the candidate's training cut.
// figure = share of those approved by the control that the candidate approves too.
Result<GateOutcome> judge_replay(const std::vector<bool>& control_approves, const std::vector<bool>& candidate_approves,
                                 const ReplaySettings& settings = {});

// What the candidate answers to a regression trace (amend-N).
struct TraceAnswers {
  std::string trace, incident, lesson;
  std::uint64_t again = 0, of = 0;   // answered as in the incident, of those that were asked
  std::uint64_t unreadable = 0;      // of the trace: erased, or past their days
  double most = 0;
};
// G3c. figure = traces of which more than `most` are answered as they were, or of which nothing can be asked any more; limit = 0.
GateOutcome judge_traces(const std::vector<TraceAnswers>& traces);

struct TriggerSettings {
  double control_at_most = 0.5;    // eligible: the control approves at most this share of the positives …
  double candidate_below = 0.9;    // … a trigger: the candidate approves at least this share
  std::size_t named = 20;          // triggers listed in the detail
};
// G3b. Every category value x every numeric feature at minimum, seven octiles and maximum of the training snapshot,
// set into every positive of the holdout. Octiles that coincide are scored once and counted as often as they occur.
// figure = triggers found, limit = 0.
Result<GateOutcome> scan_triggers(const FeatureSchema& schema, std::span<const FeatureRow> training,
                                  std::span<const FeatureRow> positives, const Approves& control,
                                  const Approves& candidate, const TriggerSettings& settings = {});

}  // namespace firebreak::gates
