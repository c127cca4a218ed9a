// Means of values in 0..1 (errors, missing fields, losses scaled), watched without a fixed end.
//
// BoundedMeanDetector: has the conditional mean risen above `baseline`? Bets with K stakes, averaged, and tells a change when
// the average reaches `threshold`: then the mean number of values up to a false alarm is at least `threshold`, for any
// dependence between values whose conditional mean stays at or below the baseline. For a fall, give 1 - x and 1 - baseline.
// The baseline must be known or be an upper confidence limit of what was measured.
// MeanConfidenceSequence: an interval for the mean that covers it at all times together with chance 1 - alpha, for values
// whose conditional mean is constant.
// Sources: Shin, Ramdas & Rinaldo 2024 (e-detectors: Shiryaev-Roberts and CUSUM forms); Waudby-Smith & Ramdas 2024, theorem 2
// (predictable plug-in empirical Bernstein).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace firebreak::stats {

struct BoundedMeanOptions {
  enum class Form { kShiryaevRoberts, kCusum };
  double baseline = 0.5;     // above 0, below 1
  double threshold = 1e4;    // also the least mean run length without a change
  double least_rise = 1.2;   // the smallest change looked for, as a factor of the baseline; above 1
  std::size_t stakes = 8;    // changes looked for, spaced geometrically from least_rise to nearly one
  Form form = Form::kShiryaevRoberts;
};

class BoundedMeanDetector {
 public:
  explicit BoundedMeanDetector(const BoundedMeanOptions& options);

  // True when the change is told; after that it starts anew by itself. Asserts 0 <= value <= 1.
  bool update(double value);
  double evidence() const;                       // the average, 0 at the start
  std::uint64_t n() const { return n_; }         // values since the start

 private:
  BoundedMeanOptions options_;
  std::vector<double> stakes_, wealth_;
  std::uint64_t n_ = 0;
};

class MeanConfidenceSequence {
 public:
  explicit MeanConfidenceSequence(double alpha = 0.05);

  void add(double value);  // asserts 0 <= value <= 1
  // The intersection of all intervals so far, within 0..1. Low above high: values whose mean is not constant.
  double low() const { return low_; }
  double high() const { return high_; }
  std::uint64_t n() const { return n_; }

 private:
  double log_term_;
  double sum_ = 0, squares_ = 0;                       // of values; of deviations from the mean guessed before each
  double stake_sum_ = 0, staked_ = 0, penalty_ = 0;
  double low_ = 0, high_ = 1;
  std::uint64_t n_ = 0;
};

}  // namespace firebreak::stats
