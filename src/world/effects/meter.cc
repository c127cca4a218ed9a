#include "world/effects/meter.h"

namespace firebreak::effects {
namespace {

bool is_member(const Measure& measure, const std::string& caller, const Digest& digest) {
  if (const auto* quarantine = std::get_if<QuarantineMeasure>(&measure))
    return quarantine->callers.contains(caller) || quarantine->digests.contains(digest);
  if (const auto* block = std::get_if<BlockMeasure>(&measure)) return block->callers.contains(caller);
  if (const auto* limit = std::get_if<RateLimitMeasure>(&measure)) return limit->scope == LimitScope::kCaller && limit->callers.contains(caller);  // a limit of these alone
  return false;
}

bool counts(const Observation& observation) {
  return observation.schema_violation.empty() && observation.disposition != Disposition::kFailed &&
         !observation.caller.starts_with("unknown:");
}

}  // namespace

void Meter::count(const Observation& observation, bool established) {
  const std::lock_guard lock(mutex_);
  if (established && !observation.release.empty() && observation.schema_violation.empty()) {
    ReleaseCounts& counts = releases_[observation.release];
    if (observation.disposition == Disposition::kFailed) {
      ++counts.of;
      ++counts.failed;
    } else if (is_model_decision(observation.disposition)) {
      ++counts.of;
      counts.positive += observation.label == positive_label_;
    }
  }
  if (established && !observation.shadow_release.empty() && is_model_decision(observation.disposition)) {
    ShadowCounts& shadow = shadows_[observation.shadow_release];
    ++shadow.answers;
    shadow.agree += observation.shadow_label == observation.label;
  }
  if (!counts(observation)) return;
  const auto [name, fresh] = names_.try_emplace(observation.caller, static_cast<std::uint32_t>(name_of_.size()));
  if (fresh) name_of_.push_back(observation.caller);
  rows_.push_back({observation.time, name->second, observation.feature_digest, observation.disposition});
  while (rows_.size() > kMaxRows || (!rows_.empty() && rows_.front().time < rows_.back().time - kHour))
    rows_.pop_front();
}

void Meter::take_rows(Meter& other) {
  const std::lock_guard lock(mutex_);
  rows_ = std::move(other.rows_);
  names_ = std::move(other.names_);
  name_of_ = std::move(other.name_of_);
}

Effect Meter::effect(const Measure& measure, Time since, Time now) const {
  const std::lock_guard lock(mutex_);
  Effect effect;
  for (const Row& row : rows_) {
    if (row.time <= since || row.time < now - kHour) continue;  // at `since` itself it was not yet in force
    if (is_member(measure, name_of_[row.caller], row.digest)) {
      ++effect.chain;
      effect.not_served += row.disposition != Disposition::kServed;
      continue;
    }
    ++effect.others;
    effect.changed += row.disposition == Disposition::kFallback || row.disposition == Disposition::kReview;
    effect.failed += row.disposition == Disposition::kLimited || row.disposition == Disposition::kBlocked;
  }
  return effect;
}

std::map<std::string, ReleaseCounts> Meter::releases() const {
  const std::lock_guard lock(mutex_);
  return releases_;
}

void Meter::reset_releases() {
  const std::lock_guard lock(mutex_);
  releases_.clear();
  shadows_.clear();
}

ShadowCounts Meter::shadow(const std::string& release) const {
  const std::lock_guard lock(mutex_);
  const auto found = shadows_.find(release);
  return found == shadows_.end() ? ShadowCounts{} : found->second;
}

std::size_t Meter::bytes() const {
  const std::lock_guard lock(mutex_);
  return rows_.size() * sizeof(Row) + name_of_.size() * 96;
}

}  // namespace firebreak::effects
