// What the words of daily work share.
#pragma once

#include <string>

#include "run/main/client.h"

namespace firebreak::cli {

// "now", "+2h", "-30d", "+15m" by the server's clock, which a drill may feed; else a time as it is written.
Result<std::string> moment_of(Client& client, const std::string& text);

}  // namespace firebreak::cli
