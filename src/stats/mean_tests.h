// Tests of means and of characteristic functions: Student, Welch, Epps-Singleton.
//
// Sources: Student 1908; Welch 1947; Epps & Singleton 1986 with the small-sample factor of Goerg & Kaiser 2009.
#pragma once

#include <span>

#include "stats/moments.h"
#include "stats/rank_tests.h"

namespace firebreak::stats {

// Two-sided, from the moments alone. NaN when neither side varies or a side has fewer than two values.
TestResult student_t(const Moments& a, const Moments& b);  // equal variances
TestResult welch_t(const Moments& a, const Moments& b);

// Compares the two characteristic functions at 0.4 and 0.8 of half the pooled interquartile range. Samples: sorted
// ascending, finite. NaN when that range is 0 or a side has fewer than five values.
TestResult epps_singleton(std::span<const double> a, std::span<const double> b);

}  // namespace firebreak::stats
