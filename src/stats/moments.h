// Count, mean, spread and shape of numbers seen one at a time or all at once; two halves merge into the whole.
//
// Units: mean, min, max and both standard deviations are in the values' unit; skewness and kurtosis have none.
// Empty: n() is 0 and everything else NaN. NaN and infinities must not be added: callers drop or count them apart.
// Sources: Pebay 2008 (SAND2008-6212), eq. 2.1 (update), 3.1 (merge); skewness m3/m2^1.5 and excess kurtosis m4/m2^2 - 3
// without bias correction, as in SciPy.
#pragma once

#include <cstdint>
#include <span>

namespace firebreak::stats {

class Moments {
 public:
  // Two passes over the values: the most exact form.
  static Moments of(std::span<const double> values);

  void add(double value);
  void merge(const Moments& other);

  std::uint64_t n() const { return n_; }
  double mean() const;
  double min() const;
  double max() const;
  double variance_population() const;
  double variance_sample() const;  // NaN below two values
  double std_population() const;
  double std_sample() const;
  // NaN when the spread is below the rounding error of the mean: a constant has no shape.
  double skewness() const;
  double kurtosis_excess() const;

  // To be kept and read back, bit for bit. from_state asserts nothing: check what came from outside.
  struct State {
    std::uint64_t n = 0;
    double mean = 0, m2 = 0, m3 = 0, m4 = 0, min = 0, max = 0;  // m2..m4: sums of powers of the deviations
    bool operator==(const State&) const = default;
  };
  State state() const { return {n_, mean_, m2_, m3_, m4_, min_, max_}; }
  static Moments from_state(const State& state);

 private:
  bool is_constant() const;

  std::uint64_t n_ = 0;
  double mean_ = 0, m2_ = 0, m3_ = 0, m4_ = 0;  // m2_..m4_: sums of powers of the deviations
  double min_ = 0, max_ = 0;
};

}  // namespace firebreak::stats
