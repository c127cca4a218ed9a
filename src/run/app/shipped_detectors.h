// The detector configuration that the program brings along (content/detectors/default.yaml) is for any endpoint; so is a copy of it in
// which somebody changed a threshold and nothing else.
#pragma once

#include <string>

#include "base/json.h"
#include "types/endpoint.h"

namespace firebreak::app {

// The endpoint that a configuration is for; empty: any.
std::string endpoint_named(const Json& document);

// A configuration for any endpoint takes this one's name, stream, answers' words and the likeness that fits its features, where nobody
// wrote others. Anything else stays as it is.
Json complete_detectors(Json document, const Endpoint& endpoint);

}  // namespace firebreak::app
