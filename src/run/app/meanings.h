// What findings mean in public frameworks, for lines to other systems: of a kind by content/taxonomies/findings.yaml, which is embedded;
// of a rule by its own section `frameworks`, read from the set of rules that was taken up (a blob).
#pragma once

#include <memory>

#include "read/events/lines.h"
#include "read/evidence/blob_store.h"

namespace firebreak::app {

// `blobs` outlives it. The lines of one owner use it: one thread at a time. A blob that is gone or cannot be read means nothing.
events::Meanings shipped_meanings(const evidence::BlobStore& blobs);

// kInvalid: {version: 1, frameworks: {KEY: {name, version}}, findings: {KIND: {KEY: [{id, name}]}}} is not kept to.
Result<std::map<std::string, std::vector<events::Meaning>, std::less<>>> meanings_from_json(const Json& document);

}  // namespace firebreak::app
