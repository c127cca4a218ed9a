// Incidents and follow-ups linked to tickets of other trackers: opened there, commented, updated and closed as the incident goes on;
// and what people do there told here.
//
// Promise: the calls of one ticket leave one after the other, in the order they were made, each until the tracker took it or refused it for
// good (then the ticket waits for `ticket.retry`, which hurries one that waits for its next try, too); each start and each outcome is an entry, and each try of one call bears the same key.
// What a tracker tells is taken once; what is the echo of a call of ours makes nothing. It never changes an incident: it becomes a line of
// the timeline, and a ticket that was closed there is a proposal that a person decides on.
// Time brings something on inputs alone (types/entry.h). Pure: no clock, no I/O, ordered containers.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "types/entry.h"

namespace firebreak::ticket {

inline constexpr std::string_view kFoldName = "ticket";
inline constexpr int kSchemaVersion = 1;
inline constexpr std::size_t kTickets = 10'000, kTicketsOfOne = 20, kCalls = 10'000, kHeard = 20'000, kOurs = 1'000;

struct Subject {  // an incident, or a follow-up of one
  std::string incident, title, severity, endpoint;
  bool operator==(const Subject&) const = default;
};

struct Ticket {
  std::string incident, follow_up, tracker;
  std::string reference;               // its id there; empty until it was opened
  std::string status;                  // as the tracker said it last
  bool closing = false;                // we have said that it is over
  bool closed_there = false;           // somebody there has
  std::set<std::string> ours;          // ids of comments that are ours, the newest kOurs
  bool operator==(const Ticket&) const = default;
};

enum class Calling : std::uint8_t { kOrdered, kStarted, kWaiting, kStuck };

struct Call {
  std::uint64_t ticket = 0;
  std::string what;                    // open, update, comment, close
  std::string text;                    // what people typed stands as a reference
  std::string severity;
  Calling state = Calling::kOrdered;
  std::int64_t attempt = 0;
  Time until;                          // of kWaiting
  bool operator==(const Call&) const = default;
};

struct TicketState {
  std::string digest;                                  // of the document that was applied last
  std::map<std::string, std::string> trackers;         // name -> shape: jira, servicenow
  std::map<std::string, Subject> incidents;            // open ones, and closed ones that have tickets
  std::map<std::string, Subject> follow_ups;           // open ones
  std::map<std::uint64_t, Ticket> tickets;             // ticket-N
  std::map<std::uint64_t, Call> calls;                 // call-N, not over
  std::map<std::string, std::uint64_t> by_reference;   // tracker '\n' reference -> ticket
  std::map<std::string, std::uint64_t> heard;          // tracker '\n' event -> the entry that told it first
  std::map<std::uint64_t, std::string> heard_order;
  bool operator==(const TicketState&) const = default;
};

std::vector<Draft> decide(const TicketState& state, const Entry& entry);
void apply(TicketState& state, const Entry& entry);
Json to_json(const TicketState& state);
Result<TicketState> ticket_state_from_json(const Json& document);

// For who carries calls out: of each ticket the first that is not over, when it is to be started now.
std::vector<std::uint64_t> ready(const TicketState& state);
// Whether an event was taken already: a repetition is refused.
bool was_heard(const TicketState& state, const std::string& tracker, const std::string& event);
// What an open call says there.
struct Words {
  std::string title, text;  // may hold references (types/free_text.h)
};
Words words_of(const TicketState& state, const Call& call);

}  // namespace firebreak::ticket
