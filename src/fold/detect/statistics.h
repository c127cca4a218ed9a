// The few statistics the detectors hold figures against.
#pragma once

#include <cstdint>

namespace firebreak::detect {

struct Interval {
  double low = 0, high = 1;
};

// Wilson score interval of hits / trials (Wilson 1927): right at small counts, never outside 0..1. No trials:
// 0..1.
Interval wilson(std::uint64_t hits, std::uint64_t trials, double z);

// P(X >= hits), X ~ Binomial(trials, p). Relative error below 1e-9.
double binomial_upper_tail(std::uint64_t hits, std::uint64_t trials, double p);

}  // namespace firebreak::detect
