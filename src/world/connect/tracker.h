// Tickets of other trackers, in the shapes of Jira (REST v2 of Data Center) and ServiceNow (Table API): calls that go out, and what their
// webhooks bring in.
//
// Promise: carry() says done only after the tracker took it on. A call that opens or comments asks the tracker first whether it has it
// already, by its key (Jira: a label, and a mark in the comment; ServiceNow: correlation_id, and a mark in the note), so a try after a crash
// makes nothing twice. Each request bears `Idempotency-Key`, and with a secret `Firebreak-Timestamp` and `Firebreak-Signature` (messenger.h).
// read_news() believes only what bears the secret's signature and a time within five minutes of `wall`.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "world/net/message.h"

namespace firebreak::connect {

struct TrackerConfig {
  std::string name, shape;                 // jira, servicenow
  std::string url;                         // https://jira.example.org
  std::string project, type = "Incident";  // jira: where, and as what, tickets are opened
  std::string table = "incident";          // servicenow
  std::string close_transition;            // jira: the id of the transition that closes; empty: closing is a comment
  std::string close_state = "6", close_code;  // servicenow
  std::vector<std::string> closed;         // words of its status that mean: over
  std::string account;                     // whose changes are ours
  std::string user, token, secret;         // user: Basic, else Bearer; the secret signs, both ways
  std::string tls_ca_file;
  std::int64_t timeout_us = 15'000'000;
};

struct TicketCall {
  std::string key;                         // of this call, the same for each try
  std::string what;                        // open, update, comment, close
  std::string reference;                   // of the ticket; empty for open
  std::string title, text, severity;
};

struct TicketAnswer {
  bool done = false, permanent = false;    // permanent: the same again gives the same
  int status = 0;
  std::string reference, comment;          // what the tracker calls what was made
  std::string digest;                      // SHA-256 of the answer
  std::string detail;                      // its beginning, for people
};

// Errors: kUnavailable, kTimeout: nobody knows whether it arrived.
Result<TicketAnswer> carry(const TrackerConfig& tracker, const TicketCall& call, Time wall, const std::atomic<bool>& cancelled);

struct TicketNews {
  std::string event;                       // of this notice: SHA-256 of its body
  std::string reference, what;             // status, comment; empty: nothing that is told here
  std::string status, text, comment;
  bool closed = false, ours = false;       // ours: our account did it, or our mark stands in it
  Time at;
};
// kUnauthorized: not the tracker's, or too old; kInvalid: not its shape.
Result<TicketNews> read_news(const TrackerConfig& tracker, const net::Request& request, Time wall);

}  // namespace firebreak::connect
