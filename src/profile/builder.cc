#include "profile/builder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "profile/text_number.h"

namespace firebreak::profile {
namespace {

constexpr double kMostlyNumbers = 0.95, kMostlyDifferent = 0.5, kLongText = 64;
constexpr std::uint64_t kFewRows = 100;
constexpr std::size_t kValuesOfATable = 16U << 20;  // kept by the first numeric columns together: 128 MiB; a later one keeps less

// How many of the edges are <= value: std::upper_bound without a branch on the value. Values come in no order, and a guess that is
// wrong half of the time costs more than the whole search.
std::size_t bin_of(const std::vector<double>& edges, double value) {
  std::size_t bin = 0, left = edges.size();
  while (left > 1) {
    const std::size_t half = left / 2;
    bin += static_cast<std::size_t>(edges[bin + half - 1] <= value) * half;
    left -= half;
  }
  return left == 0 ? 0 : bin + static_cast<std::size_t>(edges[bin] <= value);
}

bool is_flag_word(std::string_view text) {
  constexpr std::array<std::string_view, 8> kWords = {"true", "false", "True", "False", "TRUE", "FALSE", "0", "1"};
  return std::find(kWords.begin(), kWords.end(), text) != kWords.end();
}

}  // namespace

FeatureType type_of(const FeatureProfile& feature) {
  if (feature.kind == FeatureKind::kNumeric) {
    const NumericProfile& numeric = feature.numeric;
    if (numeric.moments.n() == 0 || !numeric.integral) return FeatureType::kNumeric;
    return numeric.moments.min() >= 0 && numeric.moments.max() <= 1 ? FeatureType::kBoolean : FeatureType::kIntegral;
  }
  const CategoricalProfile& categorical = feature.categorical;
  const auto known = static_cast<double>(categorical.lengths.n());
  const auto named = std::count_if(categorical.top.begin(), categorical.top.end(), [](const auto& one) { return one.second != 0; });
  if (named > 0 && named <= 2 && categorical.other == 0 &&
      std::all_of(categorical.top.begin(), categorical.top.end(), [](const auto& one) { return is_flag_word(one.first); }))
    return FeatureType::kBoolean;
  const bool different = categorical.lengths.n() >= kFewRows && feature.distinct.estimate() > kMostlyDifferent * known;
  return different || categorical.lengths.mean() > kLongText ? FeatureType::kText : FeatureType::kCategorical;
}

void keep_most_frequent(CategoricalProfile& profile, std::size_t most) {
  std::sort(profile.top.begin(), profile.top.end(),
            [](const auto& a, const auto& b) { return a.second != b.second ? a.second > b.second : a.first < b.first; });
  if (profile.unnamed_most && profile.top.size() > most) profile.unnamed_most = std::max(*profile.unnamed_most, profile.top[most].second);
  for (std::size_t i = most; i < profile.top.size(); ++i) profile.other += profile.top[i].second;
  if (profile.top.size() > most) profile.top.resize(most);
}

FeatureBuilder::FeatureBuilder(std::string name, FeatureKind kind, const FeatureOptions& options) : options_(options) {
  out_.name = std::move(name);
  out_.kind = kind;
  out_.numeric.quantiles = stats::QuantileSketch(options.seed);
  if (kind == FeatureKind::kCategorical) out_.categorical.folded.assign(kFolded, 0);
  if (options_.like == nullptr) return;
  FIREBREAK_ASSERT(options_.like->kind == kind);
  out_.numeric.edges = options_.like->numeric.edges;
  out_.numeric.bins.assign(out_.numeric.edges.size() + 1, 0);
  out_.numeric.sums.assign(out_.numeric.edges.size() + 1, 0);
  fixed_ = kind == FeatureKind::kNumeric;
  for (const auto& [category, count] : options_.like->categorical.top)
    if (names_.size() < kCategories) names_.emplace(category, 0);
}

void FeatureBuilder::fix_edges() {
  std::sort(kept_.begin(), kept_.end());
  out_.numeric.edges = equal_mass_edges(kept_);
  // One value alone: what lies below or above it later must not fall into its bin.
  if (out_.numeric.edges.empty() && !kept_.empty()) out_.numeric.edges = {kept_.front(), std::nextafter(kept_.front(), HUGE_VAL)};
  out_.numeric.bins.assign(out_.numeric.edges.size() + 1, 0);
  out_.numeric.sums.assign(out_.numeric.edges.size() + 1, 0);
  for (const double value : kept_) put_into_bin(value);
  kept_ = {};
  fixed_ = true;
}

void FeatureBuilder::put_into_bin(double value) {
  NumericProfile& numeric = out_.numeric;
  const std::size_t bin = bin_of(numeric.edges, value);
  ++numeric.bins[bin];
  numeric.sums[bin] += value;
}

void FeatureBuilder::number(double value) {
  FIREBREAK_ASSERT(out_.kind == FeatureKind::kNumeric);
  ++out_.rows;
  NumericProfile& numeric = out_.numeric;
  if (!std::isfinite(value)) {
    ++(std::isnan(value) ? numeric.nan : value > 0 ? numeric.plus_infinity : numeric.minus_infinity);
    return;
  }
  numeric.integral = numeric.integral && value == std::trunc(value);
  numeric.moments.add(value);
  numeric.quantiles.add(value);
  out_.distinct.add(value);
  if (value == 0) {
    ++numeric.zeros;
  } else {
    const double magnitude = std::fabs(value);
    numeric.negative += value < 0 ? 1 : 0;
    numeric.smallest_magnitude = numeric.largest_magnitude > 0 ? std::min(numeric.smallest_magnitude, magnitude) : magnitude;
    numeric.largest_magnitude = std::max(numeric.largest_magnitude, magnitude);
  }
  if (fixed_) {
    put_into_bin(value);
  } else {
    kept_.push_back(value);
    if (kept_.size() >= options_.most_kept) fix_edges();
  }
}

void FeatureBuilder::text(std::string_view value) {
  FIREBREAK_ASSERT(out_.kind == FeatureKind::kCategorical);
  ++out_.rows;
  out_.categorical.lengths.add(static_cast<double>(value.size()));
  const std::uint64_t hash = stats::text_hash(value);
  out_.distinct.add_hash(hash);
  ++out_.categorical.folded[hash % kFolded];
  if (const auto known = names_.find(value); known != names_.end())
    ++known->second;
  else if (names_.size() < options_.most_names && value.size() <= kCategoryBytes)
    names_.emplace(value, 1);
  else
    ++out_.categorical.other;
}

FeatureProfile FeatureBuilder::finish() {
  if (out_.kind == FeatureKind::kNumeric) {
    if (!fixed_) fix_edges();
  } else {
    // The reference's names stay, however rare they are here: so that the two can be compared and merged.
    CategoricalProfile& categorical = out_.categorical;
    categorical.unnamed_most = categorical.other;  // rows that nobody counted by name may be of one
    decltype(categorical.top) expected;
    if (options_.like != nullptr)
      for (const auto& [name, unused] : options_.like->categorical.top)
        if (const auto known = names_.find(name); known != names_.end() && expected.size() < kCategories) {
          expected.emplace_back(name, known->second);
          names_.erase(known);
        }
    categorical.top.assign(names_.begin(), names_.end());
    keep_most_frequent(categorical, kCategories);
    categorical.top.insert(categorical.top.end(), expected.begin(), expected.end());
    keep_most_frequent(categorical, categorical.top.size());
  }
  out_.type = type_of(out_);
  return std::move(out_);
}

// ---- cells

class TableBuilder::Column {
 public:
  Column(std::string name, const TableOptions& options, std::size_t number) : name_(std::move(name)) {
    feature_.seed = options.seed;
    feature_.most_kept = std::max<std::size_t>(1U << 16, std::min<std::size_t>(1U << 20, kValuesOfATable / number));
    if (options.like != nullptr) feature_.like = options.like->find(name_);
    if (feature_.like != nullptr)
      begin(feature_.like->kind);
    else if (options.categorical.contains(name_))
      begin(FeatureKind::kCategorical);
  }

