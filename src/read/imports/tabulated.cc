#include "read/imports/tabulated.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "profile/builder.h"
#include "profile/profile_json.h"

namespace firebreak::imports {
namespace {

constexpr double kMostRows = 9e15;

bool is_count(double value) { return value >= 0 && value <= kMostRows; }
std::uint64_t rounded(double value) { return static_cast<std::uint64_t>(std::llround(value)); }

// At most 32 bins: neighbours are joined, those that hold least first.
void join_bins(std::vector<TabulatedBin>& bins) {
  while (bins.size() > profile::kBins) {
    std::size_t least = 0;
    for (std::size_t i = 1; i + 1 < bins.size(); ++i)
      if (bins[i].count + bins[i + 1].count < bins[least].count + bins[least + 1].count) least = i;
    bins[least].high = bins[least + 1].high;
    bins[least].count += bins[least + 1].count;
    bins.erase(bins.begin() + static_cast<std::ptrdiff_t>(least) + 1);
  }
}

// Shares of the bins as whole rows that add up to `n`: each end of a bin is rounded once.
void fill_bins(const Tabulated& feature, std::uint64_t n, profile::NumericProfile& out) {
  std::vector<TabulatedBin> bins;
  for (const TabulatedBin& bin : feature.bins) {
    // One without width is a value alone: it belongs to the bin that begins there.
    if (!bins.empty() && bin.high == bin.low) bins.back().count += bin.count;
    else bins.push_back(bin);
  }
  join_bins(bins);
  double whole = 0, below = 0;
  for (const TabulatedBin& bin : bins) whole += bin.count;
  if (whole <= 0) bins = {{feature.min, feature.max, 1}}, whole = 1;
  std::uint64_t given = 0;
  for (std::size_t i = 0; i < bins.size(); ++i) {
    below += bins[i].count;
    const std::uint64_t end = i + 1 == bins.size() ? n : rounded(static_cast<double>(n) * std::min(1.0, below / whole));
    if (i != 0) out.edges.push_back(bins[i].low);
    out.bins.push_back(end - given);
    out.sums.push_back(static_cast<double>(end - given) * (bins[i].low / 2 + bins[i].high / 2));
    given = end;
  }
}

Result<void> check(const Tabulated& feature) {
  const auto wrong = [&](const char* what) {
    return fail(Code::kInvalid, fmt::format("feature '{}': {}", feature.name.substr(0, 100), what));
  };
  if (feature.name.empty() || feature.name.size() > profile::kFeatureNameBytes) return wrong("no name, or a very long one");
  for (const double count : {feature.missing, feature.present, feature.nan, feature.zeros, feature.negative})
    if (!is_count(count)) return wrong("a count that is none");
  if (feature.nan > feature.present) return wrong("more NaN than values");
  double before = -HUGE_VAL;
  for (const TabulatedBin& bin : feature.bins) {
    if (!std::isfinite(bin.low) || !std::isfinite(bin.high) || bin.low > bin.high || bin.low < before || !is_count(bin.count))
      return wrong("bins that do not ascend");
    before = bin.high;
  }
  for (const auto& [name, count] : feature.categories)
    if (!is_count(count)) return wrong("a count that is none");
  return {};
}

}  // namespace

double number_in(const Json& object, std::string_view key, double otherwise) {
  const Json* const value = find(object, key);
  if (value == nullptr) return otherwise;
  if (value->is_number()) return value->to_number<double>();
  if (!value->is_string()) return otherwise;
  const std::string_view text = value->get_string();
  double out = 0;  // reads "NaN", "Infinity" and "-inf" too
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() ? out : otherwise;
}

Result<profile::FeatureProfile> profile_of(const Tabulated& feature) {
  FIREBREAK_TRY(check(feature));
  profile::FeatureProfile out;
  out.name = feature.name;
  out.missing = rounded(feature.missing);
  out.rows = out.missing + rounded(feature.present);
  if (feature.numeric) {
    profile::NumericProfile& numeric = out.numeric;
    numeric.nan = rounded(feature.nan);
    const std::uint64_t n = out.present() - numeric.nan;
    const bool known = std::isfinite(feature.min) && std::isfinite(feature.max) && feature.min <= feature.max;
    if (n != 0 && !known) return fail(Code::kInvalid, fmt::format("feature '{}': no smallest and largest value", feature.name));
    if (n == 0) numeric.bins = {0}, numeric.sums = {0};
    if (n != 0) {
      fill_bins(feature, n, numeric);
      const double square = feature.deviation * feature.deviation * static_cast<double>(n);
      numeric.moments = stats::Moments::from_state({n, feature.mean, square, std::nan(""), std::nan(""), feature.min, feature.max});
      numeric.largest_magnitude = std::max(std::fabs(feature.min), std::fabs(feature.max));
    }
    numeric.integral = feature.integral;
    numeric.zeros = std::min(rounded(feature.zeros), n);
    numeric.negative = feature.min < 0 && feature.negative == 0 ? 1 : rounded(feature.negative);
  } else {
    out.kind = profile::FeatureKind::kCategorical;
    profile::CategoricalProfile& categorical = out.categorical;
    std::map<std::string, std::uint64_t> counts;
    std::uint64_t left = out.present();
    for (const auto& [name, count] : feature.categories) {
      const std::uint64_t rows = std::min(left, rounded(count));
      if (name.size() <= profile::kCategoryBytes) counts[name] += rows, left -= rows;
    }
    categorical.top.assign(counts.begin(), counts.end());
    categorical.other = left;
    profile::keep_most_frequent(categorical, profile::kCategories);
    if (out.present() != 0) {
      const double length = std::isfinite(feature.mean_length) && feature.mean_length >= 0 ? feature.mean_length : 0;
      categorical.lengths = stats::Moments::from_state({out.present(), length, 0, 0, 0, length, length});
    }
  }
  out.type = profile::type_of(out);
  return out;
}

}  // namespace firebreak::imports
