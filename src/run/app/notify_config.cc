#include "run/app/notify_config.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/utf8.h"
#include "fold/notify/settings.h"
#include "run/app/content.h"

namespace firebreak::app {

std::string_view communication_plan();  // content/communication/plan.yaml, embedded

namespace {

tl::unexpected<Error> bad(const std::string& place, const std::string& why) { return fail(Code::kInvalid, fmt::format("notify: {} {}", place, why), "/notify/" + place); }

std::string resolved(const std::string& folder, const std::string& name) { return name.empty() || name.starts_with('/') ? name : folder + "/" + name; }

Result<connect::ChannelConfig> channel_of(Files& files, const std::string& name, const Json& item, const std::string& folder) {
  const std::string place = "channels/" + name;
  connect::ChannelConfig out;
  out.name = name;
  out.kind = string_or(item, "kind");
  const bool smtp = out.kind == "smtp", webhook = out.kind == "webhook", pager = out.kind == "pagerduty";
  if (!smtp && !webhook && !pager) return bad(place + "/kind", "is smtp, webhook or pagerduty");
  for (const char* const secret : {"secret", "password", "routing_key"})
    if (find(item, secret) != nullptr) return bad(place + "/" + secret, fmt::format("does not stand in this file; put it into a file of its own, mode 0600, and name that: {}_file", secret));
  if (auto ok = smtp      ? only_keys(item, {"kind", "url", "from", "user", "password_file", "tls", "tls_ca_file", "timeout_s"})
                : webhook ? only_keys(item, {"kind", "url", "secret_file", "tls_ca_file", "timeout_s"})
                          : only_keys(item, {"kind", "url", "routing_key_file", "tls_ca_file", "timeout_s"});
      !ok)
    return bad(place, ok.error().message);
  const auto secret = [&](const char* key) -> Result<std::string> {
    auto text = read_secret(files, resolved(folder, string_or(item, key)));
    if (!text) return bad(place + "/" + key, text.error().message);
    return text;
  };
  out.url = string_or(item, "url", pager ? "https://events.pagerduty.com/v2/enqueue" : "");
  const bool fine = smtp ? out.url.starts_with("smtp://") || out.url.starts_with("smtps://") : out.url.starts_with("http://") || out.url.starts_with("https://");
  if (!fine || out.url.find('@') != std::string::npos || out.url.find_first_of(" \r\n") != std::string::npos) return bad(place + "/url", smtp ? "is smtp://host:port or smtps://host:port, without user" : "starts with http:// or https:// and bears no user");
  out.tls_ca_file = resolved(folder, string_or(item, "tls_ca_file"));
  if (find(item, "timeout_s") != nullptr) {
    const auto given = get_int(item, "timeout_s");
    if (!given || *given < 1 || *given > 300) return bad(place + "/timeout_s", "is a whole number from 1 to 300");
    out.timeout_us = *given * kSecond;
  }
  if (pager) {
    FIREBREAK_ASSIGN(out.secret, secret("routing_key_file"));
  }
  if (webhook && find(item, "secret_file") != nullptr) {
    FIREBREAK_ASSIGN(out.secret, secret("secret_file"));
  }
  if (!smtp) return out;
  out.from = string_or(item, "from");
  if (out.from.find('@') == std::string::npos) return bad(place + "/from", "is the mail address that mails come from");
  const std::string tls = string_or(item, "tls", "required");
  if (tls != "required" && tls != "if_offered") return bad(place + "/tls", "is required or if_offered");
  out.tls_required = tls == "required" && !out.url.starts_with("smtps://");
  out.user = string_or(item, "user");
  if (out.user.empty() != (find(item, "password_file") == nullptr)) return bad(place + "/user", "goes with password_file");
  if (!out.user.empty()) {
    FIREBREAK_ASSIGN(out.password, secret("password_file"));
  }
  return out;
}

// {phone?, ways: [pager, {mail: ana@example.org}]}
Result<JsonArray> ways_of(const NotifyConfig& config, const Json& item, const std::string& place, ContactCard& card) {
  if (auto ok = only_keys(item, {"phone", "ways"}); !ok) return bad(place, ok.error().message);
  card.phone = string_or(item, "phone");
  JsonArray ways;
  const Json* const given = find(item, "ways");
  if (given != nullptr && !given->is_array()) return bad(place + "/ways", "is a list of channels, the first tried first");
  if (given == nullptr) return ways;
  for (const Json& one : given->get_array()) {
    const bool with_address = one.is_object() && one.get_object().size() == 1 && one.get_object().begin()->value().is_string();
    if (!one.is_string() && !with_address) return bad(place + "/ways", "has channels, or {channel: address}");
    const std::string name = one.is_string() ? std::string(one.get_string()) : std::string(one.get_object().begin()->key());
    const auto channel = config.channels.find(name);
    if (channel == config.channels.end()) return bad(place + "/ways", fmt::format("names '{}', which is no channel", name));
    if ((channel->second.kind == "smtp") != with_address) return bad(place + "/ways", channel->second.kind == "smtp" ? fmt::format("{}: ADDRESS: a mail needs an address", name) : fmt::format("{}: a {} takes no address", name, channel->second.kind));
    if (with_address) card.addresses[name] = one.get_object().begin()->value().get_string();
    ways.emplace_back(name);
  }
  return ways;
}

Result<void> read_rotations(Files& files, const Json& section, const std::string& zoneinfo, JsonObject& document) {
  JsonObject zones, rotations;
  std::string failed;
  const Json* const given = find(section, "rotations");
  if (given == nullptr) return {};
  if (!given->is_object()) return bad("rotations", "is a map");
  for (const auto& member : given->get_object()) {
    const std::string place = "rotations/" + std::string(member.key());
    if (!member.value().is_object()) return bad(place, "is a map: people, start, zone, every_s");
    JsonObject one = member.value().get_object();
    const std::string zone = string_or(one, "zone", "UTC");
    one["zone"] = zone;
    rotations[member.key()] = std::move(one);
    if (zones.contains(zone)) continue;
    if (zone == "UTC") {
      zones[zone] = JsonArray{JsonArray{"2020-01-01T00:00:00Z", 0}};
      continue;
    }
    if (zone.starts_with('/') || zone.find("..") != std::string::npos) return bad(place + "/zone", "is a name as Europe/Berlin");
    auto octets = read_all(files, zoneinfo + "/" + zone);
    if (!octets) return bad(place + "/zone", fmt::format("'{}' is not known on this machine ({}/{}); install tzdata, or write UTC", zone, zoneinfo, zone));
    auto offsets = zone_offsets(*octets);
    if (!offsets) return bad(place + "/zone", offsets.error().message);
    zones[zone] = std::move(*offsets);
  }
  document["zones"] = std::move(zones);
  document["rotations"] = std::move(rotations);
  return {};
}

// The plan's audiences with their receivers. An audience without any is told by hand.
Result<void> read_plan(Files& files, const Json& section, const std::string& folder, JsonObject& document) {
  const std::string plan = string_or(section, "plan");
  FIREBREAK_ASSIGN(Json whole, plan.empty() ? yaml_to_json(communication_plan(), "content/communication/plan.yaml") : load_document(files, resolved(folder, plan)));
  Json* const audiences = whole.is_object() && whole.get_object().contains("audiences") ? &whole.get_object()["audiences"] : nullptr;
  if (audiences == nullptr || !audiences->is_object()) return bad("plan", "has audiences");
  if (const Json* const given = find(section, "audiences")) {
    if (!given->is_object()) return bad("audiences", "is a map of audience to contacts");
    for (const auto& member : given->get_object()) {
      const auto found = audiences->get_object().find(member.key());
      if (found == audiences->get_object().end() || !found->value().is_object()) return bad("audiences/" + std::string(member.key()), "is no audience of the plan");
      found->value().get_object()["contacts"] = member.value();
    }
  }
  document["audiences"] = std::move(*audiences);
  return {};
}

Result<void> read_room(Files& files, const Json& section, const std::string& folder, RoomConfig& room) {
  const Json* const given = find(section, "room");
  if (given == nullptr) return {};
  if (auto ok = only_keys(*given, {"secret_file", "channel", "users"}); !ok) return bad("room", ok.error().message);
  auto secret = read_secret(files, resolved(folder, string_or(*given, "secret_file")));
  if (!secret) return bad("room/secret_file", secret.error().message);
  room.secret = std::move(*secret);
  room.channel = string_or(*given, "channel");
  const Json* const users = find(*given, "users");
  if (users == nullptr || !users->is_object()) return bad("room/users", "is a map: the chat's id of a person to an account");
  for (const auto& member : users->get_object()) {
    const std::string account = member.value().is_string() ? std::string(member.value().get_string()) : "";
    if (!is_name(account)) return bad("room/users/" + std::string(member.key()), "is the name of an account");
    room.users[std::string(member.key())] = account;
  }
  return {};
}

std::int64_t big_endian(std::string_view octets, std::size_t at, std::size_t size) {
  std::uint64_t value = size == 4 && (static_cast<unsigned char>(octets[at]) & 0x80) != 0 ? ~std::uint64_t{0} : 0;
  for (std::size_t i = 0; i < size; ++i) value = (value << 8) | static_cast<unsigned char>(octets[at + i]);
  return static_cast<std::int64_t>(value);
}

}  // namespace

Result<Json> zone_offsets(std::string_view tzif) {
  constexpr std::size_t kHead = 44;
  const auto broken = [] { return fail(Code::kInvalid, "is no table of a time zone (TZif version 2)"); };
  if (tzif.size() < kHead || !tzif.starts_with("TZif") || tzif[4] < '2') return broken();
  struct Counts {
    std::size_t utc, standard, leaps, times, types, letters;
  };
  const auto counts_at = [&](std::size_t at) {
    const auto one = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<std::uint32_t>(big_endian(tzif, at + 20 + 4 * i, 4))); };
    return Counts{one(0), one(1), one(2), one(3), one(4), one(5)};
  };
  const Counts old = counts_at(0);
  if (std::max({old.utc, old.standard, old.leaps, old.times, old.types, old.letters}) > 10'000) return broken();
  const std::size_t second = kHead + old.times * 5 + old.types * 6 + old.letters + old.leaps * 8 + old.standard + old.utc;
  if (tzif.size() < second + kHead) return broken();
  const Counts counts = counts_at(second);
  if (std::max({counts.times, counts.types, counts.letters}) > 10'000 || counts.types == 0) return broken();
  const std::size_t times = second + kHead, kinds = times + counts.times * 8, types = kinds + counts.times;
  const std::size_t end = types + counts.types * 6 + counts.letters + counts.leaps * 12 + counts.standard + counts.utc;
  if (tzif.size() < end) return broken();
  const auto minutes = [&](std::size_t type) { return big_endian(tzif, types + 6 * type, 4) / 60; };
  const Time from = parse_time("2020-01-01T00:00:00Z").value(), to = parse_time("2038-01-01T00:00:00Z").value();
  std::int64_t before = minutes(0), last = 0;
  JsonArray out;
  for (std::size_t i = 0; i < counts.times; ++i) {
    const std::int64_t seconds = big_endian(tzif, times + 8 * i, 8);
    const auto type = static_cast<std::size_t>(static_cast<unsigned char>(tzif[kinds + i]));
    if (type >= counts.types) return broken();
    if (seconds * kSecond / kSecond != seconds || seconds < from.us / kSecond) {
      before = minutes(type);
      continue;
    }
    if (out.empty()) out.push_back(JsonArray{format_time(from), before});
    if (seconds >= to.us / kSecond) break;
    out.push_back(JsonArray{format_time({seconds * kSecond}), minutes(type)});
    last = seconds;
  }
  if (out.empty()) out.push_back(JsonArray{format_time(from), before});
  // The rule for the time behind the table: one with a comma changes clocks every year.
  const std::string_view rule = tzif.substr(end);
  if (rule.find(',') != std::string_view::npos && last < to.us / kSecond - 366 * 24 * 3'600)
    return fail(Code::kInvalid, "is stored on this machine without its coming changes (a 'slim' table); install Debian's tzdata, or write UTC");
  return Json(std::move(out));
}

Result<NotifyConfig> notify_of(Files& files, const Json& config, const std::string& folder, const std::string& zoneinfo) {
  NotifyConfig out;
  const Json* const section = find(config, "notify");
  if (section == nullptr) return out;
  if (auto ok = only_keys(*section, {"channels", "contacts", "rotations", "levels", "acknowledge_within_s", "update_every_s", "rounds", "attempts", "backoff_s", "warn_before_s", "plan", "audiences", "room"}); !ok)
    return fail(std::move(ok.error()).with("notify"));
  JsonObject document, kinds, contacts;
  for (const char* const part : {"channels", "contacts"})
    if (const Json* const given = find(*section, part); given != nullptr && !given->is_object()) return bad(part, "is a map");
  if (const Json* const channels = find(*section, "channels")) {
    for (const auto& member : channels->get_object()) {
      const std::string name(member.key());
      FIREBREAK_ASSIGN(out.channels[name], channel_of(files, name, member.value(), folder));
      kinds[name] = out.channels[name].kind;
    }
  }
  if (const Json* const given = find(*section, "contacts")) {
    for (const auto& member : given->get_object()) {
      const std::string name(member.key());
      ContactCard& card = out.contacts[name];
      card.name = name;
      FIREBREAK_ASSIGN(contacts[name], ways_of(out, member.value(), "contacts/" + name, card));
    }
  }
  document["channels"] = std::move(kinds);
  document["contacts"] = std::move(contacts);
  FIREBREAK_TRY(read_room(files, *section, folder, out.room));
  FIREBREAK_TRY(read_rotations(files, *section, zoneinfo, document));
  for (const char* const key : {"levels", "acknowledge_within_s", "update_every_s", "rounds", "attempts", "backoff_s", "warn_before_s"})
    if (const Json* const given = find(*section, key)) document[key] = *given;
  FIREBREAK_TRY(read_plan(files, *section, folder, document));
  out.document = std::move(document);
  if (auto settings = notify::settings_from_json(out.document); !settings) {
    const std::string pointer = settings.error().pointer;
    return fail(settings.error().code, fmt::format("notify: {}{}{}", pointer.empty() ? "" : pointer.substr(1) + ": ", "", settings.error().message), "/notify" + pointer);
  }
  if (const std::size_t size = canonical_json(out.document).size(); size > 30 * limits::kKiB) return fail(Code::kTooLarge, fmt::format("notify: has {} octets with its plan; 30 KiB are the most: shorten the plan's texts", size), "/notify");
  return out;
}

std::string contact_card(const NotifyConfig& config, const Json& oncall, Time now) {
  std::string out = fmt::format("Contacts of this installation, written {}\n", format_time(now));
  for (const Json& rotation : oncall.at("rotations").as_array()) {
    out += fmt::format("\n{}: {} now\n", string_or(rotation, "rotation"), string_or(rotation, "contact", "nobody"));
    for (const Json& next : rotation.at("next").as_array()) out += fmt::format("  from {}  {}\n", string_or(next, "from"), string_or(next, "contact"));
  }
  for (const Json& one : oncall.at("overrides").as_array())
    out += fmt::format("  {} instead in {} from {} until {}\n", string_or(one, "contact"), string_or(one, "rotation"), string_or(one, "from"), string_or(one, "until"));
  out += "\nLevels that an alert goes through\n";
  for (const Json& level : oncall.at("levels").as_array()) {
    std::string names;
    for (const std::string& name : strings_or_empty(level, "names")) names += (names.empty() ? "" : ", ") + name;
    out += fmt::format("  {}  {}\n", int_or(level, "level"), names);
  }
  out += "\n";
  for (const auto& [name, card] : config.contacts) {
    out += fmt::format("{}  {}\n", name, card.phone.empty() ? "no telephone" : card.phone);
    for (const auto& [channel, address] : card.addresses) out += fmt::format("  {}  {}\n", channel, address);
  }
  return out;
}

}  // namespace firebreak::app
