// What happens because time passes: ticks that wake expiry, effect checks each minute, anchors of the streams.
//
// System clock: a thread of its own. Fed clock: feed(to) alone moves time, and returns when everything that the step
// set off has come to rest: spool delivered, detectors at the end of the stream, journal idle, jobs and orders done.
// Threads: feed() from any thread, one at a time.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "base/task_thread.h"
#include "run/app/calls.h"
#include "run/app/context.h"
#include "run/app/deliveries.h"
#include "run/app/effect_checks.h"
#include "run/app/projection.h"
#include "run/app/tickets.h"
#include "world/effects/worker.h"

namespace firebreak::app {

class Clockwork {
 public:
  // `fed` is null with the system's clock. `each_tick` is called once a second, or at each step of a fed clock.
  Clockwork(const Context& context, TaskThread& jobs, Projection& projection, effects::Worker& worker, Calls& calls, Deliveries& deliveries, Tickets& tickets, FedClock* fed,
            std::function<void()> each_tick);
  ~Clockwork();

  void start();
  void stop();  // also ends a feed() under way, as soon as the gateways' connectors let it

  // kBusy when two wait already: each keeps a handler, and the gateways need some to deliver. kInvalid when `to` is
  // before now().
  Result<Json> feed(Time to);

  // How fast whoever feeds the clock is to feed it: clock seconds per second, 0 = held, null = as fast as it goes. A
  // journal entry; the feeder reads it from the answers of feed().
  Result<Json> set_rate(const Json& rate, const std::string& reason, const std::string& by);
  void remember(const Entry& clock_fed);  // of an earlier start
  Json state() const;                     // {kind, time, wall, rate, held, reason, by}

 private:
  void run();
  void tick();            // decides expiry
  void minute(Time now);  // effect checks and anchors
  void settle() const;    // waits until nothing moves any more
  bool at_rest() const;
  bool stopping() const;

  const Context& context_;
  TaskThread& jobs_;
  Projection& projection_;
  effects::Worker& worker_;
  Calls& calls_;
  Deliveries& deliveries_;
  Tickets& tickets_;
  FedClock* const fed_;
  const std::function<void()> each_tick_;
  EffectChecks checks_;
  std::map<std::string, std::uint64_t> anchored_;  // stream -> size
  Time last_minute_;
  std::mutex feeding_;
  std::atomic<int> feeders_{0};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  Json rate_;  // under mutex_, as the next two
  std::string rate_reason_, rate_by_;
  std::thread thread_;
};

}  // namespace firebreak::app
