#include "fold/detect/excursions.h"

#include <algorithm>
#include <bit>

#include "fold/detect/shift_size.h"

namespace firebreak::detect {

std::vector<double> excursions_of(std::span<const std::uint8_t> cells, std::size_t size) {
  std::vector<double> out;
  stats::Counts all(size);
  for (const std::uint8_t cell : cells) ++all[cell];
  for (std::size_t window = kLeastWindow; 2 * window <= cells.size(); window *= 2) {
    double largest = 0;
    for (std::size_t from = 0; from + window <= cells.size(); from += window / 8) {
      stats::Counts part(size);
      for (const std::uint8_t cell : cells.subspan(from, window)) ++part[cell];
      largest = std::max(largest, distance_beyond_chance(all, part));
    }
    out.push_back(largest);
  }
  return out;
}

double excursion_over(std::span<const double> excursions, std::uint64_t values) {
  if (excursions.empty()) return 0;
  // Fewer values may go further: the next shorter window's excursion counts, the shortest's for all below.
  const auto doubling = static_cast<std::size_t>(std::bit_width(std::max<std::uint64_t>(values / kLeastWindow, 1))) - 1;
  return excursions[std::min(doubling, excursions.size() - 1)];
}

}  // namespace firebreak::detect
