#include "fold/detect/feature_watch.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stats/special.h"

namespace firebreak::detect {
namespace {

// Shares of the average of the five. They sum to one.
constexpr std::array<double, kSigns> kShares = {0.5, 0.125, 0.125, 0.125, 0.125};
constexpr double kNeverMore = 0.95;  // something that happens this often cannot become more frequent in a way that shows
constexpr std::size_t kExample = 64;

// The chance that two values in a row are equal, as if they came in no order.
double repeats_by_chance(const std::vector<std::uint64_t>& counts, double rows) {
  double sum = 0;
  for (const std::uint64_t count : counts) sum += (static_cast<double>(count) / rows) * (static_cast<double>(count) / rows);
  return sum;
}

std::uint64_t stale_after(std::uint64_t longest_run) { return std::max(FeatureWatch::kLeastRun, longest_run + longest_run / 2); }

std::vector<std::uint64_t> value_counts(const NumericReference& reference) {
  std::vector<std::uint64_t> counts;
  std::uint64_t before = 0;
  for (const std::uint64_t up_to : reference.cumulative) {
    counts.push_back(up_to - before);
    before = up_to;
  }
  return counts;
}

}  // namespace

FeatureWatch::FeatureWatch(const ReferenceProfile& profile, const NumericReference& reference, const Limits& limits)
    : cells_(reference), ranks_(cells_.counts()), excursions_(reference.excursions), stale_run_(stale_after(reference.longest_run)), seen_(kRemembered), raw_(kRawValues) {
  const double rows = static_cast<double>(profile.rows), there = static_cast<double>(reference.cumulative.back());
  ask_by_urn(Sign::kMissing, static_cast<double>(reference.missing), rows, limits.least_share);
  // The next of n + 1 values in no order lies beyond the least and the greatest of the others with chance 2 / (n + 1).
  ask_by_urn(Sign::kOutside, 1, there, limits.least_share);
  ask_by_urn(Sign::kMistyped, 0, rows, limits.least_share);
  const double repeats = std::max(static_cast<double>(reference.repeats), std::ceil(there * repeats_by_chance(value_counts(reference), there)));
  ask_repeats(stats::binomial_upper_limit(repeats, there, limits.alpha));
}

FeatureWatch::FeatureWatch(const ReferenceProfile& profile, const CategoryReference& reference, const Limits& limits)
    : cells_(reference), ranks_(cells_.counts()), excursions_(reference.excursions), stale_run_(stale_after(reference.longest_run)), seen_(kRemembered) {
  const double rows = static_cast<double>(profile.rows);
  std::vector<std::uint64_t> counts;
  for (const auto& [value, count] : reference.counts) counts.push_back(count);
  ask_by_urn(Sign::kMissing, static_cast<double>(cells_.counts()[cells_.missing()]), rows, limits.least_share);
  // What half of the rows did not show of the other half bounds what all of them did not show.
  ask_by_urn(Sign::kOutside, static_cast<double>(reference.novel), std::floor(rows / 2), limits.least_share);
  // What was seen once bounds what was not seen (Good 1953).
  ask_by_urn(Sign::kMistyped, cells_.has_shapes() ? static_cast<double>(cells_.shapes_seen_once() + 1) : 0, rows, limits.least_share);
  const double repeats = std::max(static_cast<double>(reference.repeats), std::ceil(rows * repeats_by_chance(counts, rows)));
  ask_repeats(stats::binomial_upper_limit(repeats, rows, limits.alpha));
}

void FeatureWatch::ask_by_urn(Sign sign, double ones, double values, double least_share) {
  const stats::Urn urn{ones, values};
  if (urn.chance() < kNeverMore) rare(sign).emplace(Rare{stats::RareEvents(std::max(least_share, 1e-9)), urn});
}

void FeatureWatch::ask_repeats(double chance) {
  if (chance < kNeverMore) rare(Sign::kStale).emplace(Rare{stats::RareEvents(chance), {}});
}

bool FeatureWatch::Seen::is(Sign sign, const FeatureCells& cells) const {
  switch (sign) {
    case Sign::kShift: return true;
    case Sign::kMissing: return cell == cells.missing();
    case Sign::kOutside: return cells.outside(cell);
    case Sign::kMistyped: return cell == cells.mistyped();
    case Sign::kStale: return repeated;
  }
  return false;
}

bool FeatureWatch::observe(double value, bool mistyped, double chance) {
  const bool repeated = position_ > 0 && value == last_number_;
  last_number_ = value;
  raw_[position_ % kRawValues] = value;
  const std::size_t cell = mistyped ? cells_.mistyped() : cells_.cell_of(value);
  return take(cell, cell, repeated, chance);
}

bool FeatureWatch::observe(const std::string& value, bool mistyped, double chance) {
  const bool repeated = position_ > 0 && !value.empty() && value == last_category_;
  if (!repeated) last_category_ = value;
  const std::size_t cell = mistyped ? cells_.mistyped() : cells_.cell_of(value);
  if (cells_.outside(cell) || (cell == cells_.mistyped() && !value.empty())) example_ = value.substr(0, kExample);
  return take(cell, cells_.rank_cell_of(cell, value), repeated, chance);
}

bool FeatureWatch::take(std::size_t cell, std::size_t rank_cell, bool repeated, double chance) {
  Seen& seen = seen_[position_ % kRemembered];
  ++position_;
  seen = {static_cast<std::uint8_t>(cell), Seen::kNoRank, repeated};
  run_ = repeated ? run_ + 1 : 0;
  if (frozen_) return false;
  const double rank = ranks_.add(rank_cell, chance);
  seen.rank = static_cast<std::uint8_t>(stats::UniformEvidence::cell_of(rank));
  shift_.add(rank);
  bool hit = false;
  for (const Sign sign : {Sign::kMissing, Sign::kOutside, Sign::kMistyped}) {
    if (!rare(sign)) continue;
    const bool one = seen.is(sign, cells_);
    if (one) rare(sign)->events.hit(position_, usual(sign));
    rare(sign)->urn.add(one);
    hit = hit || one;
  }
  if (repeated && rare(Sign::kStale)) {
    rare(Sign::kStale)->events.hit(position_);
    hit = hit || run_ >= stale_run_;
  }
  return hit;
}

FeatureWatch::Evidence FeatureWatch::evidence() const {
  std::array<double, kSigns> logs;
  logs[0] = shift_.log_evidence();
  for (std::size_t i = 1; i < kSigns; ++i) {
    const bool asked = rare_[i] && (static_cast<Sign>(i) != Sign::kStale || run_ >= stale_run_);
    logs[i] = asked ? rare_[i]->events.log_evidence(position_) : -std::numeric_limits<double>::infinity();
  }
  std::size_t best = 0;
  for (std::size_t i = 0; i < kSigns; ++i) {
    logs[i] += std::log(kShares[i]);
    // A value of a wrong type, missing or outside shifts the shares too: the plainer reason is the one to tell.
    if (logs[i] > logs[best] || (best == 0 && logs[i] > 0.8 * logs[0])) best = i;
  }
  double sum = 0;
  const double most = *std::max_element(logs.begin(), logs.end());
  for (const double log : logs) sum += std::exp(log - most);
  return {most + std::log(sum), static_cast<Sign>(best)};
}

void FeatureWatch::restart() {
  shift_.restart();
  for (auto& one : rare_)
    if (one) one->events.restart(position_);
  restarted_ = position_;
  frozen_ = false;
}

std::uint64_t FeatureWatch::reach() const { return std::min<std::uint64_t>(position_ - restarted_, kRemembered); }

stats::OnsetPosterior::Ages FeatureWatch::onset(Sign sign) const {
  constexpr double kOutside = 0.05;
  stats::OnsetPosterior posterior;
  stats::ShiftWeights shift;
  stats::LearnedChance chance(std::min(usual(sign), 0.99));
  for (std::uint64_t age = 1; age <= reach(); ++age) {
    const Seen& seen = remembered(age);
    if (seen.rank == Seen::kNoRank) break;
    if (sign == Sign::kShift) posterior.add_older_weight(shift.add_older(seen.rank));
    else posterior.add_older(chance.log_ratio(seen.is(sign, cells_)));
  }
  auto ages = posterior.interval(kOutside);
  // Begun before what is remembered: the beginnings of the evidence say how far back, to a factor of two.
  if (sign == Sign::kShift && posterior.reaches_back(kOutside) && shift_.likeliest_age() > reach())
    ages.oldest = std::min(2 * shift_.likeliest_age(), position_ - restarted_);
  return ages;
}

stats::Counts FeatureWatch::cells_of_newest(std::uint64_t values) const {
  stats::Counts out(cells_.counts().size());
  for (std::uint64_t age = 1; age <= std::min<std::uint64_t>({values, position_, kRemembered}); ++age) ++out[remembered(age).cell];
  if (cells_.is_open()) out[cells_.unseen()] = 0;  // the reference cannot say how many are usual
  return out;
}

std::uint64_t FeatureWatch::hits_of_newest(Sign sign, std::uint64_t values) const {
  std::uint64_t hits = 0;
  for (std::uint64_t age = 1; age <= std::min<std::uint64_t>({values, position_, kRemembered}); ++age) hits += remembered(age).is(sign, cells_) ? 1 : 0;
  return hits;
}

std::vector<double> FeatureWatch::newest_numbers(std::uint64_t values) const {
  std::vector<double> out;
  for (std::uint64_t age = 1; cells_.numeric() && age <= std::min<std::uint64_t>({values, position_, kRawValues}); ++age)
    if (const double value = raw_[(position_ - age) % kRawValues]; std::isfinite(value)) out.push_back(value);
  return out;
}

double FeatureWatch::usual(Sign sign) const {
  if (!rare(sign)) return 1;
  const double least = rare(sign)->events.baseline();
  return sign == Sign::kStale ? least : std::clamp(rare(sign)->urn.chance(), least, 1.0);
}

std::size_t FeatureWatch::bytes() const {
  return sizeof(*this) + cells_.bytes() - sizeof(cells_) + ranks_.bytes() + shift_.bytes() - sizeof(shift_) + seen_.size() * sizeof(Seen) +
         raw_.size() * sizeof(double);
}

}  // namespace firebreak::detect
