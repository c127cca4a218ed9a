#include "fold/detect/profile.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "fold/detect/embedding.h"
#include "fold/detect/excursions.h"
#include "fold/detect/feature_cells.h"

namespace firebreak::detect {
namespace {

template <class Value, class Equal, class Reference>
void count_repeats(const std::vector<Value>& column, const Equal& equal, Reference& reference) {
  std::uint64_t run = 0;
  for (std::size_t i = 1; i < column.size(); ++i) {
    run = equal(column[i], column[i - 1]) ? run + 1 : 0;
    reference.repeats += run > 0 ? 1 : 0;
    reference.longest_run = std::max(reference.longest_run, run);
  }
}

template <class Value>
std::vector<double> excursions_in(const FeatureCells& feature, const std::vector<Value>& column) {
  std::vector<std::uint8_t> cells;
  for (const Value& value : column) cells.push_back(static_cast<std::uint8_t>(feature.cell_of(value)));
  return excursions_of(cells, feature.counts().size());
}

NumericReference build_numeric(const std::string& name, std::vector<double> column) {
  NumericReference reference;
  reference.name = name;
  count_repeats(column, [](double a, double b) { return a == b; }, reference);
  const std::vector<double> in_order = column;
  reference.missing = std::erase_if(column, [](double value) { return std::isnan(value); });
  if (column.empty()) return reference;
  double mean = 0;
  for (const double value : column) mean += value;
  mean /= static_cast<double>(column.size());
  double third = 0;
  for (const double value : column) third += (value - mean) * (value - mean) * (value - mean);
  reference.left_skewed = third < 0;
  std::sort(column.begin(), column.end());
  reference.lower_median = column[(column.size() - 1) / 2];
  reference.upper_median = column[column.size() / 2];
  for (std::size_t i = 0; i < column.size(); ++i) {
    if (reference.values.empty() || reference.values.back() != column[i]) {
      reference.values.push_back(column[i]);
      reference.cumulative.push_back(0);
    }
    reference.cumulative.back() = i + 1;
  }
  reference.excursions = excursions_in(FeatureCells(reference), in_order);
  return reference;
}

CategoryReference build_category(const std::string& name, std::span<const FeatureRow> rows, std::size_t k) {
  CategoryReference reference;
  reference.name = name;
  std::vector<std::string> column;
  for (const FeatureRow& row : rows) column.push_back(row.categories[k]);
  count_repeats(column, [](const std::string& a, const std::string& b) { return !a.empty() && a == b; }, reference);
  std::set<std::string> earlier;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string& value = rows[i].categories[k];
    ++reference.counts[value];
    if (i < rows.size() - rows.size() / 2) earlier.insert(value);
    else reference.novel += value.empty() || earlier.contains(value) ? 0 : 1;
  }
  reference.excursions = excursions_in(FeatureCells(reference), column);
  return reference;
}

// Over a pool of half the rows: how often a row repeats one by chance grows with how many it is compared with.
std::uint64_t count_copies(std::span<const FeatureRow> rows) {
  using Key = std::pair<std::vector<double>, std::vector<std::string>>;
  const auto key_of = [](const FeatureRow& row) {
    Key key{row.numeric, row.categories};
    for (double& number : key.first)
      if (std::isnan(number)) number = std::numeric_limits<double>::max();  // NaN has no place in an order
    return key;
  };
  const std::size_t pool = rows.size() / 2;
  std::map<Key, std::size_t> last;  // the newest row of each
  std::uint64_t copies = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto [at, fresh] = last.try_emplace(key_of(rows[i]), i);
    copies += !fresh && i >= rows.size() - pool && i - at->second <= pool ? 1 : 0;
    at->second = i;
  }
  return copies;
}

Result<void> check_rows(const FeatureSchema& schema, std::span<const FeatureRow> rows) {
  if (rows.empty()) return fail(Code::kInvalid, "a reference profile needs at least one training row");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].numeric.size() != schema.numeric.size() ||
        rows[i].categories.size() != schema.categorical.size())
      return fail(Code::kInvalid,
                  fmt::format("training row {} has another number of features than the schema", i));
    for (const double value : rows[i].numeric)
      if (std::isinf(value))
        return fail(Code::kInvalid, fmt::format("training row {} has an infinite number", i));
  }
  return {};
}

double tail_limit_of(const ReferenceProfile& profile, std::span<const FeatureRow> rows) {
  std::vector<double> scores;
  scores.reserve(rows.size());
  for (const FeatureRow& row : rows)
    if (const auto ranks = ranks_of(profile, row)) scores.push_back(tail_score(profile, *ranks));
  if (scores.empty()) return std::numeric_limits<double>::max();  // no row is whole: none can be told to lie outside
  std::sort(scores.begin(), scores.end());
  const double position = (1 - profile.tail_share) * static_cast<double>(scores.size() - 1);
  // Six decimals: enough for a limit, and a decimal that every JSON reader gives back exactly.
  return std::round(scores[static_cast<std::size_t>(std::ceil(position))] * 1e6) / 1e6;
}

