// What a sample allows to say about a share: intervals, and how much may lie outside of what was seen.
//
// Sources: Wilson 1927; Wilks 1941 (order statistics as limits of a whole distribution, whatever its shape).
#pragma once

#include <cstdint>

namespace firebreak::stats {

struct Interval {
  double low = 0, high = 1;
  bool operator==(const Interval&) const = default;
};

// Wilson's interval of a share of which `hits` of `n` were seen; z: 1.96 for 95 %. 0..1 when n is 0.
Interval wilson(double hits, double n, double z = 1.959963984540054);

// With confidence 1 - alpha at most this share of the distribution lies above the largest of n values (as below the smallest).
double beyond_one_end(std::uint64_t n, double alpha = 0.05);
// ... outside of smallest and largest together. 1 when n < 2.
double beyond_both_ends(std::uint64_t n, double alpha = 0.05);

}  // namespace firebreak::stats
