// Change detectors of one stream of numbers, as they are commonly used: ADWIN, DDM, Page-Hinkley.
//
// update() takes the next value and says whether a change is told at it; with the next value the detector starts anew.
// Defaults are river's. None of the three keeps a stated rate of false alarms over
// a long stream; they are here for comparison and for people who know them. Values must be finite.
// State: ADWIN O(log n), the others a few numbers. Same values, same answers.
// Sources: Bifet & Gavalda 2007 with the bucket loop of MOA; Gama, Medas, Castillo & Rodrigues 2004; Page 1954, Hinkley
// 1971 with a forgetting factor.
#pragma once

#include <cstdint>
#include <vector>

namespace firebreak::stats {

struct AdwinOptions {
  double delta = 0.002;                // chance of a false cut at one check
  std::uint64_t clock = 32;            // looks every so many values: detections fall on multiples of it
  std::size_t max_buckets = 5;         // per row; row r holds buckets of 2^r values
  std::uint64_t min_window_length = 5; // on each side of a cut
  std::uint64_t grace_period = 10;     // values before the first look
  bool starts_anew = true;             // after a change, as river; false: keeps what lies after the cut, as the paper
};

class Adwin {
 public:
  explicit Adwin(const AdwinOptions& options = {}) : options_(options) {}
  bool update(double value);
  std::uint64_t width() const { return width_; }
  double mean() const { return width_ == 0 ? 0 : total_ / static_cast<double>(width_); }

 private:
  struct Bucket {
    double total = 0, variance = 0;  // variance: sum of squared deviations within
  };
  void insert(double value);
  void compress();
  void drop_oldest();
  bool cut_here(double n0, double n1, double difference) const;
  bool shrink();  // once; true when something was dropped

  AdwinOptions options_;
  std::vector<std::vector<Bucket>> rows_;  // each oldest first
  std::uint64_t width_ = 0, ticks_ = 0;
  double total_ = 0, variance_ = 0;
  bool changed_ = false;
};

struct DdmOptions {
  std::uint64_t warm_start = 30;  // errors and non-errors that are only counted
  double warning_threshold = 2, drift_threshold = 3;  // in standard deviations at the best point so far
};

// Values: 1 for an error, 0 for none.
class Ddm {
 public:
  explicit Ddm(const DdmOptions& options = {}) : options_(options) {}
  bool update(double error);
  bool warning() const { return warning_; }

 private:
  DdmOptions options_;
  std::uint64_t n_ = 0;
  double errors_ = 0, best_rate_ = 0, best_spread_ = 0, best_ = 0;
  bool has_best_ = false, warning_ = false;
};

struct PageHinkleyOptions {
  std::uint64_t min_instances = 30;
  double delta = 0.005, threshold = 50;  // in the values' unit: choose them for the stream
  double alpha = 0.9999;                 // how much of the sum is kept at each value
};

// Both directions.
class PageHinkley {
 public:
  explicit PageHinkley(const PageHinkleyOptions& options = {}) : options_(options) {}
  bool update(double value);

 private:
  PageHinkleyOptions options_;
  std::uint64_t n_ = 0;
  double mean_ = 0, rise_ = 0, fall_ = 0, lowest_ = 0, highest_ = 0;
};

}  // namespace firebreak::stats
