// KSWIN: a change when the newest values differ from some of the window's older ones by Kolmogorov and Smirnov.
//
// river's rule and defaults, and its draws: those of Python's random.Random(seed), so that equal seeds give equal detections. With
// level 0.005 and a look at every value it raises many false alarms in a long stream; here for people who compare.
// update() as in change.h: with the next value after a detection it starts anew, the draws too. State: the window.
// Source: Raab, Heusinger & Schleif 2020; Matsumoto & Nishimura 1998 (MT19937, seeded by an array).
#pragma once

#include <array>
#include <cstdint>
#include <deque>

namespace firebreak::stats {

struct KswinOptions {
  double alpha = 0.005;
  std::size_t window = 100, newest = 30;  // newest < window / 2
  std::uint32_t seed = 42;
};

class Kswin {
 public:
  explicit Kswin(const KswinOptions& options = {});
  bool update(double value);

 private:
  void start();
  std::uint32_t draw();  // 32 bits
  std::uint32_t draw_below(std::uint32_t n);

  KswinOptions options_;
  std::deque<double> window_;
  std::array<std::uint32_t, 624> twister_{};
  std::size_t used_ = 624;
  bool changed_ = false;
};

}  // namespace firebreak::stats
