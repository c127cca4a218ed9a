// The story's people: what an analyst and an approver do, through the public API with tokens of their own.
//
// They act between two steps of the clock and on nothing but what the API says, so a real person may do any step
// first. Before a scripted hand acts it waits for that, and the clock is held.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "fraud/player/pace.h"
#include "fraud/player/setup.h"
#include "fraud/player/stages.h"

namespace firebreak::example {

struct Patience {
  int seconds = 0;     // that each decision waits for a person: 0 none, -1 for ever
  std::string client;  // how people call firebreak, for the commands they are shown
  bool watched() const { return seconds != 0; }
};

class Script {
 public:
  // `attack_live(contained)` lets the live attacker loose; it may move the clock when contained.
  Script(const Places& places, const People& people, Stages& stages, const Patience& patience, Pace& pace,
         std::function<Result<void>(bool contained)> attack_live);

  // Holds the clock until somebody lets it go.
  Result<void> open();

  // Everything that can be done at `now`. Returns when nothing is left to do before the clock moves on.
  Result<void> act(Time now, bool stream_ended);

  bool contained() const { return stages_.reached("in force"); }
  const std::string& incident() const { return incident_; }
  bool finished() const { return stages_.reached("closed"); }

 private:
  using Step = Result<bool> (Script::*)(Time now);  // true: something was done, look again

  Result<bool> look_for_incident(Time now);
  Result<bool> triage(Time now);
  Result<bool> contain(Time now);
  Result<bool> watch_containment(Time now);
  Result<bool> refuse_poisoned(Time now);
  Result<bool> bring_hardened(Time now);
  Result<bool> follow_ladder(Time now);
  Result<void> end_runs();
  Result<bool> close(Time now);

  Result<Json> view() { return analyst_.get("/api/v1/incidents/" + incident_); }
  Result<Json> release(const std::string& name);
  // Waits for a real person as long as patience lasts, showing the command that does it, the clock held; true when
  // `done` became true.
  Result<bool> somebody_did(const std::string& what, std::string_view who, const std::string& command,
                            const std::function<Result<bool>()>& done);
  Result<void> rate_impact();
  Result<bool> get_approved(const std::string& id);
  Result<Json> open_action(std::string_view cls);

  const Places& places_;
  Stages& stages_;
  const Patience& patience_;
  Pace& pace_;
  const std::function<Result<void>(bool)> attack_live_;
  std::uint64_t seen_ = 0;  // newest command of either
  Api analyst_, approver_;
  std::string incident_, action_, promotion_;
  bool attacked_free_ = false, attacked_contained_ = false, stream_ended_ = false, closing_asked_ = false;
};

}  // namespace firebreak::example
