// Two profiles: what is different, how far, and whether chance alone would do it.
//
// Bins: the reference's. When the other side was counted over them (built --like it) its counts are exact; else they are read off
// its quantile sketch, `exact` is false, and p values count only as many of its values as the sketch is worth:
// n / (1 + 2 n s^2 B), s the standard deviation of its ranks, B the bins (a bin's share has twice the variance of a rank).
// Categories: by name when both sides name all of theirs; else by the hashes of the names (`folded`). Names that one side chose as its
// most frequent ones would do: they were so by chance too, and are less frequent on the other side. Where a side has neither,
// `not_compared` is true and nothing is said about them. One category that became frequent, or rare, drowns in its hash: it is asked by name
// besides (CategoryDiff).
// Bins and names that expect fewer than five rows on a side are put together (pool_rare).
// p values of one feature are those of stats/windowed.h, of rates Fisher's exact test or, beyond kFisherMost hits, the z test.
// `changed`: Holm's procedure over all p values of both profiles at `level`, or a change of presence or kind. A reference
// of 0 and 1 alone that becomes other numbers is of the same kind: range and distribution say so.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "profile/profile.h"
#include "profile/scale.h"
#include "stats/windowed.h"

namespace firebreak::profile {

struct RateDiff {
  double then = 0, now = 0, p_value = 1;
};

// Numbers beyond what the reference showed. p: that so many of one distribution's values come to lie beyond the smallest and largest
// of a sample of that size (exact; counts read off a sketch are taken as small as its error allows).
struct RangeDiff {
  double below = 0, above = 0, p_value = 1;  // shares of the numbers
};

// The named category of one side that fits worst what the other, which does not name it, can have had of it (`unnamed_most` and the folded
// counts say how many at most). p: exact, one-sided, times two sides and all categories that both are estimated to have.
struct CategoryDiff {
  std::string name;
  std::uint64_t then = 0, now = 0;  // rows; on the side that does not name it: at most
  bool named_then = false;          // that side names it; else the other
  double p_value = 1;
};

enum class Presence : std::uint8_t { kBoth, kNew, kVanished };

struct FeatureDiff {
  std::string name;
  Presence presence = Presence::kBoth;
  FeatureType type_then = FeatureType::kNumeric, type_now = FeatureType::kNumeric;
  RateDiff missing, wrong, not_finite;
  std::optional<RangeDiff> range;
  std::optional<stats::WindowedScores> scores;      // none without values on a side, or of another kind
  std::optional<stats::WindowedScore> wasserstein;  // in the reference's standard deviations; numbers that vary alone
  bool exact = true;
  bool folded = false, not_compared = false;        // categories
  std::vector<std::pair<std::string, std::uint64_t>> new_categories;       // the most frequent ones that the reference never showed
  std::vector<std::pair<std::string, std::uint64_t>> vanished_categories;  // of the reference, with its counts
  double new_share = 0;                             // of the rows with a category that the reference never showed
  std::optional<CategoryDiff> category;             // where a side has others
  std::optional<UnitChange> unit;                   // what would explain a change of distribution or range
  std::vector<std::string> changed;                 // "distribution", "missing", "type", ...; empty: nothing that chance does not explain
};

struct ProfileDiff {
  std::uint64_t rows_then = 0, rows_now = 0;
  double level = 0;
  std::vector<FeatureDiff> features;  // the reference's in its order, then new ones
  std::size_t changed() const;
};

inline constexpr double kFisherMost = 10'000;

ProfileDiff diff(const DataProfile& then, const DataProfile& now, double level = 0.01);
Json to_json(const ProfileDiff& diff);

}  // namespace firebreak::profile
