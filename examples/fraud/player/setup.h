// Brings the story's people, programs, endpoint and first release into a fresh installation.
#pragma once

#include <string>

#include "fraud/player/api.h"
#include "fraud/player/keys.h"
#include "fraud/player/story.h"

namespace firebreak::example {

struct Places {             // where everything is
  std::string server;       // http://127.0.0.1:8440
  std::string gateway;      // http://127.0.0.1:8441
  std::string models;       // http://127.0.0.1:9440
  std::string server_data;  // folder with admin.token
  std::string pepper_file;  // shared with the gateway
  std::string data;         // examples/fraud/data
  std::string state;        // the player's own folder: keys, tokens, figures
};

struct People {
  std::string admin, analyst, approver, loader;  // tokens; analyst and approver are the scripted ones
};

// ana and ben are for people; what the player does in their place it does as these two, marked as scripted.
inline constexpr std::string_view kScriptedAnalyst = "ana-script";
inline constexpr std::string_view kScriptedApprover = "ben-script";
inline constexpr int kLiveKeys = 120;
inline constexpr std::string_view kVisitor = "visitor";  // whoever tries the API while the story runs
std::string live_caller(int number);  // the live attacker's keys

// Makes users and tokens (idempotent); files STATE/{ana,ben,ana-script,ben-script,loader,gateway}.token, 0600.
Result<People> set_up_people(const Places& places);
Result<Keys> set_up_keys(const Places& places, const Story& story);
Result<void> set_up_endpoint(const Places& places, const People& people, const Keys& keys);

}  // namespace firebreak::example
