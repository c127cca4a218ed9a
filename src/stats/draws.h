// Numbers that only look drawn: the same seed gives the same ones, here and everywhere, so that a test by permutation has one answer.
// Source: splitmix64 (Steele, Lea & Flood 2014); rejection against modulo bias (Lemire 2019); Box & Muller 1958.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace firebreak::stats {

class Draws {
 public:
  explicit Draws(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t x = state_;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }
  std::uint32_t below(std::uint32_t n) {  // n > 0
    std::uint64_t product = (next() >> 32) * n;
    if (auto low = static_cast<std::uint32_t>(product); low < n) {
      const std::uint32_t least = -n % n;
      while (low < least) {
        product = (next() >> 32) * n;
        low = static_cast<std::uint32_t>(product);
      }
    }
    return static_cast<std::uint32_t>(product >> 32);
  }
  double uniform() { return (static_cast<double>(next() >> 11) + 0.5) * 0x1p-53; }  // above 0, below 1
  double normal() { return std::sqrt(-2 * std::log(uniform())) * std::cos(2 * std::numbers::pi * uniform()); }

 private:
  std::uint64_t state_;
};

}  // namespace firebreak::stats
