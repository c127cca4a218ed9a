// Any decision by its id: who asked, what, which release with which model digest, the answer, and the proof that this
// record stands in the log. The label that came later stands beside it.
#pragma once

#include "run/app/context.h"

namespace firebreak::app {

// `stream` empty: all endpoints' streams are searched. kNotFound when no stream has the id.
Result<Json> trace(const Context& context, const std::string& id, const std::string& stream);

}  // namespace firebreak::app
