// Figures by windows of event time: what the answers given in each stretch of time came to.
//
// A window takes the answers whose event time lies in it, whenever their labels come; it is complete once the watermark (the latest
// event time seen, less `lateness`) has passed its end. Later labels still count, as long as the window is kept, and are told as
// late. Counts and sums only: a corrected label is taken back exactly. Bounded: the newest `kWindows` windows. Pure; one owner.
#pragma once

#include <cstdint>
#include <deque>

#include "base/time.h"
#include "fold/detect/measures.h"
#include "stats/labelled.h"

namespace firebreak::detect {

class PerformanceWindows {
 public:
  static constexpr std::size_t kWindows = 64;

  struct Window {
    Time start;
    std::uint64_t answers = 0, labels = 0, late = 0;
    stats::Confusion expected;  // of the answers, by calibrated scores
    stats::Confusion counts;    // of the labels
    Losses n{}, loss{};         // of the labels, by measure
    double log_loss = 0;        // sum over the labels that have a score
  };

  PerformanceWindows(std::int64_t window_us, std::int64_t lateness_us) : window_us_(window_us), lateness_us_(lateness_us) {}

  // probability: NaN when there is none.
  void answer(Time time, bool flagged, double probability);
  // times 1: a label came; -1: it is taken back.
  void label(Time time, bool flagged, bool positive, double score, const Losses& losses, int times);

  const std::deque<Window>& all() const { return windows_; }  // oldest first
  bool complete(const Window& window) const { return window.start.us + window_us_ + lateness_us_ <= latest_.us; }
  std::uint64_t late() const { return late_; }
  std::uint64_t too_late() const { return too_late_; }  // labels of windows that are no longer kept

 private:
  Window* at(Time time);

  std::int64_t window_us_, lateness_us_;
  Time latest_;
  std::deque<Window> windows_;
  std::uint64_t late_ = 0, too_late_ = 0;
};

}  // namespace firebreak::detect
