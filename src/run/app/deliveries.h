// Carries out what fold/notify has ordered: ordered -> started (durable) -> the receiver -> ended with its proof. It decides nothing:
// tries again, other channels and other people are ordered by the fold.
//
// Promise: `delivery_started` is on disk before the first octet leaves; nothing leaves for a delivery that is over by then. What a crash
// cuts off is started again, with the same key. Names and texts that people typed are put in here, on the way out, and stand in no entry.
// A slow receiver holds up only its own channel.
// Threads: take() from any and does not block; the work is done on threads of its own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "fold/notify/notify.h"
#include "run/app/context.h"
#include "run/app/notify_config.h"

namespace firebreak::app {

class Deliveries {
 public:
  // `installation`: what keys of this installation begin with.
  Deliveries(const Context& context, const NotifyConfig& config, std::string installation);
  ~Deliveries();  // stop()

  void take();  // everything that is ready and not under way
  bool idle() const;
  void wait_idle() const;
  void stop();  // what is under way comes back within about a second; the rest stays open in the journal

 private:
  void work();
  std::deque<std::string>::iterator next();
  void carry_out(const std::string& id);
  JsonObject outcome(const notify::Delivery& delivery, const notify::Notice& notice, const std::string& id);

  const Context& context_;
  const NotifyConfig& config_;
  const std::string installation_;
  std::atomic<bool> cancelled_{false};
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<std::string> waiting_;
  std::map<std::string, std::string> channel_of_;  // of those in waiting_
  std::set<std::string> under_way_;                // deliveries
  std::map<std::string, std::size_t> busy_;        // by channel
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace firebreak::app
