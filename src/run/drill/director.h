// Runs a drill on its stage: minute by minute it plays what was recorded, gives the injects out when their time has come and their
// condition holds, and lets people act: scripted ones at once (the clock stands meanwhile), others at their own pace while the clock runs.
//
// Deterministic: the same document, streams and seed lead to the same times and the same score (journal indexes may differ).
// When the stage is ended meanwhile (watcher.h), or somebody gives exercise.abort: kConflict.
// Threads: one.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "run/drill/cast.h"
#include "run/drill/stage.h"

namespace firebreak::drill {

struct Direction {
  bool scripted = false;
  double speed = 60;  // clock seconds a second, when people play; `firebreak clock rate` changes it
  std::uint64_t seed = 0;
  std::function<void(const std::string&)> tell = {};  // the facilitator: a line
};

class Director {
 public:
  Director(const Drill& drill, Stage& stage, Direction direction);
  Result<void> run();

 private:
  Result<void> play_minute(Time to);
  Result<void> give_injects(Time now);
  Result<void> give(std::size_t at);
  Result<void> let_people_act(Time now);
  Result<void> read_journal();
  Result<void> keep_pace();
  bool seen(const Pattern& pattern) const;
  void tell(Time at, const std::string& what) const;

  const Drill& drill_;
  Stage& stage_;
  const Direction direction_;
  Cast cast_;
  std::vector<std::size_t> next_;  // of each recording
  std::vector<bool> out_;          // of each inject: given out or passed over
  std::vector<Entry> seen_;        // kinds that conditions ask for
  std::uint64_t read_ = 0;
  bool aborted_ = false;
};

}  // namespace firebreak::drill
