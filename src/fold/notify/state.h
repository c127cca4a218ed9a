// What the fold knows of alerts, deliveries and messages.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fold/notify/settings.h"

namespace firebreak::notify {

enum class Delivering { kOrdered, kStarted, kFailed, kWaiting };

// One text on one way to one contact. Over when it was delivered, given up or dropped; then it is gone from here.
struct Delivery {
  std::string of;       // alert-N, msg-N or use-N
  std::string action;   // trigger; acknowledge and resolve tell a pager that it is over
  std::string contact, channel;
  std::int64_t step = 1, way = 0, attempt = 0;  // attempt: how often it was started
  Delivering state = Delivering::kOrdered;
  Time until;           // of kWaiting: then it is tried again
  std::set<std::string> names;  // incidents that the text of a summary names: fixed when it is ordered
  bool operator==(const Delivery&) const = default;
};

struct Alert {
  std::string incident, severity, source, text;  // source: opened, raised, reopened, page, storm; text: of a page
  std::string call;                              // the step of a playbook that waits for it
  std::vector<std::vector<std::string>> ladder;  // contacts and rotations; empty: the configuration's levels
  std::string acknowledged_by;
  Time raised, next;                             // next: then it goes to the next level; 0: no more
  std::int64_t step = 0;
  bool reached = false, unanswered = false;      // reached: somebody in the present step
  std::set<std::string> paged;                   // channels of pagers on which it stands
  std::set<std::string> told;                    // contacts that have got it
  // Of a summary, incidents: in the present step's text; in that of any step; in a text that was delivered, which an acknowledgement speaks for.
  std::set<std::string> names, named, covers;
  bool operator==(const Alert&) const = default;
};

struct Message {
  std::string incident, audience, subject, body, digest, by, call;
  std::string state = "drafted";                 // approved, delivered, undelivered, by_hand, sent, rejected
  std::set<std::string> approved_by, reached, missed;
  std::vector<std::string> contacts;             // that it is to reach
  Time drafted;
  Time given;                                    // when its audience heard it: update_given; 0: not yet
  bool operator==(const Message&) const = default;
};

// What one audience has heard of one incident, and when it is to hear next.
struct Updates {
  Time first, last, due;                         // 0: not yet; none is due
  bool warned = false, overdue = false;          // said of this `due`
  bool operator==(const Updates&) const = default;
};

struct IncidentFacts {
  std::string severity, endpoint, title, phase;
  Time opened;
  bool acknowledged = false;
  std::map<std::string, std::string> roles;      // user by role
  std::map<std::string, Updates> updates;        // by audience
  std::set<std::string> excluded;                // people for whom there is no such incident
  bool operator==(const IncidentFacts&) const = default;
};

struct Override {
  std::string rotation, contact, by, reason;
  Time from, until;
  bool operator==(const Override&) const = default;
};

struct StakeholderLink {
  std::string incident, audience, hash;          // SHA-256 of the secret
  Time until;
  bool operator==(const StakeholderLink&) const = default;
};

struct StandingUse {  // of an approval given in advance: told to who gave it
  std::string standing, action, incident, endpoint, requested_by, text;
  std::int64_t use = 0, of = 0;
  bool operator==(const StandingUse&) const = default;
};

struct ChannelHealth {
  Time failing_since, delivered;                 // 0: not
  std::uint64_t failures = 0;                    // since the last delivery
  std::string detail;
  bool operator==(const ChannelHealth&) const = default;
};

inline constexpr std::size_t kMessages = 500, kOverrides = 1'000, kOpenAlerts = 1'000, kTextBytes = 4'000, kUses = 500;
// A storm: so many incidents call by themselves within the window; those behind them are held, and one summary calls for them all.
inline constexpr std::size_t kStormBudget = 10, kStormNames = 100;  // that one text names
inline constexpr std::int64_t kStormWindow = 10 * kMinute;
inline constexpr std::string_view kStorm = "storm";  // source of a summary; it is of no incident

struct NotifyState {
  std::string digest;                            // of the document that was applied last
  Settings settings;
  std::map<std::string, IncidentFacts> incidents;  // open ones
  std::map<std::uint64_t, Alert> alerts;         // by index; until their incident ends
  std::vector<Time> newly;                       // when incidents called by themselves, within the window
  std::map<std::string, Time> held;              // incidents that do not; until a person has them, or a summary that named them
  Time summary;                                  // when the newest summary was raised; 0: never
  std::map<std::uint64_t, Delivery> deliveries;
  std::map<std::uint64_t, Message> messages;     // the newest kMessages
  std::map<std::uint64_t, Override> overrides;   // not yet over
  std::map<std::uint64_t, StakeholderLink> links;  // not yet over
  std::map<std::uint64_t, StandingUse> uses;       // by index of standing_used: the newest kUses
  std::map<std::string, ChannelHealth> channels;
  Time wake;                                     // when time alone brings something; derived; {0}: never
  bool operator==(const NotifyState&) const = default;
};

// Contacts behind a name: the contact itself, or who of a rotation has the turn (nobody before its start).
std::optional<std::string> on_call(const NotifyState& state, const std::string& name, Time now);
std::vector<std::string> contacts_of(const NotifyState& state, const std::vector<std::string>& names, Time now);

}  // namespace firebreak::notify
