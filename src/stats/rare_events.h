// Has something that seldom happens become more frequent? The bounded-mean e-detector of bounded_mean.h for 0 and 1, with a cost
// for the ones alone: between them its wealth is a formula.
//
// Same promise: the chance to reach A within n values is at most n / A while the conditional chance of each one stays at or below what
// hit() is told, whatever the dependence; that may change from value to value. Positions are 1-based and rise.
// Urn: the chance of the next one when nothing changes, from how many there were of how many (Polya; exact for values in no order).
#pragma once

#include <array>
#include <cstdint>

namespace firebreak::stats {

struct Urn {
  double ones = 0, values = 0;
  double chance() const { return (ones + 1) / (values + 1); }
  void add(bool one) {
    ones += one ? 1 : 0;
    values += 1;
  }
};

class RareEvents {
 public:
  explicit RareEvents(double baseline);  // above 0, below 1: the least chance that hit() will be told

  void hit(std::uint64_t position) { hit(position, baseline_); }
  void hit(std::uint64_t position, double chance);
  // ln of the evidence at `position`, not before the last hit; -infinity without a hit since the start.
  double log_evidence(std::uint64_t position) const;
  void restart(std::uint64_t position);

  double baseline() const { return baseline_; }
  std::uint64_t hits() const { return hits_; }  // since the start

 private:
  static constexpr std::size_t kStakes = 8;
  double wealth_after(std::size_t stake, std::uint64_t misses) const;

  double baseline_;
  std::array<double, kStakes> stakes_{}, wealth_{};
  std::uint64_t position_ = 0, hits_ = 0;
};

}  // namespace firebreak::stats
