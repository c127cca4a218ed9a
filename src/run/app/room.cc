#include "run/app/room.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/digest.h"
#include "fold/incident/incident.h"
#include "fold/notify/notify.h"

namespace firebreak::app {
namespace {

constexpr std::int64_t kWindow = 5 * kMinute;
constexpr std::size_t kSeen = 10'000;
constexpr std::string_view kHelp = "declare ENDPOINT SEV-N TITLE | ack [INC] | note [INC] TEXT | handover INC ROLE USER | contain INC OPTION [MINUTES] (proposes only) | status";

// Takes as long whatever the difference is.
bool same(const std::string& a, const std::string& b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference = static_cast<unsigned char>(difference | (a[i] ^ b[i]));
  return difference == 0;
}

std::string word(std::string& rest) {
  rest.erase(0, std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
  std::string out = rest.substr(0, rest.find_first_of(" \t\r\n"));
  rest.erase(0, out.size());
  rest.erase(0, std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
  return out;
}

int hex_value(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

}  // namespace

std::string room_signature(const std::string& secret, const std::string& timestamp, const std::string& body) { return "v0=" + hmac_sha256(secret, "v0:" + timestamp + ":" + body).hex(); }

std::map<std::string, std::string> form_fields(const std::string& body) {
  std::map<std::string, std::string> out;
  for (std::size_t from = 0; from < body.size();) {
    const std::size_t end = std::min(body.find('&', from), body.size());
    const std::string_view one = std::string_view(body).substr(from, end - from);
    const std::size_t equals = std::min(one.find('='), one.size());
    out.try_emplace(decoded(one.substr(0, equals)), decoded(one.substr(std::min(equals + 1, one.size()))));
    from = end + 1;
  }
  return out;
}

Result<void> Room::believe(const std::string& timestamp, const std::string& signature, const std::string& body, Time wall) {
  if (config_.secret.empty()) return fail(Code::kUnauthorized, "no room is configured (notify: room)");
  std::int64_t seconds = 0;
  const auto [stopped, problem] = std::from_chars(timestamp.data(), timestamp.data() + timestamp.size(), seconds);
  if (problem != std::errc() || stopped != timestamp.data() + timestamp.size() || seconds < 0 || seconds > 100'000'000'000 || std::abs(wall.us / kSecond - seconds) > kWindow / kSecond)
    return fail(Code::kUnauthorized, "the request's timestamp is missing, or more than five minutes from this machine's clock");
  if (!same(signature, room_signature(config_.secret, timestamp, body))) return fail(Code::kUnauthorized, "the signature is not the room's");
  return {};
}

bool Room::is_new(const std::string& signature) {
  const std::lock_guard lock(mutex_);
  if (!seen_.insert(signature).second) return false;
  order_.push_back(signature);
  if (order_.size() > kSeen) {
    seen_.erase(order_.front());
    order_.pop_front();
  }
  return true;
}

Result<Json> Room::handle(const std::string& timestamp, const std::string& signature, const std::string& content_type, const std::string& body, Time wall) {
  FIREBREAK_TRY(believe(timestamp, signature, body, wall));
  const auto said = [](std::string text) { return Json(JsonObject{{"response_type", "ephemeral"}, {"text", std::move(text)}}); };
  const bool event = content_type.starts_with("application/json");
  Json document = JsonObject{};
  if (event) {
    FIREBREAK_ASSIGN(document, parse_json(body));
    if (string_or(document, "type") == "url_verification") return Json(JsonObject{{"challenge", string_or(document, "challenge")}});
  }
  if (!is_new(signature)) return said("this was done already");
  const auto fields = event ? std::map<std::string, std::string>{} : form_fields(body);
  const auto field = [&](const char* name) { return fields.contains(name) ? fields.at(name) : std::string(); };
  const Json* const what = find(document, "event");
  const std::string person = event ? (what == nullptr ? "" : string_or(*what, "user")) : field("user_id");
  const std::string channel = event ? (what == nullptr ? "" : string_or(*what, "channel_id", string_or(*what, "channel"))) : field("channel_id");
  if (!config_.channel.empty() && channel != config_.channel) return said("this is not the incident room");
  const auto account = config_.users.find(person);
  if (account == config_.users.end()) return said(fmt::format("no account belongs to {} (notify: room: users)", person.empty() ? "nobody" : person));
  const std::string actor = "user:" + account->second;
  Result<std::string> answer = std::string();
  if (!event) answer = act(actor, field("text"));
  else if (what != nullptr && string_or(*what, "type") == "pin_added") answer = pinned(actor, *what);
  return said(answer ? *answer : answer.error().message);
}

Result<std::string> Room::incident_in(const std::string& given) const {
  std::vector<std::string> open;
  context_.journal.with_state([&](const journal::View& view) {
    for (const auto& [id, one] : view.state<incident::IncidentState>(incident::kFoldName).open) open.push_back(id);
  });
  if (!given.empty()) {
    if (std::find(open.begin(), open.end(), given) == open.end()) return fail(Code::kNotFound, fmt::format("no incident '{}' is open", given));
    return given;
  }
  if (open.size() != 1) return fail(Code::kInvalid, open.empty() ? std::string("no incident is open") : fmt::format("{} incidents are open: name one", open.size()));
  return open.front();
}

Result<std::string> Room::act(const std::string& actor, const std::string& text) {
  std::string rest = text;
  const std::string verb = word(rest);
  const auto give = [&](const char* name, JsonObject args, const std::string& done) -> Result<std::string> {
    FIREBREAK_ASSIGN(const journal::Group group, journal::give_command(context_.journal, name, args, actor));
    return fmt::format("{} (journal {})", done, group.index());
  };
  const auto incident = [&]() -> Result<std::string> { return incident_in(rest.starts_with("inc-") ? word(rest) : ""); };
  if (verb == "status") return status();
  if (verb == "declare") {
    const std::string endpoint = word(rest), severity = word(rest);
    return give("incident.declare", {{"endpoint", endpoint}, {"severity", severity}, {"title", rest}}, "declared");
  }
  if (verb == "ack") {
    FIREBREAK_ASSIGN(const std::string id, incident());
    return give("incident.ack", {{"incident", id}}, id + " is yours");
  }
  if (verb == "note") {
    FIREBREAK_ASSIGN(const std::string id, incident());
    return give("incident.note", {{"incident", id}, {"text", rest}}, "noted in " + id);
  }
  if (verb == "handover") {
    FIREBREAK_ASSIGN(const std::string id, incident());
    const std::string role = word(rest), user = word(rest);
    return give("incident.assign", {{"incident", id}, {"role", role}, {"user", user}}, fmt::format("{} is {} of {}", user, role, id));
  }
  if (verb == "contain") {
    FIREBREAK_ASSIGN(const std::string id, incident());
    const std::string option = word(rest), minutes = word(rest);
    std::string endpoint;
    context_.journal.with_state([&](const journal::View& view) { endpoint = view.state<incident::IncidentState>(incident::kFoldName).open.at(id).endpoint; });
    std::int64_t lease = 240;
    if (!minutes.empty() && (std::from_chars(minutes.data(), minutes.data() + minutes.size(), lease).ec != std::errc() || lease < 1 || lease > 100'000)) return fail(Code::kInvalid, fmt::format("'{}' is no number of minutes", minutes));
    return give("action.propose", {{"endpoint", endpoint}, {"incident", id}, {"option", option}, {"lease_s", lease * 60}}, "proposed; somebody approves it at the server, not here");
  }
  return fail(Code::kInvalid, fmt::format("{}: {}", verb.empty() ? "say what" : "'" + verb + "' is not said here", kHelp));
}

// A pinned message is a fact for the timeline.
Result<std::string> Room::pinned(const std::string& actor, const Json& event) {
  const Json* const item = find(event, "item");
  const Json* const message = item == nullptr ? nullptr : find(*item, "message");
  if (message == nullptr) return fail(Code::kInvalid, "only messages are taken into the timeline");
  std::string text = string_or(*message, "text");
  std::string named;
  if (const std::size_t at = text.find("inc-"); at != std::string::npos) {
    std::size_t end = at + 4;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
    named = text.substr(at, end - at);
  }
  FIREBREAK_ASSIGN(const std::string id, incident_in(named));
  if (const std::string link = string_or(*message, "permalink"); !link.empty()) text += " " + link;
  FIREBREAK_ASSIGN(const journal::Group group, journal::give_command(context_.journal, "incident.note", JsonObject{{"incident", id}, {"text", "pinned: " + text}}, actor));
  return fmt::format("in the timeline of {} (journal {})", id, group.index());
}

std::string Room::status() const {
  JsonArray lines;
  context_.journal.with_state([&](const journal::View& view) {
    for (const auto& [id, one] : view.state<incident::IncidentState>(incident::kFoldName).open)
      lines.emplace_back(fmt::format("{} {} {} on {}: {}{}", id, one.severity, one.phase, one.endpoint, one.title, one.acknowledged_by.empty() ? " (nobody has it)" : ""));
    for (const Json& need : notify::needs_of(view.state<notify::NotifyState>(notify::kFoldName), context_.clock.now())) lines.emplace_back(fmt::format("{}: {}", string_or(need, "who"), string_or(need, "what")));
  });
  if (lines.empty()) return "no incident is open";
  const Json shown = context_.texts.shown_in(std::move(lines));
  std::string out;
  for (const Json& line : shown.as_array()) out += (out.empty() ? "" : "\n") + std::string(line.as_string());
  return out;
}

}  // namespace firebreak::app
