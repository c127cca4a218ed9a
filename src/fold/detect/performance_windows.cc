#include "fold/detect/performance_windows.h"

#include <algorithm>

namespace firebreak::detect {

PerformanceWindows::Window* PerformanceWindows::at(Time time) {
  const std::int64_t shift = time.us % window_us_;
  const Time start{time.us - (shift < 0 ? shift + window_us_ : shift)};
  const auto found = std::lower_bound(windows_.begin(), windows_.end(), start,
                                      [](const Window& window, Time t) { return window.start < t; });
  if (found != windows_.end() && found->start == start) return &*found;
  if (windows_.size() >= kWindows) {
    if (found == windows_.begin()) return nullptr;
    const auto place = found - windows_.begin() - 1;
    windows_.pop_front();
    return &*windows_.insert(windows_.begin() + place, Window{start, 0, 0, 0, {}, {}, {}, {}, 0});
  }
  return &*windows_.insert(found, Window{start, 0, 0, 0, {}, {}, {}, {}, 0});
}

void PerformanceWindows::answer(Time time, bool flagged, double probability) {
  latest_ = std::max(latest_, time);
  Window* const window = at(time);
  if (window == nullptr) return;
  ++window->answers;
  if (says(probability)) window->expected.add(flagged, probability);
}

void PerformanceWindows::label(Time time, bool flagged, bool positive, double score, const Losses& losses, int times) {
  Window* const window = at(time);
  if (window == nullptr) {
    too_late_ += times > 0 ? 1 : 0;
    return;
  }
  if (times > 0 && complete(*window)) {
    ++late_;
    ++window->late;
  }
  if (times > 0) {
    ++window->labels;
  } else if (window->labels > 0) {
    --window->labels;
  } else {
    return;  // the window was given up and opened again meanwhile
  }
  window->counts.add(flagged, positive ? 1 : 0, times);
  for (std::size_t m = 0; m < kMeasures; ++m) {
    if (!says(losses[m])) continue;
    window->n[m] += times;
    window->loss[m] = std::max(0.0, window->loss[m] + times * losses[m]);
  }
  if (score >= 0 && score <= 1) {
    const double chance = std::clamp(positive ? score : 1 - score, 1e-15, 1.0);
    window->log_loss = std::max(0.0, window->log_loss - times * std::log(chance));
  }
}

}  // namespace firebreak::detect
