// Which part of the traffic carries a drop.
//
// Every answer belongs to one segment of each segment feature: a category, a bin of a number (bounds from the reference's
// quantiles), or its caller. Of each feature the `values` most frequent segments are followed, found in the stream itself
// (Space-Saving: Metwally, Agrawal & El Abbadi 2005; every value with more than 1/values of the answers is among them); the
// smallest is given up first, of equal ones the lowest slot: the same stream, the same segments.
// Attribution: losses after the onset beyond what each segment lost before it. A segment is named when it carries at least `share`
// of all such excess and its loss rose more than that of the rest by more than chance: a two-sample z test of the two rises at
// level `alpha`, divided by the number of segments looked at (Bonferroni). When all lose alike, none is named.
// Bounded: features x values tallies and the ring of judged answers. Pure; one owner.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "fold/detect/measures.h"
#include "fold/detect/profile.h"
#include "types/observation.h"

namespace firebreak::detect {

inline constexpr std::size_t kSegmentFeatures = 10;
using SegmentKeys = std::array<std::uint16_t, kSegmentFeatures>;  // by feature; a hash of the value; 0: none

struct SegmentOptions {
  std::size_t values = 32;      // followed per feature
  std::size_t bins = 8;         // of a number
  std::size_t judged = 4096;    // newest judged answers that can be told before from after
  double share = 0.5, alpha = 0.01;
};

struct SegmentFinding {
  std::string segment;     // "feature=value"
  double share = 0;        // of the drop
  double before = 0, after = 0, rest_before = 0, rest_after = 0;  // mean losses
  double n_after = 0;
};

// What one segment's answers came to; for reports.
struct SegmentTally {
  std::string segment;
  std::uint64_t answers = 0;  // at most; of them `overcounted` may belong to others
  std::uint64_t overcounted = 0;
  Losses judged{}, loss{};  // labels and their losses by measure, since it is followed
};

class Segments {
 public:
  Segments(const SegmentOptions& options, const ReferenceProfile& profile);

  // An answer was given: counts it and says its segments.
  SegmentKeys observe(const Observation& observation);
  // Its label came. `index` orders before and after.
  void judge(const SegmentKeys& keys, std::uint64_t index, const Losses& losses);
  // Takes a label back; nothing when it is no longer kept.
  void take_back(std::uint64_t index);

  // The segment that explains most of a drop that began at `onset`; nothing when none stands out.
  std::optional<SegmentFinding> explain(Measure measure, std::uint64_t onset) const;
  void forget_labels();  // a finding is over: what was before it is no measure for the next
  std::vector<SegmentTally> tallies() const;  // by feature, the most frequent first
  std::size_t bytes() const;

 private:
  struct Feature {
    enum class Kind { kNumber, kCategory, kCaller };
    Kind kind = Kind::kCaller;
    std::string name;
    std::size_t column = 0;
    std::vector<double> bounds;  // of a number, ascending
  };
  struct Tally {
    double n = 0, loss = 0;
  };
  using Tallies = std::array<Tally, kMeasures>;
  struct Slot {
    std::string value;
    std::uint64_t count = 0, overcounted = 0;
    Tallies tallies{};
  };
  struct Judged {
    SegmentKeys keys;
    std::uint64_t index = 0;
    Losses losses;
  };
  static void add(Tallies& tallies, const Losses& losses, double times);
  std::uint16_t key_of(const Feature& feature, const Observation& observation) const;
  std::string name_of(const Feature& feature, const Observation& observation) const;
  void count(std::size_t feature, std::uint16_t key, const Observation& observation);
  std::size_t find(std::size_t feature, std::uint16_t key) const;  // the number of slots when it is not followed
  void weigh(std::size_t feature, std::size_t slot, const std::array<Tally, 4>& seen, double tested, std::optional<SegmentFinding>& best,
             double& best_z) const;

  SegmentOptions options_;
  std::vector<Feature> features_;
  std::vector<std::vector<std::uint16_t>> keys_;  // by feature and slot; apart from the slots: searched for every answer
  std::vector<std::vector<Slot>> slots_;
  std::deque<Judged> judged_;
  Tallies all_{};
};

}  // namespace firebreak::detect
