#include "base/clock.h"

#include <chrono>

namespace firebreak {

std::int64_t Clock::steady_us() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Time SystemClock::now() const {
  return {std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
              .count()};
}

void FedClock::feed(Time to) {
  std::int64_t seen = now_us_.load(std::memory_order_acquire);
  while (seen < to.us && !now_us_.compare_exchange_weak(seen, to.us, std::memory_order_acq_rel)) {
  }
}

}  // namespace firebreak
