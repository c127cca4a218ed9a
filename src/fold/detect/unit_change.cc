#include "fold/detect/unit_change.h"

#include <algorithm>
#include <vector>

#include "stats/bins.h"
#include "stats/categorical_tests.h"
#include "stats/distances.h"

namespace firebreak::detect {
namespace {

struct Known {
  const char* name;
  double factor, offset;
};

// The commonest first: of those that fit about as well the first is named.
constexpr Known kKnown[] = {
    {"multiplied by 1000", 1000, 0},        {"divided by 1000", 0.001, 0},
    {"multiplied by 100", 100, 0},          {"divided by 100", 0.01, 0},
    {"multiplied by 10", 10, 0},            {"divided by 10", 0.1, 0},
    {"multiplied by 1000000", 1e6, 0},      {"divided by 1000000", 1e-6, 0},
    {"multiplied by 60", 60, 0},            {"divided by 60", 1.0 / 60, 0},
    {"multiplied by 3600", 3600, 0},        {"divided by 3600", 1.0 / 3600, 0},
    {"multiplied by 1024", 1024, 0},        {"divided by 1024", 1.0 / 1024, 0},
    {"Celsius to Fahrenheit", 1.8, 32},     {"Fahrenheit to Celsius", 1 / 1.8, -32 / 1.8},
    {"Celsius to kelvin", 1, 273.15},       {"kelvin to Celsius", 1, -273.15},
    {"kilograms to pounds", 2.20462262, 0}, {"pounds to kilograms", 0.45359237, 0},
    {"miles to kilometres", 1.609344, 0},   {"kilometres to miles", 0.62137119, 0},
    {"inches to centimetres", 2.54, 0},     {"centimetres to inches", 0.39370079, 0},
    {"feet to metres", 0.3048, 0},          {"metres to feet", 3.2808399, 0},
};

stats::Counts counted(const FeatureCells& reference, std::span<const double> values, const Known& change) {
  stats::Counts out(reference.counts().size());
  for (const double value : values) ++out[reference.cell_of((value - change.offset) / change.factor)];
  return out;
}

double distance(const stats::Counts& a, const stats::Counts& b) {
  return stats::total_variation(stats::shares(a, static_cast<double>(stats::total(a))), stats::shares(b, static_cast<double>(stats::total(b))));
}

double p_of_same(const stats::Counts& reference, const stats::Counts& now) {
  stats::Counts a, b;
  for (std::size_t i = 0; i < reference.size(); ++i)
    if (reference[i] + now[i] > 0) a.push_back(reference[i]), b.push_back(now[i]);
  return a.size() < 2 ? 1 : stats::chi_square_contingency(a, b, false).p_value;
}

}  // namespace

std::optional<UnitChange> unit_change(const FeatureCells& reference, std::span<const double> values) {
  constexpr double kClearly = 0.5, kUnlikely = 1e-12, kPlausible = 0.05, kAsWell = 0.15;
  if (!reference.numeric() || values.size() < kLeastValues) return std::nullopt;
  stats::Counts then = reference.counts();
  then[reference.missing()] = 0;  // the values are those that are there
  const stats::Counts now = counted(reference, values, {"", 1, 0});
  if (p_of_same(then, now) > kUnlikely) return std::nullopt;
  const double far = distance(then, now);
  std::vector<UnitChange> fitting;
  for (const Known& known : kKnown) {
    const stats::Counts undone = counted(reference, values, known);
    const double left = distance(then, undone);
    if (far - left >= kClearly && p_of_same(then, undone) >= kPlausible) fitting.push_back({known.name, known.factor, known.offset, far, left});
  }
  if (fitting.empty()) return std::nullopt;
  const double least = std::ranges::min(fitting, {}, &UnitChange::distance_undone).distance_undone;
  return *std::ranges::find_if(fitting, [least](const UnitChange& one) { return one.distance_undone <= least + kAsWell; });
}

}  // namespace firebreak::detect
