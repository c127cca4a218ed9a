// What is bet against uniform ranks, in one place: the evidence and the onset it leads to rest on the same bets.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

namespace firebreak::stats::uniform_bets {

// Imagined values in each cell: few learn large changes quickly, many learn small ones at little cost and are not impressed by a
// dozen equal values in a row.
inline constexpr double kImagined = 16;
inline constexpr std::array<double, 4> kStakes = {0.08, 0.2, 0.45, 0.8};
inline constexpr std::size_t kSides = 4;
// Shares of the average: half for other shares, the rest for mean and distance. They sum to one.
inline constexpr double kMixtureShare = 0.5, kStakeShare = 0.5 / 16;

// A mean above and below 1/2, a distance from 1/2 above and below its mean: each with mean 0 on -1..1 for a uniform value.
inline std::array<double, kSides> wins(double value) {
  const double place = 2 * value - 1, distance = 2 * std::fabs(place) - 1;
  return {place, -place, distance, -distance};
}

}  // namespace firebreak::stats::uniform_bets
