// One feature, watched value by value: is it still what the reference says?
//
// Five questions at once, each an e-detector whose mean after n values is at most n while nothing has changed: other shares of the
// cells (ranks among the reference and all values since, stats/conformal.h), more missing values, more values outside, more values of a
// wrong type, more values equal to the one before. Their weighted average is one as well, so one limit holds for all five.
// The chance of a missing, outside or mistyped value follows from how many the reference and all values since had (an urn, exact for any
// size), but is never taken below `least_share`; that of a repetition from an upper limit of the reference's. A question that
// cannot be asked (all values repeat already) is left out.
// State: kBytes at most. Same values, same answers.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fold/detect/excursions.h"
#include "fold/detect/feature_cells.h"
#include "stats/bins.h"
#include "stats/conformal.h"
#include "stats/onset_posterior.h"
#include "stats/rare_events.h"
#include "stats/uniform_evidence.h"

namespace firebreak::detect {

enum class Sign : std::uint8_t { kShift, kMissing, kOutside, kMistyped, kStale };
inline constexpr std::size_t kSigns = 5;

class FeatureWatch {
 public:
  static constexpr std::size_t kBytes = 16 << 10;
  static constexpr std::size_t kRemembered = 2048;  // values whose cells are kept
  static constexpr std::size_t kRawValues = 64;
  static constexpr std::uint64_t kLeastRun = 30;    // equal values in a row, at least, before a feature may count as stale

  struct Limits {
    double alpha = 0;        // the chance that the reference bounds repetitions too low
    double least_share = 0;  // of missing and such values
  };
  FeatureWatch(const ReferenceProfile& profile, const NumericReference& reference, const Limits& limits);
  FeatureWatch(const ReferenceProfile& profile, const CategoryReference& reference, const Limits& limits);

  // The value at the next position, from 1 on. `chance`: stats/conformal.h. True: it was one that questions ask about.
  bool observe(double value, bool mistyped, double chance);
  bool observe(const std::string& value, bool mistyped, double chance);

  struct Evidence {
    double log = 0;               // natural logarithm of the average
    Sign strongest = Sign::kShift;
  };
  Evidence evidence() const;
  std::uint64_t since_restart() const { return position_ - restarted_; }
  void restart();               // forgets the evidence; a watch that was frozen learns again
  void freeze() { frozen_ = true; }  // values are kept, but teach nothing: what is abnormal must not become usual

  // Ages: 1 is the newest value. At most kRemembered, and not behind the last restart.
  stats::OnsetPosterior::Ages onset(Sign sign) const;
  stats::Counts cells_of_newest(std::uint64_t values) const;
  std::uint64_t hits_of_newest(Sign sign, std::uint64_t values) const;
  // What a shift over so many values must exceed: the reference's own excursions (excursions.h).
  double usual_shift(std::uint64_t values) const { return excursion_over(excursions_, values); }
  std::vector<double> newest_numbers(std::uint64_t values) const;  // at most kRawValues, newest first; those that are there

  const FeatureCells& cells() const { return cells_; }
  double usual(Sign sign) const;  // the share that is usual, at most; 1 where the question is left out
  const std::string& example() const { return example_; }  // the last category outside, or of another form
  bool last_was(Sign sign) const { return remembered(1).is(sign, cells_); }
  std::size_t bytes() const;

 private:
  struct Seen {
    std::uint8_t cell = 0, rank = kNoRank;
    bool repeated = false;
    static constexpr std::uint8_t kNoRank = 255;
    bool is(Sign sign, const FeatureCells& cells) const;
  };
  struct Rare {
    stats::RareEvents events;
    stats::Urn urn;
  };
  bool take(std::size_t cell, std::size_t rank_cell, bool repeated, double chance);
  const Seen& remembered(std::uint64_t age) const { return seen_[(position_ - age) % kRemembered]; }
  std::uint64_t reach() const;
  std::optional<Rare>& rare(Sign sign) { return rare_[static_cast<std::size_t>(sign)]; }
  const std::optional<Rare>& rare(Sign sign) const { return rare_[static_cast<std::size_t>(sign)]; }
  void ask_repeats(double chance);
  void ask_by_urn(Sign sign, double ones, double values, double least_share);

  FeatureCells cells_;
  stats::ConformalRanks ranks_;
  stats::UniformEvidence shift_;
  std::array<std::optional<Rare>, kSigns> rare_;
  std::vector<double> excursions_;
  std::uint64_t stale_run_ = kLeastRun;
  std::vector<Seen> seen_;
  std::vector<double> raw_;
  std::uint64_t position_ = 0, restarted_ = 0, run_ = 0;
  double last_number_ = 0;
  std::string last_category_, example_;
  bool frozen_ = false;
};

}  // namespace firebreak::detect
