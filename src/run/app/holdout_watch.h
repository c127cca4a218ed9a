// Opens a finding for each holdout that was read by who must not have read it (`holdout_breached` of fold/provenance).
#pragma once

#include <cstdint>

#include "run/app/context.h"

namespace firebreak::app {

// `breach`: index of the entry. Told once, whatever is restarted meanwhile.
void tell_breach(const Context& context, std::uint64_t breach);

// Breaches of which no finding tells, as after a kill between the two.
void tell_untold_breaches(const Context& context);

}  // namespace firebreak::app
