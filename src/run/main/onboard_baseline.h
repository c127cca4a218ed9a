// What the first records of a file say about an endpoint: its features and answers. For `onboard` and `ingest`.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "types/observation.h"
#include "world/taps/guess.h"

namespace firebreak::cli {

JsonObject features_of(const FeatureSchema& schema);  // as an endpoint's document has them
bool has_features(const Json& endpoint);
FeatureSchema schema_of(const Json& endpoint);

// Reads the first thousand lines. Errors: kNotFound, kInvalid (no JSON, no record among them).
Result<taps::Guess> look_at_records(const std::string& file, const Json& endpoint);

}  // namespace firebreak::cli
