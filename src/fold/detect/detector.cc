#include "fold/detect/detector.h"

#include <algorithm>

namespace firebreak::detect {

StreamDetector::StreamDetector(const DetectorConfig& config, const ReferenceProfile& profile)
    : config_(config),
      profile_(profile),
      input_(config_, profile_),
      records_(config_, profile_),
      features_(config_, profile_),
      mixture_(config_, profile_),
      outliers_(config_, profile_),
      chains_(config_, profile_),
      performance_(config_, profile_) {}

std::vector<FindingUpdate> StreamDetector::observe(const Observation& observation) {
  std::vector<FindingUpdate> out;
  records_.observe(observation, now_, out);
  now_ = std::max(now_, observation.time);
  input_.observe(observation, now_, out);
  performance_.observe(observation, now_, out);
  if (observation.features.numeric.size() == profile_.numeric.size() && observation.features.categories.size() == profile_.categories.size())
    observe_row(observation, out);
  chains_.advance(now_, out);
  return out;
}

// A row with a hole has no place among the others.
void StreamDetector::observe_row(const Observation& observation, std::vector<FindingUpdate>& out) {
  RowRelation relation = RowRelation::kApart;
  const auto ranks = ranks_of(profile_, observation.features);
  if (ranks && observation.schema_violation.empty()) {
    relation = chains_.observe(observation, *ranks, now_, out);
    if (relation != RowRelation::kCopy) outliers_.observe(observation, *ranks, now_, out);
  }
  // Copies and near rows are no independent draws; where likeness says nothing, equal rows come by chance.
  const bool likeness = config_.chains.link_surprise < kNeverLinks && profile_.numeric.size() >= kChainFeatures;
  if (relation != RowRelation::kApart && likeness) return;
  features_.observe(observation, now_, out);
  if (ranks) mixture_.observe(observation, *ranks, now_, out);
}

std::vector<FindingUpdate> StreamDetector::observe(const LabelObservation& label) {
  std::vector<FindingUpdate> out;
  now_ = std::max(now_, label.time);
  performance_.observe(label, now_, out);
  return out;
}

void StreamDetector::learn(const Observation& observation, const LabelObservation& label) {
  std::vector<FindingUpdate> none;
  performance_.observe(observation, observation.time, none);
  performance_.observe(label, label.time, none);
}

std::vector<FindingUpdate> StreamDetector::advance(Time now) {
  std::vector<FindingUpdate> out;
  now_ = std::max(now_, now);
  input_.advance(now_, out);
  records_.advance(now_, out);
  features_.advance(now_, out);
  outliers_.advance(now_, out);
  chains_.advance(now_, out);
  return out;
}

std::size_t StreamDetector::bytes() const {
  return input_.bytes() + records_.bytes() + features_.bytes() + mixture_.bytes() + outliers_.bytes() + chains_.bytes() + performance_.bytes();
}

}  // namespace firebreak::detect
