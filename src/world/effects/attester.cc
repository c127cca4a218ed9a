#include "world/effects/attester.h"

#include <algorithm>

namespace firebreak::effects {

std::int64_t wait_after_us(int failures, std::int64_t interval_us) {
  constexpr std::int64_t kFirst = 1'000'000, kLongest = 600'000'000;
  const std::int64_t wait = kFirst << std::clamp(failures - 1, 0, 10);
  return std::min({wait, std::max(interval_us, kFirst), kLongest});
}

}  // namespace firebreak::effects
