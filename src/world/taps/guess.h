// What an endpoint seems to take and to answer, by a look at its first records: a proposal that people can correct.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "types/observation.h"

namespace firebreak::taps {

struct Guess {
  FeatureSchema features;           // numeric: every value is a number (or null); categorical: texts, flags, mixtures
  std::vector<std::string> left_out;  // nested values, and texts with as many values as rows: no features to compare by
  std::vector<std::string> labels;  // of the answers, sorted; {"0", "1"} when there are none
  std::string positive_label;       // "1", "true", a word such as decline or fraud, else the rarest answer
};

// `records`: as Tap gives them; labels and other types are passed over.
Guess guess_schema(const std::vector<JsonObject>& records);

}  // namespace firebreak::taps
