#include "fold/detect/detector.h"

#include <algorithm>

namespace firebreak::detect {

StreamDetector::StreamDetector(const DetectorConfig& config, const ReferenceProfile& profile)
    : config_(config),
      profile_(profile),
      input_(config_, profile_),
      outliers_(config_, profile_),
      chains_(config_, profile_),
      performance_(config_, profile_) {}

std::vector<FindingUpdate> StreamDetector::observe(const Observation& observation) {
  std::vector<FindingUpdate> out;
  now_ = std::max(now_, observation.time);
  input_.observe(observation, now_, out);
  performance_.observe(observation, now_, out);
  // A row with a hole has no place among the others; its hole is a finding of its own.
  if (const auto ranks = ranks_of(profile_, observation.features);
      ranks && observation.schema_violation.empty()) {
    const bool copy = chains_.observe(observation, *ranks, now_, out);
    if (!copy) outliers_.observe(observation, *ranks, now_, out);
  }
  chains_.advance(now_, out);
  return out;
}

std::vector<FindingUpdate> StreamDetector::observe(const LabelObservation& label) {
  std::vector<FindingUpdate> out;
  now_ = std::max(now_, label.time);
  performance_.observe(label, now_, out);
  return out;
}

std::vector<FindingUpdate> StreamDetector::advance(Time now) {
  std::vector<FindingUpdate> out;
  now_ = std::max(now_, now);
  input_.advance(now_, out);
  outliers_.advance(now_, out);
  chains_.advance(now_, out);
  return out;
}

std::size_t StreamDetector::bytes() const {
  return input_.bytes() + outliers_.bytes() + chains_.bytes() + performance_.bytes();
}

}  // namespace firebreak::detect
