#include "read/views/projection.h"

#include <fmt/core.h>

#include <map>

namespace firebreak::views {
namespace {

const std::map<std::string_view, std::vector<Projection>>& handlers() {
  static const std::map<std::string_view, std::vector<Projection>> table = [] {
    std::map<std::string_view, std::vector<Projection>> built;
    for (const auto& family :
         {incident_handlers(), case_handlers(), casefile_handlers(), contain_handlers(), evidence_handlers(), release_handlers(), playbook_handlers(), deadline_handlers(), notify_handlers(), remedy_handlers(), ticket_handlers()})
      for (const Handler& handler : family) built[handler.kind].push_back(handler.apply);
    return built;
  }();
  return table;
}

}  // namespace

void project(Store& store, const Entry& entry) {
  const auto found = handlers().find(entry.kind);
  if (found == handlers().end()) return;
  for (const Projection apply : found->second) apply(store, entry);
}

JsonObject moment(const Entry& entry) {
  return JsonObject{{"time", format_time(entry.time)}, {"index", entry.index}};
}

JsonObject moment(const Entry& entry, std::string_view by) {
  JsonObject object = moment(entry);
  object["by"] = person(by.empty() ? std::string_view(entry.actor) : by);
  return object;
}

JsonObject thing(const Entry& entry, std::string_view id, std::string_view state) {
  JsonObject made;
  made.reserve(28);  // what is added needs no second place
  const std::string time = format_time(entry.time);
  made.emplace("id", id);
  made.emplace("index", entry.index);
  made.emplace("time", time);
  made.emplace("updated", time);
  made.emplace("state", state);
  return made;
}

void copy_members(JsonObject& to, const Json& from, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names)
    if (const Json* value = find(from, name)) to[name] = *value;
}

std::string person(std::string_view actor) {
  return std::string(actor.starts_with("user:") ? actor.substr(5) : actor);
}

std::string words(std::string_view name) {
  std::string text(name);
  for (char& c : text)
    if (c == '_') c = ' ';
  return text == "detection analysis" ? "detection and analysis" : text;
}

std::string duration(std::int64_t us) {
  if (us >= 2 * kDay && us % kDay == 0) return fmt::format("{} days", us / kDay);
  if (us >= kHour && us % kHour == 0) return fmt::format("{} h", us / kHour);
  if (us >= 2 * kMinute && us % kMinute == 0) return fmt::format("{} min", us / kMinute);
  return fmt::format("{} s", us / kSecond);
}

std::string join(const std::vector<std::string>& words, std::string_view separator) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += separator;
    text += word;
  }
  return text;
}

std::vector<std::string> open_incidents(Store& store, std::string_view endpoint) {
  std::vector<std::string> ids;
  for (const JsonObject& incident :
       store.list({.kind = "incident", .incident = {}, .endpoint = std::string(endpoint), .state = "open"}))
    ids.push_back(string_or(incident, "id"));
  return ids;
}

}  // namespace firebreak::views
