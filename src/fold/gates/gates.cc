#include "fold/gates/gates.h"

#include <fmt/core.h>

#include <algorithm>

namespace firebreak::gates {
namespace {

// splitmix64 (Steele, Lea, Flood 2014): the standard library's generators may differ between implementations.
std::uint64_t next(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

struct Counts {
  std::uint64_t flagged = 0, positives = 0, hits = 0;
  void add(bool flag, bool positive) {
    flagged += flag;
    positives += positive;
    hits += flag && positive;
  }
  double precision() const { return flagged == 0 ? 0 : static_cast<double>(hits) / static_cast<double>(flagged); }
  double recall() const { return positives == 0 ? 0 : static_cast<double>(hits) / static_cast<double>(positives); }
};

double lower_bound(std::vector<double>& changes, double quantile) {
  const auto at = changes.begin() + static_cast<std::ptrdiff_t>(quantile * static_cast<double>(changes.size()));
  std::nth_element(changes.begin(), at, changes.end());
  return *at;
}

}  // namespace

GateOutcome judge_lineage(std::uint64_t rows, std::uint64_t rows_without_approval,
                          const std::vector<std::string>& unapproved) {
  GateOutcome outcome{"G1", static_cast<double>(rows_without_approval), 0, false, {}};
  outcome.passed = rows_without_approval == 0 && unapproved.empty() && rows > 0;
  outcome.detail["rows"] = rows;
  outcome.detail["unapproved_sources"] = JsonArray(unapproved.begin(), unapproved.end());
  outcome.detail["text"] =
      outcome.passed ? fmt::format("all {} training rows come from approved sources", rows)
                     : fmt::format("{} of {} training rows have no approved source", rows_without_approval, rows);
  return outcome;
}

Result<GateOutcome> judge_holdout(const std::vector<bool>& positive, const std::vector<bool>& control_flags,
                                  const std::vector<bool>& candidate_flags, const HoldoutSettings& settings) {
  const std::size_t n = positive.size();
  const auto positives = static_cast<std::size_t>(std::count(positive.begin(), positive.end(), true));
  if (control_flags.size() != n || candidate_flags.size() != n)
    return fail(Code::kInvalid, "the holdout's labels and answers differ in number");
  if (positives == 0 || positives == n) return fail(Code::kInvalid, "the holdout needs rows of both classes");
  std::vector<double> precision, recall;
  std::uint64_t state = settings.seed;
  for (std::uint32_t draw = 0; draw < settings.resamples; ++draw) {
    Counts control, candidate;
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t row = next(state) % n;
      control.add(control_flags[row], positive[row]);
      candidate.add(candidate_flags[row], positive[row]);
    }
    precision.push_back((candidate.precision() - control.precision()) * 100);
    recall.push_back((candidate.recall() - control.recall()) * 100);
  }
  Counts control, candidate;
  for (std::size_t i = 0; i < n; ++i) {
    control.add(control_flags[i], positive[i]);
    candidate.add(candidate_flags[i], positive[i]);
  }
  const double precision_bound = lower_bound(precision, settings.quantile);
  const double recall_bound = lower_bound(recall, settings.quantile);
  GateOutcome outcome{"G2", std::min(precision_bound, recall_bound), settings.least_points, false, {}};
  outcome.passed = outcome.figure >= settings.least_points;
  outcome.detail = JsonObject{{"rows", n},
                              {"precision", candidate.precision()},
                              {"recall", candidate.recall()},
                              {"control_precision", control.precision()},
                              {"control_recall", control.recall()},
                              {"precision_lower_points", precision_bound},
                              {"recall_lower_points", recall_bound},
                              {"text", fmt::format("lower {:.0f} % bounds: precision {:+.1f}, recall {:+.1f} points",
                                                   settings.quantile * 100, precision_bound, recall_bound)}};
  return outcome;
}

Result<GateOutcome> judge_replay(const std::vector<bool>& control_approves, const std::vector<bool>& candidate_approves,
                                 const ReplaySettings& settings) {
  if (control_approves.size() != candidate_approves.size())
    return fail(Code::kInvalid, "the two releases answered different numbers of queries");
  std::uint64_t eligible = 0, still = 0;
  for (std::size_t i = 0; i < control_approves.size(); ++i) {
    eligible += control_approves[i];
    still += control_approves[i] && candidate_approves[i];
  }
  const double share = eligible == 0 ? 0 : static_cast<double>(still) / static_cast<double>(eligible);
  GateOutcome outcome{"G3a", share, settings.most_approved, false, {}};
  outcome.passed = eligible >= settings.least_queries && share <= settings.most_approved;
  outcome.detail = JsonObject{{"queries", control_approves.size()},
                              {"approved_by_control", eligible},
                              {"still_approved", still},
                              {"text", eligible < settings.least_queries
                                           ? fmt::format("only {} queries that the control approves: too few to judge", eligible)
                                           : fmt::format("{} of {} winning queries still approved ({:.1f} %)", still,
                                                         eligible, share * 100)}};
  return outcome;
}

GateOutcome judge_traces(const std::vector<TraceAnswers>& traces) {
  GateOutcome outcome{"G3c", 0, 0, false, {}};
  JsonArray told;
  std::string text;
  for (const TraceAnswers& one : traces) {
    const bool passed = one.of > 0 && static_cast<double>(one.again) <= one.most * static_cast<double>(one.of);
    if (!passed) {
      outcome.figure += 1;
      const std::string what = one.of == 0 ? fmt::format("{} of {}: none of its {} queries can be read any more; another amendment retires it", one.trace, one.incident, one.unreadable)
                                           : fmt::format("{} of {}: {} of {} answered as in the incident, {:.1f} % may be", one.trace, one.incident, one.again, one.of, 100 * one.most);
      text += (text.empty() ? "" : "; ") + what;
    }
    told.push_back(JsonObject{{"amendment", one.trace}, {"incident", one.incident}, {"lesson", one.lesson}, {"again", one.again}, {"of", one.of}, {"unreadable", one.unreadable},
                              {"most", one.most}, {"passed", passed}});
  }
  outcome.passed = outcome.figure == 0;
  outcome.detail["text"] = outcome.passed ? fmt::format("{} regression traces: none is answered as in its incident", traces.size()) : text;
  outcome.detail["traces"] = std::move(told);
  return outcome;
}

}  // namespace firebreak::gates
