// A feature as other tools tabulate it, and the profile that follows.
#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "profile/profile.h"

namespace firebreak::imports {

struct TabulatedBin {
  double low = 0, high = 0, count = 0;
};

struct Tabulated {
  std::string name;
  bool numeric = true, integral = false;
  double missing = 0, present = 0, nan = 0;        // rows; NaN among those present
  double zeros = 0, negative = 0;
  double mean = std::nan(""), deviation = std::nan(""), min = std::nan(""), max = std::nan("");  // deviation over n
  std::vector<TabulatedBin> bins;                            // ascending, touching
  std::vector<std::pair<std::string, double>> categories;    // names that are counted; the rest are others
  double mean_length = std::nan("");
};

// kInvalid: counts below 0 or too large, bins that do not ascend, a feature without a name.
Result<profile::FeatureProfile> profile_of(const Tabulated& feature);

// A number, or the text of one ("NaN", "Infinity", "12"), as JSON of protobuf and of pandas have them; `otherwise` when it is not there.
double number_in(const Json& object, std::string_view key, double otherwise = 0);

}  // namespace firebreak::imports
