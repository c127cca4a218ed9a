// Endpoints, releases, sources, gate results, promotions.
#include <fmt/core.h>

#include "read/views/projection.h"

namespace firebreak::views {
namespace {

std::string release_key(const Json& body, std::string_view member) {
  return fmt::format("{}/{}", string_or(body, "endpoint"), string_or(body, member));
}

void endpoint_registered(Store& store, const Entry& entry) {
  const Json* document = find(entry.body, "endpoint");
  const Json& from = document != nullptr && document->is_object() ? *document : entry.body;
  JsonObject endpoint = thing(entry, string_or(from, "name"), string_or(from, "state", "observe"));
  if (const std::optional<JsonObject> before = store.get("endpoint", string_or(from, "name")))
    endpoint["index"] = int_or(*before, "index");
  // The table of callers stays out: it is nobody's business on a screen.
  copy_members(endpoint, from,
               {"name", "owner_team", "on_call", "environment", "criticality", "mode", "capture",
                "last_known_good", "gateway", "caps", "amount_field", "positive_label"});
  store.put("endpoint", endpoint);
}

void release_registered(Store& store, const Entry& entry) {
  const std::string key = release_key(entry.body, "release");
  JsonObject release = thing(entry, key, "registered");
  copy_members(release, entry.body,
               {"endpoint", "release", "upstream", "model", "manifest", "dataset", "holdout", "profile",
                "training_cut", "sources", "incident", "by"});
  release["gates"] = JsonObject{};
  store.put("release", release);
  if (const std::string incident = string_or(entry.body, "incident"); !incident.empty()) {
    const Json* model = find(entry.body, "model");
    store.add_timeline(
        incident, entry,
        fmt::format("Release {} of {} registered by {}; model digest {}", string_or(entry.body, "release"),
                    string_or(entry.body, "endpoint"), person(string_or(entry.body, "by")),
                    model != nullptr ? string_or(*model, "digest") : std::string()));
  }
}

// "evidence of inc-41, accepted by ben": the incidents that a text names.
std::vector<std::string> incidents_in(std::string_view text) {
  std::vector<std::string> ids;
  for (std::size_t at = text.find("inc-"); at != std::string_view::npos; at = text.find("inc-", at + 4)) {
    std::size_t end = at + 4;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
    if (end > at + 4) ids.emplace_back(text.substr(at, end - at));
  }
  return ids;
}

void source_approved(Store& store, const Entry& entry) {
  const std::string source = string_or(entry.body, "source"), reason = string_or(entry.body, "reason");
  JsonObject document = thing(entry, source, "approved");
  copy_members(document, entry.body, {"digest", "reason", "by"});
  store.put("source", document);
  for (const std::string& incident : incidents_in(source + " " + reason))
    store.add_timeline(incident, entry,
                       fmt::format("Data source '{}' approved by {}: {}", source,
                                   person(string_or(entry.body, "by")), reason));
}

// The gate says in words what it counted; figure and limit stand for those that do not.
std::string gate_text(const std::string& gate, const std::string& candidate, bool passed, const Json& body) {
  const Json* detail = find(body, "detail");
  std::string text = detail != nullptr ? string_or(*detail, "text") : std::string();
  if (text.empty()) text = fmt::format("{:.6g}", number_or(body, "figure"));
  return fmt::format("Gate {} of {} {}: {} (limit {:.6g})", gate, candidate, passed ? "passed" : "FAILED",
                     text, number_or(body, "limit"));
}

void gate_result(Store& store, const Entry& entry) {
  const std::string gate = string_or(entry.body, "gate"), candidate = string_or(entry.body, "candidate");
  const std::string request_id = string_or(entry.body, "request");
  const std::optional<JsonObject> request = store.get("request", request_id);
  const bool passed = bool_or(entry.body, "passed");
  JsonObject result =
      thing(entry, fmt::format("{}/{}/{}", request_id, candidate, gate), passed ? "passed" : "failed");
  copy_members(result, entry.body,
               {"request", "endpoint", "candidate", "gate", "figure", "limit", "passed", "detail"});
  for (const char* name : {"limit", "passed"}) result.emplace(name, nullptr);
  result["incident"] = request ? string_or(*request, "incident") : std::string();
  result["control"] = request ? string_or(*request, "control") : std::string();
  store.put("gate", result);
  edit(store, entry, "release", release_key(entry.body, "candidate"), [&](JsonObject& release) {
    JsonObject line = moment(entry);
    copy_members(line, entry.body, {"figure", "limit", "passed", "request"});
    release["gates"].as_object()[gate] = std::move(line);
  });
  edit(store, entry, "request", request_id, [&](JsonObject& document) {
    std::vector<std::string> waiting = strings_or_empty(document, "waiting");
    std::erase(waiting, gate);
    document["waiting"] = JsonArray(waiting.begin(), waiting.end());
    if (waiting.empty()) document["state"] = "done";
  });
  if (const std::string incident = string_or(result, "incident"); !incident.empty())
    store.add_timeline(incident, entry, gate_text(gate, candidate, passed, entry.body));
}

void candidate_decided(Store& store, const Entry& entry, std::string_view state) {
  const std::optional<JsonObject> request = store.get("request", string_or(entry.body, "request"));
  edit(store, entry, "release", release_key(entry.body, "candidate"), [&](JsonObject& release) {
    release["state"] = state;
    if (request) release["cleared_for"] = string_or(*request, "incident");
  });
  if (request)
    if (const std::string incident = string_or(*request, "incident"); !incident.empty())
      store.add_timeline(
          incident, entry,
          fmt::format("Candidate {} {} by the gates", string_or(entry.body, "candidate"), state));
}

void candidate_cleared(Store& store, const Entry& entry) { candidate_decided(store, entry, "cleared"); }
void candidate_refused(Store& store, const Entry& entry) { candidate_decided(store, entry, "refused"); }

void promotion_requested(Store& store, const Entry& entry) {
  edit(store, entry, "release", release_key(entry.body, "release"),
       [&](JsonObject& release) { release["state"] = "promotion_requested"; });
  if (const std::string incident = string_or(entry.body, "incident"); !incident.empty())
    store.add_timeline(incident, entry,
                       fmt::format("Promotion of {} requested by {}", string_or(entry.body, "release"),
                                   person(string_or(entry.body, "by"))));
}

void last_known_good(Store& store, const Entry& entry) {
  const std::string endpoint = string_or(entry.body, "endpoint"), release = string_or(entry.body, "release");
  const std::string previous = string_or(entry.body, "previous");
  if (!previous.empty() && previous != release)
    edit(store, entry, "release", endpoint + "/" + previous,
         [](JsonObject& document) { document["state"] = "superseded"; });
  edit(store, entry, "release", endpoint + "/" + release,
       [](JsonObject& document) { document["state"] = "last_known_good"; });
  edit(store, entry, "endpoint", endpoint,
       [&](JsonObject& document) { document["last_known_good"] = release; });
  for (const std::string& incident : open_incidents(store, endpoint))
    store.add_timeline(incident, entry,
                       fmt::format("{} is now the last known good release of {} (was {})", release, endpoint,
                                   previous.empty() ? "none" : previous));
}

constexpr Handler kHandlers[] = {
    {"endpoint_registered", endpoint_registered}, {"release_registered", release_registered},
    {"source_approved", source_approved},         {"gate_result", gate_result},
    {"candidate_cleared", candidate_cleared},     {"candidate_refused", candidate_refused},
    {"promotion_requested", promotion_requested}, {"last_known_good", last_known_good},
};

}  // namespace

std::span<const Handler> release_handlers() { return kHandlers; }

}  // namespace firebreak::views
