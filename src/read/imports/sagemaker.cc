// SageMaker Model Monitor: statistics.json and constraint_violations.json.
#include <fmt/core.h>

#include <algorithm>

#include "read/imports/tabulated.h"
#include "read/imports/tools.h"

namespace firebreak::imports {
namespace {

constexpr std::size_t kPoints = 1'000'000;

const Json* path(const Json& from, std::initializer_list<const char*> keys) {
  const Json* at = &from;
  for (const char* key : keys) {
    at = find(*at, key);
    if (at == nullptr) return nullptr;
  }
  return at;
}

struct Point {
  double value, weight;
};

// Bins of equal mass from the sketch's levels (an item of level h stands for 2^h values); else its ten bins of equal width.
Result<std::vector<TabulatedBin>> bins_of(const Json& numeric, double low, double high) {
  std::vector<TabulatedBin> out;
  std::vector<Point> points;
  if (const Json* const data = path(numeric, {"distribution", "kll", "sketch", "data"}); data != nullptr && data->is_array()) {
    double weight = 1;
    for (const Json& level : data->get_array()) {
      if (!level.is_array() || points.size() + level.get_array().size() > kPoints)
        return fail(Code::kInvalid, "'sketch' has levels that are none");
      for (const Json& one : level.get_array()) {
        if (!one.is_number()) return fail(Code::kInvalid, "'sketch' holds something else than numbers");
        points.push_back({one.to_number<double>(), weight});
      }
      weight *= 2;
    }
  }
  if (points.size() < profile::kBins) {
    const Json* const buckets = path(numeric, {"distribution", "kll", "buckets"});
    if (buckets != nullptr && buckets->is_array())
      for (const Json& bucket : buckets->get_array())
        out.push_back({number_in(bucket, "lower_bound"), number_in(bucket, "upper_bound"), number_in(bucket, "count")});
    return out;
  }
  std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.value < b.value; });
  double whole = 0, within = 0;
  for (const Point& point : points) whole += point.weight;
  low = std::min(low, points.front().value);
  for (std::size_t i = 0; i < points.size(); ++i) {
    within += points[i].weight;
    const bool ends =
        i + 1 == points.size() || (within >= whole / static_cast<double>(profile::kBins) && points[i + 1].value > points[i].value);
    if (!ends) continue;
    const double end = i + 1 == points.size() ? std::max(high, points[i].value) : points[i + 1].value;
    out.push_back({low, end, within});
    low = end;
    within = 0;
  }
  return out;
}

Result<Tabulated> feature_of(const Json& one) {
  Tabulated out;
  out.name = string_or(one, "name");
  const std::string type = string_or(one, "inferred_type");
  out.integral = type == "Integral";
  const Json* const numeric = find(one, "numerical_statistics");
  const Json* const text = find(one, "string_statistics");
  const Json* const statistics = numeric != nullptr ? numeric : text;
  if (statistics == nullptr) {
    out.numeric = false;
    return out;
  }
  if (const Json* const common = find(*statistics, "common")) {
    out.present = number_in(*common, "num_present");
    out.missing = number_in(*common, "num_missing");
  }
  out.numeric = numeric != nullptr;
  if (out.numeric) {
    out.mean = number_in(*numeric, "mean", std::nan(""));
    out.deviation = number_in(*numeric, "std_dev", std::nan(""));
    out.min = number_in(*numeric, "min", std::nan(""));
    out.max = number_in(*numeric, "max", std::nan(""));
    FIREBREAK_ASSIGN(out.bins, bins_of(*numeric, out.min, out.max));
  } else if (const Json* const buckets = path(*text, {"distribution", "categorical", "buckets"});
             buckets != nullptr && buckets->is_array()) {
    for (const Json& bucket : buckets->get_array()) out.categories.emplace_back(string_or(bucket, "value"), number_in(bucket, "count"));
  }
  return out;
}

}  // namespace

Result<profile::DataProfile> sagemaker_profile(const Json& document) {
  const Json* const features = find(document, "features");
  if (features == nullptr || !features->is_array() || find(document, "dataset") == nullptr)
    return fail(Code::kInvalid,
                "neither statistics.json nor constraint_violations.json of SageMaker: it has no 'dataset' with 'features', no 'violations' "
                "(constraints.json goes beside the statistics, with --constraints)");
  profile::DataProfile out;
  for (std::size_t i = 0; i < features->get_array().size(); ++i) {
    auto tabulated = feature_of(features->get_array()[i]);
    auto feature = tabulated ? profile_of(*tabulated) : Result<profile::FeatureProfile>(fail(std::move(tabulated.error())));
    if (!feature) return fail(std::move(feature.error()).at(fmt::format("/features/{}", i)));
    out.features.push_back(std::move(*feature));
  }
  out.rows = static_cast<std::uint64_t>(std::max(0.0, std::min(9e15, number_in(document.at("dataset"), "item_count"))));
  return out;
}

Result<std::vector<Said>> sagemaker_violations(const Json& document) {
  const Json& violations = document.at("violations");
  if (!violations.is_array()) return fail(Code::kInvalid, "'violations' is no array", "/violations");
  std::vector<Said> out;
  for (const Json& one : violations.get_array()) {
    const std::string feature = string_or(one, "feature_name"), check = string_or(one, "constraint_check_type");
    if (check.empty())
      return fail(Code::kInvalid, "a violation without 'constraint_check_type'", fmt::format("/violations/{}", out.size()));
    out.push_back({feature, check, fmt::format("SageMaker: {} of '{}': {}", check, feature, string_or(one, "description")), {}, true});
  }
  return out;
}

}  // namespace firebreak::imports
