// The reference profile of a release: what its training snapshot says about each feature.
//
// Built once from the training rows when the release is registered, kept as a blob (JSON) whose digest stands
// in the journal. Detectors only read it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "types/observation.h"

namespace firebreak::detect {

// Share of reference values below (left) and at or below (right) a value.
struct Rank {
  double left = 0, right = 0;
};

struct NumericReference {
  std::string name;
  std::vector<double> values;             // distinct, ascending
  std::vector<std::uint64_t> cumulative;  // rows with a value <= values[i]
  bool left_skewed = false;               // sample skewness < 0
  double lower_median = 0, upper_median = 0;
  std::uint64_t missing = 0;  // rows without the value
  std::uint64_t repeats = 0;  // rows equal to the row before
  std::uint64_t longest_run = 0;   // of such rows
  std::vector<double> excursions;  // excursions.h

  double min() const { return values.front(); }
  double max() const { return values.back(); }
  Rank rank(double value) const;
  // True for the median or its rounding: what default records and imputers fill in.
  bool is_imputed(double value) const;
  bool operator==(const NumericReference&) const = default;
};

struct CategoryReference {
  std::string name;
  std::map<std::string, std::uint64_t> counts;  // "": missing
  std::uint64_t repeats = 0;                    // rows equal to the row before
  std::uint64_t longest_run = 0;                // of such rows
  std::vector<double> excursions;               // excursions.h
  std::uint64_t novel = 0;                      // rows of the later half whose category the earlier one lacks
  bool operator==(const CategoryReference&) const = default;
};

// What labels said of the release before it served: flagged = answered with the positive answer.
struct PerformanceBaseline {
  std::uint64_t flagged = 0, positives = 0, true_positives = 0;
  double precision() const;
  double recall() const;
  bool operator==(const PerformanceBaseline&) const = default;
};

// How the numbers go together (embedding.h); empty where there are too few rows or features.
struct MixtureReference {
  std::vector<double> mean, usual;
  double excursion = 0;  // the furthest that rows in their order lay, where neighbours depend on each other; else 0
  bool operator==(const MixtureReference&) const = default;
};

struct ReferenceProfile {
  std::uint64_t rows = 0;
  std::uint64_t copies = 0;  // rows of the later half that equal one of the rows / 2 before them in everything
  bool ordered = false;      // the rows are the endpoint's own, in the order in which they came
  std::vector<NumericReference> numeric;
  std::vector<CategoryReference> categories;
  double tail_limit = 0;  // tail score that `tail_share` of the reference rows exceed
  double tail_share = 0.01;
  std::optional<PerformanceBaseline> performance;
  MixtureReference mixture;

  FeatureSchema schema() const;
  bool operator==(const ReferenceProfile&) const = default;
};

// NaN is a value that is missing. Errors: kInvalid for no rows, a row of another width, an infinite value, a numeric feature without any
// value, a `tail_share` outside (0, 1).
Result<ReferenceProfile> build_profile(const FeatureSchema& schema, std::span<const FeatureRow> rows,
                                       double tail_share = 0.01, bool ordered = false);

// ECOD tail score (Li et al. 2022, eq. 5-8): over the numeric features the largest of the sums of -ln of the
// left, the right and the skew-chosen tail probability. `ranks` has one entry per numeric feature.
double tail_score(const ReferenceProfile& profile, std::span<const Rank> ranks);

// The ranks of a row's numeric values; nullopt when one is missing or the width is wrong.
std::optional<std::vector<Rank>> ranks_of(const ReferenceProfile& profile, const FeatureRow& row);

Json to_json(const ReferenceProfile& profile);
Result<ReferenceProfile> profile_from_json(const Json& json);

}  // namespace firebreak::detect
