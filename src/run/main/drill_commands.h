// What 'firebreak drill …' does without a server that runs already.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "run/drill/drill_document.h"
#include "run/drill/score.h"

namespace firebreak::cli {

struct DrillWords {
  std::string name, dir, out, reason, decision, choice, to, channel, text;
  std::vector<std::string> dirs;
  double speed = 60;
  std::uint64_t seed = 0, seeds = 5;
  bool scripted = false;
};

// NAME of content/drills (of the source tree or the installed program), or a file. `base`: its folder. Errors name file and line.
Result<drill::Drill> load_drill(const std::string& name, std::string& base);
// From DIR of a drill, or from its data folder, verified as it is read.
Result<drill::Score> score_of(const std::string& dir);

int check_drill(const DrillWords& words, bool json);
int run_drill(const DrillWords& words, bool json);
int score_drill(const DrillWords& words, bool json);
int report_drill(const DrillWords& words, bool json);
int abort_drill(const DrillWords& words, bool json);

}  // namespace firebreak::cli
