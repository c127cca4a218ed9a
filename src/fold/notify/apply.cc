// What entries change.
#include <algorithm>

#include "base/utf8.h"
#include "fold/notify/parts.h"

namespace firebreak::notify {
namespace {

Time time_in(const Json& body, std::string_view key) { return get_time(body, key).value_or(Time{}); }

// When the audiences of an incident are to hear next. Words of its end need no timer.
void arm(NotifyState& state, IncidentFacts& incident) {
  const bool over = incident.phase == "post_incident" || incident.phase == "closed";
  for (const auto& [name, audience] : state.settings.audiences) {
    const bool timed = audience.first_within_us != 0 && !over && std::find(audience.severities.begin(), audience.severities.end(), incident.severity) != audience.severities.end();
    const auto heard = incident.updates.find(name);
    if (heard == incident.updates.end() && !timed) continue;
    Updates& updates = incident.updates[name];
    const std::int64_t silence = longest_silence(state, incident);
    Time due;
    if (timed && updates.first.us == 0) due = incident.opened + audience.first_within_us;
    if (timed && updates.first.us != 0 && silence != 0) due = updates.last + silence;
    if (due == updates.due) continue;
    updates.due = due;
    updates.warned = updates.overdue = false;
  }
}

IncidentFacts* incident_in(NotifyState& state, const Json& body) {
  const auto found = state.incidents.find(string_or(body, "incident"));
  return found == state.incidents.end() ? nullptr : &found->second;
}
Alert* alert_in(NotifyState& state, const Json& body, std::string_view key = "alert") {
  const auto found = state.alerts.find(index_with(string_or(body, key), "alert-"));
  return found == state.alerts.end() ? nullptr : &found->second;
}
Message* message_in(NotifyState& state, const Json& body, std::string_view key = "message") {
  const auto found = state.messages.find(index_with(string_or(body, key), "msg-"));
  return found == state.messages.end() ? nullptr : &found->second;
}
Delivery* delivery_in(NotifyState& state, const Json& body) {
  const auto found = state.deliveries.find(index_with(string_or(body, "delivery"), "dlv-"));
  return found == state.deliveries.end() ? nullptr : &found->second;
}

void configured(NotifyState& state, const Entry& entry) {
  state.digest = string_or(entry.body, "digest");
  const Json* const document = find(entry.body, "document");
  state.settings = document == nullptr ? Settings{} : settings_from_json(*document).value_or(Settings{});
  std::erase_if(state.channels, [&](const auto& item) { return !state.settings.channels.contains(item.first); });
  for (auto& [id, incident] : state.incidents) {
    std::erase_if(incident.updates, [&](const auto& item) { return !state.settings.audiences.contains(item.first); });
    arm(state, incident);
  }
}

// ---- incidents

void opened(NotifyState& state, const Entry& entry) {
  IncidentFacts& incident = state.incidents[entry.id("inc")];
  incident = {string_or(entry.body, "severity"), string_or(entry.body, "endpoint"), string_or(entry.body, "title"), "detection_analysis", entry.time, false, {}, {}, {}};
  arm(state, incident);
}
void reopened(NotifyState& state, const Entry& entry) {
  IncidentFacts& incident = state.incidents[string_or(entry.body, "incident")];
  incident = {string_or(entry.body, "severity"), string_or(entry.body, "endpoint"), string_or(entry.body, "title"), "detection_analysis", entry.time, false, {}, {}, {}};
  each_member(entry.body, "roles", [&](const std::string& name, const Json& user) {
    if (user.is_string()) incident.roles[name] = std::string(user.get_string());
  });
  arm(state, incident);
}
void severity(NotifyState& state, const Entry& entry) {
  IncidentFacts* const incident = incident_in(state, entry.body);
  if (incident == nullptr) return;
  incident->severity = string_or(entry.body, "to");
  arm(state, *incident);
}
void phase(NotifyState& state, const Entry& entry) {
  IncidentFacts* const incident = incident_in(state, entry.body);
  if (incident == nullptr) return;
  incident->phase = string_or(entry.body, "to");
  arm(state, *incident);
}
void role(NotifyState& state, const Entry& entry) {
  if (IncidentFacts* const incident = incident_in(state, entry.body)) incident->roles[string_or(entry.body, "role")] = string_or(entry.body, "user");
}
void incident_acknowledged(NotifyState& state, const Entry& entry) {
  if (IncidentFacts* const incident = incident_in(state, entry.body)) incident->acknowledged = true;
  state.held.erase(string_or(entry.body, "incident"));
}
void incident_closed(NotifyState& state, const Entry& entry) {
  state.incidents.erase(string_or(entry.body, "incident"));
  state.held.erase(string_or(entry.body, "incident"));
}
void person_excluded(NotifyState& state, const Entry& entry) {
  IncidentFacts* const incident = incident_in(state, entry.body);
  if (incident == nullptr) return;
  if (entry.kind == "incident_person_excluded") incident->excluded.insert(string_or(entry.body, "user"));
  else incident->excluded.erase(string_or(entry.body, "user"));
}

// ---- alerts

void raised(NotifyState& state, const Entry& entry) {
  Alert alert;
  alert.incident = string_or(entry.body, "incident");
  alert.severity = string_or(entry.body, "severity");
  alert.source = string_or(entry.body, "source");
  alert.text = string_or(entry.body, "text");
  alert.call = string_or(entry.body, "call");
  alert.raised = entry.time;
  if (alert.source == kStorm) state.summary = entry.time;
  else if (alert.source != "page") {
    std::erase_if(state.newly, [&](Time at) { return at + kStormWindow <= entry.time; });
    state.newly.push_back(entry.time);
    state.held.erase(alert.incident);
  }
  if (const std::string to = string_or(entry.body, "to"); !to.empty()) {
    alert.ladder = {{to}};
    alert.ladder.insert(alert.ladder.end(), state.settings.levels.begin(), state.settings.levels.end());
  }
  state.alerts[entry.index] = std::move(alert);
}
void stepped(NotifyState& state, const Entry& entry) {
  Alert* const alert = alert_in(state, entry.body);
  if (alert == nullptr) return;
  alert->step = int_or(entry.body, "step");
  alert->severity = string_or(entry.body, "severity", alert->severity);
  alert->next = time_in(entry.body, "next");
  alert->reached = alert->unanswered = false;
  const auto names = strings_or_empty(entry.body, "names");
  alert->names = {names.begin(), names.end()};
  alert->named.insert(names.begin(), names.end());
}
void unanswered(NotifyState& state, const Entry& entry) {
  Alert* const alert = alert_in(state, entry.body);
  if (alert == nullptr) return;
  alert->next = {};
  alert->unanswered = true;
}
void alert_acknowledged(NotifyState& state, const Entry& entry) {
  Alert* const alert = alert_in(state, entry.body);
  if (alert == nullptr) return;
  alert->acknowledged_by = who(entry);
  alert->next = {};
  if (alert->source != kStorm) return;
  if (find(entry.body, "covers") == nullptr) state.held.clear();  // of a journal from before it was said
  for (const std::string& incident : strings_or_empty(entry.body, "covers")) state.held.erase(incident);
}
void held_back(NotifyState& state, const Entry& entry) {
  const std::string incident = string_or(entry.body, "incident");
  if (!state.held.emplace(incident, entry.time).second) return;
  for (auto& [index, alert] : state.alerts)  // what was said of it before is of its time before
    for (std::set<std::string>* const of : {&alert.names, &alert.named, &alert.covers}) of->erase(incident);
}
void alert_ended(NotifyState& state, const Entry& entry) { state.alerts.erase(index_with(string_or(entry.body, "alert"), "alert-")); }

void overridden(NotifyState& state, const Entry& entry) {
  std::erase_if(state.overrides, [&](const auto& item) { return item.second.until <= entry.time; });
  state.overrides[entry.index] = {string_or(entry.body, "rotation"), string_or(entry.body, "contact"), who(entry), string_or(entry.body, "reason"), time_in(entry.body, "from"), time_in(entry.body, "until")};
}
void restored(NotifyState& state, const Entry& entry) { state.overrides.erase(index_with(string_or(entry.body, "override"), "ovr-")); }

void link_added(NotifyState& state, const Entry& entry) {
  std::erase_if(state.links, [&](const auto& item) { return item.second.until <= entry.time; });
  state.links[entry.index] = {string_or(entry.body, "incident"), string_or(entry.body, "audience"), string_or(entry.body, "link_hash"), time_in(entry.body, "until")};
}
void link_removed(NotifyState& state, const Entry& entry) { state.links.erase(index_with(string_or(entry.body, "link"), "stk-")); }

// ---- deliveries

void ordered(NotifyState& state, const Entry& entry) {
  Delivery delivery;
  delivery.of = string_or(entry.body, "of");
  delivery.action = string_or(entry.body, "action");
  delivery.contact = string_or(entry.body, "contact");
  delivery.channel = string_or(entry.body, "channel");
  delivery.step = int_or(entry.body, "step");
  delivery.way = int_or(entry.body, "way");
  if (const Alert* const alert = alert_in(state, entry.body, "of"); alert != nullptr && delivery.action == "trigger") delivery.names = alert->names;
  state.deliveries[entry.index] = std::move(delivery);
}
void due(NotifyState& state, const Entry& entry) {
  if (Delivery* const delivery = delivery_in(state, entry.body)) delivery->state = Delivering::kOrdered;
}
void started(NotifyState& state, const Entry& entry) {
  Delivery* const delivery = delivery_in(state, entry.body);
  if (delivery == nullptr || delivery->state != Delivering::kOrdered || int_or(entry.body, "attempt") != delivery->attempt + 1) return;
  delivery->state = Delivering::kStarted;
  ++delivery->attempt;
}
void postponed(NotifyState& state, const Entry& entry) {
  Delivery* const delivery = delivery_in(state, entry.body);
  if (delivery == nullptr) return;
  delivery->state = Delivering::kWaiting;
  delivery->until = time_in(entry.body, "until");
}
void over(NotifyState& state, const Entry& entry) { state.deliveries.erase(index_with(string_or(entry.body, "delivery"), "dlv-")); }

void delivered(NotifyState& state, const Entry& entry, const Delivery& delivery) {
  state.channels[delivery.channel] = {{}, entry.time, 0, {}};
  if (delivery.action != "trigger") return;
  const Json of = JsonObject{{"of", delivery.of}};
  if (Alert* const alert = alert_in(state, of, "of")) {
    alert->told.insert(delivery.contact);
    alert->covers.insert(delivery.names.begin(), delivery.names.end());
    alert->reached = alert->reached || delivery.step == alert->step;
    const auto kind = state.settings.channels.find(delivery.channel);
    if (kind != state.settings.channels.end() && kind->second == "pagerduty") alert->paged.insert(delivery.contact + "\n" + delivery.channel);
  }
  if (Message* const message = message_in(state, of, "of")) message->reached.insert(delivery.contact);
}

void ended(NotifyState& state, const Entry& entry) {
  Delivery* const delivery = delivery_in(state, entry.body);
  if (delivery == nullptr || delivery->state != Delivering::kStarted || int_or(entry.body, "attempt") != delivery->attempt) return;
  if (string_or(entry.body, "result") == "delivered") {
    delivered(state, entry, *delivery);
    return over(state, entry);
  }
  delivery->state = Delivering::kFailed;
  ChannelHealth& health = state.channels[delivery->channel];
  if (health.failing_since.us == 0) health.failing_since = entry.time;
  ++health.failures;
  health.detail = shortened(string_or(entry.body, "detail"), 300);
}

void missed(NotifyState& state, const Entry& entry) {
  if (Message* const message = message_in(state, entry.body, "of")) message->missed.insert(string_or(entry.body, "contact"));
}

// ---- messages

void keep(NotifyState& state, const Entry& entry, std::string message_state) {
  Message message;
  message.incident = string_or(entry.body, "incident");
  message.audience = string_or(entry.body, "audience");
  message.subject = string_or(entry.body, "subject");
  message.body = string_or(entry.body, "body");
  message.digest = string_or(entry.body, "digest");
  message.by = who(entry);
  message.call = string_or(entry.body, "call");
  message.state = std::move(message_state);
  message.drafted = entry.time;
  state.messages[entry.index] = std::move(message);
  for (auto at = state.messages.begin(); state.messages.size() > kMessages && at != state.messages.end();) {
    const bool open = at->second.state == "drafted" || at->second.state == "approved";
    at = open && state.messages.size() < 2 * kMessages ? std::next(at) : state.messages.erase(at);
  }
}
void drafted(NotifyState& state, const Entry& entry) { keep(state, entry, "drafted"); }
void message_ordered(NotifyState& state, const Entry& entry) {
  keep(state, entry, "approved");
  if (Message* const message = message_in(state, JsonObject{{"message", entry.id("msg")}})) message->contacts = contacts_of(state, {string_or(entry.body, "to")}, entry.time);
}
void approved(NotifyState& state, const Entry& entry) {
  Message* const message = message_in(state, entry.body);
  if (message == nullptr) return;
  message->approved_by.insert(who(entry));
  if (!bool_or(entry.body, "complete")) return;
  message->state = "approved";
  if (const auto audience = state.settings.audiences.find(message->audience); audience != state.settings.audiences.end()) message->contacts = contacts_of(state, audience->second.contacts, entry.time);
}
void message_over(NotifyState& state, const Entry& entry) {
  if (Message* const message = message_in(state, entry.body)) message->state = entry.kind.substr(std::string_view("message_").size());
}

void update_given(NotifyState& state, const Entry& entry) {
  if (Message* const message = message_in(state, entry.body)) message->given = entry.time;
  IncidentFacts* const incident = incident_in(state, entry.body);
  if (incident == nullptr) return;
  Updates& updates = incident->updates[string_or(entry.body, "audience")];
  if (updates.first.us == 0) updates.first = entry.time;
  updates.last = entry.time;
  updates.warned = updates.overdue = false;
  arm(state, *incident);
}
void update_said(NotifyState& state, const Entry& entry) {
  IncidentFacts* const incident = incident_in(state, entry.body);
  if (incident == nullptr) return;
  Updates& updates = incident->updates[string_or(entry.body, "audience")];
  updates.warned = true;
  updates.overdue = entry.kind == "update_overdue";
}

void call_over(NotifyState& state, const Entry& entry) {
  if (Alert* const alert = alert_in(state, entry.body)) alert->call.clear();
  if (Message* const message = message_in(state, entry.body)) message->call.clear();
}

void used(NotifyState& state, const Entry& entry) {
  const Json& body = entry.body;
  state.uses[entry.index] = {string_or(body, "standing"), string_or(body, "action"), string_or(body, "incident"), string_or(body, "endpoint"), string_or(body, "requested_by"), string_or(body, "text"), int_or(body, "use"), int_or(body, "of")};
  while (state.uses.size() > kUses) state.uses.erase(state.uses.begin());
}

struct Row {
  std::string_view kind;
  void (*apply)(NotifyState&, const Entry&);
};
constexpr Row kRows[] = {
    {"alert_acknowledged", alert_acknowledged}, {"alert_ended", alert_ended},
    {"alert_held", held_back},
    {"alert_raised", raised},                   {"alert_step", stepped},
    {"alert_unanswered", unanswered},           {"contact_missed", missed},
    {"delivery_dropped", over},                 {"delivery_due", due},
    {"delivery_ended", ended},                  {"delivery_given_up", over},
    {"delivery_ordered", ordered},              {"delivery_postponed", postponed},
    {"delivery_started", started},              {"incident_acknowledged", incident_acknowledged},
    {"incident_closed", incident_closed},       {"incident_opened", opened},
    {"incident_person_excluded", person_excluded}, {"incident_person_included", person_excluded},
    {"incident_phase", phase},                  {"incident_reopened", reopened},
    {"incident_role", role},                    {"incident_severity", severity},
    {"message_approved", approved},
    {"message_by_hand", message_over},          {"message_delivered", message_over},
    {"message_drafted", drafted},               {"message_ordered", message_ordered},
    {"message_rejected", message_over},         {"message_sent", message_over},
    {"message_undelivered", message_over},      {"notify_applied", configured},
    {"notify_ended", call_over},                {"oncall_override_added", overridden},
    {"oncall_override_ended", restored},        {"stakeholder_link_added", link_added},     {"stakeholder_link_removed", link_removed},
    {"standing_used", used},
    {"update_due", update_said},                {"update_given", update_given},
    {"update_overdue", update_said},
};
static_assert(std::is_sorted(std::begin(kRows), std::end(kRows), [](const Row& a, const Row& b) { return a.kind < b.kind; }));

}  // namespace

void set_wake(NotifyState& state) {
  Time wake;
  const auto take = [&](Time at) {
    if (at.us != 0 && (wake.us == 0 || at < wake)) wake = at;
  };
  for (const auto& [index, alert] : state.alerts) take(alert.next);
  if (uncalled(state)) take(state.summary + kStormWindow);
  for (const auto& [index, delivery] : state.deliveries)
    if (delivery.state == Delivering::kWaiting) take(delivery.until);
  for (const auto& [id, incident] : state.incidents)
    for (const auto& [audience, heard] : incident.updates)
      if (heard.due.us != 0 && !heard.overdue) take(heard.warned ? heard.due : heard.due - state.settings.warn_us);
  state.wake = wake;
}

void apply(NotifyState& state, const Entry& entry) {
  const auto row = std::lower_bound(std::begin(kRows), std::end(kRows), entry.kind, [](const Row& one, const std::string& kind) { return one.kind < kind; });
  if (row == std::end(kRows) || row->kind != entry.kind) return;
  row->apply(state, entry);
  set_wake(state);
}

}  // namespace firebreak::notify
