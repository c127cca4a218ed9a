// Inside of fold/notify: what its files give each other.
#pragma once

#include "fold/notify/notify.h"

namespace firebreak::notify {

using Drafts = std::vector<Draft>;

inline void join(Drafts& to, Drafts more) { to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end())); }
inline std::string who(const Entry& entry) { return string_or(entry.body, "by", entry.actor); }
Drafts refuse(const Entry& command, Code code, std::string reason, std::string pointer = {});
std::uint64_t index_with(const std::string& id, std::string_view prefix);  // 0: it is none

// alerts.cc
Drafts decide_alerts(const NotifyState& state, const Entry& entry);
Drafts alerts_due(const NotifyState& state, Time now);
Drafts settle_step(const NotifyState& state, std::uint64_t alert, Time now);  // nothing of the step is under way any more
Drafts oncall_command(const NotifyState& state, const Entry& entry);
// storm.cc
// An incident calls, by itself or held with others.
Drafts call_for(const NotifyState& state, const std::string& incident, const std::string& severity, std::string_view source, Time now);
Drafts held(const NotifyState& state, const Entry& entry);            // after `alert_held`
Drafts storm_due(const NotifyState& state, Time now);
Drafts storm_over(const NotifyState& state, const std::string& by);   // nobody of it is held any more
const std::pair<const std::uint64_t, Alert>* open_summary(const NotifyState& state);  // that nobody has and that goes on; null: there is none
bool uncalled(const NotifyState& state);                              // one is held that no summary calls for, or ever has
std::vector<std::string> to_name(const NotifyState& state, const Alert& summary);  // in its next text: those first that none has named
Drafts step(const NotifyState& state, std::uint64_t index, const Alert& alert, Time now, std::string_view reason, std::string severity);  // alerts.cc
// deliveries.cc
Drafts decide_deliveries(const NotifyState& state, const Entry& entry);
Drafts deliveries_due(const NotifyState& state, Time now);
// Over the contact's channels from `way` on; nothing when it has no more.
Drafts order(const NotifyState& state, const std::string& of, std::string_view action, const std::string& contact, std::int64_t step, std::int64_t way);
bool under_way(const NotifyState& state, const std::string& of, std::int64_t step);
// messages.cc
Drafts decide_messages(const NotifyState& state, const Entry& entry);
Drafts settle_message(const NotifyState& state, std::uint64_t message, Time now);
Drafts updates_due(const NotifyState& state, Time now);
std::int64_t longest_silence(const NotifyState& state, const IncidentFacts& incident);
std::string digest_of(const std::string& audience, const std::string& subject, const std::string& body);
// stakeholders.cc
Drafts stakeholder_command(const NotifyState& state, const Entry& entry);
// apply.cc
void set_wake(NotifyState& state);

}  // namespace firebreak::notify
