#include "fold/detect/segments.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "fold/detect/id_table.h"
#include "stats/special.h"

namespace firebreak::detect {
namespace {

constexpr std::size_t kValueBytes = 64;  // of a name that is shown

// Values at equal shares of the reference, without repeats.
std::vector<double> bounds_of(const NumericReference& reference, std::uint64_t rows, std::size_t bins) {
  std::vector<double> out;
  for (std::size_t bin = 1; bin < bins && !reference.values.empty(); ++bin) {
    const double wanted = static_cast<double>(rows) * static_cast<double>(bin) / static_cast<double>(bins);
    const auto at = std::lower_bound(reference.cumulative.begin(), reference.cumulative.end(), wanted,
                                     [](std::uint64_t rows_below, double share) { return static_cast<double>(rows_below) < share; });
    const auto place = static_cast<std::size_t>(at - reference.cumulative.begin());
    const double bound = reference.values[std::min(place, reference.values.size() - 1)];
    if (out.empty() || bound > out.back()) out.push_back(bound);
  }
  return out;
}

// Bins and what is missing have keys of their own; texts get the rest by hash.
constexpr std::uint16_t kMissing = 1, kFirstBin = 2;
constexpr std::uint64_t kFirstText = 64;

std::uint16_t text_key(std::string_view text) { return static_cast<std::uint16_t>(kFirstText + id_hash(text) % (65536 - kFirstText)); }

}  // namespace

Segments::Segments(const SegmentOptions& options, const ReferenceProfile& profile) : options_(options) {
  features_.push_back({Feature::Kind::kCaller, "caller", 0, {}});
  for (std::size_t i = 0; i < profile.categories.size() && features_.size() < kSegmentFeatures; ++i)
    features_.push_back({Feature::Kind::kCategory, profile.categories[i].name, i, {}});
  for (std::size_t i = 0; i < profile.numeric.size() && features_.size() < kSegmentFeatures; ++i)
    features_.push_back({Feature::Kind::kNumber, profile.numeric[i].name, i, bounds_of(profile.numeric[i], profile.rows, options.bins)});
  keys_.resize(features_.size());
  slots_.resize(features_.size());
}

std::uint16_t Segments::key_of(const Feature& feature, const Observation& observation) const {
  if (feature.kind == Feature::Kind::kCaller) return observation.caller.empty() ? kMissing : text_key(observation.caller);
  if (feature.kind == Feature::Kind::kCategory) {
    const auto& values = observation.features.categories;
    return feature.column >= values.size() || values[feature.column].empty() ? kMissing : text_key(values[feature.column]);
  }
  const auto& values = observation.features.numeric;
  if (feature.column >= values.size() || std::isnan(values[feature.column])) return kMissing;
  const auto above = std::upper_bound(feature.bounds.begin(), feature.bounds.end(), values[feature.column]);
  return static_cast<std::uint16_t>(kFirstBin + (above - feature.bounds.begin()));
}

std::string Segments::name_of(const Feature& feature, const Observation& observation) const {
  if (key_of(feature, observation) == kMissing) return "(missing)";
  if (feature.kind == Feature::Kind::kCaller) return observation.caller.substr(0, kValueBytes);
  if (feature.kind == Feature::Kind::kCategory) return observation.features.categories[feature.column].substr(0, kValueBytes);
  const double value = observation.features.numeric[feature.column];
  const auto above = std::upper_bound(feature.bounds.begin(), feature.bounds.end(), value);
  if (feature.bounds.empty()) return "any";
  if (above == feature.bounds.begin()) return fmt::format("below {:g}", *above);
  if (above == feature.bounds.end()) return fmt::format("{:g} and more", feature.bounds.back());
  return fmt::format("{:g} to {:g}", *(above - 1), *above);
}

SegmentKeys Segments::observe(const Observation& observation) {
  SegmentKeys keys{};
  for (std::size_t i = 0; i < features_.size(); ++i) {
    keys[i] = key_of(features_[i], observation);
    count(i, keys[i], observation);
  }
  return keys;
}

void Segments::count(std::size_t feature, std::uint16_t key, const Observation& observation) {
  std::vector<Slot>& slots = slots_[feature];
  std::size_t at = find(feature, key);
  if (at < slots.size()) {
    ++slots[at].count;
    return;
  }
  std::uint64_t inherited = 0;
  if (slots.size() < options_.values) {
    slots.emplace_back();
    keys_[feature].push_back(key);
  } else {
    const auto least = std::min_element(slots.begin(), slots.end(), [](const Slot& a, const Slot& b) { return a.count < b.count; });
    at = static_cast<std::size_t>(least - slots.begin());
    inherited = least->count;
    keys_[feature][at] = key;
  }
  slots[at] = {name_of(features_[feature], observation), inherited + 1, inherited, {}};
}

std::size_t Segments::find(std::size_t feature, std::uint16_t key) const {
  const auto& keys = keys_[feature];
  return static_cast<std::size_t>(std::find(keys.begin(), keys.end(), key) - keys.begin());
}

void Segments::add(Tallies& tallies, const Losses& losses, double times) {
  for (std::size_t m = 0; m < kMeasures; ++m) {
    if (!says(losses[m])) continue;
    tallies[m].n += times;
    tallies[m].loss += times * losses[m];
  }
}

void Segments::judge(const SegmentKeys& keys, std::uint64_t index, const Losses& losses) {
  for (std::size_t i = 0; i < features_.size(); ++i)
    if (const std::size_t at = find(i, keys[i]); at < slots_[i].size()) add(slots_[i][at].tallies, losses, 1);
  add(all_, losses, 1);
  judged_.push_back({keys, index, losses});
  if (judged_.size() > options_.judged) judged_.pop_front();
}

void Segments::take_back(std::uint64_t index) {
  const auto found = std::find_if(judged_.rbegin(), judged_.rend(), [index](const Judged& one) { return one.index == index; });
  if (found == judged_.rend()) return;
  for (std::size_t i = 0; i < features_.size(); ++i)
    if (const std::size_t at = find(i, found->keys[i]); at < slots_[i].size()) add(slots_[i][at].tallies, found->losses, -1);
  add(all_, found->losses, -1);
  judged_.erase(std::prev(found.base()));
}

void Segments::forget_labels() {
  judged_.clear();
  all_ = {};
  for (auto& slots : slots_)
    for (Slot& slot : slots) slot.tallies = {};
}

namespace {

template <class Tally>
Tally minus(const Tally& a, const Tally& b) {
  return {std::max(0.0, a.n - b.n), std::max(0.0, a.loss - b.loss)};
}

// One imagined loss of a half keeps small segments from being certain.
template <class Tally>
double cautious_mean(const Tally& tally) {
  return (tally.loss + 0.5) / (tally.n + 1);
}

template <class Tally>
double cautious_variance(const Tally& tally) {
  return cautious_mean(tally) * (1 - cautious_mean(tally)) / (tally.n + 1);
}

}  // namespace

std::optional<SegmentFinding> Segments::explain(Measure measure, std::uint64_t onset) const {
  const auto m = static_cast<std::size_t>(measure);
  std::vector<std::vector<Tally>> after(features_.size());
  for (std::size_t i = 0; i < features_.size(); ++i) after[i].resize(slots_[i].size());
  Tally all_after;
  const auto take = [](Tally& tally, double loss) {
    ++tally.n;
    tally.loss += loss;
  };
  for (const Judged& one : judged_) {
    if (one.index < onset || !says(one.losses[m])) continue;
    take(all_after, one.losses[m]);
    for (std::size_t i = 0; i < features_.size(); ++i)
      if (const std::size_t at = find(i, one.keys[i]); at < slots_[i].size()) take(after[i][at], one.losses[m]);
  }
  double tested = 0, best_z = 0;
  for (const auto& slots : slots_) tested += static_cast<double>(slots.size());
  std::optional<SegmentFinding> best;
  for (std::size_t i = 0; i < features_.size(); ++i)
    for (std::size_t k = 0; k < slots_[i].size(); ++k)
      weigh(i, k, {all_[m], all_after, slots_[i][k].tallies[m], after[i][k]}, tested, best, best_z);
  return best;
}

// seen: all, all after the onset, the segment, the segment after it; of one measure.
void Segments::weigh(std::size_t feature, std::size_t slot, const std::array<Tally, 4>& seen, double tested,
                     std::optional<SegmentFinding>& best, double& best_z) const {
  const auto& [all, all_after, in_all, in_after] = seen;
  const Tally all_before = minus(all, all_after);
  const Tally in_before = minus(in_all, in_after), out_after = minus(all_after, in_after), out_before = minus(all_before, in_before);
  constexpr double kLeastAnswers = 5;
  if (std::min({in_before.n, in_after.n, out_before.n, out_after.n}) < kLeastAnswers) return;
  const double excess = all_after.loss - all_after.n * all_before.loss / all_before.n;
  const double share = (in_after.loss - in_after.n * in_before.loss / in_before.n) / excess;
  const double rise = (cautious_mean(in_after) - cautious_mean(in_before)) - (cautious_mean(out_after) - cautious_mean(out_before));
  const double z = rise / std::sqrt(cautious_variance(in_after) + cautious_variance(in_before) + cautious_variance(out_after) +
                                    cautious_variance(out_before));
  if (!(excess > 0) || share < options_.share || z <= best_z || stats::normal_upper(z) * tested > options_.alpha) return;
  best_z = z;
  best = SegmentFinding{features_[feature].name + "=" + slots_[feature][slot].value, std::min(share, 1.0),
                        in_before.loss / in_before.n, in_after.loss / in_after.n, out_before.loss / out_before.n,
                        out_after.loss / out_after.n, in_after.n};
}

std::vector<SegmentTally> Segments::tallies() const {
  std::vector<SegmentTally> out;
  for (std::size_t i = 0; i < features_.size(); ++i) {
    std::vector<Slot> slots = slots_[i];
    std::stable_sort(slots.begin(), slots.end(), [](const Slot& a, const Slot& b) { return a.count > b.count; });
    for (const Slot& slot : slots) {
      out.push_back({features_[i].name + "=" + slot.value, slot.count, slot.overcounted, {}, {}});
      for (std::size_t m = 0; m < kMeasures; ++m) {
        out.back().judged[m] = slot.tallies[m].n;
        out.back().loss[m] = slot.tallies[m].loss;
      }
    }
  }
  return out;
}

std::size_t Segments::bytes() const {
  std::size_t slots = 0;
  for (const auto& feature : slots_) slots += feature.capacity();
  return slots * (sizeof(Slot) + kValueBytes) + judged_.size() * sizeof(Judged);
}

}  // namespace firebreak::detect
