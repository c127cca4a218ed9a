// Over which ways people are told: a mail, a signed webhook, an event for PagerDuty (Events API v2).
//
// Promise: deliver() says accepted only after the other side has taken it on: 250 to the whole message, a status from 200 to 299, 202
// from PagerDuty. Each try of one notification bears the same key: Message-ID, Idempotency-Key, dedup_key.
// A webhook bears `Firebreak-Timestamp` (seconds) and `Firebreak-Signature: v1=HEX`, HMAC-SHA-256 of "TIMESTAMP.BODY" under the channel's
// secret: docs/formats/notify.md shows how a receiver checks it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace firebreak::connect {

struct ChannelConfig {
  std::string name;
  std::string kind;             // "smtp", "webhook", "pagerduty"
  std::string url;
  std::string secret;           // webhook: signs; pagerduty: the integration's routing key
  std::string from, user, password;  // smtp
  std::string tls_ca_file;
  bool tls_required = true;     // smtp
  std::int64_t timeout_us = 15'000'000;
};

struct Notification {
  std::string key;              // of this delivery, the same for each try
  std::string about;            // what it is about, with the installation: the same for all deliveries of one alert
  std::string action = "trigger";  // acknowledge, resolve
  std::string to;               // a mail address, for smtp
  std::string subject, text, incident, severity, endpoint, contact;
};

struct Proof {
  bool accepted = false;
  bool permanent = false;       // not accepted, and never will be
  int status = 0;
  std::string id;               // Message-ID; the receiver's own id when it gives one
  std::string digest;           // SHA-256 of the answer
  std::string answer;           // its beginning, for people
};

// Errors: kUnavailable, kTimeout: nobody knows whether it arrived; kInvalid, kUnauthorized: it cannot be sent like this.
Result<Proof> deliver(const ChannelConfig& channel, const Notification& notification, Time wall, const std::atomic<bool>& cancelled);

// "v1=…"
std::string webhook_signature(const std::string& secret, const std::string& timestamp, const std::string& body);
Json pagerduty_event(const ChannelConfig& channel, const Notification& notification);

}  // namespace firebreak::connect