// How many are < value: std::lower_bound without a branch on the value, which is guessed wrong half of the time.
std::size_t count_below(const std::vector<double>& sorted, double value) {
  std::size_t below = 0, left = sorted.size();
  while (left > 1) {
    const std::size_t half = left / 2;
    below += static_cast<std::size_t>(sorted[below + half - 1] < value) * half;
    left -= half;
  }
  return left == 0 ? 0 : below + static_cast<std::size_t>(sorted[below] < value);
}

}  // namespace

Rank NumericReference::rank(double value) const {
  const std::size_t i = count_below(values, value);
  const double rows = static_cast<double>(cumulative.back());
  const double left = i == 0 ? 0.0 : static_cast<double>(cumulative[i - 1]) / rows;
  if (i == values.size() || values[i] != value) return {left, left};
  return {left, static_cast<double>(cumulative[i]) / rows};
}

bool NumericReference::is_imputed(double value) const {
  const double middle = (lower_median + upper_median) / 2;
  return value == lower_median || value == upper_median || value == middle || value == std::floor(middle) ||
         value == std::ceil(middle);
}

double PerformanceBaseline::precision() const {
  return flagged == 0 ? 0 : static_cast<double>(true_positives) / static_cast<double>(flagged);
}

double PerformanceBaseline::recall() const {
  return positives == 0 ? 0 : static_cast<double>(true_positives) / static_cast<double>(positives);
}

FeatureSchema ReferenceProfile::schema() const {
  FeatureSchema schema;
  for (const NumericReference& reference : numeric) schema.numeric.push_back(reference.name);
  for (const CategoryReference& reference : categories) schema.categorical.push_back(reference.name);
  return schema;
}

Result<ReferenceProfile> build_profile(const FeatureSchema& schema, std::span<const FeatureRow> rows,
                                       double tail_share, bool ordered) {
  FIREBREAK_TRY(check_rows(schema, rows));
  if (!(tail_share > 0 && tail_share < 1)) return fail(Code::kInvalid, "tail_share must lie between 0 and 1");
  ReferenceProfile profile;
  profile.rows = rows.size();
  profile.tail_share = tail_share;
  profile.ordered = ordered;
  profile.copies = count_copies(rows);
  for (std::size_t k = 0; k < schema.numeric.size(); ++k) {
    std::vector<double> column;
    column.reserve(rows.size());
    for (const FeatureRow& row : rows) column.push_back(row.numeric[k]);
    profile.numeric.push_back(build_numeric(schema.numeric[k], std::move(column)));
    if (profile.numeric.back().values.empty())
      return fail(Code::kInvalid, fmt::format("the feature '{}' has no value in any of the {} rows", schema.numeric[k], rows.size()));
  }
  for (std::size_t k = 0; k < schema.categorical.size(); ++k) {
    profile.categories.push_back(build_category(schema.categorical[k], rows, k));
  }
  profile.tail_limit = tail_limit_of(profile, rows);
  profile.mixture = mixture_of(profile, rows);
  return profile;
}

double tail_score(const ReferenceProfile& profile, std::span<const Rank> ranks) {
  FIREBREAK_ASSERT(ranks.size() == profile.numeric.size());
  // A value beyond every reference row counts as half a row: finite, and still further out than the last one.
  const double floor = 0.5 / static_cast<double>(profile.rows);
  double left = 0, right = 0, chosen = 0;
  for (std::size_t k = 0; k < ranks.size(); ++k) {
    const double from_left = -std::log(std::max(ranks[k].right, floor));
    const double from_right = -std::log(std::max(1 - ranks[k].left, floor));
    left += from_left;
    right += from_right;
    chosen += profile.numeric[k].left_skewed ? from_left : from_right;
  }
  return std::max({left, right, chosen});
}

std::optional<std::vector<Rank>> ranks_of(const ReferenceProfile& profile, const FeatureRow& row) {
  if (row.numeric.size() != profile.numeric.size() || row.categories.size() != profile.categories.size())
    return std::nullopt;
  std::vector<Rank> ranks(row.numeric.size());
  for (std::size_t k = 0; k < ranks.size(); ++k) {
    if (!std::isfinite(row.numeric[k])) return std::nullopt;
    ranks[k] = profile.numeric[k].rank(row.numeric[k]);
  }
  return ranks;
}

}  // namespace firebreak::detect
