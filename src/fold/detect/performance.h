// How good the served answers are, from labels that arrive later; and, until they do, from calibrated scores.
//
// Labels are joined by id (label_join.h). Each measure (measures.h) is watched by an e-SR detector against an upper confidence limit
// of its baseline (loss_watch.h), so it may be looked at with every label: all measures of an endpoint together raise at most one
// false alarm in `arl_labels` labels on average. Baselines: the release's own counts on its holdout where the profile has them
// (precision, recall); for the rest the first `reference_labels` labels, which are not judged by what they define. So an endpoint
// without a release is watched too: its first labels say what is expected.
// This is the harmful-shift rule of Podkopaev & Ramdas 2022 with a restart: alarm when what is seen lies above what may be expected
// by more than both samples' chance.
// Findings: performance_drop and estimated_performance_drop (estimate.h), with onset and, when one stands out, the segment
// (segments.h).
// Answers that an action changed (disposition not served) are kept apart: their labels show what happened to people whom the model
// did not decide about, and enter no figure; the findings say how many there are.
// Deterministic; state bounded by the configuration. Pure; one owner.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "fold/detect/config.h"
#include "fold/detect/episode.h"
#include "fold/detect/estimate.h"
#include "fold/detect/label_join.h"
#include "fold/detect/loss_watch.h"
#include "fold/detect/measures.h"
#include "fold/detect/performance_windows.h"
#include "fold/detect/profile.h"
#include "fold/detect/segments.h"
#include "types/finding.h"
#include "types/observation.h"

namespace firebreak::detect {

class PerformanceDetector {
 public:
  // `config` is kept, `profile` is read now: its performance baseline when it has one, and the bounds of its features.
  PerformanceDetector(const DetectorConfig& config, const ReferenceProfile& profile);

  void observe(const Observation& observation, Time now, std::vector<FindingUpdate>& out);
  void observe(const LabelObservation& label, Time now, std::vector<FindingUpdate>& out);

  // What is known now, for people: see performance_report.cc.
  Json report() const;

  const LabelCounts& labels() const { return join_.counts(); }
  std::uint64_t labels_apart() const { return apart_; }
  bool judges() const;  // at least one measure has its baseline
  std::size_t bytes() const;

 private:
  struct Watch {
    std::optional<LossWatch> losses;
    double baseline = 0;  // the figure as read; the watch holds its limit
    bool from_release = false;
    Episode episode;
    Onset onset;
    std::uint64_t start = 0;  // the likeliest of it
  };
  struct Learned {
    Answer answer;
    bool positive = false;
    Losses losses = kNoLosses;
  };

  void joined(const Joined& label, std::uint64_t label_index, Time now, std::vector<FindingUpdate>& out);
  Losses losses_of(const Answer& answer, const Label& label) const;
  void learn(const Joined& label, const Losses& losses);
  void finish_learning();
  void arm_from_release(const PerformanceBaseline& baseline);
  void arm(Measure measure, double limit, const LossWatchOptions& sample);
  void judge(Measure measure, const Joined& label, const Losses& before, const Losses& losses, std::uint64_t label_index, Time now,
             std::vector<FindingUpdate>& out);
  void close(Measure measure, std::vector<FindingUpdate>& out);
  void describe(Measure measure, FindingUpdate& update) const;
  std::string sentence(Measure measure, const FindingUpdate& update) const;
  JsonArray measures_json() const;
  JsonArray estimated_json() const;
  JsonArray windows_json() const;
  JsonArray segments_json() const;
  Watch& watch_of(Measure measure) { return watches_[static_cast<std::size_t>(measure)]; }
  const Watch& watch_of(Measure measure) const { return watches_[static_cast<std::size_t>(measure)]; }

  const DetectorConfig& config_;
  Segments segments_;
  LabelJoin join_;
  std::array<Watch, kMeasures> watches_;
  std::vector<Learned> learned_;  // until there are enough
  bool learning_ = true;
  PerformanceEstimate estimate_;
  PerformanceWindows windows_;
  std::uint64_t apart_ = 0, apart_positive_ = 0;  // labels of answers that were not served
};

}  // namespace firebreak::detect
