// What people and deliveries are told of the state.
#include <fmt/core.h>

#include <algorithm>

#include "fold/notify/parts.h"

namespace firebreak::notify {
namespace {

constexpr std::size_t kTurnsAhead = 3;

Json time_or_null(Time time) { return time.us == 0 ? Json(nullptr) : Json(format_time(time)); }

template <class List>
JsonArray list(const List& of) {
  return JsonArray(of.begin(), of.end());
}

std::string hours_and_minutes(std::int64_t us) {
  const std::int64_t minutes = us / kMinute;
  return minutes >= 60 ? fmt::format("{} h {} min", minutes / 60, minutes % 60) : fmt::format("{} min", minutes);
}

JsonArray deliveries_of(const NotifyState& state, const std::string& of) {
  JsonArray out;
  constexpr std::string_view kStates[] = {"ordered", "under_way", "failed", "waiting"};
  for (const auto& [index, one] : state.deliveries)
    if (one.of == of)
      out.push_back(JsonObject{{"delivery", fmt::format("dlv-{}", index)}, {"contact", one.contact}, {"channel", one.channel}, {"attempt", one.attempt}, {"state", kStates[static_cast<int>(one.state)]}, {"until", time_or_null(one.until)}});
  return out;
}

JsonObject message_json(const NotifyState& state, std::uint64_t index, const Message& one) {
  JsonObject out{{"id", fmt::format("msg-{}", index)}, {"incident", one.incident}, {"audience", one.audience}, {"state", one.state}, {"subject", one.subject}, {"body", one.body}, {"digest", one.digest}, {"by", one.by},
                 {"drafted", format_time(one.drafted)}, {"approved_by", list(one.approved_by)}, {"contacts", list(one.contacts)}, {"reached", list(one.reached)}, {"missed", list(one.missed)}};
  const auto audience = state.settings.audiences.find(one.audience);
  if (audience == state.settings.audiences.end()) return out;
  out["approves"] = list(audience->second.approves);
  out["approvals"] = audience->second.approvals;
  out["must"] = list(audience->second.must);
  out["must_not"] = list(audience->second.must_not);
  return out;
}

}  // namespace

Notice notice_of(const NotifyState& state, const Delivery& delivery) {
  Notice out;
  out.about = delivery.of;
  out.action = delivery.action;
  if (const auto message = state.messages.find(index_with(delivery.of, "msg-")); message != state.messages.end()) {
    out.incident = message->second.incident;
    out.subject = message->second.subject;
    out.text = message->second.body;
  }
  if (const auto use = state.uses.find(index_with(delivery.of, "use-")); use != state.uses.end()) {
    const StandingUse& one = use->second;
    out.incident = one.incident;
    out.subject = fmt::format("{} was used: {} on {}", one.standing, one.action, one.endpoint);
    out.text = fmt::format("{}\n\n{} asked for it; it came under {}, which you gave in advance (use {} of {}).\nLook at it: firebreak action show {}\nNot any more: firebreak standing revoke {} --reason TEXT\n", one.text, one.requested_by,
                           one.standing, one.use, one.of, one.action, one.standing);
  }
  const auto alert = state.alerts.find(index_with(delivery.of, "alert-"));
  if (alert != state.alerts.end()) out.incident = alert->second.incident;
  if (const auto incident = state.incidents.find(out.incident); incident != state.incidents.end()) {
    out.severity = incident->second.severity;
    out.endpoint = incident->second.endpoint;
    out.title = incident->second.title;
  }
  if (alert == state.alerts.end()) return out;
  const Alert& one = alert->second;
  if (out.severity.empty()) out.severity = one.severity;
  if (one.source == kStorm) {
    std::string names;
    for (const std::string& incident : delivery.names) names += (names.empty() ? "" : ", ") + incident;
    const auto more = std::count_if(state.held.begin(), state.held.end(), [&](const auto& item) { return !delivery.names.contains(item.first); });
    const std::size_t all = delivery.names.size() + static_cast<std::size_t>(more);
    out.title = fmt::format("{} incident{} that nobody has, beyond those that called by themselves", all, all == 1 ? "" : "s");
    out.subject = fmt::format("{} many incidents at once: {}", out.severity, out.title);
    out.text = fmt::format("{}: {}{}\n\nThis is call {} to you or others. See all that are open: firebreak incident list\nSay that you have {}: firebreak alert ack {}\n", out.title, names,
                           more == 0 ? "" : fmt::format(" and {} more, which are called for again", more), one.step, more == 0 ? "them" : "those that are named here", delivery.of);
    return out;
  }
  out.subject = fmt::format("{} {} on {}: {}", out.severity, out.incident, out.endpoint, one.text.empty() ? out.title : one.text);
  out.text = fmt::format("{}\n\n{} {} on {}, raised {} ({}). This is call {} to you or others.\nSay that you have it: firebreak incident ack {} (or firebreak alert ack {})\n", one.text.empty() ? out.title : one.text,
                         out.severity, out.incident, out.endpoint, format_time(one.raised), one.source, one.step, out.incident, delivery.of);
  return out;
}

Json oncall_view(const NotifyState& state, Time now) {
  JsonArray rotations, levels, overrides;
  for (const auto& [name, rotation] : state.settings.rotations) {
    const auto found = state.settings.zones.find(rotation.zone);
    const Zone zone = found == state.settings.zones.end() ? Zone{} : found->second;
    const std::int64_t turn = turn_at(rotation, zone, now);
    JsonArray next;
    for (std::int64_t ahead = 1; ahead <= static_cast<std::int64_t>(kTurnsAhead); ++ahead) {
      const std::int64_t which = std::max<std::int64_t>(turn, -1) + ahead;
      next.push_back(JsonObject{{"from", format_time(begin_of_turn(rotation, zone, which))}, {"contact", rotation.people[static_cast<std::size_t>(which) % rotation.people.size()]}});
    }
    const auto person = on_call(state, name, now);
    rotations.push_back(JsonObject{{"rotation", name}, {"contact", person ? Json(*person) : Json(nullptr)}, {"zone", rotation.zone}, {"next", std::move(next)}});
  }
  for (std::size_t i = 0; i < state.settings.levels.size(); ++i)
    levels.push_back(JsonObject{{"level", i + 1}, {"names", list(state.settings.levels[i])}, {"contacts", list(contacts_of(state, state.settings.levels[i], now))}});
  for (const auto& [index, one] : state.overrides)
    if (one.until > now)
      overrides.push_back(JsonObject{{"id", fmt::format("ovr-{}", index)}, {"rotation", one.rotation}, {"contact", one.contact}, {"from", format_time(one.from)}, {"until", format_time(one.until)}, {"reason", one.reason}, {"by", one.by}});
  JsonArray contacts;
  for (const auto& [name, channels] : state.settings.contacts) contacts.push_back(Json(name));
  return JsonObject{{"rotations", std::move(rotations)}, {"levels", std::move(levels)}, {"overrides", std::move(overrides)}, {"contacts", std::move(contacts)}};
}

Json status_view(const NotifyState& state, Time now) {
  JsonArray alerts, channels, updates;
  for (const auto& [index, one] : state.alerts) {
    const std::string id = fmt::format("alert-{}", index);
    alerts.push_back(JsonObject{{"id", id}, {"incident", one.incident}, {"severity", one.severity}, {"source", one.source}, {"raised", format_time(one.raised)}, {"step", one.step},
                                {"state", !one.acknowledged_by.empty() ? "acknowledged" : one.unanswered ? "unanswered" : "open"}, {"acknowledged_by", one.acknowledged_by},
                                {"told", list(one.told)}, {"covers", list(one.covers)}, {"next", time_or_null(one.next)}, {"deliveries", deliveries_of(state, id)}});
  }
  for (const auto& [name, kind] : state.settings.channels) {
    const auto found = state.channels.find(name);
    const ChannelHealth health = found == state.channels.end() ? ChannelHealth{} : found->second;
    channels.push_back(JsonObject{{"channel", name}, {"kind", kind}, {"state", health.failing_since.us != 0 ? "failing" : health.delivered.us != 0 ? "ok" : "not used yet"},
                                  {"since", time_or_null(health.failing_since)}, {"delivered", time_or_null(health.delivered)}, {"failures", health.failures}, {"what", health.detail}});
  }
  for (const auto& [id, incident] : state.incidents) {
    for (const auto& [audience, heard] : incident.updates) {
      JsonObject one{{"incident", id}, {"audience", audience}, {"first", time_or_null(heard.first)}, {"last", time_or_null(heard.last)}, {"due", time_or_null(heard.due)}, {"overdue", heard.due.us != 0 && heard.due <= now}};
      if (heard.first.us != 0) one["first_after_s"] = (heard.first - incident.opened) / kSecond;
      updates.push_back(std::move(one));
    }
  }
  JsonArray waiting;
  for (const auto& [incident, at] : state.held) waiting.push_back(Json(incident));
  return JsonObject{{"alerts", std::move(alerts)}, {"held", std::move(waiting)}, {"channels", std::move(channels)}, {"updates", std::move(updates)}};
}

Json messages_view(const NotifyState& state, const std::string& incident) {
  JsonArray items;
  for (const auto& [index, one] : state.messages)
    if (incident.empty() || one.incident == incident) items.push_back(message_json(state, index, one));
  return JsonObject{{"items", std::move(items)}};
}

JsonArray needs_of(const NotifyState& state, Time now) {
  JsonArray out;
  const auto need = [&](std::string who, std::string what, std::string command, const std::string& incident, const std::string& subject) {
    out.push_back(JsonObject{{"who", std::move(who)}, {"what", std::move(what)}, {"command", std::move(command)}, {"incident", incident}, {"subject", subject}});
  };
  for (const auto& [index, one] : state.alerts) {
    if (!one.acknowledged_by.empty()) continue;
    std::string told;
    for (const std::string& contact : one.told) told += (told.empty() ? "" : ", ") + contact;
    const std::string about = one.source == kStorm ? fmt::format("{} held incident{}", state.held.size(), state.held.size() == 1 ? "" : "s") : one.incident;
    need("anyone", fmt::format("{} of {} ({}) is {}; {} reached so far", fmt::format("alert-{}", index), about, one.severity, one.unanswered ? "UNANSWERED, nobody is called any more" : "not acknowledged", told.empty() ? "nobody" : told),
         fmt::format("firebreak alert ack alert-{}", index), one.incident, fmt::format("alert-{}", index));
  }
  for (const auto& [name, health] : state.channels)
    if (health.failing_since.us != 0) need("admin", fmt::format("channel {} fails since {}: {}", name, format_time(health.failing_since), health.detail), "firebreak oncall show", "", name);
  for (const auto& [index, one] : state.messages) {
    const std::string id = fmt::format("msg-{}", index);
    if (one.state == "drafted" && state.incidents.contains(one.incident)) {
      const auto audience = state.settings.audiences.find(one.audience);
      std::string roles;
      if (audience != state.settings.audiences.end())
        for (const std::string& role : audience->second.approves) roles += (roles.empty() ? "" : " or ") + role;
      need(roles, fmt::format("message {} to {} about {} waits for approval", id, one.audience, one.incident), fmt::format("firebreak message approve {} --digest {}", id, one.digest), one.incident, id);
    }
    if (one.state == "by_hand" || one.state == "undelivered")
      need("communications", fmt::format("message {} about {} {}", id, one.incident, one.state == "by_hand" ? "has no configured receiver: send it by hand" : "did not reach everybody: send it by hand"), fmt::format("firebreak message sent {} --how TEXT", id), one.incident, id);
  }
  for (const auto& [id, incident] : state.incidents)
    for (const auto& [audience, heard] : incident.updates)
      if (heard.due.us != 0 && heard.due - state.settings.warn_us <= now)
        need("communications", heard.due <= now ? fmt::format("{} should have heard of {} {} ago", audience, id, hours_and_minutes(now - heard.due)) : fmt::format("{} is to hear of {} by {}", audience, id, format_time(heard.due)),
             fmt::format("firebreak message draft {} --audience {}", id, audience), id, audience);
  return out;
}

}  // namespace firebreak::notify
