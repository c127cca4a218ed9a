// What a sample says about each of its features: the reference that later values are held against.
//
// Numbers: 32 bins of equal mass of the sample's own values, the outer two open; a value's bin is the number of edges <= value.
// NaN and the infinities have counts of their own and lie in no bin. Absent values are `missing` and nothing else.
// Categories: the most frequent by name, the rest together; what a sample never showed is unseen.
// Counts and bins of two samples over the same edges add up exactly.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "stats/bins.h"
#include "stats/moments.h"

namespace firebreak::profile {

inline constexpr std::size_t kBins = 32;
inline constexpr std::size_t kCategories = 100;  // kept by name

enum class FeatureKind : std::uint8_t { kNumeric, kCategorical };

struct NumericProfile {
  std::vector<double> edges;  // ascending, distinct, finite; fewer than 31 where values repeat
  stats::Counts bins;         // edges.size() + 1
  std::uint64_t nan = 0, plus_infinity = 0, minus_infinity = 0;
  stats::Moments moments;     // of the finite values
  bool integral = true;       // every finite value is a whole number
};

struct CategoricalProfile {
  std::vector<std::pair<std::string, std::uint64_t>> top;  // most frequent first, equal ones by name
  std::uint64_t other = 0;                                 // rows whose category is not among them
};

struct FeatureProfile {
  std::string name;
  FeatureKind kind = FeatureKind::kNumeric;
  std::uint64_t rows = 0, missing = 0;
  NumericProfile numeric;          // empty for categories
  CategoricalProfile categorical;  // empty for numbers
};

struct DataProfile {
  std::uint64_t rows = 0;
  std::vector<FeatureProfile> features;
};

// `values` are those that are there; `missing` further rows had none.
FeatureProfile profile_numbers(std::string name, std::span<const double> values, std::uint64_t missing = 0);
FeatureProfile profile_categories(std::string name, std::span<const std::string> values, std::uint64_t missing = 0);

// At most kBins - 1 inner edges; `sorted` ascending and finite. A value that alone fills a bin or more begins one and ends it.
std::vector<double> equal_mass_edges(std::span<const double> sorted);

}  // namespace firebreak::profile
