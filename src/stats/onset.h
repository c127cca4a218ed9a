// When did it begin? The start of a changed state within a stream, with an interval.
//
// Fed with every value of a stream; asked after another detector told a change. The model: one distribution up to a start, another
// one after it. The estimate is the start of greatest likelihood, the interval all starts whose log likelihood lies within
// -ln(1 - sqrt(confidence)) of it: the limit law of the profile likelihood of a start (Siegmund 1988; Hansen 2000, theorem 2). Starts
// are looked for at the bounds of blocks (dyadic_blocks.h), the interval is widened to whole blocks: it says less the longer ago
// the start lies.
// Means of values in 0..1 go by the Bernoulli likelihood, divided by the dispersion of the values (quasi-likelihood, Wedderburn
// 1974; 0 and 1 have dispersion 1); categories by the multinomial one.
// What a reference sample showed counts as the old state, when it is given.
// The likelihood knows one change; give no values from before an earlier one: restart() when a finding is over.
// Pure; one owner. Not for deciding that there is a change: a start is found in every stream that varies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"
#include "stats/dyadic_blocks.h"

namespace firebreak::stats {

struct OnsetEstimate {
  // The first value of the new state: the likeliest, and the earliest and latest that cannot be excluded.
  std::uint64_t likeliest = 0, first_index = 0, last_index = 0;
  Time likeliest_time, first_time, last_time;
  std::uint64_t n_before = 0, n_after = 0;  // values on either side of the likeliest, the reference not counted
  double log_ratio = 0;                     // ln likelihood of a change there over none
};

struct OnsetOptions {
  enum class Direction { kRise, kFall, kEither };  // of the mean; starts of another direction are not looked at
  Direction direction = Direction::kEither;
  std::size_t per_size = 8;   // finer with more; resolution about 2 / per_size of the lag
  std::size_t sizes = 20;     // the oldest of 2^19 values and more stay one block
  double confidence = 0.99;   // the limit law holds for small changes after many values: with 0.99, 95 % are covered (simulated)
};

class MeanOnset {
 public:
  explicit MeanOnset(const OnsetOptions& options = {});

  void set_reference(double n, double sum, double squares);  // of a sample of the old state: count, sum, sum of squares
  void add(double value, std::uint64_t index, Time time);    // asserts 0 <= value <= 1
  void restart() { blocks_.clear(); }
  // Nothing: fewer than two values, or no start in the direction asked for.
  std::optional<OnsetEstimate> estimate() const;
  std::size_t bytes() const { return blocks_.bytes(); }

 private:
  struct Tally {
    double sum = 0, squares = 0;
    void merge(const Tally& other);
  };
  OnsetOptions options_;
  double reference_n_ = 0;
  Tally reference_;
  DyadicBlocks<Tally> blocks_;
};

class CategoryOnset {
 public:
  // The direction is not looked at.
  explicit CategoryOnset(std::size_t categories, const OnsetOptions& options = {});

  void set_reference(std::span<const std::uint64_t> counts);  // one count a category
  void add(std::size_t category, std::uint64_t index, Time time);
  void restart() { blocks_.clear(); }
  std::optional<OnsetEstimate> estimate() const;
  std::size_t bytes() const;

 private:
  struct Tally {
    std::vector<std::uint32_t> counts;  // empty: one value of category `only`
    std::uint32_t only = 0, categories = 0;
    void merge(const Tally& other);
    void add_to(std::vector<double>& totals) const;
  };
  OnsetOptions options_;
  std::size_t categories_;
  std::vector<std::uint64_t> reference_;
  DyadicBlocks<Tally> blocks_;
};

}  // namespace firebreak::stats
