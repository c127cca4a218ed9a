// How far parts of the reference lie from the whole of it: seasons, days and nights, drifting sensors.
//
// A detector that expects independent values would call every winter a change. What the reference itself has gone through, over as many
// rows, is no finding: a shift must exceed the largest such excursion.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stats/bins.h"

namespace firebreak::detect {

// By length: entry k for windows of kLeastWindow * 2^k rows, up to half of them; the largest distance beyond chance (shift_size.h) of
// any window from all rows. `cells`: of the rows in their order, below `size`.
inline constexpr std::size_t kLeastWindow = 64;
std::vector<double> excursions_of(std::span<const std::uint8_t> cells, std::size_t size);

// The excursion that so many values must exceed; 0 where the reference is too short to have had one.
double excursion_over(std::span<const double> excursions, std::uint64_t values);

}  // namespace firebreak::detect
