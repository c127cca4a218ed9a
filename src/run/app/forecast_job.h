// Answers `forecast_requested`: replays the last days of the stream under each containment option.
#pragma once

#include "run/app/context.h"
#include "types/entry.h"

namespace firebreak::app {

void offer_options(const Context& context, const Entry& requested);

}  // namespace firebreak::app
