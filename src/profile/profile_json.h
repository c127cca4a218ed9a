// A profile as a document (docs/formats/profile.md), and back.
//
// to_json() writes all that is kept, and beside it what follows from it for people who read the file (intervals, limits, quantiles,
// hints), which from_json() does not read. The member `digest` is the SHA-256 of the canonical JSON of the rest.
// profile_from_json(to_json(x)) is x. Errors: kInvalid with the place; kCorrupt when the digest or a sketch is another.
#pragma once

#include "base/digest.h"
#include "base/json.h"
#include "profile/profile.h"

namespace firebreak::profile {

inline constexpr std::size_t kFeatures = 4'096, kFeatureNameBytes = 512, kSourceBytes = 1'024;

Json to_json(const DataProfile& profile);
Result<DataProfile> profile_from_json(const Json& document);
Digest digest_of(const Json& document);  // of the document without its member `digest`

bool is_profile(const Json& document);   // says that it is one

}  // namespace firebreak::profile
