// Requests to the workers, evidence and custody, options, refused commands.
#include <fmt/core.h>

#include <algorithm>

#include "read/views/projection.h"

namespace firebreak::views {
namespace {

void add_request(Store& store, const Entry& entry, std::string_view type,
                 const std::vector<std::string>& waiting) {
  JsonObject request = thing(entry, entry.id("req"), "waiting");
  request["type"] = type;
  copy_members(request, entry.body,
               {"incident", "endpoint", "stream", "candidate", "control", "run", "step"});
  request["waiting"] = JsonArray(waiting.begin(), waiting.end());
  store.put("request", request);
}

// A part has answered; the request is done when none is left.
void answer_request(Store& store, const Entry& entry, std::string_view part) {
  edit(store, entry, "request", string_or(entry.body, "request"), [&](JsonObject& request) {
    std::vector<std::string> waiting = strings_or_empty(request, "waiting");
    std::erase(waiting, part);
    request["waiting"] = JsonArray(waiting.begin(), waiting.end());
    if (waiting.empty()) request["state"] = "done";
  });
}

void evidence_requested(Store& store, const Entry& entry) {
  const std::vector<std::string> items = strings_or_empty(entry.body, "items");
  add_request(store, entry, "evidence", items);
  store.add_timeline(string_or(entry.body, "incident"), entry,
                     fmt::format("Evidence requested: {}", join(items)));
}

void forecast_requested(Store& store, const Entry& entry) {
  add_request(store, entry, "forecast", {"options"});
  store.add_timeline(string_or(entry.body, "incident"), entry,
                     fmt::format("Forecast requested from the last {} days", int_or(entry.body, "days")));
}

void gate_requested(Store& store, const Entry& entry) {
  const std::vector<std::string> gates = strings_or_empty(entry.body, "gates");
  add_request(store, entry, "gates", gates);
  if (const std::string incident = string_or(entry.body, "incident"); !incident.empty())
    store.add_timeline(incident, entry,
                       fmt::format("Gates {} requested for {} (control {})", join(gates),
                                   string_or(entry.body, "candidate"), string_or(entry.body, "control")));
}

void evidence_captured(Store& store, const Entry& entry) {
  JsonObject item = thing(entry, entry.id("ev"), "captured");
  copy_members(item, entry.body,
               {"incident", "request", "item", "digest", "octets", "media_type", "name", "origin", "stream",
                "first", "last", "root", "expected", "captured"});
  item["custody"] = JsonArray{};
  store.put("evidence", item);
  answer_request(store, entry, string_or(entry.body, "item"));
  const std::string expected = string_or(entry.body, "expected"), digest = string_or(entry.body, "digest");
  const bool differs = !expected.empty() && expected != digest;
  store.add_timeline(
      string_or(entry.body, "incident"), entry,
      fmt::format("Evidence {} secured: {} ({} octets), SHA-256 {}{}", entry.id("ev"),
                  string_or(entry.body, "name", string_or(entry.body, "item")), int_or(entry.body, "octets"),
                  digest,
                  differs ? "; EXPECTED " + expected + ": the item differs from what was registered" : ""));
}

void evidence_failed(Store& store, const Entry& entry) {
  JsonObject item = thing(entry, entry.id("ev"), "failed");
  copy_members(item, entry.body, {"incident", "request", "item", "reason"});
  item["custody"] = JsonArray{};
  store.put("evidence", item);
  answer_request(store, entry, string_or(entry.body, "item"));
  store.add_timeline(string_or(entry.body, "incident"), entry,
                     fmt::format("Evidence '{}' could not be secured: {}", string_or(entry.body, "item"),
                                 string_or(entry.body, "reason")));
}

void evidence_custody(Store& store, const Entry& entry) {
  edit(store, entry, "evidence", string_or(entry.body, "evidence"), [&](JsonObject& item) {
    JsonObject line = moment(entry, string_or(entry.body, "by"));
    copy_members(line, entry.body, {"action", "reason", "offer", "from", "to", "digest", "at"});
    item["custody"].as_array().push_back(std::move(line));
    store.add_timeline(
        string_or(item, "incident"), entry,
        fmt::format("Custody of {}: {} by {} ({})", string_or(item, "id"), string_or(entry.body, "action"),
                    person(string_or(entry.body, "by")), string_or(entry.body, "reason")));
  });
}

void options_offered(Store& store, const Entry& entry) {
  answer_request(store, entry, "options");
  const std::string id = string_or(entry.body, "incident");
  std::vector<std::string> names;
  if (const Json* options = find(entry.body, "options"); options != nullptr && options->is_array())
    for (const Json& option : options->get_array())
      names.push_back(string_or(option, "title", string_or(option, "name")));
  edit(store, entry, "incident", id, [&](JsonObject& incident) {
    JsonObject offered = moment(entry);
    copy_members(offered, entry.body, {"request", "method", "options"});
    incident["options"] = std::move(offered);
  });
  store.add_timeline(id, entry, fmt::format("Options offered: {}", join(names, "; ")));
}

// A refusal stands in the group of its command and says nothing of the arguments: the last command is kept
// for it.
void command(Store& store, const Entry& entry) {
  JsonObject last = thing(entry, "last", "given");
  const Json* args = find(entry.body, "args");
  std::string incident = args != nullptr ? string_or(*args, "incident") : std::string();
  if (incident.empty() && args != nullptr)
    if (const std::optional<JsonObject> action = store.get("action", string_or(*args, "action")))
      incident = string_or(*action, "incident");
  last["incident"] = incident;
  last["actor"] = entry.actor;
  store.put("command", last);
}

void command_refused(Store& store, const Entry& entry) {
  const std::optional<JsonObject> last = store.get("command", "last");
  const std::string incident = last ? string_or(*last, "incident") : std::string();
  if (incident.empty()) return;
  store.add_timeline(
      incident, entry,
      fmt::format("Refused ({}): {} by {}: {}", string_or(entry.body, "code"), string_or(entry.body, "name"),
                  person(string_or(*last, "actor")), string_or(entry.body, "reason")));
}

void user_added(Store& store, const Entry& entry) {
  JsonObject user = thing(entry, string_or(entry.body, "user"), "active");
  copy_members(user, entry.body, {"role", "scripted"});
  store.put("user", user);
}

// Rows that show it are read anew by the search.
void text_erased(Store& store, const Entry& entry) { store.text_erased(string_or(entry.body, "text")); }

constexpr Handler kHandlers[] = {
    {"text_erased", text_erased},
    {"evidence_requested", evidence_requested}, {"forecast_requested", forecast_requested},
    {"gate_requested", gate_requested},         {"evidence_captured", evidence_captured},
    {"evidence_failed", evidence_failed},       {"evidence_custody", evidence_custody},
    {"options_offered", options_offered},       {"command", command},
    {"command_refused", command_refused},       {"user_added", user_added},
};

}  // namespace

std::span<const Handler> evidence_handlers() { return kHandlers; }

}  // namespace firebreak::views
