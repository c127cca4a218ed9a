// Plays the story: sets the installation up, imports the honest days, sends the rest through the gateway minute by minute,
// and lets the people act between two minutes.
#pragma once

#include <chrono>
#include <memory>

#include "fraud/player/pace.h"
#include "fraud/player/people.h"
#include "fraud/player/traffic.h"

namespace firebreak::example {

class Player {
 public:
  Player(Places places, Patience patience);

  Result<void> run();
  Result<void> write_figures();  // STATE/player.json
  const Stages& stages() const { return stages_; }

 private:
  Result<void> step_clock(Time to);
  Result<void> prove_serving();
  Result<void> verify_logs();
  Result<void> invite();
  Result<void> play(Time begin);
  Result<void> play_minute(Api& loader, std::size_t& at, Time next);
  Result<void> set_pace();
  void note_attack();
  Result<void> attack(bool contained);
  Result<std::uint64_t> count_changed();
  void progress();

  const Places places_;
  const Patience patience_;
  Story story_;
  People people_;
  Keys keys_;
  Stages stages_;
  std::unique_ptr<Api> admin_;
  std::unique_ptr<Pace> pace_;
  std::unique_ptr<Traffic> traffic_;
  std::unique_ptr<Script> script_;
  JsonObject attack_, live_;
  Time now_;
  std::uint64_t label_batches_ = 0, last_requests_ = 0;
  std::string phase_;  // of the pace
  std::chrono::steady_clock::time_point last_progress_ = std::chrono::steady_clock::now();
};

}  // namespace firebreak::example
