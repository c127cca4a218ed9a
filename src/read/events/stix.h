// An incident as a STIX 2.1 bundle (OASIS, 10 June 2021), to be shared: identity, incident, report, attack patterns with their ids in public
// frameworks, indicators with patterns, the measures as courses of action, what evidence was observed, and how they belong together.
//
// Promise: the same incident gives the same bundle, octet for octet (ids are UUIDs of version 5). Nothing that people typed leaves, but for the
// values of indicators that were entered to be shared, within the mark of TLP 2.0 that is asked for; an indicator that may name a person
// (a caller, an account, a mail address, a prompt, a query) does not, whatever its mark. Every object but the marks bears one.
// Pure; any thread. Errors: kInvalid for a mark that is none.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"

namespace firebreak::events {

struct StixOptions {
  std::string installation;          // what ids of this installation are made of
  std::string tlp = "TLP:AMBER";     // of the bundle; indicators of a stricter mark stay here
  std::string exercise;              // the banner, in an exercise
};

// `incident`: as the views answer it, whole.
Result<Json> stix_bundle(const Json& incident, const StixOptions& options);

}  // namespace firebreak::events
