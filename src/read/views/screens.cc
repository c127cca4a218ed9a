#include "read/views/screens.h"

#include <fmt/core.h>

namespace firebreak::views {
namespace {

JsonArray things(Store& store, const std::string& kind, const std::string& incident,
                 void (*trim)(JsonObject&) = nullptr) {
  JsonArray items;
  for (JsonObject& document : store.list({.kind = kind, .incident = incident, .endpoint = {}, .state = {}, .oldest_first = true})) {
    if (trim != nullptr) trim(document);
    items.push_back(std::move(document));
  }
  return items;
}

// G3a's detail may break its figure down by attack: "attacks": [{attack, approved, of}].
void add_rows(JsonArray& rows, const JsonObject& gate) {
  const Json* detail = find(gate, "detail");
  JsonObject row;
  for (const char* name : {"endpoint", "candidate", "gate", "limit", "passed", "index", "incident"})
    row[name] = gate.contains(name) ? gate.at(name) : Json(nullptr);
  auto add = [&](std::string_view attack, const Json& from, double share) {
    row["attack"] = attack;
    for (const char* name : {"approved", "of"})
      row[name] = find(from, name) != nullptr ? *find(from, name) : Json(nullptr);
    row["share"] = share;
    rows.push_back(row);
  };
  const Json nothing = JsonObject{};
  add("all", detail != nullptr ? *detail : nothing, number_or(gate, "figure"));
  const Json* attacks = detail != nullptr ? find(*detail, "attacks") : nullptr;
  if (attacks == nullptr || !attacks->is_array()) return;
  for (const Json& attack : attacks->get_array()) {
    const double of = number_or(attack, "of");
    add(string_or(attack, "attack"), attack, of > 0 ? number_or(attack, "approved") / of : 0);
  }
}

}  // namespace

void trim_incident(JsonObject& incident) {
  if (Json* options = incident.if_contains("options"); options != nullptr && options->is_object()) {
    const Json* list = find(*options, "options");
    options->get_object()["count"] = list != nullptr && list->is_array() ? list->get_array().size() : 0;
    options->get_object().erase("options");
  }
}

void trim_action(JsonObject& action) {
  if (const Json* measure = find(action, "measure")) action["measure_kind"] = string_or(*measure, "kind");
  action.erase("measure");
  if (Json* option = action.if_contains("option"); option != nullptr && option->is_object())
    option->get_object().erase("measure");
}

Result<Json> incident_screen(Store& store, const std::string& id) {
  std::optional<JsonObject> incident = store.get("incident", id);
  if (!incident) return fail(Code::kNotFound, fmt::format("there is no incident '{}'", id));
  (*incident)["timeline"] = store.timeline(id);
  (*incident)["actions"] = things(store, "action", id, trim_action);
  (*incident)["evidence"] = things(store, "evidence", id);
  JsonArray findings;
  for (const std::string& finding : strings_or_empty(*incident, "findings"))
    if (std::optional<JsonObject> document = store.get("finding", finding)) findings.push_back(std::move(*document));
  (*incident)["findings"] = std::move(findings);
  (*incident)["gates"] = things(store, "gate", id);
  (*incident)["tasks"] = things(store, "task", id);
  (*incident)["runs"] = things(store, "run", id);
  (*incident)["people"] = things(store, "user", "");
  return Json(std::move(*incident));
}

Result<Json> action_screen(Store& store, const std::string& id) {
  std::optional<JsonObject> action = store.get("action", id);
  if (!action) return fail(Code::kNotFound, fmt::format("there is no action '{}'", id));
  JsonArray orders;
  // Orders carry their action in the document only; those of one endpoint are few enough to walk.
  for (JsonObject& order : store.list({.kind = "order", .incident = string_or(*action, "incident"),
                                       .endpoint = string_or(*action, "endpoint"), .state = {}, .limit = 2'000}))
    if (string_or(order, "action") == id && orders.size() < 200) orders.push_back(std::move(order));
  (*action)["orders"] = std::move(orders);
  return Json(std::move(*action));
}

JsonObject robustness_screen(Store& store) {
  JsonArray rows;
  for (const JsonObject& gate : store.list({.kind = "gate", .incident = {}, .endpoint = {}, .state = {}}))
    if (string_or(gate, "gate") == "G3a") add_rows(rows, gate);
  return JsonObject{{"rows", std::move(rows)}};
}

}  // namespace firebreak::views
