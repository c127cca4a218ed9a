// Several runs of one drill side by side: for each part every value, how many there are, median and 90th percentile. No mean: with few
// runs of something that is log-normal it says nothing. Pure.
#pragma once

#include <string>
#include <vector>

#include "run/drill/score.h"

namespace firebreak::drill {

// kConflict: they are not runs of one drill with the same truth (the seal's salt aside). kInvalid: fewer than two.
Result<Json> compare_runs(const std::vector<Score>& runs);
std::string runs_text(const Json& compared);

}  // namespace firebreak::drill
