#include "fold/detect/feature_watches.h"

#include <algorithm>
#include <cmath>

#include "fold/detect/shift_size.h"

namespace firebreak::detect {
namespace {

constexpr std::uint64_t kUnitValues = 24;      // that an alarm of a number waits for, to tell a change of unit
constexpr std::uint64_t kJudgeEvery = 128;     // a multiple of UniformEvidence::kStep
constexpr std::uint64_t kCloseValues = 512;    // that must look usual again

std::uint64_t mixed(std::uint64_t x) {  // SplitMix64
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

// Breaks ties: a function of the record and the feature, so that a replay repeats it.
double chance_of(std::uint64_t index, std::size_t feature) {
  return static_cast<double>(mixed(index * 1024 + feature) >> 11) * 0x1.0p-53;
}

std::string kind_of(Sign sign, const FeatureCells& cells, bool unit) {
  if (unit) return "unit_change";
  switch (sign) {
    case Sign::kShift: return "feature_drift";
    case Sign::kMissing: return "missing_values";
    case Sign::kOutside: return cells.numeric() ? "feature_range" : "unseen_category";
    case Sign::kMistyped: return cells.has_shapes() ? "pattern_mismatch" : "type_mismatch";
    case Sign::kStale: return "stale_feature";
  }
  return "feature_drift";
}

}  // namespace

FeatureWatches::FeatureWatches(const DetectorConfig& config, const ReferenceProfile& profile)
    : config_(config), numeric_(profile.numeric.size()), places_(FeatureWatch::kRemembered) {
  const double questions = static_cast<double>((profile.numeric.size() + profile.categories.size()) * kSigns);
  const FeatureWatch::Limits limits{config.features.reference_alpha / std::max(questions, 1.0), config.features.least_share};
  for (const NumericReference& one : profile.numeric) features_.push_back({one.name, FeatureWatch(profile, one, limits), {}, 0});
  for (const CategoryReference& one : profile.categories) features_.push_back({one.name, FeatureWatch(profile, one, limits), {}, 0});
}

void FeatureWatches::observe(const Observation& observation, Time now, std::vector<FindingUpdate>& out) {
  if (!callers_.counts(observation.caller)) return;
  places_[position_++ % FeatureWatch::kRemembered] = {observation.index, observation.time};
  for (std::size_t i = 0; i < features_.size(); ++i) take(features_[i], i, observation);
  if (position_ % kJudgeEvery == 0) judge_all();
  for (Watched& one : features_)
    if (one.open) follow(one, observation, now, out);
}

void FeatureWatches::take(Watched& watched, std::size_t number, const Observation& observation) {
  const FeatureRow& row = observation.features;
  const double chance = chance_of(observation.index, number);
  const auto& wrong = observation.mistyped;
  const bool mistyped = !wrong.empty() && std::find(wrong.begin(), wrong.end(), number) != wrong.end();
  const bool hit = number < numeric_ ? watched.watch.observe(row.numeric[number], mistyped, chance)
                                     : watched.watch.observe(row.categories[number - numeric_], mistyped, chance);
  if (hit && !watched.open) judge_one(watched);
}

// What one feature's evidence must reach when no other feature says anything.
double FeatureWatches::log_limit(const FeatureWatch& watch) const {
  const double seen = static_cast<double>(watch.since_restart() + stats::UniformEvidence::kStep);
  return std::log(std::max(config_.features.arl_records, seen / config_.features.false_share)) + std::log(static_cast<double>(features_.size()));
}

void FeatureWatches::judge_one(Watched& watched) {
  const double limit = log_limit(watched.watch);
  if (watched.watch.evidence().log >= limit) open(watched, limit);
}

// e-BH: the k strongest are told when the k-th reaches a k-th of the limit for one.
void FeatureWatches::judge_all() {
  struct Candidate {
    Watched* watched;
    double above;  // of its limit, in nats
    double limit;
  };
  std::vector<Candidate> all;
  for (Watched& one : features_) {
    if (one.open) continue;
    const double limit = log_limit(one.watch);
    all.push_back({&one, one.watch.evidence().log - limit, limit});
  }
  std::stable_sort(all.begin(), all.end(), [](const Candidate& a, const Candidate& b) { return a.above > b.above; });
  std::size_t told = 0;
  for (std::size_t k = 1; k <= all.size(); ++k)
    if (all[k - 1].above >= -std::log(static_cast<double>(k))) told = k;
  for (std::size_t i = 0; i < told; ++i) open(*all[i].watched, all[i].limit - std::log(static_cast<double>(told)));
}

// As large as the owner asks for, and larger than any excursion of the reference over as many values.
bool FeatureWatches::is_worth_telling(Watched& watched, Sign sign) {
  constexpr double kMargin = 1.5;
  if (sign != Sign::kShift) return true;
  if (position_ < watched.look_again) return false;
  const FeatureWatch& watch = watched.watch;
  const std::uint64_t values = std::max<std::uint64_t>(watch.onset(sign).likeliest, kLeastWindow);
  const double size = distance_beyond_chance(watch.cells().counts(), watch.cells_of_newest(values));
  if (size >= std::max(config_.features.least_shift, kMargin * watch.usual_shift(values))) return true;
  watched.look_again = position_ + std::max<std::uint64_t>(values / 4, kLeastWindow);
  return false;
}

void FeatureWatches::open(Watched& watched, double limit) {
  const FeatureWatch::Evidence evidence = watched.watch.evidence();
  if (!is_worth_telling(watched, evidence.strongest)) return;
  Open open;
  open.sign = evidence.strongest;
  open.position = position_;
  open.place = place_of(position_);
  open.evidence = evidence.log;
  open.limit = limit;
  open.ages = watched.watch.onset(evidence.strongest);
  open.usual = watched.watch.usual(evidence.strongest);
  const Place first = place_of(position_ + 1 - open.ages.oldest), last = place_of(position_ + 1 - open.ages.newest);
  open.onset = {first.index, last.index, first.time, last.time};
  watched.open = std::move(open);
  watched.watch.freeze();
}

void FeatureWatches::follow(Watched& watched, const Observation& observation, Time now, std::vector<FindingUpdate>& out) {
  Open& open = *watched.open;
  const bool waits = watched.watch.cells().numeric() && (open.sign == Sign::kShift || open.sign == Sign::kOutside);
  if (!open.episode.open()) {
    if (waits && position_ < open.position + kUnitValues) return;
    return begin(watched, now, out);
  }
  if (open.sign == Sign::kShift) {
    open.episode.extend(observation.index, observation.time);
  } else if (watched.watch.last_was(open.sign)) {
    open.episode.hit({}, observation.index, observation.time);
  }
  if (position_ % stats::UniformEvidence::kStep == 0 && position_ >= open.position + close_values(watched) && is_over(watched)) {
    FindingUpdate update = open.episode.close(config_);
    update.episode += "/" + watched.name;
    describe(watched, update);
    out.push_back(std::move(update));
    watched.open.reset();
    watched.watch.restart();
  } else if (open.episode.due(now, config_.update_us) && open.episode.count() >= open.next_report) {
    report(watched, now, out);
  }
}

// A finding that stands for days says so now and then: when half as many records again have come.
void FeatureWatches::report(Watched& watched, Time now, std::vector<FindingUpdate>& out) {
  Open& open = *watched.open;
  open.next_report = open.episode.count() + open.episode.count() / 2;
  out.push_back(open.episode.report(config_, now));
  out.back().episode += "/" + watched.name;
  describe(watched, out.back());
}

void FeatureWatches::begin(Watched& watched, Time now, std::vector<FindingUpdate>& out) {
  Open& open = *watched.open;
  const FeatureWatch& watch = watched.watch;
  if (open.sign == Sign::kShift || open.sign == Sign::kOutside) {
    const auto values = watch.newest_numbers(open.ages.likeliest + position_ - open.position);
    open.unit = unit_change(watch.cells(), values);
  }
  const Place here = place_of(position_);
  const std::uint64_t oldest = open.position + 1 - std::min(open.position, open.ages.likeliest);
  open.episode.hit(kind_of(open.sign, watch.cells(), open.unit.has_value()), open.place.index, open.place.time);
  open.episode.cover(std::min(place_of(oldest).index, open.place.index), here.index, place_of(oldest).time, here.time);
  report(watched, now, out);
}

// As many as the alarm rested on: a small shift does not show in a few. And so many that values as rare as the finding's come among them.
std::uint64_t FeatureWatches::close_values(const Watched& watched) const {
  constexpr double kSurely = 9.2;  // none of so many that are expected: one in ten thousand
  const Open& open = *watched.open;
  double values = static_cast<double>(open.ages.likeliest);
  if (open.sign != Sign::kShift) {
    const double since = static_cast<double>(position_ - open.position) + values, hits = static_cast<double>(open.episode.count());
    values = std::max(values, kSurely * since / std::max(hits, 1.0));
  }
  return static_cast<std::uint64_t>(std::clamp(values, static_cast<double>(kCloseValues), static_cast<double>(FeatureWatch::kRemembered)));
}

// The newest values are the reference's again.
bool FeatureWatches::is_over(const Watched& watched) const {
  constexpr double kUsual = 0.05;
  const FeatureWatch& watch = watched.watch;
  const Sign sign = watched.open->sign;
  const std::uint64_t values = close_values(watched);
  if (sign != Sign::kShift) {
    const double share = static_cast<double>(watch.hits_of_newest(sign, values)) / static_cast<double>(values);
    if (share > watched.open->usual) return false;
  }
  return shift_size(watch.cells().counts(), watch.cells_of_newest(values)).p_value >= kUsual;
}

void FeatureWatches::advance(Time now, std::vector<FindingUpdate>& out) {
  for (Watched& one : features_) {
    if (!one.open) continue;
    const bool waits = !one.open->episode.open();
    if (waits && now - one.open->place.time >= config_.update_us) begin(one, now, out);
  }
}

// The oldest that is remembered for what lies further back.
const FeatureWatches::Place& FeatureWatches::place_of(std::uint64_t position) const {
  const std::uint64_t oldest = position_ > FeatureWatch::kRemembered ? position_ - FeatureWatch::kRemembered + 1 : 1;
  return places_[(std::max(position, oldest) - 1) % FeatureWatch::kRemembered];
}

std::size_t FeatureWatches::bytes() const {
  std::size_t bytes = places_.size() * sizeof(Place) + callers_.bytes();
  for (const Watched& one : features_) bytes += sizeof(Watched) - sizeof(FeatureWatch) + one.watch.bytes() + (one.open ? Episode::kIndexes * 8 : 0);
  return bytes;
}

}  // namespace firebreak::detect
