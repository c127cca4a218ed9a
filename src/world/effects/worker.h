// Carries orders out: order -> started (durable) -> the connector -> outcome. It decides nothing.
//
// Promise: `order_started` is on disk before the first octet leaves. After a crash every order without an outcome is
// taken up again: the other side is asked first, and the order is sent again only when it does not hold its fence.
// Orders of this version are declarative: sending one twice is the same as once. One order is sent at a time.
// Threads: take() from any thread and does not block; the work is done on a thread of its own.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "base/task_thread.h"
#include "types/entry.h"
#include "types/policy.h"
#include "world/connect/connector.h"

namespace firebreak::effects {

struct Order {
  std::string id;           // ord-N
  std::uint64_t fence = 0;  // N
  std::string action;       // empty: the endpoint's base policy
  std::string endpoint;
  std::string connector;    // name of the gateway
  std::string verb;         // apply, extend, remove
  QuarantineExtension extension;  // verb extend
  int attempts = 0;         // already started before a crash: the other side is asked first
};

// What the worker needs from the rest; all may be called from the worker's thread.
struct Hooks {
  std::function<Result<std::uint64_t>(Draft)> submit;  // to the journal; returns when durable
  std::function<Result<EndpointPolicy>(const Order&)> policy;  // what the endpoint shall enforce, with this fence
  std::function<connect::Connector*(const std::string& name)> connector;  // nullptr: there is none
};

struct RetryPolicy {
  int attempts = 5;
  std::int64_t first_wait_us = 200'000;  // doubled each time
};

class Worker {
 public:
  Worker(Hooks hooks, RetryPolicy retry);
  ~Worker();  // stop()

  void take(Order order);
  bool idle() const;       // nothing queued, nothing under way
  void wait_idle() const;  // also returns after stop()
  void stop();             // finishes the call under way; queued orders stay open in the journal

 private:
  void carry_out(const Order& order);
  Result<connect::Held> send(const Order& order, connect::Connector& connector);
  bool pause(std::int64_t wait_us);  // false: stopping
  void outcome(const Order& order, int attempt, std::string_view result, std::string_view digest,
               std::string_view detail);

  const Hooks hooks_;
  const RetryPolicy retry_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  TaskThread orders_;  // last: its thread ends before what it uses
};

}  // namespace firebreak::effects
