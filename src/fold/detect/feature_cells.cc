#include "fold/detect/feature_cells.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "fold/detect/id_table.h"
#include "fold/detect/text_shape.h"
#include "profile/profile.h"

namespace firebreak::detect {
namespace {

constexpr std::size_t kNamed = 30;
constexpr std::uint64_t kFewNew = 5;     // new ones in a later half: more are usual
constexpr double kOpenVocabulary = 0.2;  // this share of a later half is new to the earlier one
constexpr std::size_t kShapes = 256;     // with more of them a form says nothing
constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

FeatureCells::FeatureCells(const NumericReference& reference) : numeric_(true) {
  std::vector<double> sorted;
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < reference.values.size(); ++i) {
    sorted.insert(sorted.end(), reference.cumulative[i] - before, reference.values[i]);
    before = reference.cumulative[i];
  }
  boundaries_.fill(kInfinity);
  std::size_t used = 0;
  boundaries_[used++] = reference.min();
  for (const double edge : profile::equal_mass_edges(sorted)) boundaries_[used++] = edge;
  boundaries_[used++] = std::nextafter(reference.max(), kInfinity);
  counts_.assign(used + 3, 0);
  for (const double value : sorted) ++counts_[cell_of(value)];
  counts_[missing()] = reference.missing;
}

FeatureCells::FeatureCells(const CategoryReference& reference) : numeric_(false) {
  for (const auto& [value, count] : reference.counts)
    if (!value.empty()) categories_.emplace_back(id_hash(value), 0);
  std::sort(categories_.begin(), categories_.end());
  named_ = std::min(categories_.size(), kNamed);
  for (std::size_t i = 0; i < categories_.size(); ++i)
    categories_[i].second = static_cast<std::uint8_t>(categories_.size() <= kNamed ? i : categories_[i].first % kNamed);
  counts_.assign(named_ + 3, 0);
  for (const auto& [value, count] : reference.counts) counts_[cell_of(value)] += count;
  learn_shapes(reference);
}

void FeatureCells::learn_shapes(const CategoryReference& reference) {
  std::uint64_t rows = 0;
  std::map<std::uint64_t, std::uint64_t> seen;
  for (const auto& [value, count] : reference.counts) rows += count;
  open_ = reference.novel > kFewNew;
  if (static_cast<double>(reference.novel) < kOpenVocabulary * static_cast<double>(rows / 2)) return;
  for (const auto& [value, count] : reference.counts)
    if (!value.empty()) seen[id_hash(shape_of(value))] += count;
  if (seen.size() > kShapes) return;
  for (const auto& [shape, count] : seen) {
    shapes_.push_back(shape);
    shapes_seen_once_ += count == 1 ? 1 : 0;
  }
}

// Branchless: values come in no order, and a guess that is wrong half of the time costs more than the whole search.
std::size_t FeatureCells::cell_of(double value) const {
  if (std::isnan(value)) return missing();
  std::size_t cell = 0;
  for (std::size_t step = kMost / 2; step != 0; step /= 2) cell += boundaries_[cell + step - 1] <= value ? step : 0;
  return std::min(cell, counts_.size() - 3);  // the padding is infinity, and so may the value be
}

std::size_t FeatureCells::cell_of(const std::string& value) const {
  if (value.empty()) return missing();
  const std::uint64_t hash = id_hash(value);
  const auto known = std::lower_bound(categories_.begin(), categories_.end(), hash, [](const auto& one, std::uint64_t wanted) { return one.first < wanted; });
  if (known != categories_.end() && known->first == hash) return known->second;
  const bool another = has_shapes() && !std::binary_search(shapes_.begin(), shapes_.end(), id_hash(shape_of(value)));
  return another ? mistyped() : counts_.size() - 3;
}

std::size_t FeatureCells::rank_cell_of(std::size_t cell, const std::string& value) const {
  return outside(cell) && named_ == kNamed ? id_hash(value) % kNamed : cell;
}

std::size_t FeatureCells::bytes() const {
  return sizeof(*this) + counts_.size() * sizeof(std::uint64_t) + categories_.size() * sizeof(categories_[0]) + shapes_.size() * sizeof(shapes_[0]);
}

}  // namespace firebreak::detect
