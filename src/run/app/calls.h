// Carries out what runs of playbooks have ordered outside: ordered -> started (durable) -> the other side -> ended. It decides
// nothing; what an answer means for the step is said by fold/playbook.
//
// Promise: `playbook_call_started` is on disk before the first octet leaves. After a crash a call that had started is sent
// again with the same key, unless it may happen only once: that one is told as uncertain and never sent again. A call whose
// step is over before it was started does not leave.
// A slow receiver holds up nobody else: a few calls at a time to each place, and many in all; a call whose step is over is broken off.
// Threads: take() and look() from any thread and do not block; the work is done on threads of its own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "fold/playbook/playbook.h"
#include "run/app/context.h"
#include "run/app/playbook_config.h"
#include "world/connect/caller.h"
#include "world/net/message.h"

namespace firebreak::app {

using Callers = std::map<std::string, std::unique_ptr<connect::Caller>>;

// The body of playbook_call_ended for what a connector gave: "digest" becomes __digest__, and what `results` ask for
// (cacao/http_request.h) stands under their names, because what two readings give would bear one name otherwise.
JsonObject told_by_connector(const JsonObject& values, const Json& results);

class Calls {
 public:
  // `installation`: what keys of this installation begin with, so that receivers of several tell them apart.
  Calls(const Context& context, const PlaybookConfig& config, const Callers& callers, std::string installation);
  ~Calls();  // stop()

  void take(playbook::Call call);
  void look();  // some step is over: what is under way for it is broken off
  bool idle() const;
  void wait_idle() const;
  void stop();  // what is under way comes back within about a second; the rest stays open in the journal

 private:
  using Cancelled = std::atomic<bool>;
  struct Waiting {
    playbook::Call call;
    std::string place;  // a host, a channel, a connector
  };

  void work();
  std::deque<Waiting>::iterator next();  // the first whose place is not busy
  void carry_out(const playbook::Call& call, const Cancelled& cancelled);
  bool is_wanted(const std::string& call) const;
  Result<JsonObject> answer(const playbook::Call& call, const Cancelled& cancelled);  // body of playbook_call_ended
  Result<JsonObject> http(const Json& ordered, const Cancelled& cancelled);
  Result<JsonObject> channel(const Json& ordered, const Cancelled& cancelled);
  Result<JsonObject> connector(const Json& ordered);
  Result<net::Response> send(const net::Request& request, const std::string& url, const Cancelled& cancelled);
  std::string key_of(const Json& ordered) const;
  void end(const playbook::Call& call, JsonObject body);

  const Context& context_;
  const PlaybookConfig& config_;
  const Callers& callers_;
  const std::string installation_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<Waiting> waiting_;
  std::map<std::string, std::size_t> busy_;                      // by place
  std::map<std::string, std::shared_ptr<Cancelled>> under_way_;  // by call
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace firebreak::app
