// Messages to the audiences of the communication plan: drafted from the audience's template, approved by others, delivered or sent by
// hand; and how long an audience has heard nothing.
#include <fmt/core.h>

#include <algorithm>

#include "base/digest.h"
#include "fold/notify/parts.h"
#include "types/command.h"

namespace firebreak::notify {
namespace {

constexpr std::size_t kMostText = 12'000;

std::string id_of(std::uint64_t index) { return fmt::format("msg-{}", index); }
JsonArray list(const std::set<std::string>& of) { return JsonArray(of.begin(), of.end()); }

std::string user_of(const std::string& actor) { return actor.substr(actor.find(':') + 1); }

// Whether the actor has one of these roles: of their account, or in the incident.
bool fits(const std::vector<std::string>& roles, const Entry& command, const IncidentFacts& incident) {
  return std::any_of(roles.begin(), roles.end(), [&](const std::string& role) {
    const auto held = incident.roles.find(role);
    return has_word(string_or(command.body, "role"), role) || (held != incident.roles.end() && user_of(held->second) == user_of(command.actor));
  });
}

std::string named(const std::vector<std::string>& of) {
  std::string out;
  for (const std::string& one : of) out += (out.empty() ? "" : ", ") + one;
  return out;
}

Draft drafted(const std::string& incident, const std::string& audience, const std::string& subject, const std::string& body, const std::string& by, std::string call = {}) {
  JsonObject out{{"incident", incident}, {"audience", audience}, {"subject", subject}, {"body", body}, {"digest", digest_of(audience, subject, body)}, {"by", by}};
  if (!call.empty()) out["call"] = std::move(call);
  return make_draft("message_drafted", incident, std::move(out));
}

Drafts draft(const NotifyState& state, const Entry& entry) {
  const Json& args = command_args(entry);
  const std::string id = string_or(args, "incident"), name = string_or(args, "audience");
  const auto incident = state.incidents.find(id);
  if (incident == state.incidents.end()) return refuse(entry, Code::kNotFound, fmt::format("no incident '{}' is open", id), "/incident");
  const auto found = state.settings.audiences.find(name);
  if (found == state.settings.audiences.end()) return refuse(entry, Code::kNotFound, fmt::format("the communication plan has no audience '{}'; firebreak message plan lists them", name), "/audience");
  const Audience& audience = found->second;
  if (!audience.drafts.empty() && !fits(audience.drafts, entry, incident->second)) return refuse(entry, Code::kForbidden, fmt::format("a message to {} is drafted by: {}", name, named(audience.drafts)));
  const std::int64_t silence = longest_silence(state, incident->second);
  std::map<std::string, std::string> values{{"incident", id}, {"title", incident->second.title}, {"severity", incident->second.severity}, {"phase", incident->second.phase},
                                            {"endpoint", incident->second.endpoint}, {"opened", format_time(incident->second.opened)}, {"now", format_time(entry.time)},
                                            {"next_update", silence == 0 ? "when there is news" : format_time(entry.time + silence)}, {"by", entry.actor}, {"audience", audience.title}};
  const Json none = JsonObject{};
  const Json* const given = find(args, "values");
  const Json& from = given != nullptr ? *given : none;
  for (const auto& member : from.get_object()) {
    const std::string key(member.key());
    if (std::find(audience.asks.begin(), audience.asks.end(), key) == audience.asks.end())
      return refuse(entry, Code::kInvalid, fmt::format("a message to {} has no value '{}'; it asks for: {}", name, key, named(audience.asks)), "/values/" + key);
    if (!member.value().is_string()) return refuse(entry, Code::kInvalid, fmt::format("'{}' is a text", key), "/values/" + key);
    values[key] = member.value().get_string();
  }
  for (const std::string& ask : audience.asks)
    if (values[ask].find_first_not_of(" \t\r\n") == std::string::npos)
      return refuse(entry, Code::kInvalid, fmt::format("a message to {} must say '{}'; write 'not known yet' when it is not known", name, ask), "/values/" + ask);
  const std::string subject = filled(audience.subject, values), body = filled(audience.body, values);
  if (subject.size() + body.size() > kMostText) return refuse(entry, Code::kTooLarge, fmt::format("a message has at most {} octets", kMostText), "/values");
  return {drafted(id, name, subject, body, entry.actor)};
}

Drafts approve(const NotifyState& state, const Entry& entry, std::uint64_t index, const Message& message) {
  const auto incident = state.incidents.find(message.incident);
  const auto audience = state.settings.audiences.find(message.audience);
  if (incident == state.incidents.end() || audience == state.settings.audiences.end()) return refuse(entry, Code::kConflict, "its incident is closed, or the plan has lost its audience", "/message");
  if (message.state != "drafted") return refuse(entry, Code::kConflict, fmt::format("it is {} already", message.state), "/message");
  if (user_of(entry.actor) == user_of(message.by)) return refuse(entry, Code::kForbidden, "who drafted it may not approve it");
  if (!fits(audience->second.approves, entry, incident->second)) return refuse(entry, Code::kForbidden, fmt::format("a message to {} is approved by: {}", message.audience, named(audience->second.approves)));
  if (message.approved_by.contains(entry.actor)) return refuse(entry, Code::kConflict, "you have approved it already; another person is needed");
  if (const std::string digest = string_or(command_args(entry), "digest"); digest != message.digest)
    return refuse(entry, Code::kConflict, fmt::format("you approve digest {}, the message has {}: read it again with firebreak message show {}", digest, message.digest, id_of(index)), "/digest");
  const bool complete = static_cast<std::int64_t>(message.approved_by.size()) + 1 >= audience->second.approvals;
  return {make_draft("message_approved", message.incident, {{"message", id_of(index)}, {"incident", message.incident}, {"digest", message.digest}, {"by", entry.actor}, {"role", string_or(entry.body, "role")}, {"complete", complete}})};
}

Draft given(const NotifyState& state, std::uint64_t index, const Message& message, Time now) {
  JsonObject body{{"message", id_of(index)}, {"incident", message.incident}, {"audience", message.audience}};
  const auto incident = state.incidents.find(message.incident);
  const auto audience = state.settings.audiences.find(message.audience);
  if (incident != state.incidents.end() && audience != state.settings.audiences.end()) {
    const auto heard = incident->second.updates.find(message.audience);
    const bool first = heard == incident->second.updates.end() || heard->second.first.us == 0;
    body["first"] = first;
    body["after_s"] = (now - (first ? incident->second.opened : heard->second.last)) / kSecond;
    if (heard != incident->second.updates.end() && heard->second.due.us != 0) body["in_time"] = now <= heard->second.due;
    if (first && audience->second.first_within_us != 0) body["within_s"] = audience->second.first_within_us / kSecond;
  }
  return make_draft("update_given", message.incident, std::move(body));
}

Drafts command(const NotifyState& state, const Entry& entry) {
  const std::string name = string_or(entry.body, "name");
  if (name == "message.draft") return draft(state, entry);
  if (name != "message.approve" && name != "message.reject" && name != "message.sent") return {};
  const std::string id = string_or(command_args(entry), "message");
  const auto found = state.messages.find(index_with(id, "msg-"));
  if (found == state.messages.end()) return refuse(entry, Code::kNotFound, fmt::format("there is no message '{}'; firebreak message list shows them", id), "/message");
  const auto& [index, message] = *found;
  if (name == "message.approve") return approve(state, entry, index, message);
  if (name == "message.reject") {
    if (message.state != "drafted") return refuse(entry, Code::kConflict, fmt::format("it is {} already", message.state), "/message");
    Drafts drafts{make_draft("message_rejected", message.incident, {{"message", id}, {"incident", message.incident}, {"by", entry.actor}, {"reason", string_or(command_args(entry), "reason")}})};
    if (!message.call.empty()) drafts.push_back(make_draft("notify_ended", id, {{"call", message.call}, {"message", id}, {"result", "failed"}, {"detail", fmt::format("{} rejected it", entry.actor)}}));
    return drafts;
  }
  if (message.state != "by_hand" && message.state != "undelivered" && message.state != "approved")
    return refuse(entry, Code::kConflict, fmt::format("it is {}; only what was approved and did not go out by itself is sent by hand", message.state), "/message");
  Drafts drafts{make_draft("message_sent", message.incident, {{"message", id}, {"incident", message.incident}, {"by", entry.actor}, {"how", string_or(command_args(entry), "how")}})};
  if (message.given.us == 0 && !message.audience.empty()) drafts.push_back(given(state, index, message, entry.time));
  if (!message.call.empty()) drafts.push_back(make_draft("notify_ended", id, {{"call", message.call}, {"message", id}, {"result", "done"}}));
  return drafts;
}

// Approved by all: it goes to each contact; where none is configured, a person sends it.
Drafts send(const NotifyState& state, std::uint64_t index) {
  const auto found = state.messages.find(index);
  if (found == state.messages.end() || found->second.state != "approved") return {};
  if (found->second.contacts.empty()) return {make_draft("message_by_hand", id_of(index), {{"message", id_of(index)}, {"incident", found->second.incident}})};
  Drafts drafts;
  for (const std::string& contact : found->second.contacts) {
    Drafts ordered = order(state, id_of(index), "trigger", contact, 1, 0);
    if (ordered.empty()) ordered = {make_draft("contact_missed", id_of(index), {{"of", id_of(index)}, {"contact", contact}, {"step", 1}})};
    join(drafts, std::move(ordered));
  }
  return drafts;
}

// `notify WHO TEXT` of a playbook: to contacts at once; to an audience after the approval that its plan asks for.
Drafts called(const NotifyState& state, const Entry& entry) {
  if (string_or(entry.body, "call") != "notify" || string_or(entry.body.at("request"), "verb") != "notify") return {};
  const Json& request = entry.body.at("request");
  const std::string to = string_or(request, "to"), incident = string_or(request, "incident"), text = string_or(request, "text");
  const std::string subject = fmt::format("{} {} on {}", incident, string_or(request, "severity"), string_or(request, "endpoint"));
  if (state.settings.audiences.contains(to)) return {drafted(incident, to, subject, text, string_or(entry.body, "run"), entry.id("call"))};
  return {make_draft("message_ordered", entry.id("call"), {{"incident", incident}, {"to", to}, {"subject", subject}, {"body", text}, {"call", entry.id("call")}})};
}

}  // namespace

std::string digest_of(const std::string& audience, const std::string& subject, const std::string& body) {
  return sha256(canonical_json(JsonObject{{"audience", audience}, {"subject", subject}, {"body", body}})).hex();
}

std::int64_t longest_silence(const NotifyState& state, const IncidentFacts& incident) {
  const auto found = state.settings.update_us.find(incident.severity);
  return found == state.settings.update_us.end() ? 0 : found->second;
}

Drafts decide_messages(const NotifyState& state, const Entry& entry) {
  if (entry.kind == "command_accepted") return command(state, entry);
  if (entry.kind == "playbook_call_ordered") return called(state, entry);
  if (entry.kind == "message_ordered") return send(state, entry.index);
  if (entry.kind == "message_approved" && bool_or(entry.body, "complete")) return send(state, index_with(string_or(entry.body, "message"), "msg-"));
  return {};
}

Drafts settle_message(const NotifyState& state, std::uint64_t index, Time now) {
  const auto found = state.messages.find(index);
  if (found == state.messages.end() || found->second.state != "approved") return {};
  const Message& message = found->second;
  Drafts drafts;
  if (message.given.us == 0 && !message.reached.empty() && !message.audience.empty()) drafts.push_back(given(state, index, message, now));
  if (message.reached.size() + message.missed.size() < message.contacts.size()) return drafts;
  const bool done = message.missed.empty();
  drafts.push_back(make_draft(done ? "message_delivered" : "message_undelivered", id_of(index),
                              {{"message", id_of(index)}, {"incident", message.incident}, {"reached", list(message.reached)}, {"missed", list(message.missed)}}));
  if (!message.call.empty()) {
    JsonObject body{{"call", message.call}, {"message", id_of(index)}, {"result", done ? "done" : "failed"}};
    if (!done) body["detail"] = fmt::format("not reached: {}", named({message.missed.begin(), message.missed.end()}));
    drafts.push_back(make_draft("notify_ended", id_of(index), std::move(body)));
  }
  return drafts;
}

Drafts updates_due(const NotifyState& state, Time now) {
  Drafts drafts;
  for (const auto& [id, incident] : state.incidents) {
    for (const auto& [audience, heard] : incident.updates) {
      if (heard.due.us == 0 || heard.overdue) continue;
      const JsonObject body{{"incident", id}, {"audience", audience}, {"due", format_time(heard.due)}, {"first", heard.first.us == 0}};
      if (heard.due <= now) drafts.push_back(make_draft("update_overdue", id, body));
      else if (!heard.warned && heard.due - state.settings.warn_us <= now) drafts.push_back(make_draft("update_due", id, body));
    }
  }
  return drafts;
}

}  // namespace firebreak::notify
