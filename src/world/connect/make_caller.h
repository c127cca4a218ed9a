// A caller of the kind that its configuration names.
#pragma once

#include <memory>

#include "base/clock.h"
#include "world/connect/caller.h"
#include "world/connect/caller_config.h"
#include "world/connect/training_store.h"

namespace firebreak::connect {

// `clock` outlives the caller; `keep`: where large documents go (training_store.h). kInvalid: there is no such kind.
Result<std::unique_ptr<Caller>> make_caller(const CallerConfig& config, const Clock& clock, TrainingStore::Keep keep);

}  // namespace firebreak::connect
