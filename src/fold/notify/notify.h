// Alerts reach people: who is on call is told of a new or graver incident over their channels, and others when nobody acknowledges it in
// time. Messages to the audiences of the communication plan are drafted, approved, delivered and measured.
//
// Promise: an alert goes on from step to step until somebody acknowledges it, its incident ends, or the configured rounds are over,
// which is said (`alert_unanswered`). A delivery is started at most `attempts` times; each start and each outcome is an entry; when one
// way is given up the contact's next is ordered. For one step a contact gets one delivery at a time. A message leaves only after
// `approvals` people, none of them its author, have approved exactly this text.
// Time brings something on inputs alone (types/entry.h); a tick only wakes.
// Pure: no clock, no I/O, ordered containers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fold/notify/state.h"
#include "types/entry.h"

namespace firebreak::notify {

inline constexpr std::string_view kFoldName = "notify";
inline constexpr int kSchemaVersion = 3;

std::vector<Draft> decide(const NotifyState& state, const Entry& entry);
void apply(NotifyState& state, const Entry& entry);
Json to_json(const NotifyState& state);
Result<NotifyState> notify_state_from_json(const Json& document);

// For who carries deliveries out: those to be started now. One that was under way when the program ended is among them again.
std::vector<std::string> ready(const NotifyState& state);
const Delivery* find_delivery(const NotifyState& state, const std::string& id);  // nullptr: over

// What a delivery says. Texts may hold references (types/free_text.h).
struct Notice {
  std::string subject, text, incident, severity, endpoint, title;
  std::string about;  // alert-N or msg-N: the same for all deliveries of one alert
  std::string action;
};
Notice notice_of(const NotifyState& state, const Delivery& delivery);

// For status and lists. Who is on call now and next; alerts; messages; what each audience is to hear; channels.
Json oncall_view(const NotifyState& state, Time now);
Json status_view(const NotifyState& state, Time now);
Json messages_view(const NotifyState& state, const std::string& incident);
// What the holder of this link sees. kUnauthorized: no such link stands at `now`. Two states that differ in nothing that was told to the
// link's audience give the same octets.
Result<Json> stakeholder_view(const NotifyState& state, const std::string& link_hash, Time now);
// What a person has to do: [{who, what, command, incident, subject}], as in the status.
JsonArray needs_of(const NotifyState& state, Time now);

}  // namespace firebreak::notify
