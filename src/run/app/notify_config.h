// What the configuration says about alerts and messages (`notify:` in firebreak.yaml; docs/communication.md): the part that the fold
// decides by, and, beside it, addresses and secrets, which are written nowhere.
#pragma once

#include <map>
#include <string>

#include "base/files.h"
#include "base/json.h"
#include "world/connect/messenger.h"

namespace firebreak::app {

struct ContactCard {
  std::string name, phone;
  std::map<std::string, std::string> addresses;  // by channel
};

struct RoomConfig {  // one chat channel (room.h)
  std::string secret;                            // signs what comes from it; empty: there is none
  std::string channel;                           // its id; empty: any that signs
  std::map<std::string, std::string> users;      // chat's id of a person -> account
};

struct NotifyConfig {
  Json document = JsonObject{};                               // of notify_applied; empty: off
  std::map<std::string, connect::ChannelConfig> channels;
  std::map<std::string, ContactCard> contacts;                // by name
  RoomConfig room;
};

// Errors name the member. Zones are read from `zoneinfo`.
Result<NotifyConfig> notify_of(Files& files, const Json& config, const std::string& folder, const std::string& zoneinfo = "/usr/share/zoneinfo");

// A zone's offsets from 2020 to 2037 as [[time, minutes], …], from the octets of a TZif file (RFC 8536). kInvalid when it has no such table.
Result<Json> zone_offsets(std::string_view tzif);

// For people who have nothing but the file: who is on call now and in the weeks to come, and how each contact is reached. `oncall`: oncall_view of fold/notify.
std::string contact_card(const NotifyConfig& config, const Json& oncall, Time now);

}  // namespace firebreak::app
