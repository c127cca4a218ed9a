// Everything the room says about two samples of one column, as one JSON object; and a stream's changes.
//
// Shape of compare_*: {"scipy": {test: {"statistic", "p_value", ...}, ...}, "evidently": {test: {"method", "score", "drifted",
// "threshold"} or {"method", "error"}, ...}}. Under "scipy" stand the numbers that SciPy 1.17 and NumPy 2.3 give for the test of
// that name, bins and moments beside them. A number that is not defined is the string "nan", "inf" or "-inf".
// Exact Kolmogorov-Smirnov is left out when a sample is larger than kKolmogorovExactMost.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace firebreak::stats {

// Values: finite, in any order, missing ones dropped. kInvalid when a side is empty.
Result<JsonObject> compare_numeric(std::span<const double> reference, std::span<const double> current);
// Categories are the octets as given. kInvalid when a side is empty.
Result<JsonObject> compare_categorical(std::span<const std::string> reference, std::span<const std::string> current);

struct ChangeOptions {
  std::uint64_t clock = 32;  // adwin
  double threshold = 50;     // page_hinkley
};
// 0-based positions at which the detector tells a change. kInvalid: no such detector, or one of errors (all but adwin and
// page_hinkley) with values besides 0 and 1.
Result<std::vector<std::uint64_t>> changes(std::string_view detector, std::span<const double> values, const ChangeOptions& options);

}  // namespace firebreak::stats
