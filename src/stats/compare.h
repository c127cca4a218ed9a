// Everything the room says about two samples of one column, as one JSON object; and a stream's changes.
//
// Shape of compare_*: {"scipy": {test: {"statistic", "p_value", ...}, ...}, "evidently": {test: {"method", "score", "drifted",
// "threshold"} or {"method", "error"}, ...}}. Under "scipy" stand the numbers that SciPy 1.17 and NumPy 2.3 give for the test of
// that name, bins and moments beside them. A number that is not defined is the string "nan", "inf" or "-inf".
// Beside them "permutation" (energy, mmd; total_variation) when permutations are asked for, and "windowed": scores over the reference's
// deciles or the categories, each with what it would be without a change and a p value.
// Exact Kolmogorov-Smirnov is left out when a sample is larger than kKolmogorovExactMost.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace firebreak::stats {

// Values: finite, in any order, missing ones dropped. kInvalid when a side is empty, or when values are so large that the sum of their
// squares is no number any more.
// `permutations`: of the tests that count them; 0 leaves them out. Energy and MMD cost permutations x rows, MMD of up to 1,000 rows
// permutations x rows^2, of more by 256 random features.
Result<JsonObject> compare_numeric(std::span<const double> reference, std::span<const double> current, std::uint32_t permutations = 0);
// Categories are the octets as given. kInvalid when a side is empty.
Result<JsonObject> compare_categorical(std::span<const std::string> reference, std::span<const std::string> current, std::uint32_t permutations = 0);

struct ChangeOptions {
  std::uint64_t clock = 32;  // adwin
  double threshold = 50;     // page_hinkley
};
// 0-based positions at which the detector tells a change. kInvalid: no such detector, or one of errors (all but adwin,
// page_hinkley and kswin) with values besides 0 and 1.
Result<std::vector<std::uint64_t>> changes(std::string_view detector, std::span<const double> values, const ChangeOptions& options);

}  // namespace firebreak::stats
