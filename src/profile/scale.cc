#include "profile/scale.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "base/result.h"

namespace firebreak::profile {
namespace {

constexpr std::uint64_t kFewValues = 20;
constexpr double kFar = 0.25, kNear = 0.1, kBetter = 5;  // distances before and after, and how much smaller it must become

struct Transform {
  double factor, offset;
  const char* words;
};
// Units that get mixed up: metric prefixes, time, length, mass, temperature; and a lost sign.
constexpr std::array<Transform, 35> kTransforms = {{
    {1000, 0, "x1000"},
    {1e-3, 0, "/1000"},
    {100, 0, "x100"},
    {1e-2, 0, "/100"},
    {10, 0, "x10"},
    {1e-1, 0, "/10"},
    {1e6, 0, "x1000000"},
    {1e-6, 0, "/1000000"},
    {1e9, 0, "x1000000000"},
    {1e-9, 0, "/1000000000"},
    {1024, 0, "x1024"},
    {1.0 / 1024, 0, "/1024"},
    {60, 0, "x60"},
    {1.0 / 60, 0, "/60"},
    {3600, 0, "x3600"},
    {1.0 / 3600, 0, "/3600"},
    {24, 0, "x24"},
    {1.0 / 24, 0, "/24"},
    {86400, 0, "x86400"},
    {1.0 / 86400, 0, "/86400"},
    {2.54, 0, "inches to centimetres"},
    {1 / 2.54, 0, "centimetres to inches"},
    {0.3048, 0, "feet to metres"},
    {1 / 0.3048, 0, "metres to feet"},
    {1.609344, 0, "miles to kilometres"},
    {1 / 1.609344, 0, "kilometres to miles"},
    {0.45359237, 0, "pounds to kilograms"},
    {1 / 0.45359237, 0, "kilograms to pounds"},
    {1.8, 32, "Celsius to Fahrenheit"},
    {1 / 1.8, -32 / 1.8, "Fahrenheit to Celsius"},
    {1, 273.15, "Celsius to Kelvin"},
    {1, -273.15, "Kelvin to Celsius"},
    {-1, 0, "sign turned"},
    {12, 0, "x12"},
    {1.0 / 12, 0, "/12"},
}};

std::vector<double> quantiles_of(const FeatureProfile& feature) {
  std::vector<double> out;
  for (double q = 0.05; q < 1; q += 0.1) out.push_back(feature.numeric.quantiles.quantile(q));
  return out;
}

double distance(const std::vector<double>& then, const std::vector<double>& now, double factor, double offset, double spread) {
  double sum = 0;
  for (std::size_t i = 0; i < then.size(); ++i) {
    const double value = then[factor < 0 ? then.size() - 1 - i : i];
    sum += std::fabs(factor * value + offset - now[i]);
  }
  return sum / static_cast<double>(then.size()) / spread;
}

bool within(const stats::Moments& moments, double low, double high) { return moments.min() >= low && moments.max() <= high; }

}  // namespace

std::vector<std::string> ScaleHints::words() const {
  std::vector<std::string> out;
  const std::pair<bool, const char*> said[] = {
      {integral, "integral"},         {non_negative, "non-negative"},         {ratio, "ratio 0..1"},
      {percent_like, "percent-like"}, {temperature_like, "temperature-like"}, {identifier_like, "identifier-like"},
      {time_like, "time-like"}};
  for (const auto& [is_so, word] : said)
    if (is_so) out.emplace_back(word);
  return out;
}

ScaleHints scale_of(const FeatureProfile& feature) {
  ScaleHints out;
  const NumericProfile& numeric = feature.numeric;
  const stats::Moments& moments = numeric.moments;
  if (feature.kind != FeatureKind::kNumeric || moments.n() == 0) return out;
  out.smallest_magnitude = numeric.smallest_magnitude;
  out.largest_magnitude = numeric.largest_magnitude;
  std::vector<stats::QuantileSketch::Point> magnitudes;
  std::uint64_t weight = 0, below = 0;
  for (auto point : numeric.quantiles.points()) {
    if (point.value == 0) continue;
    point.value = std::fabs(point.value);
    weight += point.weight;
    magnitudes.push_back(point);
  }
  std::sort(magnitudes.begin(), magnitudes.end(), [](const auto& a, const auto& b) { return a.value < b.value; });
  for (const auto& point : magnitudes) {
    below += point.weight;
    out.median_magnitude = point.value;
    if (2 * below >= weight) break;
  }
  out.integral = numeric.integral;
  out.non_negative = numeric.negative == 0;
  out.ratio = !numeric.integral && within(moments, 0, 1);
  out.percent_like = out.non_negative && moments.max() > 1 && within(moments, 0, 100) && moments.max() > 50;
  std::string name = feature.name;
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* word : {"temp", "celsius", "fahrenheit"})
    if (name.find(word) != std::string::npos && within(moments, -90, 140)) out.temperature_like = true;
  out.identifier_like = numeric.integral && moments.n() >= 1'000 && feature.distinct.estimate() > 0.95 * static_cast<double>(moments.n());
  for (const double unit : {1.0, 1e3, 1e6})
    if (within(moments, 946'684'800 * unit, 4'102'444'800 * unit)) out.time_like = true;
  return out;
}

std::optional<UnitChange> unit_change(const std::vector<double>& then, const std::vector<double>& now) {
  FIREBREAK_ASSERT(then.size() == now.size() && then.size() >= 5);
  const double spread = now.back() - now.front(), before = then.back() - then.front();
  if (!(spread > 0) || !(before > 0)) return std::nullopt;
  // By the smaller unit of the two, so that a thousandth is as far as a thousandfold.
  const double apart = distance(then, now, 1, 0, std::min(spread, before));
  if (apart < kFar) return std::nullopt;
  std::optional<UnitChange> best;
  for (const Transform& one : kTransforms) {
    const double left = distance(then, now, one.factor, one.offset, spread);
    if (left < kNear && left * kBetter < apart && (!best || left < best->left)) best = UnitChange{one.factor, one.offset, one.words, left};
  }
  return best;
}

std::optional<UnitChange> unit_change(const FeatureProfile& then, const FeatureProfile& now) {
  if (then.kind != FeatureKind::kNumeric || now.kind != FeatureKind::kNumeric) return std::nullopt;
  if (then.numeric.moments.n() < kFewValues || now.numeric.moments.n() < kFewValues) return std::nullopt;
  return unit_change(quantiles_of(then), quantiles_of(now));
}

}  // namespace firebreak::profile
