// From an incident to a person who says that they have it: step by step, level by level, round by round.
#include <fmt/core.h>

#include <algorithm>

#include "fold/notify/parts.h"
#include "types/command.h"

namespace firebreak::notify {
namespace {

constexpr std::int64_t kPageUs = 15 * kMinute;       // a page of a playbook about a severity that makes no alert
constexpr std::int64_t kLongestOverride = 90 * kDay;

std::string id_of(std::uint64_t index) { return fmt::format("alert-{}", index); }
JsonArray list(const std::vector<std::string>& of) { return JsonArray(of.begin(), of.end()); }

const std::vector<std::vector<std::string>>& ladder_of(const NotifyState& state, const Alert& alert) { return alert.ladder.empty() ? state.settings.levels : alert.ladder; }

std::int64_t within(const NotifyState& state, const std::string& severity) {
  const auto found = state.settings.acknowledge_us.find(severity);
  return found == state.settings.acknowledge_us.end() ? kPageUs : found->second;
}

}  // namespace

// The next step at `now`; when the rounds are over, that nobody has answered.
Drafts step(const NotifyState& state, std::uint64_t index, const Alert& alert, Time now, std::string_view reason, std::string severity) {
  const auto& ladder = ladder_of(state, alert);
  const std::int64_t next = alert.step + 1, levels = static_cast<std::int64_t>(ladder.size());
  if (levels == 0 || next > state.settings.rounds * levels) return {make_draft("alert_unanswered", id_of(index), {{"alert", id_of(index)}, {"incident", alert.incident}, {"steps", alert.step}})};
  const std::int64_t level = (next - 1) % levels;
  const auto contacts = contacts_of(state, ladder[static_cast<std::size_t>(level)], now);
  JsonObject body{{"alert", id_of(index)}, {"incident", alert.incident}, {"step", next}, {"level", level + 1}, {"round", (next - 1) / levels + 1}, {"severity", severity},
                  {"contacts", list(contacts)}, {"reason", reason}, {"next", format_time(now + within(state, severity))}};
  if (alert.source == kStorm) body["names"] = list(to_name(state, alert));
  return {make_draft("alert_step", id_of(index), std::move(body))};
}

namespace {

// One that is opened again calls as a new one does.
Drafts opened(const NotifyState& state, const Entry& entry, const std::string& incident, std::string_view source) {
  const std::string severity = string_or(entry.body, "severity");
  if (!state.settings.on() || state.settings.levels.empty() || !state.settings.acknowledge_us.contains(severity)) return {};
  return call_for(state, incident, severity, source, entry.time);
}

Drafts graver(const NotifyState& state, const Entry& entry) {
  const std::string incident = string_or(entry.body, "incident"), from = string_or(entry.body, "from"), to = string_or(entry.body, "to");
  if (!state.settings.on() || to >= from || !state.settings.acknowledge_us.contains(to) || !state.incidents.contains(incident)) return {};
  for (const auto& [index, alert] : state.alerts)
    if (alert.incident == incident && alert.source != "page" && alert.acknowledged_by.empty()) return step(state, index, alert, entry.time, "raised", to);
  if (state.settings.levels.empty()) return {};
  return call_for(state, incident, to, "raised", entry.time);
}

Drafts page(const NotifyState& state, const Entry& entry) {
  if (string_or(entry.body, "call") != "notify") return {};
  const Json& request = entry.body.at("request");
  const std::string to = string_or(request, "to");
  if (string_or(request, "verb") != "page") return {};
  const auto failed = [&](std::string why) -> Drafts { return {make_draft("notify_ended", entry.id("call"), {{"call", entry.id("call")}, {"result", "failed"}, {"detail", std::move(why)}})}; };
  if (!state.settings.contacts.contains(to) && !state.settings.rotations.contains(to)) return failed(fmt::format("'{}' is neither a contact nor a rotation: an audience is not paged", to));
  if (state.alerts.size() >= kOpenAlerts) return failed("too many alerts are open");
  return {make_draft("alert_raised", entry.id("call"), {{"incident", string_or(request, "incident")}, {"severity", string_or(request, "severity")}, {"source", "page"}, {"to", to},
                                                        {"text", string_or(request, "text")}, {"call", entry.id("call")}})};
}

Drafts first_step(const NotifyState& state, const Entry& entry) {
  const auto found = state.alerts.find(entry.index);
  return found == state.alerts.end() ? Drafts{} : step(state, entry.index, found->second, entry.time, "first", found->second.severity);
}

Drafts stepped(const NotifyState& state, const Entry& entry) {
  const std::string id = string_or(entry.body, "alert");
  const auto found = state.alerts.find(index_with(id, "alert-"));
  if (found == state.alerts.end() || !found->second.acknowledged_by.empty()) return {};
  Drafts drafts;
  const auto contacts = strings_or_empty(entry.body, "contacts");
  for (const std::string& contact : contacts) {
    Drafts ordered = order(state, id, "trigger", contact, found->second.step, 0);
    if (ordered.empty()) ordered = {make_draft("contact_missed", id, {{"of", id}, {"contact", contact}, {"step", found->second.step}})};
    join(drafts, std::move(ordered));
  }
  if (contacts.empty()) drafts.push_back(make_draft("contact_missed", id, {{"of", id}, {"contact", ""}, {"step", found->second.step}}));
  return drafts;
}

// Pagers on which it stands are told that it is over.
Drafts tell_pagers(const std::string& id, const Alert& alert, std::string_view action) {
  Drafts drafts;
  for (const std::string& place : alert.paged) {
    const std::size_t cut = place.find('\n');
    drafts.push_back(make_draft("delivery_ordered", id, {{"of", id}, {"action", action}, {"contact", place.substr(0, cut)}, {"channel", place.substr(cut + 1)}, {"step", alert.step}, {"way", 0}}));
  }
  return drafts;
}

Drafts drop(const NotifyState& state, const std::string& of, std::string_view reason) {
  Drafts drafts;
  for (const auto& [index, one] : state.deliveries)
    if (one.of == of && one.action == "trigger" && one.state != Delivering::kStarted)
      drafts.push_back(make_draft("delivery_dropped", of, {{"delivery", fmt::format("dlv-{}", index)}, {"reason", reason}}));
  return drafts;
}

Drafts acknowledged(const NotifyState& state, const Entry& entry) {
  const std::string id = string_or(entry.body, "alert");
  const auto found = state.alerts.find(index_with(id, "alert-"));
  if (found == state.alerts.end()) return {};
  Drafts drafts = drop(state, id, "acknowledged");
  if (found->second.source == kStorm) {  // whoever has it looks at the list of incidents; each has its own way from here
    join(drafts, tell_pagers(id, found->second, "resolve"));
    drafts.push_back(make_draft("alert_ended", id, {{"alert", id}, {"incident", ""}}));
    return drafts;
  }
  join(drafts, tell_pagers(id, found->second, "acknowledge"));
  if (!found->second.call.empty()) drafts.push_back(make_draft("notify_ended", id, {{"call", found->second.call}, {"alert", id}, {"result", "done"}}));
  return drafts;
}

Drafts acknowledge_all(const NotifyState& state, const std::string& incident, const std::string& by) {
  Drafts drafts;
  for (const auto& [index, alert] : state.alerts)
    if (alert.incident == incident && alert.acknowledged_by.empty())
      drafts.push_back(make_draft("alert_acknowledged", incident, {{"alert", id_of(index)}, {"incident", incident}, {"by", by}}));
  join(drafts, storm_over(state, by));
  return drafts;
}

Drafts closed(const NotifyState& state, const std::string& incident) {
  Drafts drafts;
  for (const auto& [index, alert] : state.alerts) {
    if (alert.incident != incident) continue;
    join(drafts, drop(state, id_of(index), "the incident is closed"));
    join(drafts, tell_pagers(id_of(index), alert, "resolve"));
    if (!alert.call.empty()) drafts.push_back(make_draft("notify_ended", id_of(index), {{"call", alert.call}, {"alert", id_of(index)}, {"result", "failed"}, {"detail", "the incident is closed"}}));
    drafts.push_back(make_draft("alert_ended", id_of(index), {{"alert", id_of(index)}, {"incident", incident}}));
  }
  join(drafts, storm_over(state, "firebreak"));
  return drafts;
}

// A delivery that was on its way when somebody acknowledged it, or the incident was closed.
Drafts too_late(const NotifyState& state, const Entry& entry) {
  const std::string of = string_or(entry.body, "of"), channel = string_or(entry.body, "channel");
  const auto kind = state.settings.channels.find(channel);
  if (string_or(entry.body, "result") != "delivered" || string_or(entry.body, "action") != "trigger" || kind == state.settings.channels.end() || kind->second != "pagerduty" || !of.starts_with("alert-")) return {};
  const auto found = state.alerts.find(index_with(of, "alert-"));
  if (found != state.alerts.end() && found->second.acknowledged_by.empty()) return {};
  const bool over = found == state.alerts.end();
  return {make_draft("delivery_ordered", of, {{"of", of}, {"action", over ? "resolve" : "acknowledge"}, {"contact", string_or(entry.body, "contact")}, {"channel", channel}, {"step", 0}, {"way", 0}})};
}

}  // namespace

Drafts decide_alerts(const NotifyState& state, const Entry& entry) {
  if (entry.kind == "incident_opened") return opened(state, entry, entry.id("inc"), "opened");
  if (entry.kind == "incident_reopened") return opened(state, entry, string_or(entry.body, "incident"), "reopened");
  if (entry.kind == "incident_severity") return graver(state, entry);
  if (entry.kind == "playbook_call_ordered") return page(state, entry);
  if (entry.kind == "alert_raised") return first_step(state, entry);
  if (entry.kind == "alert_held") return held(state, entry);
  if (entry.kind == "alert_step") return stepped(state, entry);
  if (entry.kind == "alert_acknowledged") return acknowledged(state, entry);
  if (entry.kind == "incident_acknowledged") return acknowledge_all(state, string_or(entry.body, "incident"), who(entry));
  if (entry.kind == "incident_closed") return closed(state, string_or(entry.body, "incident"));
  if (entry.kind == "delivery_ended") return too_late(state, entry);
  return {};
}

Drafts alerts_due(const NotifyState& state, Time now) {
  Drafts drafts;
  for (const auto& [index, alert] : state.alerts)
    if (alert.acknowledged_by.empty() && alert.next.us != 0 && alert.next <= now) join(drafts, step(state, index, alert, now, "unacknowledged", alert.severity));
  join(drafts, storm_due(state, now));
  return drafts;
}

Drafts settle_step(const NotifyState& state, std::uint64_t index, Time now) {
  const auto found = state.alerts.find(index);
  if (found == state.alerts.end() || !found->second.acknowledged_by.empty()) return {};
  const Alert& alert = found->second;
  if (alert.reached && !alert.call.empty()) return {make_draft("notify_ended", id_of(index), {{"call", alert.call}, {"alert", id_of(index)}, {"result", "done"}})};
  if (alert.reached || under_way(state, id_of(index), alert.step)) return {};
  // Nobody of this level could be reached: waiting for them is of no use while there is another level.
  const std::int64_t levels = static_cast<std::int64_t>(ladder_of(state, alert).size());
  if (levels != 0 && alert.step % levels != 0) return step(state, index, alert, now, "unreachable", alert.severity);
  if (alert.call.empty()) return {};
  return {make_draft("notify_ended", id_of(index), {{"call", alert.call}, {"alert", id_of(index)}, {"result", "failed"}, {"detail", "nobody could be reached over any channel; the alert goes on"}})};
}

Drafts oncall_command(const NotifyState& state, const Entry& entry) {
  const Json& args = command_args(entry);
  const std::string name = string_or(entry.body, "name");
  if (name == "alert.ack") {
    const std::string id = string_or(args, "alert");
    const auto found = state.alerts.find(index_with(id, "alert-"));
    if (found == state.alerts.end()) return refuse(entry, Code::kNotFound, fmt::format("no alert '{}' is open; firebreak alert list shows them", id), "/alert");
    if (!found->second.acknowledged_by.empty()) return refuse(entry, Code::kConflict, fmt::format("{} has acknowledged it already", found->second.acknowledged_by), "/alert");
    JsonObject body{{"alert", id}, {"incident", found->second.incident}, {"by", entry.actor}};
    if (found->second.source == kStorm) body["covers"] = JsonArray(found->second.covers.begin(), found->second.covers.end());
    return {make_draft("alert_acknowledged", found->second.incident, std::move(body))};
  }
  if (name == "oncall.override") {
    const std::string rotation = string_or(args, "rotation"), contact = string_or(args, "contact");
    if (!state.settings.rotations.contains(rotation)) return refuse(entry, Code::kNotFound, fmt::format("there is no rotation '{}'; firebreak oncall show lists them", rotation), "/rotation");
    if (!state.settings.contacts.contains(contact)) return refuse(entry, Code::kNotFound, fmt::format("there is no contact '{}'; firebreak oncall show lists them", contact), "/contact");
    const auto until = parse_time(string_or(args, "until"));
    const bool later = find(args, "from") != nullptr;
    const auto from = later ? parse_time(string_or(args, "from")) : Result<Time>(entry.time);
    if (!until) return refuse(entry, Code::kInvalid, until.error().message, "/until");
    if (!from) return refuse(entry, Code::kInvalid, from.error().message, "/from");
    if (*until <= std::max(*from, entry.time) || *until - *from > kLongestOverride) return refuse(entry, Code::kInvalid, "an override ends after it begins, not in the past, and lasts at most 90 days", "/until");
    if (state.overrides.size() >= kOverrides) return refuse(entry, Code::kBusy, fmt::format("{} overrides are planned", state.overrides.size()));
    return {make_draft("oncall_override_added", "", {{"rotation", rotation}, {"contact", contact}, {"from", format_time(*from)}, {"until", format_time(*until)}, {"reason", string_or(args, "reason")}, {"by", entry.actor}})};
  }
  if (name == "oncall.restore") {
    const std::string id = string_or(args, "override");
    if (!state.overrides.contains(index_with(id, "ovr-"))) return refuse(entry, Code::kNotFound, fmt::format("there is no override '{}'; firebreak oncall show lists them", id), "/override");
    return {make_draft("oncall_override_ended", "", {{"override", id}, {"by", entry.actor}})};
  }
  return {};
}

}  // namespace firebreak::notify
