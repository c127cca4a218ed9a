// Precision and recall from labels that arrive later, each with its Wilson interval, against the release's
// baseline.
//
// Only answers that the model gave and the caller got count. The newest of two labels for one inference
// counts; a label for an inference that is unknown or no longer held is counted and otherwise ignored.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "fold/detect/config.h"
#include "fold/detect/episode.h"
#include "fold/detect/id_table.h"
#include "fold/detect/profile.h"
#include "types/finding.h"
#include "types/observation.h"

namespace firebreak::detect {

class PerformanceDetector {
 public:
  PerformanceDetector(const DetectorConfig& config, const ReferenceProfile& profile);

  void observe(const Observation& observation);
  void observe(const LabelObservation& label, Time now, std::vector<FindingUpdate>& out);

  std::uint64_t unmatched_labels() const { return unmatched_; }
  std::size_t bytes() const;

 private:
  struct Prediction {
    std::uint64_t index = 0;
    Time time;
    bool flagged = false;
  };
  struct Outcome {
    std::uint64_t id = 0, index = 0;
    Time time;
    bool hit = false;
  };
  // The newest outcomes of one measure: precision (hit = positive) or recall (hit = flagged).
  struct Window {
    std::string measure;
    std::uint64_t length = 0;
    double baseline = 0;
    std::deque<Outcome> outcomes;
    std::uint64_t hits = 0;
    Episode episode;
  };

  void add(Window& window, const Outcome& outcome);
  static void remove(Window& window, std::uint64_t id);
  void judge(Window& window, std::uint64_t label_index, Time now, std::vector<FindingUpdate>& out);
  void describe(const Window& window, FindingUpdate& update) const;

  const DetectorConfig& config_;
  IdTable<Prediction> predictions_;
  std::deque<std::uint64_t> order_;  // ids by age
  Window precision_, recall_;
  bool judged_ = false;  // the profile has a baseline
  std::uint64_t unmatched_ = 0;
};

}  // namespace firebreak::detect
