#include "stats/kswin.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <vector>

#include "base/result.h"
#include "stats/kolmogorov.h"

namespace firebreak::stats {

Kswin::Kswin(const KswinOptions& options) : options_(options) {
  FIREBREAK_ASSERT(options.newest > 0 && 2 * options.newest < options.window);
  start();
}

// init_by_array of one word.
void Kswin::start() {
  constexpr std::uint32_t kSize = 624;
  auto& state = twister_;
  state[0] = 19'650'218;
  for (std::uint32_t i = 1; i < kSize; ++i) state[i] = 1'812'433'253 * (state[i - 1] ^ (state[i - 1] >> 30)) + i;
  std::uint32_t i = 1;
  const auto step = [&](std::uint32_t factor) { return state[i] ^ ((state[i - 1] ^ (state[i - 1] >> 30)) * factor); };
  const auto next = [&] {
    if (++i < kSize) return;
    state[0] = state[kSize - 1];
    i = 1;
  };
  for (std::uint32_t k = 0; k < kSize; ++k, next()) state[i] = step(1'664'525) + options_.seed;
  for (std::uint32_t k = 0; k + 1 < kSize; ++k, next()) state[i] = step(1'566'083'941) - i;
  state[0] = 0x80000000;
  used_ = kSize;
}

std::uint32_t Kswin::draw() {
  auto& state = twister_;
  if (used_ == state.size()) {
    for (std::size_t i = 0; i < state.size(); ++i) {
      const std::uint32_t y = (state[i] & 0x80000000) | (state[(i + 1) % 624] & 0x7fffffff);
      state[i] = state[(i + 397) % 624] ^ (y >> 1) ^ ((y & 1) != 0 ? 0x9908b0df : 0);
    }
    used_ = 0;
  }
  std::uint32_t y = state[used_++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680;
  y ^= (y << 15) & 0xefc60000;
  return y ^ (y >> 18);
}

std::uint32_t Kswin::draw_below(std::uint32_t n) {
  const auto bits = static_cast<unsigned>(std::bit_width(n));
  for (;;)
    if (const std::uint32_t value = draw() >> (32 - bits); value < n) return value;
}

bool Kswin::update(double value) {
  if (changed_) {
    window_.clear();
    start();
    changed_ = false;
  }
  window_.push_back(value);
  if (window_.size() > options_.window) window_.pop_front();
  if (window_.size() < options_.window) return false;
  const std::size_t older = options_.window - options_.newest;
  std::vector<std::uint32_t> pool(older);
  std::iota(pool.begin(), pool.end(), 0u);
  std::vector<double> some, newest(window_.begin() + static_cast<std::ptrdiff_t>(older), window_.end());
  for (std::size_t i = 0; i < options_.newest; ++i) {
    const std::uint32_t at = draw_below(static_cast<std::uint32_t>(older - i));
    some.push_back(window_[pool[at]]);
    pool[at] = pool[older - i - 1];
  }
  std::sort(some.begin(), some.end());
  std::sort(newest.begin(), newest.end());
  const double distance = kolmogorov_distance(some, newest).distance;
  changed_ = distance > 0.1 && kolmogorov_two_sample_exact(distance, some.size(), newest.size()) <= options_.alpha;
  return changed_;
}

}  // namespace firebreak::stats
