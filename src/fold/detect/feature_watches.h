// All features of an endpoint, watched under one budget of false alarms, and the findings that come of it.
//
// A feature has at most one open finding; its kind says what it looks like: missing_values, type_mismatch, unseen_category,
// feature_range, stale_feature, unit_change, feature_drift.
// Budget: while nothing has changed, the chance of any finding within n records is at most (n + 64) / budget.records, whatever the
// dependence between features, and of the findings of one moment at most budget.false_share are false on average (e-BH, Wang & Ramdas
// 2022, over e-detectors divided by the values they have seen). The reference's own uncertainty adds budget.reference_alpha once.
// Records come in admission order; each counts that is no copy of an earlier one nor near to one (chains.h): those are not
// independent draws; nor are a caller's bursts (caller_share.h). State: FeatureWatch::kBytes a feature and 48 KiB.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fold/detect/caller_share.h"
#include "fold/detect/config.h"
#include "fold/detect/episode.h"
#include "fold/detect/feature_watch.h"
#include "fold/detect/unit_change.h"
#include "types/finding.h"
#include "types/observation.h"

namespace firebreak::detect {

class FeatureWatches {
 public:
  FeatureWatches(const DetectorConfig& config, const ReferenceProfile& profile);

  void observe(const Observation& observation, Time now, std::vector<FindingUpdate>& out);
  void advance(Time now, std::vector<FindingUpdate>& out);

  std::size_t bytes() const;

 private:
  struct Place {  // of a position
    std::uint64_t index = 0;
    Time time;
  };
  struct Open {  // a finding, or one that waits for values to tell a change of unit
    Sign sign = Sign::kShift;
    std::uint64_t position = 0;  // of the alarm
    Place place;
    double evidence = 0, limit = 0;
    stats::OnsetPosterior::Ages ages;  // of the onset, at the alarm
    Onset onset;
    double usual = 1;                  // share of such values, before it
    std::optional<UnitChange> unit;
    Episode episode;
    std::uint64_t next_report = 0;  // as soon as so many records count
  };
  struct Watched {
    std::string name;
    FeatureWatch watch;
    std::optional<Open> open;
    std::uint64_t look_again = 0;  // position before which a shift that was not worth telling is not looked at again
  };

  void take(Watched& watched, std::size_t number, const Observation& observation);
  void judge_one(Watched& watched);
  void judge_all();
  void open(Watched& watched, double limit);
  void follow(Watched& watched, const Observation& observation, Time now, std::vector<FindingUpdate>& out);
  void begin(Watched& watched, Time now, std::vector<FindingUpdate>& out);
  void report(Watched& watched, Time now, std::vector<FindingUpdate>& out);
  std::uint64_t close_values(const Watched& watched) const;
  bool is_over(const Watched& watched) const;
  double log_limit(const FeatureWatch& watch) const;
  bool is_worth_telling(Watched& watched, Sign sign);
  const Place& place_of(std::uint64_t position) const;
  void describe(const Watched& watched, FindingUpdate& update) const;

  const DetectorConfig& config_;
  CallerShare callers_;
  std::size_t numeric_ = 0;
  std::vector<Watched> features_;  // numeric ones first, as in the schema
  std::vector<Place> places_;      // the newest FeatureWatch::kRemembered
  std::uint64_t position_ = 0;
};

}  // namespace firebreak::detect
