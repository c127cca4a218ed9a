// A run's record in the vocabulary of CACAO's workflow status (cyentific-rni/workflow-status; SOARCA writes it too), so that
// other programs read what happened here.
#pragma once

#include "base/json.h"

namespace firebreak::views {

// `run`: as `GET /api/v1/runs/{id}` gives it.
Json workflow_status(const Json& run);

}  // namespace firebreak::views
