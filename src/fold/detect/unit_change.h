// Did a feature come to be sent in another unit? Tells a factor of 1,000 or Celsius for Fahrenheit from a change in the world.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "fold/detect/feature_cells.h"

namespace firebreak::detect {

struct UnitChange {
  std::string name;                 // "divided by 1000"
  double factor = 1, offset = 0;    // now = factor * then + offset
  double distance_now = 0, distance_undone = 0;  // total variation from the reference, as it comes and with the change undone
};

// The known change that, undone, brings the values back into the reference's bins; nothing when none does so clearly. Needs
// kLeastValues values.
inline constexpr std::size_t kLeastValues = 16;
std::optional<UnitChange> unit_change(const FeatureCells& reference, std::span<const double> values);

}  // namespace firebreak::detect
