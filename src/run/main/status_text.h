// The status screen as text: what needs a person first, then what is in force, who waits, what is due, what comes in.
#pragma once

#include <string>

#include "base/json.h"

namespace firebreak::cli {

std::string status_text(const Json& status);  // of GET /api/v1/status

}  // namespace firebreak::cli