  const std::string& name() const { return name_; }

  void add(CellForm form, std::string_view text) {
    if (form == CellForm::kAbsent) return;
    if (builder_) return feed(form, text);
    first_.emplace_back(form, std::string(text));
    if (first_.size() == kDecide) decide();
  }

  FeatureProfile finish(std::uint64_t rows) {
    if (!builder_) decide();
    builder_->missing(rows - builder_->rows());  // absent, and rows that did not name it
    return builder_->finish();
  }

 private:
  void begin(FeatureKind kind) {
    if (feature_.like != nullptr && feature_.like->kind != kind) feature_.like = nullptr;
    builder_.emplace(name_, kind, feature_);
  }

  void decide() {
    std::size_t numbers = 0, others = 0;
    for (const auto& [form, text] : first_) {
      const bool may_be = form == CellForm::kNumber || form == CellForm::kPlain;
      if (may_be && number_in(text)) ++numbers;
      else if (form != CellForm::kPlain || !means_missing(text)) ++others;
    }
    const bool numeric = numbers > 0 && static_cast<double>(numbers) >= kMostlyNumbers * static_cast<double>(numbers + others);
    begin(numeric ? FeatureKind::kNumeric : FeatureKind::kCategorical);
    for (const auto& [form, text] : first_) feed(form, text);
    first_ = {};
  }

  void feed(CellForm form, std::string_view text) {
    if (builder_->kind() == FeatureKind::kCategorical) return builder_->text(text);
    const auto value = form == CellForm::kNumber || form == CellForm::kPlain ? number_in(text) : std::nullopt;
    if (value) return builder_->number(*value);
    if (form == CellForm::kText && (text == "NaN" || text == "nan")) return builder_->number(std::nan(""));
    means_missing(text) && form != CellForm::kList ? builder_->missing() : builder_->wrong();
  }

  std::string name_;
  FeatureOptions feature_;
  std::vector<std::pair<CellForm, std::string>> first_;
  std::optional<FeatureBuilder> builder_;
};

TableBuilder::TableBuilder(TableOptions options) : options_(std::move(options)) {}
TableBuilder::~TableBuilder() = default;

void TableBuilder::cell(std::size_t column, const std::string& name, CellForm form, std::string_view text) {
  while (columns_.size() <= column) columns_.push_back(nullptr);
  if (columns_[column] == nullptr) columns_[column] = std::make_unique<Column>(name, options_, columns_.size());
  columns_[column]->add(form, text);
}

DataProfile TableBuilder::finish() {
  DataProfile out;
  out.rows = rows_;
  for (const auto& column : columns_)
    if (column != nullptr) out.features.push_back(column->finish(rows_));
  return out;
}

}  // namespace firebreak::profile
