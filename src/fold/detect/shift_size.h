// How far a sample lies from its reference, with what chance alone would make of it.
#pragma once

#include "stats/bins.h"

namespace firebreak::detect {

struct ShiftSize {
  std::uint64_t values = 0;
  double psi = 0, psi_by_chance = 0;  // half a count added everywhere; expected without a change: (cells - 1) (1/n + 1/m)
  double jensen_shannon = 0;          // distance, base 2
  double total_variation = 0, distance_beyond_chance = 0;  // the latter: less its expectation without a change, not below 0
  double l_infinity = 0;
  double chi_square = 0, p_value = 1; // of homogeneity
};

// Counts over the same cells, both with values.
double distance_beyond_chance(const stats::Counts& reference, const stats::Counts& now);
ShiftSize shift_size(const stats::Counts& reference, const stats::Counts& now);

}  // namespace firebreak::detect
