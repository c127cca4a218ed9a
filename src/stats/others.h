// Scores of Deequ and of TensorFlow Data Validation, for people who compare; nothing of Firebreak rests on them.
//
// Sources: Deequ's Distance; TFDV's metrics; the values of their own tests stand in others_test.cc.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "stats/categorical_tests.h"

namespace firebreak::stats {

// An L-infinity distance less what samples of n and m rows may differ by: c sqrt((n + m) / (n m)), at least 0. c is 1.8, or
// sqrt(-ln(alpha / 2) / 2).
double deequ_robust(double distance, double n, double m, std::optional<double> alpha = std::nullopt);

// Pearson's chi-square of `observed` against the shares of `expected`, which is taken as exact, over the categories that `expected` has.
// When an expected count is below 1 or more than a fifth of them are below 5 (of two: one is below 10), the small ones become one
// category, together with the next one as long as that is still so. NaN when fewer than two are left.
CountTest deequ_chi_square(std::span<const std::uint64_t> observed, std::span<const std::uint64_t> expected);

// Jensen-Shannon divergence in bits, 0..1, of two histograms whose buckets may have any boundaries: values lie evenly within a bucket.
// A bucket without width is a value alone. NaN is a bucket of its own that only NaN shares.
struct Bucket {
  double low = 0, high = 0, count = 0;
};
double tfdv_jensen_shannon(std::span<const Bucket> a, double nan_a, std::span<const Bucket> b, double nan_b);

}  // namespace firebreak::stats
