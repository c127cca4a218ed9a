#include "fold/detect/detector.h"

#include <algorithm>

namespace firebreak::detect {
namespace {

// How often, at most, a row that has nothing to do with others equals one of as many as the reference has, as if its features were
// independent.
double copies_by_chance(const ReferenceProfile& profile) {
  double chance = static_cast<double>(profile.rows);
  const auto times = [&chance, rows = static_cast<double>(profile.rows)](double sum_of_squares) { chance *= sum_of_squares / (rows * rows); };
  for (const NumericReference& one : profile.numeric) {
    double sum = static_cast<double>(one.missing) * static_cast<double>(one.missing);
    for (std::size_t i = 0; i < one.cumulative.size(); ++i) {
      const auto count = static_cast<double>(one.cumulative[i] - (i == 0 ? 0 : one.cumulative[i - 1]));
      sum += count * count;
    }
    times(sum);
  }
  for (const CategoryReference& one : profile.categories) {
    double sum = 0;
    for (const auto& [value, count] : one.counts) sum += static_cast<double>(count) * static_cast<double>(count);
    times(sum);
  }
  return chance;
}

constexpr double kSeldom = 0.01;

}  // namespace

StreamDetector::StreamDetector(const DetectorConfig& config, const ReferenceProfile& profile)
    : config_(config),
      profile_(profile),
      copies_by_chance_(copies_by_chance(profile) > kSeldom),
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
  if (observation.time >= newest_) {
    newest_ = observation.time;
    lag_us_ = std::max<std::int64_t>(observation.delay_us, 0);
  }
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
  // Copies and near rows are no independent draws, where they do not come by chance.
  const bool likeness = config_.chains.link_surprise < kNeverLinks && profile_.numeric.size() >= kChainFeatures;
  if (relation == RowRelation::kCopy ? !copies_by_chance_ || likeness : relation == RowRelation::kNear && likeness) return;
  features_.observe(observation, now_, out);
  if (ranks) mixture_.observe(observation, *ranks, now_, out);
}

std::vector<FindingUpdate> StreamDetector::observe(const LabelObservation& label) {
  std::vector<FindingUpdate> out;
  performance_.observe(label, std::max(now_, label.time), out);
  return out;
}

void StreamDetector::learn(const Observation& observation, const LabelObservation& label) {
  std::vector<FindingUpdate> none;
  performance_.observe(observation, observation.time, none);
  performance_.observe(label, label.time, none);
}

// A log of yesterday goes on yesterday: what has passed since its newest record came has passed since that record.
std::vector<FindingUpdate> StreamDetector::advance(Time now) {
  std::vector<FindingUpdate> out;
  now_ = std::max(now_, Time{now.us - lag_us_});
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
