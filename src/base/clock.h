// The two clocks. now() is story or wall time: entry times, leases, windows, limits. steady() measures timeouts
// and latencies and never stands still.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/time.h"

namespace firebreak {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  virtual std::int64_t steady_us() const;  // microseconds since an arbitrary point, monotonic
};

class SystemClock : public Clock {
 public:
  Time now() const override;
};

// `serve --clock fed`: now() is what was fed last and stands still in between. It never goes back.
class FedClock : public Clock {
 public:
  explicit FedClock(Time start = {}) : now_us_(start.us) {}
  Time now() const override { return {now_us_.load(std::memory_order_acquire)}; }
  void feed(Time to);  // ignored when `to` is earlier than now()

 private:
  std::atomic<std::int64_t> now_us_;
};

}  // namespace firebreak
