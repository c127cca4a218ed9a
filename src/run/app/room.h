// The incident room: one chat channel in the shape of Slack. Slash commands and pinned messages come in as signed requests; what a person
// says there is a command of their account, with its rights and no more. Chat proposes containment and never approves anything.
//
// Promise: a request is believed only with `X-Slack-Signature: v0=` HMAC-SHA-256 of "v0:TIMESTAMP:BODY" under the room's secret and a timestamp
// within five minutes of this machine's clock, and only once: the same signature again is answered and does nothing.
// Threads: any.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "run/app/context.h"
#include "run/app/notify_config.h"

namespace firebreak::app {

class Room {
 public:
  Room(const Context& context, const RoomConfig& config) : context_(context), config_(config) {}

  // kUnauthorized: no room is configured, or the request is not from it. Else the answer for the chat; a command that was refused is
  // an answer with its reason.
  Result<Json> handle(const std::string& timestamp, const std::string& signature, const std::string& content_type, const std::string& body, Time wall);

 private:
  Result<void> believe(const std::string& timestamp, const std::string& signature, const std::string& body, Time wall);
  bool is_new(const std::string& signature);
  Result<std::string> act(const std::string& actor, const std::string& text);
  Result<std::string> pinned(const std::string& actor, const Json& event);
  std::string status() const;
  Result<std::string> incident_in(const std::string& word) const;  // inc-N; or the only open one when the word is empty

  const Context& context_;
  const RoomConfig& config_;
  std::mutex mutex_;
  std::set<std::string> seen_;
  std::deque<std::string> order_;
};

std::string room_signature(const std::string& secret, const std::string& timestamp, const std::string& body);
// The fields of application/x-www-form-urlencoded; the first of equal names counts.
std::map<std::string, std::string> form_fields(const std::string& body);

}  // namespace firebreak::app
