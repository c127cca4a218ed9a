// Units: what a feature's numbers look like, and whether two samples of it differ as two units do.
//
// Both look at quantiles alone and give hints for people: a shift that happens to look like a factor of ten is told as one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "profile/profile.h"

namespace firebreak::profile {

struct ScaleHints {
  double smallest_magnitude = 0, median_magnitude = 0, largest_magnitude = 0;  // of values that are not 0
  bool integral = false, non_negative = false;
  bool ratio = false;             // all within 0..1 and not whole
  bool percent_like = false;      // within 0..100, beyond 1
  bool temperature_like = false;  // said by the name, and within -90..140
  bool identifier_like = false;   // whole numbers, nearly all different
  bool time_like = false;         // seconds, milliseconds or microseconds since 1970, of the years 2000 to 2100

  std::vector<std::string> words() const;  // what is true, as words
};
ScaleHints scale_of(const FeatureProfile& feature);

// now = factor * then + offset explains the quantiles.
struct UnitChange {
  double factor = 1, offset = 0;
  std::string words;       // "x1000", "/60", "Celsius to Fahrenheit"
  double left = 0;         // mean distance of the quantiles after it, as a share of the spread; before it they are far apart
  bool operator==(const UnitChange&) const = default;
};
std::optional<UnitChange> unit_change(const FeatureProfile& then, const FeatureProfile& now);
// The same from quantiles at equal levels, ascending, at least five.
std::optional<UnitChange> unit_change(const std::vector<double>& then, const std::vector<double>& now);

}  // namespace firebreak::profile
