// When did it begin? The weight of each possible beginning, given all values up to now and that there was one.
//
// Values are told from the newest back to the oldest, each as ln of its chance in the new state (as learned from the newer ones)
// over that in the old state; the weight of a beginning is the product over the values since. Interval: as much weight on each side
// outside as asked for. Source: the Shiryaev posterior with a flat prior (Shiryaev 1963), the new state's chances by a Dirichlet
// mixture.
#pragma once

#include <cstdint>
#include <vector>

namespace firebreak::stats {

class OnsetPosterior {
 public:
  void add_older(double log_ratio);
  void add_older_weight(double log_weight);  // of a beginning at the next older value, when it is no running sum

  // Ages: 1 is the newest value. The beginning lies between them, both included.
  struct Ages {
    std::uint64_t oldest = 0, likeliest = 0, newest = 0;
  };
  Ages interval(double outside) const;  // e.g. 0.05; asserts that there is a value
  bool reaches_back(double outside) const;  // the oldest value told is still inside: it may have begun before

 private:
  std::vector<double> log_weights_;  // by age - 1
  double sum_ = 0;
};

// ln of the weight of a beginning for numbers on 0..1 that were uniform: by the very bets of uniform_evidence.h, so that what the alarm
// rests on says when it began. Values are told by their cell, newest first.
class ShiftWeights {
 public:
  double add_older(std::size_t cell);

 private:
  std::vector<double> bets_;                     // ln of each stake's wealth
  std::vector<double> cells_;                    // counts
  double log_mixture_ = 0, n_ = 0;
};

// ln of the chance in the new state, learned value by value, over a known one in the old: for 0 and 1.
class LearnedChance {
 public:
  explicit LearnedChance(double baseline) : baseline_(baseline) {}
  double log_ratio(bool hit);

 private:
  double baseline_;
  double hits_ = 0, n_ = 0;
};

}  // namespace firebreak::stats
