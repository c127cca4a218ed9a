// What a sample says about each of its features: the reference that later values are held against.
//
// Numbers: 32 bins of equal mass of the sample's own values, the outer two open; a value's bin is the number of edges <= value.
// NaN and the infinities have counts of their own and lie in no bin. Absent values are `missing` and nothing else; values that are
// not of the feature's kind are `wrong`.
// Categories: the most frequent by name, the rest together; what a sample never showed is unseen. Beside them every row by the hash
// of its name: which names were frequent is partly chance and differs between two samples, in which of 64 counts one lies is not.
// Two samples over the same edges merge: counts, bins and distinct sketches exactly, as if they had been one sample; moments to
// rounding; quantiles within the rank error that the sketch states.
// rows = missing + wrong + nan + both infinities + all bins, or missing + wrong + all categories + other.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "stats/bins.h"
#include "stats/distinct_sketch.h"
#include "stats/moments.h"
#include "stats/quantile_sketch.h"

namespace firebreak::profile {

inline constexpr std::size_t kBins = 32;
inline constexpr std::size_t kCategories = 100;     // kept by name
inline constexpr std::size_t kCategoryBytes = 256;  // a longer name is among the other ones
inline constexpr std::size_t kFolded = 64;

enum class FeatureKind : std::uint8_t { kNumeric, kCategorical };

// What the values look like. Boolean: 0 and 1, or true and false. Text: mostly different, or long.
enum class FeatureType : std::uint8_t { kNumeric, kIntegral, kBoolean, kCategorical, kText };
std::string_view type_name(FeatureType type);

struct NumericProfile {
  std::vector<double> edges;  // ascending, distinct, finite; fewer than 31 where values repeat
  stats::Counts bins;         // edges.size() + 1
  std::vector<double> sums;   // of the values in each bin
  std::uint64_t nan = 0, plus_infinity = 0, minus_infinity = 0;
  stats::Moments moments;     // of the finite values
  bool integral = true;       // every finite value is a whole number
  std::uint64_t zeros = 0, negative = 0;
  double smallest_magnitude = 0, largest_magnitude = 0;  // of finite values that are not 0; both 0 when there are none
  stats::QuantileSketch quantiles;                       // of the finite values; empty in a profile that another tool made
};

struct CategoricalProfile {
  std::vector<std::pair<std::string, std::uint64_t>> top;  // most frequent first, equal ones by name
  std::uint64_t other = 0;                                 // rows whose category is not among them
  std::optional<std::uint64_t> unnamed_most;               // no category among those has more of them; none when not known
  stats::Counts folded;  // kFolded: rows by text_hash(category) % kFolded; empty when not known (another tool, before there were any)
  stats::Moments lengths;                                  // of the texts, in octets
};

struct FeatureProfile {
  std::string name;
  FeatureKind kind = FeatureKind::kNumeric;
  FeatureType type = FeatureType::kNumeric;
  std::uint64_t rows = 0, missing = 0, wrong = 0;
  NumericProfile numeric;          // empty for categories
  CategoricalProfile categorical;  // empty for numbers
  stats::DistinctSketch distinct;

  std::uint64_t present() const { return rows - missing; }
  double distinct_values() const;  // estimated; no more than there are values
};

struct DataProfile {
  std::uint64_t rows = 0;
  std::string source;  // what it was made of, for people
  std::vector<FeatureProfile> features;

  const FeatureProfile* find(std::string_view name) const;
};

// All of its rows by the hash of their category, from the names when every row has one; empty when not known.
stats::Counts folded_of(const CategoricalProfile& profile);

// `values` are those that are there; `missing` further rows had none.
FeatureProfile profile_numbers(std::string name, std::span<const double> values, std::uint64_t missing = 0);
FeatureProfile profile_categories(std::string name, std::span<const std::string> values, std::uint64_t missing = 0);

// At most kBins - 1 inner edges; `sorted` ascending and finite. A value that alone fills a bin or more begins one and ends it.
std::vector<double> equal_mass_edges(std::span<const double> sorted);

// `other` goes into `into`. kConflict: another kind, other edges, other features. Named categories that one side had among its
// other ones keep the count that is known, which is then the least it can be; totals stay exact.
Result<void> merge(FeatureProfile& into, const FeatureProfile& other);
Result<void> merge(DataProfile& into, const DataProfile& other);

}  // namespace firebreak::profile
