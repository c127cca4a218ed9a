// Of the commander's page: what is in force, who is called, who hears when, which reports run.
#include <fmt/core.h>

#include <algorithm>

#include "read/report/brief_parts.h"
#include "types/casefile.h"

namespace firebreak::report {
namespace {

void sort_by(JsonArray& lines, std::string_view key) {
  std::stable_sort(lines.begin(), lines.end(), [&](const Json& a, const Json& b) { return string_or(a, key) < string_or(b, key); });
}

JsonArray names_of(const JsonArray& moments) {
  JsonArray out;
  for (const Json& one : moments) out.push_back(Json(plain_actor(string_or(one, "by"))));
  return out;
}

void add_left(JsonObject& line, std::string_view key, Time now) {
  const auto at = get_time(Json(line), key);
  line["left_s"] = at ? Json((*at - now) / kSecond) : Json(nullptr);
}

}  // namespace

const JsonArray& items_of(const Json& from, std::string_view key) {
  static const JsonArray kNone;
  const Json* const list = find(from, key);
  return list != nullptr && list->is_array() ? list->get_array() : kNone;
}

Json member_or_null(const Json& from, std::string_view key) {
  const Json* const value = find(from, key);
  return value == nullptr ? Json(nullptr) : *value;
}

JsonArray of_incident(const JsonArray& lines, const std::string& incident) {
  JsonArray out;
  for (const Json& line : lines)
    if (string_or(line, "incident") == incident) out.push_back(line);
  return out;
}

std::string listed(const JsonArray& texts, std::string_view when_empty) {
  std::string out;
  for (const Json& text : texts)
    if (text.is_string()) out += (out.empty() ? "" : ", ") + std::string(text.get_string());
  return out.empty() ? std::string(when_empty) : out;
}

std::string plain_actor(const std::string& actor) {
  const std::size_t colon = actor.find(':');
  return colon == std::string::npos ? actor : actor.substr(colon + 1);
}

std::string plain_words(std::string text) {
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string minute_text(const std::string& time) {
  const auto at = parse_time(time);
  if (!at) return time;
  std::string text = format_time(Time{at->us - at->us % kMinute}).substr(0, 16);
  text[10] = ' ';
  return text + "Z";
}

std::string span_text(std::int64_t us) {
  const std::int64_t minutes = std::max<std::int64_t>(0, us) / kMinute, hours = minutes / 60;
  if (hours >= 24) return fmt::format("{} d {} h", hours / 24, hours % 24);
  return hours > 0 ? fmt::format("{} h {} min", hours, minutes % 60) : fmt::format("{} min", minutes);
}

// Each with what a tired person asks of it: until when, by whose yes, whether it works.
JsonArray in_force_of(const BriefInput& in) {
  JsonArray out;
  for (const Json& action : items_of(in.incident, "actions")) {
    if (string_or(action, "state") != "in_force") continue;
    JsonObject line{{"requested_by", plain_actor(string_or(action, "requested_by"))}, {"approved_by", names_of(items_of(action, "approved_by"))}};
    for (const char* key : {"id", "what", "class", "until", "undo", "break_glass", "index"}) line[key] = member_or_null(action, key);
    add_left(line, "until", in.now);
    const Json* const check = find_pointer(action, "/checks/last");
    for (const char* key : {"verdict", "reason"}) line[key] = check != nullptr && check->is_object() ? member_or_null(*check, key) : Json(nullptr);
    out.push_back(std::move(line));
  }
  std::stable_sort(out.begin(), out.end(), [](const Json& a, const Json& b) {  // without an end: last
    const std::string first = string_or(a, "until"), second = string_or(b, "until");
    return !first.empty() && (second.empty() || first < second);
  });
  return out;
}

JsonArray alerts_of(const BriefInput& in) {
  JsonArray out;
  const Json notify = member_or_null(in.status, "notify");
  for (const Json& alert : of_incident(items_of(notify, "alerts"), string_or(in.incident, "id"))) {
    if (string_or(alert, "state") == "acknowledged") continue;
    JsonObject line;
    for (const char* key : {"id", "state", "severity", "raised", "step", "told", "next"}) line[key] = member_or_null(alert, key);
    out.push_back(std::move(line));
  }
  return out;
}

JsonArray updates_of(const BriefInput& in) {
  JsonArray out;
  const std::string id = string_or(in.incident, "id");
  const Json notify = member_or_null(in.status, "notify");
  for (const Json& one : of_incident(items_of(notify, "updates"), id)) {
    if (string_or(one, "due").empty()) continue;
    JsonObject line;
    for (const char* key : {"audience", "first", "last", "due", "overdue"}) line[key] = member_or_null(one, key);
    add_left(line, "due", in.now);
    line["command"] = fmt::format("firebreak message draft {} --audience {}", id, string_or(one, "audience"));
    out.push_back(std::move(line));
  }
  sort_by(out, "due");
  return out;
}

JsonArray deadlines_of(const BriefInput& in) {
  JsonArray out;
  for (const Json& one : of_incident(items_of(in.status, "deadlines"), string_or(in.incident, "id"))) {
    JsonObject line;
    for (const char* key : {"time", "what", "duty", "stage", "regime", "overdue", "expected"}) line[key] = member_or_null(one, key);
    add_left(line, "time", in.now);
    line["command"] = fmt::format("firebreak deadline draft {} {} {}", string_or(in.incident, "id"), string_or(one, "regime"), string_or(one, "stage"));
    out.push_back(std::move(line));
  }
  sort_by(out, "time");
  return out;
}

std::vector<std::string> attack_class_missing(const Json& incident) {
  const Json triage = member_or_null(incident, "triage");
  if (triage.is_object() && string_or(triage, "verdict") == "benign_drift") return {};
  for (const Json& finding : items_of(incident, "findings")) {
    const std::string verdict = string_or(finding, "verdict");
    if ((verdict.empty() || verdict == "true") && is_attack_finding(string_or(finding, "kind"))) return {};
  }
  std::vector<std::string> missing(std::begin(kAttackFields), std::end(kAttackFields));
  for (const Json& field : items_of(incident, "fields")) {
    if (string_or(field, "field") == kNoAttack) return {};
    std::erase(missing, string_or(field, "field"));
  }
  return missing;
}

}  // namespace firebreak::report
