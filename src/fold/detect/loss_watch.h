// One measure of a model's performance as a stream of losses in 0..1 (a miss, an error, a squared error), held against what may be
// expected of it; valid however often it is looked at, and right again after a label was corrected.
//
// The alarm is an e-SR detector (stats/bounded_mean.h): while the mean loss stays at or below the baseline, the mean number of
// losses up to a false alarm is at least `threshold`. The newest `window` losses are kept: a correction among them replays them
// from the detector's state before the first, so the evidence is what it would have been with the right labels. Older ones stay
// as they were counted.
// Cost: O(1) a loss; a correction O(window). Pure; one owner.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "base/time.h"
#include "stats/bounded_mean.h"
#include "stats/mean_band.h"
#include "stats/onset.h"

namespace firebreak::detect {

struct LossWatchOptions {
  double baseline = 0;           // the largest mean loss that is still as expected; above 0, below 1
  double threshold = 0;          // above 1
  double least_rise = 1.2;       // the smallest rise looked for, as a factor of the baseline
  std::size_t window = 0;        // newest losses: kept for corrections, shown, and judged for the end of an episode
  double reference_n = 0, reference_sum = 0, reference_squares = 0;  // the sample behind the baseline, for the onset
};

class LossWatch {
 public:
  explicit LossWatch(const LossWatchOptions& options);

  // True: an alarm at this loss. `id` finds it again.
  bool add(std::uint64_t id, std::uint64_t index, Time time, double loss);
  // Another loss, or none when the answer no longer belongs to the measure. True: the evidence now reaches the threshold where it
  // did not. Nothing happens for an id that is no longer kept.
  bool correct(std::uint64_t id, std::optional<double> loss);

  double baseline() const { return options_.baseline; }
  double evidence() const { return now_.evidence(); }
  struct Place {
    std::uint64_t index = 0;
    Time time;
  };
  Place oldest() const;  // of the window; of an empty one the start of time
  std::size_t n() const { return recent_.size(); }  // losses in the window
  double mean() const;                              // of the window; NaN when it is empty
  // Since the start of the watch, or of the newest restart: valid at all times while the mean is constant.
  stats::MeanBand band(double alpha) const { return stats::mean_band(seen_, sum_, alpha); }
  double seen() const { return seen_; }
  // Of the losses whose answers came at `index` or later, as far as they are kept.
  struct Sum {
    double n = 0, sum = 0;
  };
  Sum since(std::uint64_t index) const;
  // The window is full, all of it came after the newest alarm, and it is back at the baseline.
  bool recovered() const;

  // In the order of the answers within the window, of the labels before it: where labels come days late, an older onset is blurred.
  std::optional<stats::OnsetEstimate> onset() const;
  void forget_past();  // a finding is over: the next onset is looked for from here on, the band starts anew
  std::size_t bytes() const;

 private:
  struct Loss {
    std::uint64_t id = 0, index = 0;
    Time time;
    double value = 0;
    bool counted = true;  // in the band
  };
  std::uint64_t replay();  // now_ anew from before_ and the window; how many alarms lie in it

  LossWatchOptions options_;
  stats::BoundedMeanDetector before_, now_;  // before the window's first loss, after its last
  stats::MeanOnset older_;                   // what left the window
  std::deque<Loss> recent_;
  double window_sum_ = 0, seen_ = 0, sum_ = 0;
  std::uint64_t alarms_ = 0;       // in the window as it stands
  std::uint64_t since_alarm_ = 0;
};

}  // namespace firebreak::detect
