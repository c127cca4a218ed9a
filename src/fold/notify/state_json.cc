// The state as a document, for snapshots.
#include "fold/notify/parts.h"

namespace firebreak::notify {
namespace {

template <class List>
JsonArray list(const List& of) {
  return JsonArray(of.begin(), of.end());
}
std::set<std::string> set_at(const Json& object, std::string_view key) {
  const auto values = strings_or_empty(object, key);
  return {values.begin(), values.end()};
}
Time time_at(const Json& object, std::string_view key) { return {int_or(object, key)}; }

JsonObject json(const Alert& one) {
  JsonArray ladder;
  for (const auto& level : one.ladder) ladder.push_back(list(level));
  return {{"incident", one.incident}, {"severity", one.severity}, {"source", one.source}, {"text", one.text}, {"call", one.call}, {"ladder", std::move(ladder)},
          {"acknowledged_by", one.acknowledged_by}, {"raised", one.raised.us}, {"next", one.next.us}, {"step", one.step}, {"reached", one.reached},
          {"unanswered", one.unanswered}, {"paged", list(one.paged)}, {"told", list(one.told)},
          {"names", list(one.names)}, {"named", list(one.named)}, {"covers", list(one.covers)}};
}
Alert alert_from(const Json& one) {
  Alert out{string_or(one, "incident"), string_or(one, "severity"), string_or(one, "source"), string_or(one, "text"), string_or(one, "call"), {}, string_or(one, "acknowledged_by"),
            time_at(one, "raised"), time_at(one, "next"), int_or(one, "step"), bool_or(one, "reached"), bool_or(one, "unanswered"), set_at(one, "paged"), set_at(one, "told"),
            set_at(one, "names"), set_at(one, "named"), set_at(one, "covers")};
  if (const Json* const ladder = find(one, "ladder"); ladder != nullptr && ladder->is_array())
    for (const Json& level : ladder->get_array()) out.ladder.push_back(strings_or_empty(JsonObject{{"level", level}}, "level"));
  return out;
}

JsonObject json(const Delivery& one) {
  return {{"of", one.of}, {"action", one.action}, {"contact", one.contact}, {"channel", one.channel}, {"step", one.step}, {"way", one.way}, {"attempt", one.attempt}, {"state", static_cast<int>(one.state)}, {"until", one.until.us}, {"names", list(one.names)}};
}
Delivery delivery_from(const Json& one) {
  return {string_or(one, "of"), string_or(one, "action"), string_or(one, "contact"), string_or(one, "channel"), int_or(one, "step"), int_or(one, "way"), int_or(one, "attempt"), static_cast<Delivering>(int_or(one, "state")), time_at(one, "until"), set_at(one, "names")};
}

JsonObject json(const Message& one) {
  return {{"incident", one.incident}, {"audience", one.audience}, {"subject", one.subject}, {"body", one.body}, {"digest", one.digest}, {"by", one.by}, {"call", one.call}, {"state", one.state},
          {"approved_by", list(one.approved_by)}, {"reached", list(one.reached)}, {"missed", list(one.missed)}, {"contacts", list(one.contacts)}, {"drafted", one.drafted.us}, {"given", one.given.us}};
}
Message message_from(const Json& one) {
  return {string_or(one, "incident"), string_or(one, "audience"), string_or(one, "subject"), string_or(one, "body"), string_or(one, "digest"), string_or(one, "by"), string_or(one, "call"), string_or(one, "state"),
          set_at(one, "approved_by"), set_at(one, "reached"), set_at(one, "missed"), strings_or_empty(one, "contacts"), time_at(one, "drafted"), time_at(one, "given")};
}

JsonObject json(const IncidentFacts& one) {
  JsonObject roles, updates;
  for (const auto& [role, user] : one.roles) roles[role] = user;
  for (const auto& [name, heard] : one.updates)
    updates[name] = JsonObject{{"first", heard.first.us}, {"last", heard.last.us}, {"due", heard.due.us}, {"warned", heard.warned}, {"overdue", heard.overdue}};
  return {{"severity", one.severity}, {"endpoint", one.endpoint}, {"title", one.title}, {"phase", one.phase}, {"opened", one.opened.us}, {"acknowledged", one.acknowledged}, {"roles", std::move(roles)}, {"updates", std::move(updates)}, {"excluded", JsonArray(one.excluded.begin(), one.excluded.end())}};
}
IncidentFacts incident_from(const Json& one) {
  IncidentFacts out{string_or(one, "severity"), string_or(one, "endpoint"), string_or(one, "title"), string_or(one, "phase"), time_at(one, "opened"), bool_or(one, "acknowledged"), {}, {}, set_at(one, "excluded")};
  each_member(one, "roles", [&](const std::string& role, const Json& user) { out.roles[role] = user.is_string() ? std::string(user.get_string()) : ""; });
  each_member(one, "updates", [&](const std::string& name, const Json& heard) {
    out.updates[name] = {time_at(heard, "first"), time_at(heard, "last"), time_at(heard, "due"), bool_or(heard, "warned"), bool_or(heard, "overdue")};
  });
  return out;
}

JsonObject json(const Override& one) {
  return {{"rotation", one.rotation}, {"contact", one.contact}, {"by", one.by}, {"reason", one.reason}, {"from", one.from.us}, {"until", one.until.us}};
}
Override override_from(const Json& one) {
  return {string_or(one, "rotation"), string_or(one, "contact"), string_or(one, "by"), string_or(one, "reason"), time_at(one, "from"), time_at(one, "until")};
}

JsonObject json(const StakeholderLink& one) { return {{"incident", one.incident}, {"audience", one.audience}, {"hash", one.hash}, {"until", one.until.us}}; }
StakeholderLink link_from(const Json& one) { return {string_or(one, "incident"), string_or(one, "audience"), string_or(one, "hash"), time_at(one, "until")}; }

JsonObject json(const StandingUse& one) {
  return {{"standing", one.standing}, {"action", one.action}, {"incident", one.incident}, {"endpoint", one.endpoint}, {"requested_by", one.requested_by}, {"text", one.text}, {"use", one.use}, {"of", one.of}};
}
StandingUse use_from(const Json& one) {
  return {string_or(one, "standing"), string_or(one, "action"), string_or(one, "incident"), string_or(one, "endpoint"), string_or(one, "requested_by"), string_or(one, "text"), int_or(one, "use"), int_or(one, "of")};
}

template <class One>
JsonObject all(const std::map<std::uint64_t, One>& of) {
  JsonObject out;
  for (const auto& [index, one] : of) out[std::to_string(index)] = json(one);
  return out;
}
template <class One, class Read>
void read_all(const Json& document, std::string_view key, std::map<std::uint64_t, One>& to, Read read) {
  each_member(document, key, [&](const std::string& index, const Json& one) { to[index_of("-" + index)] = read(one); });
}

}  // namespace

Json to_json(const NotifyState& state) {
  JsonObject incidents, channels;
  for (const auto& [id, one] : state.incidents) incidents[id] = json(one);
  for (const auto& [name, one] : state.channels)
    channels[name] = JsonObject{{"failing_since", one.failing_since.us}, {"delivered", one.delivered.us}, {"failures", one.failures}, {"detail", one.detail}};
  JsonArray newly;
  JsonObject held;
  for (const Time at : state.newly) newly.push_back(at.us);
  for (const auto& [incident, at] : state.held) held[incident] = at.us;
  return JsonObject{{"newly", std::move(newly)},        {"held", std::move(held)},          {"summary", state.summary.us},
                    {"digest", state.digest},           {"settings", to_json(state.settings)}, {"incidents", std::move(incidents)}, {"alerts", all(state.alerts)},
                    {"deliveries", all(state.deliveries)}, {"messages", all(state.messages)},  {"overrides", all(state.overrides)}, {"links", all(state.links)}, {"uses", all(state.uses)},  {"channels", std::move(channels)}};
}

Result<NotifyState> notify_state_from_json(const Json& document) {
  NotifyState state;
  const Json* const settings = find(document, "settings");
  if (settings == nullptr) return fail(Code::kCorrupt, "notify: not a state of this fold");
  FIREBREAK_ASSIGN(state.settings, settings_from_json(*settings));
  state.digest = string_or(document, "digest");
  each_member(document, "incidents", [&](const std::string& id, const Json& one) { state.incidents[id] = incident_from(one); });
  each_member(document, "channels", [&](const std::string& name, const Json& one) {
    state.channels[name] = {time_at(one, "failing_since"), time_at(one, "delivered"), static_cast<std::uint64_t>(int_or(one, "failures")), string_or(one, "detail")};
  });
  if (const Json* const newly = find(document, "newly"); newly != nullptr && newly->is_array())
    for (const Json& at : newly->get_array()) state.newly.push_back({at.is_int64() ? at.get_int64() : 0});
  each_member(document, "held", [&](const std::string& incident, const Json& at) { state.held[incident] = {at.is_int64() ? at.get_int64() : 0}; });
  state.summary = time_at(document, "summary");
  read_all(document, "alerts", state.alerts, alert_from);
  read_all(document, "deliveries", state.deliveries, delivery_from);
  read_all(document, "messages", state.messages, message_from);
  read_all(document, "overrides", state.overrides, override_from);
  read_all(document, "links", state.links, link_from);
  read_all(document, "uses", state.uses, use_from);
  set_wake(state);
  return state;
}

}  // namespace firebreak::notify
