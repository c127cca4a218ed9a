#include "world/gateway/tally.h"

#include <chrono>

namespace firebreak::gateway {

bool InFlight::wait_for_earlier(std::int64_t timeout_us) {
  const std::lock_guard one_at_a_time(barrier_);
  const auto limit = std::chrono::steady_clock::now() + std::chrono::microseconds(timeout_us);
  std::unique_lock lock(mutex_);
  ++waiting_;
  // The other side may still hold requests that a timed-out barrier left there.
  bool done = true;
  for (int turn = 0; turn < 2 && done; ++turn) {
    const unsigned old = epoch_.fetch_add(1) & 1;
    done = changed_.wait_until(lock, limit, [&] { return counts_[old].load() == 0; });
  }
  --waiting_;
  return done;
}

}  // namespace firebreak::gateway
