// Carries out what fold/ticket has ordered: ordered -> started (durable) -> the tracker -> ended with what came back; and takes what
// trackers tell. It decides nothing.
//
// Promise: `ticket_call_started` is on disk before the first octet leaves. What a crash cuts off is started again with the same key. Texts
// that people typed are put in on the way out; those that come in are kept apart from the journal, where they can be erased. A notice is
// taken once, also after a restart: a repetition is refused.
// Threads: any; a tracker that is slow holds up only its own calls.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/task_thread.h"
#include "run/app/context.h"
#include "run/app/ticket_config.h"

namespace firebreak::app {

class Tickets {
 public:
  // `installation`: what keys of this installation begin with.
  Tickets(const Context& context, const TicketConfig& config, std::string installation);
  ~Tickets() { stop(); }

  void take();  // every call that is ready and not under way; does not block
  void wait_idle() const;
  bool idle() const;
  void stop();
  // kNotFound, kUnauthorized, kInvalid; kConflict: it was told already.
  Result<Json> heard(const std::string& tracker, const net::Request& request, Time wall);

 private:
  void carry_out(std::uint64_t call);

  const Context& context_;
  const TicketConfig& config_;
  const std::string installation_;
  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  std::set<std::uint64_t> under_way_;
  std::mutex hearing_;  // one notice after the other, so that a repetition meets the first
  std::map<std::string, std::unique_ptr<TaskThread>> threads_;  // by tracker; last: they use the rest
};

}  // namespace firebreak::app
