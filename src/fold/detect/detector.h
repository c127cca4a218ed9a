// All detectors of one endpoint's stream, behind one door.
//
// Promise: the same observations in the same order give the same updates, bit for bit; no clock, no I/O. Time
// is the largest event time seen; a late record is judged at that time. State is bounded by the
// configuration. Threads: none; one owner.
#pragma once

#include <vector>

#include "fold/detect/chains.h"
#include "fold/detect/config.h"
#include "fold/detect/feature_watches.h"
#include "fold/detect/input_checks.h"
#include "fold/detect/mixture_watch.h"
#include "fold/detect/outliers.h"
#include "fold/detect/performance.h"
#include "fold/detect/profile.h"
#include "fold/detect/record_watch.h"
#include "types/finding.h"
#include "types/observation.h"

namespace firebreak::detect {

class StreamDetector {
 public:
  StreamDetector(const DetectorConfig& config, const ReferenceProfile& profile);
  StreamDetector(const StreamDetector&) = delete;  // the parts refer to config_ and profile_
  StreamDetector& operator=(const StreamDetector&) = delete;

  std::vector<FindingUpdate> observe(const Observation& observation);
  std::vector<FindingUpdate> observe(const LabelObservation& label);

  // Answers and labels of the reference's rows, before the first observation: what later ones are held against where no release says
  // it (config.performance.reference_labels of them).
  void learn(const Observation& observation, const LabelObservation& label);

  // Reports what is due and closes what is quiet at `now`, by the clock that records are admitted by. Call it at least once a second
  // while nothing arrives: growth of a chain that was held back is handed out here.
  std::vector<FindingUpdate> advance(Time now);

  std::size_t bytes() const;
  Json performance() const { return performance_.report(); }  // figures, bands, windows, segments (performance_report.cc)
  bool knows_caller(const std::string& caller) const { return chains_.knows_caller(caller); }

 private:
  void observe_row(const Observation& observation, std::vector<FindingUpdate>& out);

  DetectorConfig config_;
  ReferenceProfile profile_;
  bool copies_by_chance_;  // equal rows are no sign of a retry
  Time now_, newest_;      // newest_: event time of the newest record
  std::int64_t lag_us_ = 0;  // from that until it came
  InputChecks input_;
  RecordWatch records_;
  FeatureWatches features_;
  MixtureWatch mixture_;
  OutlierDetector outliers_;
  ChainDetector chains_;
  PerformanceDetector performance_;
};

}  // namespace firebreak::detect
