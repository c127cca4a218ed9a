// The feature digest: what makes two requests the same query, whoever sends them and whenever.
//
// SHA-256 over the feature part of a request, without caller, id and time, so that a gateway can recognise an exact
// copy of a recorded query. The recorder and the gateway both call this function; docs/formats/record.md has the
// bytes and a worked example. Numbers count by value: 20000 and 20000.0 are equal, and so are 0 and -0.0; an absent
// number (NaN) is a value of its own. Categories count by their octets; absent is the empty string. Fields outside
// the schema do not count. Pure; any thread.
#pragma once

#include "base/digest.h"
#include "types/observation.h"

namespace firebreak {

// `row` has as many values as `schema` has names (asserted).
Digest feature_digest(const FeatureSchema& schema, const FeatureRow& row);

}  // namespace firebreak
