// Every minute of entry time: does each action in force work, and whom does it hurt? The figures become an
// `effect_check` entry; what follows from it (lifting, the next step of a ladder) the contain fold decides.
//
// An entry is written when the verdict or the figures changed, and at least once an hour. Threads: one at a time.
#pragma once

#include <map>
#include <string>

#include "fold/contain/contain.h"
#include "run/app/context.h"

namespace firebreak::app {

class EffectChecks {
 public:
  explicit EffectChecks(const Context& context) : context_(context) {}

  void run(Time now);

 private:
  struct Finding {
    JsonObject body;
    std::string verdict, reason;
  };
  struct Seen {
    std::string step, figures;
    Time written;
    std::int64_t shadow_failed_before = 0;  // the gateway's counter when the step began
  };

  Result<Finding> judge(const contain::ActionInForce& action, Seen& seen, Time now);
  Finding judge_measure(const contain::ActionInForce& action, StreamFeed& feed, const Endpoint& endpoint, Time now);
  Result<Finding> judge_step(const contain::ActionInForce& action, StreamFeed& feed, const Endpoint& endpoint,
                             Seen& seen, Time now);

  const Context& context_;
  std::map<std::string, Seen> seen_;  // by action
};

}  // namespace firebreak::app
