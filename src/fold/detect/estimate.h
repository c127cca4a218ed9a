// Performance before labels come: the mean losses that calibrated scores lead one to expect, watched at every answer.
//
// fit() takes labelled answers: scores become probabilities by an isotonic fit when that makes them better calibrated
// (stats/calibration.h); what is then expected of those answers is the baseline, with its confidence limit. From then on every
// served answer's expected losses go to a LossWatch each: error, miss of a flagged answer, miss of a positive (weighted by the
// chance that it is one). A finding estimated_performance_drop shows the CBPE figure of the answers since the onset with its band.
// When `replace_labels` of them have labels, those decide: the finding closes with the realised figure, and the estimate of that
// measure is silent until it is back at its baseline.
// Blind to what changes the meaning of the inputs; see stats/cbpe.h. Binary problems with scores in 0..1 only. Pure; one owner.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fold/detect/config.h"
#include "fold/detect/episode.h"
#include "fold/detect/label_join.h"
#include "fold/detect/loss_watch.h"
#include "fold/detect/measures.h"
#include "stats/calibration.h"
#include "stats/cbpe.h"
#include "types/finding.h"

namespace firebreak::detect {

// Labelled answers, column by column; flagged and positive 0 or 1.
struct LabelledScores {
  std::vector<double> scores, flagged, positives;
};

class PerformanceEstimate {
 public:
  explicit PerformanceEstimate(const DetectorConfig& config) : config_(config) {}

  void fit(const LabelledScores& reference);  // nothing with fewer than 40 rows, or labels of one class
  bool fitted() const { return fitted_; }
  bool calibrated() const { return !calibration_.identity(); }

  void observe(const Answer& answer, Time now, std::vector<FindingUpdate>& out);
  // The label of an answer came, or another one in the place of `before`.
  void realise(const Answer& answer, const Losses& before, const Losses& losses, Time now, std::vector<FindingUpdate>& out);

  // Of the newest answers; NaN before the fit.
  stats::Figures figures() const;
  double sampling_error(stats::Figure which) const { return error_.of(which, newest_.size()); }
  std::size_t n() const { return newest_.size(); }
  double probability(double score) const { return calibration_(score); }
  std::size_t bytes() const;

 private:
  static constexpr std::size_t kWatched = 3;  // precision, recall, error
  struct Scored {
    std::uint64_t index = 0;
    double score = 0, probability = 0, flagged = 0;
  };
  struct Watch {
    std::optional<LossWatch> losses;
    Episode episode;
    Onset onset;
    double realised_n = 0, realised_loss = 0;
    bool silent = false;  // labels have decided
  };
  Losses expected(double probability, bool flagged) const;
  void arm(Measure measure, const std::vector<Losses>& reference);
  void judge(Measure measure, const Answer& answer, double loss, Time now, std::vector<FindingUpdate>& out);
  void settle(Measure measure, std::vector<FindingUpdate>& out);
  void close(Measure measure, const std::string& why, std::vector<FindingUpdate>& out);
  void describe(Measure measure, FindingUpdate& update) const;

  const DetectorConfig& config_;
  bool fitted_ = false;
  stats::IsotonicFit calibration_;
  stats::SamplingError error_;
  stats::Figures baseline_{};
  std::array<Watch, kWatched> watches_;
  std::deque<Scored> newest_;
};

}  // namespace firebreak::detect
