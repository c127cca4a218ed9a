// What the configuration says about trackers of tickets (`tickets:` of firebreak.yaml; docs/communication.md): the part that the fold decides by,
// and, beside it, addresses and secrets, which are written nowhere.
#pragma once

#include <map>
#include <string>

#include "base/files.h"
#include "base/json.h"
#include "world/connect/tracker.h"

namespace firebreak::app {

struct TicketConfig {
  Json document = JsonObject{};                             // of tickets_applied; empty: off
  std::map<std::string, connect::TrackerConfig> trackers;
};
// Errors name the member.
Result<TicketConfig> tickets_of(Files& files, const Json& config, const std::string& folder);

}  // namespace firebreak::app
