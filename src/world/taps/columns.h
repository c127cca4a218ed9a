// The names of rows that bear none (CSV, arrays), in their order. An endpoint keeps its features by kind, so their order across
// the two kinds is not known; the names f0, f1, … are themselves the order. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "types/observation.h"

namespace firebreak::taps {

struct Columns {
  std::vector<std::string> names;
  bool known = true;
};

// `said`: "a,b,c", by a person; empty: by the endpoint's features.
Columns columns_of(const FeatureSchema& features, const std::string& said);
// kInvalid when `records` were made of rows without names whose order is not known.
Result<void> check_order(const Columns& columns, const std::vector<JsonObject>& records);

std::vector<std::string> split_names(const std::string& list);  // "a,b,c"

}  // namespace firebreak::taps
