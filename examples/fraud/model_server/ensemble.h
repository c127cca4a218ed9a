// The story's releases are tree ensembles; the product reads them too (a drill's recorded model answers with one).
#pragma once

#include "run/replay/ensemble.h"

namespace firebreak::example {

using replay::Ensemble;
using replay::Scored;

}  // namespace firebreak::example
