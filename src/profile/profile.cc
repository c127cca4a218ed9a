#include "profile/profile.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "profile/builder.h"

namespace firebreak::profile {

std::string_view type_name(FeatureType type) {
  switch (type) {
    case FeatureType::kNumeric: return "numeric";
    case FeatureType::kIntegral: return "integral";
    case FeatureType::kBoolean: return "boolean";
    case FeatureType::kCategorical: return "categorical";
    case FeatureType::kText: return "text";
  }
  return "";
}

double FeatureProfile::distinct_values() const {
  const std::uint64_t values = kind == FeatureKind::kNumeric ? numeric.moments.n() : categorical.lengths.n();
  return std::min(distinct.estimate(), static_cast<double>(values));
}

stats::Counts folded_of(const CategoricalProfile& profile) {
  if (!profile.folded.empty() || profile.other != 0) return profile.folded;
  stats::Counts out(kFolded);
  for (const auto& [name, count] : profile.top) out[stats::text_hash(name) % kFolded] += count;
  return out;
}

const FeatureProfile* DataProfile::find(std::string_view name) const {
  const auto at = std::find_if(features.begin(), features.end(), [&](const FeatureProfile& one) { return one.name == name; });
  return at == features.end() ? nullptr : &*at;
}

std::vector<double> equal_mass_edges(std::span<const double> sorted) {
  std::vector<double> edges;
  const std::size_t n = sorted.size();
  const auto add = [&edges](double edge) {
    if (edges.empty() || edge > edges.back()) edges.push_back(edge);
  };
  for (std::size_t bin = 1; bin < kBins && n != 0; ++bin) {
    const double value = sorted[bin * n / kBins];
    if (value == sorted.front()) {
      // Values below the first edge would be none: the heap at the bottom ends where the next value begins.
      const auto next = std::upper_bound(sorted.begin(), sorted.end(), value);
      if (next != sorted.end()) add(*next);
    } else {
      add(value);
    }
  }
  return edges;
}

FeatureProfile profile_numbers(std::string name, std::span<const double> values, std::uint64_t missing) {
  FeatureBuilder builder(std::move(name), FeatureKind::kNumeric, {.most_kept = values.size() + 1});
  for (const double value : values) builder.number(value);
  builder.missing(missing);
  FeatureProfile out = builder.finish();
  // Two passes are more exact than one.
  std::vector<double> finite;
  std::copy_if(values.begin(), values.end(), std::back_inserter(finite), [](double value) { return std::isfinite(value); });
  out.numeric.moments = stats::Moments::of(finite);
  return out;
}

FeatureProfile profile_categories(std::string name, std::span<const std::string> values, std::uint64_t missing) {
  FeatureBuilder builder(std::move(name), FeatureKind::kCategorical, {.most_names = values.size() + 1});
  for (const std::string& value : values) builder.text(value);
  builder.missing(missing);
  return builder.finish();
}

namespace {

void merge_numeric(NumericProfile& into, const NumericProfile& other) {
  const bool sketched = into.quantiles.n() == into.moments.n() && other.quantiles.n() == other.moments.n();
  for (std::size_t i = 0; i < into.bins.size(); ++i) into.bins[i] += other.bins[i], into.sums[i] += other.sums[i];
  into.nan += other.nan;
  into.plus_infinity += other.plus_infinity;
  into.minus_infinity += other.minus_infinity;
  into.moments.merge(other.moments);
  into.integral = into.integral && other.integral;
  into.zeros += other.zeros;
  into.negative += other.negative;
  if (other.largest_magnitude > 0) {
    into.smallest_magnitude =
        into.largest_magnitude > 0 ? std::min(into.smallest_magnitude, other.smallest_magnitude) : other.smallest_magnitude;
    into.largest_magnitude = std::max(into.largest_magnitude, other.largest_magnitude);
  }
  if (sketched)
    into.quantiles.merge(other.quantiles);
  else
    into.quantiles = stats::QuantileSketch();
}

void merge_categorical(CategoricalProfile& into, const CategoricalProfile& other) {
  into.folded = folded_of(into);
  const stats::Counts added = folded_of(other);
  if (added.empty()) into.folded.clear();
  for (std::size_t i = 0; i < into.folded.size(); ++i) into.folded[i] += added[i];
  // A name that either side has among its others may be so frequent in both.
  const auto unnamed = [](const CategoricalProfile& one) { return one.other == 0 ? std::optional<std::uint64_t>(0) : one.unnamed_most; };
  const auto most = unnamed(into), more = unnamed(other);
  into.unnamed_most = most && more ? std::optional<std::uint64_t>(0) : std::nullopt;
  std::map<std::string, std::uint64_t> counts(into.top.begin(), into.top.end());
  for (const auto& [name, count] : other.top) counts[name] += count;
  into.top.assign(counts.begin(), counts.end());
  into.other += other.other;
  keep_most_frequent(into, std::max(kCategories, std::min(into.top.size(), 2 * kCategories)));
  if (into.unnamed_most) *into.unnamed_most += *most + *more;
  into.lengths.merge(other.lengths);
}

}  // namespace

Result<void> merge(FeatureProfile& into, const FeatureProfile& other) {
  const auto conflict = [&](const char* why) { return fail(Code::kConflict, fmt::format("'{}' {}", into.name, why)); };
  if (into.name != other.name) return conflict(fmt::format("is not '{}'", other.name).c_str());
  if (into.kind != other.kind) return conflict("has numbers on one side and categories on the other");
  if (into.kind == FeatureKind::kNumeric && into.numeric.edges != other.numeric.edges)
    return conflict("was counted over other bins: build the second profile --like the first");
  into.rows += other.rows;
  into.missing += other.missing;
  into.wrong += other.wrong;
  into.distinct.merge(other.distinct);
  if (into.kind == FeatureKind::kNumeric)
    merge_numeric(into.numeric, other.numeric);
  else
    merge_categorical(into.categorical, other.categorical);
  into.type = type_of(into);
  return {};
}

Result<void> merge(DataProfile& into, const DataProfile& other) {
  if (into.features.size() != other.features.size())
    return fail(Code::kConflict, fmt::format("one has {} features, the other {}", into.features.size(), other.features.size()));
  DataProfile merged = into;
  for (FeatureProfile& feature : merged.features) {
    const FeatureProfile* const same = other.find(feature.name);
    if (same == nullptr) return fail(Code::kConflict, fmt::format("'{}' is a feature of one alone", feature.name));
    FIREBREAK_TRY(merge(feature, *same));
  }
  merged.rows += other.rows;
  into = std::move(merged);
  return {};
}

}  // namespace firebreak::profile
