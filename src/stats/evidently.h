// The scores of Evidently 0.7.21, for people who move from it and want to see the same numbers.
//
// Samples: sorted ascending, finite, not empty: Evidently drops empty and infinite values first. Each score has its
// default threshold and is compared with it as Evidently compares. What is wrong with some of them stands in
// docs/statistics.md; Firebreak's own detectors do not use them.
// psi, jensenshannon and kl_div of numbers exist twice: with one bin per distinct value, as recorded from its tests called by
// hand, and as psi_in_reports and so on by Sturges' rule over both samples pooled when the reference has more than 20 distinct
// values, as its source says for numeric columns (no recorded number stands against these). With fewer distinct values the
// two are the same. hellinger bins by Sturges' rule over the distinct values of both samples.
// TVD and empirical_mmd count permutations: ours are (1 + hits) / (1 + permutations) over fixed draws, Evidently's hits / permutations over its
// own, so they agree to what a thousand or a hundred draws allow.
// Not followed: with integer columns and NumPy 2, bins are at least 1 wide; more than half a million values are needed
// for that to change anything.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "stats/bins.h"

namespace firebreak::stats {

struct EvidentlyScore {
  std::string name;    // the test's name there; "default" for the one it chooses by itself
  std::string method;  // the same, or the chosen one
  double score = 0;    // a distance or a p value
  bool drifted = false;
  double threshold = 0;
  std::string error;   // not empty: there is no score, and why
};

// empirical_mmd is an error without `with_kernel`: it takes a matrix of all pairs.
std::vector<EvidentlyScore> evidently_numeric(std::span<const double> reference, std::span<const double> current, bool with_kernel = false);

// Categories in ascending order of their names, counted on both sides.
std::vector<EvidentlyScore> evidently_categorical(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> current);

}  // namespace firebreak::stats
