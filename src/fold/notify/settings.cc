#include "fold/notify/settings.h"

#include <fmt/core.h>

#include <algorithm>

#include "types/incident.h"

namespace firebreak::notify {
namespace {

constexpr std::string_view kKinds[] = {"smtp", "webhook", "pagerduty"};
constexpr std::int64_t kLongest = 90 * kDay;
constexpr std::size_t kTemplate = 8'000;
constexpr std::int64_t kSetBack = 3 * kHour;  // no place sets its clocks back by more at once

tl::unexpected<Error> bad(std::string pointer, std::string why) { return fail(Code::kInvalid, std::move(why), std::move(pointer)); }

std::string at(std::string_view a, std::string_view b) { return fmt::format("{}/{}", a, b); }

bool is_severity(std::string_view word) { return std::find(std::begin(words::kIncidentSeverity), std::end(words::kIncidentSeverity), word) != std::end(words::kIncidentSeverity); }

template <class Read>
Result<void> members(const Json& document, std::string_view key, Read read) {
  const Json* const map = find(document, key);
  if (map == nullptr) return {};
  if (!map->is_object()) return bad(at("", key), fmt::format("'{}' is a map", key));
  for (const auto& member : map->get_object()) {
    const std::string name(member.key());
    FIREBREAK_TRY(read(name, member.value(), at(at("", key), name)));
  }
  return {};
}

Result<std::vector<std::string>> texts(const Json& object, std::string_view key, const std::string& place) {
  if (find(object, key) == nullptr) return std::vector<std::string>{};
  auto list = get_strings(object, key);
  if (!list) return bad(at(place, key), list.error().message);
  return list;
}

Result<std::int64_t> whole(const Json& object, std::string_view key, std::int64_t fallback, std::int64_t least, std::int64_t most, const std::string& place) {
  if (find(object, key) == nullptr) return fallback;
  const auto given = get_int(object, key);
  if (!given || *given < least || *given > most) return bad(at(place, key), fmt::format("'{}' is a whole number from {} to {}", key, least, most));
  return *given;
}

Result<std::map<std::string, std::int64_t>> by_severity(const Json& document, std::string_view key, std::map<std::string, std::int64_t> fallback) {
  if (find(document, key) == nullptr) return fallback;
  std::map<std::string, std::int64_t> out;
  FIREBREAK_TRY(members(document, key, [&](const std::string& name, const Json& value, const std::string& place) -> Result<void> {
    if (!is_severity(name)) return bad(place, fmt::format("'{}' is none of SEV-1 to SEV-4", name));
    if (!value.is_int64() || value.get_int64() < 1 || value.get_int64() > kLongest / kSecond) return bad(place, "is a whole number of seconds, at least 1");
    out[name] = value.get_int64() * kSecond;
    return {};
  }));
  return out;
}

Result<Rotation> rotation_of(const Settings& settings, const Json& value, const std::string& place) {
  if (auto ok = only_keys(value, {"people", "start", "zone", "every_s"}); !ok) return bad(place, ok.error().message);
  Rotation out;
  FIREBREAK_ASSIGN(out.people, texts(value, "people", place));
  if (out.people.empty()) return bad(at(place, "people"), "a rotation has at least one person");
  for (const std::string& person : out.people)
    if (!settings.contacts.contains(person)) return bad(at(place, "people"), fmt::format("'{}' is no contact", person));
  out.zone = string_or(value, "zone");
  if (!settings.zones.contains(out.zone)) return bad(at(place, "zone"), fmt::format("the zone '{}' is not among zones", out.zone));
  const auto start = parse_time(string_or(value, "start") + "Z");
  if (!start) return bad(at(place, "start"), "is a time on the wall there, without an offset: 2026-03-02T09:00:00");
  out.start = *start;
  FIREBREAK_ASSIGN(const std::int64_t every, whole(value, "every_s", 7 * kDay / kSecond, 3'600, kLongest / kSecond, place));
  out.every_us = every * kSecond;
  return out;
}

Result<Zone> zone_of(const Json& value, const std::string& place) {
  Zone zone;
  if (!value.is_array() || value.get_array().empty()) return bad(place, "is a list of [time, minutes]");
  for (const Json& one : value.get_array()) {
    if (!one.is_array() || one.get_array().size() != 2 || !one.at(0).is_string() || !one.at(1).is_int64()) return bad(place, "is a list of [time, minutes]");
    FIREBREAK_ASSIGN(const Time from, parse_time(one.at(0).get_string()));
    const std::int64_t minutes = one.at(1).get_int64();
    if (minutes < -24 * 60 || minutes > 24 * 60 || (!zone.offsets.empty() && from <= zone.offsets.back().first)) return bad(place, "offsets are at most a day, in ascending order of time");
    zone.offsets.emplace_back(from, static_cast<int>(minutes));
  }
  return zone;
}

Result<Audience> audience_of(const Settings& settings, const Json& value, const std::string& place) {
  if (auto ok = only_keys(value, {"title", "subject", "body", "asks", "must", "must_not", "drafts", "approves", "approvals", "severities", "contacts", "first_within_s"}); !ok) return bad(place, ok.error().message);
  Audience out;
  out.title = string_or(value, "title");
  out.subject = string_or(value, "subject");
  out.body = string_or(value, "body");
  FIREBREAK_ASSIGN(out.asks, texts(value, "asks", place));
  FIREBREAK_ASSIGN(out.must, texts(value, "must", place));
  FIREBREAK_ASSIGN(out.must_not, texts(value, "must_not", place));
  FIREBREAK_ASSIGN(out.drafts, texts(value, "drafts", place));
  FIREBREAK_ASSIGN(out.approves, texts(value, "approves", place));
  FIREBREAK_ASSIGN(out.severities, texts(value, "severities", place));
  FIREBREAK_ASSIGN(out.contacts, texts(value, "contacts", place));
  FIREBREAK_ASSIGN(out.approvals, whole(value, "approvals", 1, 1, 5, place));
  FIREBREAK_ASSIGN(const std::int64_t within, whole(value, "first_within_s", 0, 0, kLongest / kSecond, place));
  out.first_within_us = within * kSecond;
  if (out.title.empty() || out.subject.empty() || out.body.empty()) return bad(place, "an audience has title, subject and body");
  if (out.approves.empty()) return bad(at(place, "approves"), "somebody approves what leaves the house: name roles");
  if (out.subject.size() > 200 || out.body.size() > kTemplate) return bad(place, fmt::format("a subject has at most 200 octets, a body {}", kTemplate));
  for (const std::string& severity : out.severities)
    if (!is_severity(severity)) return bad(at(place, "severities"), fmt::format("'{}' is none of SEV-1 to SEV-4", severity));
  for (const std::string& contact : out.contacts)
    if (!settings.contacts.contains(contact)) return bad(at(place, "contacts"), fmt::format("'{}' is no contact", contact));
  std::vector<std::string> known{"incident", "title", "severity", "phase", "endpoint", "opened", "now", "next_update", "by", "audience"};
  known.insert(known.end(), out.asks.begin(), out.asks.end());
  for (const auto& [key, text] : {std::pair{"subject", &out.subject}, {"body", &out.body}}) {
    const auto used = names_in(*text);
    if (!used) return bad(at(place, key), used.error().message);
    for (const std::string& name : *used)
      if (std::find(known.begin(), known.end(), name) == known.end()) return bad(at(place, key), fmt::format("{{{{{}}}}} is neither a value of the incident nor among asks", name));
  }
  return out;
}

std::int64_t by_wall(const Rotation& rotation, const Zone& zone, Time at) {
  const std::int64_t since = at + offset_at(zone, at) * kMinute - rotation.start;
  return since >= 0 ? since / rotation.every_us : -((-since + rotation.every_us - 1) / rotation.every_us);
}

JsonArray list(const std::vector<std::string>& of) { return JsonArray(of.begin(), of.end()); }

JsonObject seconds(const std::map<std::string, std::int64_t>& of) {
  JsonObject out;
  for (const auto& [name, us] : of) out[name] = us / kSecond;
  return out;
}

}  // namespace

int offset_at(const Zone& zone, Time at) {
  if (zone.offsets.empty()) return 0;
  const auto after = std::upper_bound(zone.offsets.begin(), zone.offsets.end(), at, [](Time t, const auto& one) { return t < one.first; });
  return after == zone.offsets.begin() ? after->second : std::prev(after)->second;
}

// An hour that the wall shows twice belongs to the later turn from the first time on.
std::int64_t turn_at(const Rotation& rotation, const Zone& zone, Time at) {
  std::int64_t turn = by_wall(rotation, zone, at);
  for (const auto& [from, minutes] : zone.offsets)
    if (from <= at && at - from < kSetBack) turn = std::max(turn, by_wall(rotation, zone, {from.us - 1}));
  return turn;
}

Time begin_of_turn(const Rotation& rotation, const Zone& zone, std::int64_t turn) {
  const Time wall = rotation.start + turn * rotation.every_us;
  Time guess = wall - offset_at(zone, wall) * kMinute;
  guess = wall - offset_at(zone, guess) * kMinute;
  while (turn_at(rotation, zone, guess) < turn) guess = guess + kMinute;             // the wall skips this time
  while (turn_at(rotation, zone, {guess.us - 1}) >= turn) guess = guess - kMinute;   // it shows it twice
  return guess;
}

Result<std::vector<std::string>> names_in(const std::string& text) {
  std::vector<std::string> names;
  for (std::size_t open = text.find("{{"); open != std::string::npos; open = text.find("{{", open + 2)) {
    const std::size_t close = text.find("}}", open);
    const std::string name = close == std::string::npos ? "" : text.substr(open + 2, close - open - 2);
    if (!is_name(name)) return fail(Code::kInvalid, fmt::format("'{}' is no {{{{name}}}}", text.substr(open, 40)));
    names.push_back(name);
  }
  return names;
}

std::string filled(const std::string& text, const std::map<std::string, std::string>& values) {
  std::string out;
  std::size_t done = 0;
  for (std::size_t open = text.find("{{"); open != std::string::npos; open = text.find("{{", done)) {
    const std::size_t close = text.find("}}", open);
    if (close == std::string::npos) break;
    out += text.substr(done, open - done);
    if (const auto value = values.find(text.substr(open + 2, close - open - 2)); value != values.end()) out += value->second;
    done = close + 2;
  }
  return out + text.substr(done);
}

Result<Settings> settings_from_json(const Json& document) {
  FIREBREAK_TRY(only_keys(document, {"contacts", "channels", "zones", "rotations", "levels", "acknowledge_within_s", "update_every_s", "audiences", "rounds", "attempts", "backoff_s", "warn_before_s"}));
  Settings out;
  FIREBREAK_TRY(members(document, "channels", [&](const std::string& name, const Json& value, const std::string& place) -> Result<void> {
    if (!is_name(name)) return bad(place, "a channel's name has 1 to 64 of a-z 0-9 . _ -");
    if (!value.is_string() || std::find(std::begin(kKinds), std::end(kKinds), value.get_string()) == std::end(kKinds)) return bad(place, "a channel's kind is smtp, webhook or pagerduty");
    out.channels[name] = value.get_string();
    return {};
  }));
  FIREBREAK_TRY(members(document, "contacts", [&](const std::string& name, const Json& value, const std::string& place) -> Result<void> {
    if (!is_name(name)) return bad(place, "a contact's name has 1 to 64 of a-z 0-9 . _ -");
    if (out.contacts.size() >= kContacts) return bad(place, fmt::format("there are at most {} contacts", kContacts));
    auto ways = get_strings(JsonObject{{"ways", value}}, "ways");
    if (!ways) return bad(place, "is a list of channels");
    for (const std::string& way : *ways)
      if (!out.channels.contains(way)) return bad(place, fmt::format("'{}' is no channel", way));
    out.contacts[name] = std::move(*ways);
    return {};
  }));
  FIREBREAK_TRY(members(document, "zones", [&](const std::string& name, const Json& value, const std::string& place) -> Result<void> {
    FIREBREAK_ASSIGN(out.zones[name], zone_of(value, place));
    return {};
  }));
  FIREBREAK_TRY(members(document, "rotations", [&](const std::string& name, const Json& value, const std::string& place) -> Result<void> {
    if (!is_name(name) || out.contacts.contains(name)) return bad(place, "a rotation's name is a name that no contact bears");
    if (out.rotations.size() >= kRotations) return bad(place, fmt::format("there are at most {} rotations", kRotations));
    FIREBREAK_ASSIGN(out.rotations[name], rotation_of(out, value, place));
    return {};
  }));
  if (const Json* const levels = find(document, "levels")) {
    if (!levels->is_array() || levels->get_array().size() > kLevels) return bad("/levels", fmt::format("is a list of at most {} lists of contacts and rotations", kLevels));
    for (std::size_t i = 0; i < levels->get_array().size(); ++i) {
      auto names = get_strings(JsonObject{{"level", levels->get_array()[i]}}, "level");
      if (!names || names->empty()) return bad(fmt::format("/levels/{}", i), "is a list of contacts and rotations");
      for (const std::string& name : *names)
        if (!out.contacts.contains(name) && !out.rotations.contains(name)) return bad(fmt::format("/levels/{}", i), fmt::format("'{}' is neither a contact nor a rotation", name));
      out.levels.push_back(std::move(*names));
    }
  }
  FIREBREAK_ASSIGN(out.acknowledge_us, by_severity(document, "acknowledge_within_s", {{"SEV-1", 5 * kMinute}, {"SEV-2", 15 * kMinute}}));
  FIREBREAK_ASSIGN(out.update_us, by_severity(document, "update_every_s", {{"SEV-1", 30 * kMinute}, {"SEV-2", 60 * kMinute}}));
  FIREBREAK_TRY(members(document, "audiences", [&](const std::string& name, const Json& value, const std::string& place) -> Result<void> {
    if (!is_name(name) || out.audiences.size() >= kAudiences) return bad(place, fmt::format("at most {} audiences, each with a name", kAudiences));
    FIREBREAK_ASSIGN(out.audiences[name], audience_of(out, value, place));
    return {};
  }));
  FIREBREAK_ASSIGN(out.rounds, whole(document, "rounds", 10, 1, 1'000, ""));
  FIREBREAK_ASSIGN(out.attempts, whole(document, "attempts", 3, 1, 20, ""));
  FIREBREAK_ASSIGN(const std::int64_t warn, whole(document, "warn_before_s", 300, 0, kDay / kSecond, ""));
  out.warn_us = warn * kSecond;
  if (const Json* const backoff = find(document, "backoff_s")) {
    if (!backoff->is_array() || backoff->get_array().empty()) return bad("/backoff_s", "is a list of seconds");
    out.backoff_us.clear();
    for (const Json& one : backoff->get_array()) {
      if (!one.is_int64() || one.get_int64() < 0 || one.get_int64() > 3'600) return bad("/backoff_s", "is a list of whole seconds from 0 to 3600");
      out.backoff_us.push_back(one.get_int64() * kSecond);
    }
  }
  return out;
}

Json to_json(const Settings& settings) {
  JsonObject contacts, channels, zones, rotations, audiences;
  JsonArray levels, backoff;
  for (const auto& [name, ways] : settings.contacts) contacts[name] = list(ways);
  for (const auto& [name, kind] : settings.channels) channels[name] = kind;
  for (const auto& [name, zone] : settings.zones) {
    JsonArray offsets;
    for (const auto& [from, minutes] : zone.offsets) offsets.push_back(JsonArray{format_time(from), minutes});
    zones[name] = std::move(offsets);
  }
  for (const auto& [name, one] : settings.rotations) {
    std::string start = format_time(one.start);
    start.pop_back();
    rotations[name] = JsonObject{{"people", list(one.people)}, {"zone", one.zone}, {"start", start}, {"every_s", one.every_us / kSecond}};
  }
  for (const auto& level : settings.levels) levels.push_back(list(level));
  for (const std::int64_t us : settings.backoff_us) backoff.push_back(us / kSecond);
  for (const auto& [name, one] : settings.audiences)
    audiences[name] = JsonObject{{"title", one.title},       {"subject", one.subject},          {"body", one.body},           {"asks", list(one.asks)},
                                 {"must", list(one.must)},   {"must_not", list(one.must_not)},  {"drafts", list(one.drafts)}, {"approves", list(one.approves)},
                                 {"approvals", one.approvals}, {"severities", list(one.severities)}, {"contacts", list(one.contacts)}, {"first_within_s", one.first_within_us / kSecond}};
  return JsonObject{{"contacts", std::move(contacts)},   {"channels", std::move(channels)}, {"zones", std::move(zones)},
                    {"rotations", std::move(rotations)}, {"levels", std::move(levels)},     {"acknowledge_within_s", seconds(settings.acknowledge_us)},
                    {"update_every_s", seconds(settings.update_us)}, {"audiences", std::move(audiences)}, {"rounds", settings.rounds},
                    {"attempts", settings.attempts},     {"backoff_s", std::move(backoff)}, {"warn_before_s", settings.warn_us / kSecond}};
}

}  // namespace firebreak::notify
