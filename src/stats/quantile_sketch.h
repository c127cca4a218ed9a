// Quantiles of a stream in a few kilobytes: the KLL sketch.
//
// Levels of values; one at level h stands for 2^h. A full level is sorted and every second value moves up: which second is a coin.
// The coins come from the seed and the values' number, so that the same values with the same seed give the same bits; seed it
// with the position in the stream at which it begins, so that parts of one stream have coins of their own.
// Error: with chance 1 - alpha a rank is off by at most rank_error(alpha), a bound of Hoeffding over the coins that were thrown,
// in this sketch or in those merged into it; it holds for one rank asked for, whatever the values. About 1.2 % for k = 256 at
// alpha 0.01, and 0 until the first coin. Lowest and highest value are exact. State: kMostRetained values at most.
// Sources: Karnin, Lang & Liberty 2016 (capacities shrink by 2/3); Hoeffding 1963.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace firebreak::stats {

class QuantileSketch {
 public:
  static constexpr std::uint16_t kDefaultK = 256;  // values of the highest level
  static constexpr std::size_t kMostRetained = 2'048;

  explicit QuantileSketch(std::uint64_t seed = 0, std::uint16_t k = kDefaultK);

  void add(double value);                    // asserts finite
  void merge(const QuantileSketch& other);   // asserts equal k

  std::uint64_t n() const { return n_; }
  std::uint16_t k() const { return k_; }
  double min() const { return min_; }        // n() > 0
  double max() const { return max_; }
  double quantile(double q) const;           // a value of the stream, q in 0..1; NaN when empty
  double rank(double value) const;           // the share of values <= value; NaN when empty
  double rank_error(double alpha = 0.01) const;

  struct Point {
    double value = 0;
    std::uint64_t weight = 0;
    bool operator==(const Point&) const = default;
  };
  std::vector<Point> points() const;         // ascending; weights sum to n()
  std::size_t retained() const { return retained_; }

  // Little-endian: u8 1 | u16 k | u64 n | u64 coins | f64 squares | f64 min | f64 max | u8 levels | each: u16 count, f64 ...
  Bytes encode() const;
  static Result<QuantileSketch> decode(ByteView octets);  // kCorrupt

  bool operator==(const QuantileSketch&) const = default;

 private:
  std::size_t capacity(std::size_t level) const;
  void resize();             // room_ of the levels there are
  void compress();           // until everything fits
  void compact(std::size_t level);
  bool coin();

  std::uint16_t k_;
  std::uint64_t n_ = 0, coins_;
  double squares_ = 0;       // sum of squared weights over the coins
  double min_ = 0, max_ = 0;
  std::vector<std::vector<double>> levels_;  // all but the first ascending
  std::size_t retained_ = 0, room_ = 0;
};

}  // namespace firebreak::stats
