// Runs a drill on its stage: minute by minute it plays what was recorded, gives the injects out when their time has come and their
// condition holds, and lets people act: scripted ones at once (the clock stands meanwhile), others at their own pace while the clock runs.
//
// Deterministic: the same document, streams and seed lead to the same times and the same score (journal indexes may differ).
// When the stage is ended meanwhile (watcher.h), or somebody gives exercise.abort: kConflict.
// Threads: one.
#pragma once

#include <chrono>
#include <functional>
#include <map>
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
  Result<void> bring_candidates(Time now);
  Result<void> watch_kill_switch(const Entry& entry);
  Result<void> feel_kill_switch();
  bool seen(const Pattern& pattern) const;
  void tell(Time at, const std::string& what) const;

  const Drill& drill_;
  Stage& stage_;
  const Direction direction_;
  Cast cast_;
  std::vector<std::size_t> next_;  // of each recording
  std::vector<bool> out_;          // of each inject: given out or passed over
  std::vector<Entry> seen_;        // kinds that conditions ask for
  std::vector<bool> brought_;      // of each release: registered
  std::string incident_;           // the first on what is attacked

  using Wall = std::chrono::steady_clock;
  struct Thrown {  // an action that throws the kill switch
    std::string action;
    bool before = false;     // the model was asked for a probe before it
    Wall::time_point since;  // the newest approval is not older than this
    bool in_force = false, felt = false;
  };
  std::vector<Thrown> thrown_;
  Wall::time_point looked_ = Wall::now();  // before the newest look at the journal began: what is new in the next one is not older

  std::uint64_t read_ = 0;
  bool aborted_ = false;
};

}  // namespace firebreak::drill
