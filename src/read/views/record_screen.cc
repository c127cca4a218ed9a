// The record of an incident, field by field, and the summary that a role is handed over with. Made of what the journal says; a field that a person
// has set says so, one that follows from the rest says from what.
#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "read/views/projection.h"
#include "read/views/screens.h"
#include "types/casefile.h"

namespace firebreak::views {
namespace {

constexpr int kMost = 20'000;  // rows of one kind in a record

std::vector<JsonObject> parts(Store& store, std::string kind, const std::string& incident, std::string state = {}) {
  Query query;
  query.kind = std::move(kind);
  query.incident = incident;
  query.state = std::move(state);
  query.limit = kMost;
  query.oldest_first = true;
  return store.list(query);
}

JsonArray picked(const std::vector<JsonObject>& documents, std::initializer_list<std::string_view> names) {
  JsonArray out;
  for (const JsonObject& document : documents) {
    JsonObject one;
    copy_members(one, Json(document), names);
    out.push_back(std::move(one));
  }
  return out;
}

// r2's words: new, in progress, forwarded for investigation, resolved.
Json status_of(Store& store, const JsonObject& incident) {
  const std::string id = string_or(incident, "id"), phase = string_or(incident, "phase");
  std::string word = "in progress";
  if (const auto taken = incident.find("acknowledged"); taken == incident.end() || !taken->value().is_object()) word = "new";
  if (!parts(store, "handover", id, "waiting").empty()) word = "forwarded for investigation";
  if (phase == "post_incident" || string_or(incident, "state") == "closed") word = "resolved";
  return JsonObject{{"word", word}, {"phase", phase}, {"state", string_or(incident, "state")}, {"severity", string_or(incident, "severity")}};
}

JsonArray custody_of(const std::vector<JsonObject>& evidence) {
  JsonArray out;
  for (const JsonObject& item : evidence) {
    const Json* const custody = find(item, "custody");
    if (custody == nullptr || !custody->is_array() || custody->get_array().empty()) {
      JsonObject first{{"evidence", string_or(item, "id")}, {"action", string_or(item, "state")}, {"by", "firebreak"}};
      copy_members(first, Json(item), {"time", "index", "digest"});
      out.push_back(std::move(first));
      continue;
    }
    for (const Json& step : custody->get_array()) {
      JsonObject one = step.as_object();
      one["evidence"] = string_or(item, "id");
      out.push_back(std::move(one));
    }
  }
  return out;
}

JsonArray actions_of(Store& store, const std::string& id) {
  JsonArray out = picked(parts(store, "action", id), {"id", "what", "class", "state", "requested_by", "approved_by", "until", "time", "index", "ended"});
  for (const Json& task : picked(parts(store, "task", id), {"id", "text", "owner", "state", "due", "done", "result", "template", "after", "waits_for", "time", "index"})) out.push_back(task);
  return out;
}

JsonArray comments_of(Store& store, const std::string& id) {
  Lines lines;
  lines.incident = id;
  lines.types = "note fact opinion";
  JsonArray out = store.timeline(lines);
  for (const JsonObject& notes : parts(store, "notes", id))
    out.push_back(JsonObject{{"type", "document"}, {"document", string_or(notes, "document")}, {"revision", int_or(notes, "revision")}, {"text", string_or(notes, "text")}});
  return out;
}

JsonArray handlers_of(Store& store, const JsonObject& incident) {
  JsonArray out;
  each_member(Json(incident), "roles", [&](const std::string& role, const Json& user) { out.push_back(JsonObject{{"role", role}, {"user", user}}); });
  for (Json& one : picked(parts(store, "contact", string_or(incident, "id"), "handler"), {"id", "name", "position", "unit", "email", "phone", "location"})) out.push_back(std::move(one));
  return out;
}

JsonArray reporters_of(Store& store, const JsonObject& incident) {
  JsonArray out = picked(parts(store, "contact", string_or(incident, "id"), "reporter"), {"id", "name", "position", "unit", "email", "phone", "location", "organisation"});
  if (!out.empty()) return out;
  const std::string by = string_or(incident, "declared_by");
  out.push_back(by.empty() ? JsonObject{{"rule", string_or(incident, "rule")}} : JsonObject{{"user", person(by)}});
  return out;
}

JsonObject affected(Store& store, const JsonObject& incident) {
  return JsonObject{{"endpoint", string_or(incident, "endpoint")}, {"assets", picked(parts(store, "case_asset", string_or(incident, "id")), {"asset", "state", "note"})}};
}

JsonArray labels_of(Store& store, const std::string& id) { return picked(parts(store, "label", id, "holds"), {"framework", "version", "label"}); }

Json set_value(Store& store, const std::string& id, std::string_view field) {
  const std::optional<JsonObject> set = store.get("field", id + "/" + std::string(field));
  if (!set) return nullptr;
  const Json* const value = find(*set, "value");
  const Json* const text = find(*set, "text");
  return value != nullptr ? *value : text != nullptr ? *text : Json(nullptr);
}

Json of_attack(Store& store, const JsonObject& incident, std::string_view field);

Json category_of(Store& store, const JsonObject& incident) {
  const std::string id = string_or(incident, "id");
  JsonObject out{{"classification", labels_of(store, id)}};
  for (const char* field : {"ai_system_type", "ai_stage", "ai_goal", "ai_capability", "ai_knowledge"}) {
    Json said = set_value(store, id, field);
    out[field] = said.is_null() ? of_attack(store, incident, field) : std::move(said);
  }
  return out;
}

// What nobody types, and what a time is when nobody has said another.
Json derived(Store& store, const JsonObject& incident, std::string_view field) {
  const std::string id = string_or(incident, "id");
  if (field == "status") return status_of(store, incident);
  if (field == "indicators") return picked(parts(store, "indicator", id), {"id", "sign", "type", "value", "tlp", "note", "state", "time", "index"});
  if (field == "related_incidents") return picked(parts(store, "relation", id, "holds"), {"relation", "other", "reason", "time", "index"});
  if (field == "actions" || field == "response_actions") return actions_of(store, id);
  if (field == "chain_of_custody") return custody_of(parts(store, "evidence", id));
  if (field == "impact") return incident.contains("impacts") ? incident.at("impacts") : Json(JsonArray{});
  if (field == "contacts") return picked(parts(store, "contact", id), {"id", "kind", "name", "position", "unit", "email", "phone", "location", "organisation", "time", "index"});
  if (field == "evidence") return picked(parts(store, "evidence", id), {"id", "item", "name", "digest", "octets", "origin", "state", "time", "index"});
  if (field == "comments") return comments_of(store, id);
  if (field == "reporter") return reporters_of(store, incident);
  if (field == "handlers") return handlers_of(store, incident);
  if (field == "affected_resources") return affected(store, incident);
  if (field == "category") return category_of(store, incident);
  if (field == "classification") return labels_of(store, id);
  if (field == "summary") return Json(string_or(incident, "title"));
  if (field == "started") return Json(string_or(incident, "first_time", string_or(incident, "opened")));
  if (field == "discovered" || field == "reported") return Json(string_or(incident, "opened"));
  if (field.starts_with("ai_")) return of_attack(store, incident, field);
  if (field == "how_detected" && !string_or(incident, "rule").empty() && string_or(incident, "rule") != "declared") return Json("correlation rule " + string_or(incident, "rule"));
  if (field == "resolved")
    if (const Json* const closed = find(incident, "closed"); closed != nullptr && closed->is_object()) return Json(string_or(*closed, "time"));
  return nullptr;
}

// Of findings that nobody has said mean nothing.
Json of_attack(Store& store, const JsonObject& incident, std::string_view field) {
  std::set<std::string> kinds;
  for (const std::string& id : strings_or_empty(Json(incident), "findings"))
    if (const auto finding = store.get("finding", id)) {
      const std::string verdict = string_or(*finding, "verdict");
      if (verdict.empty() || verdict == "true") kinds.insert(string_or(*finding, "kind"));
    }
  for (const AttackClass& attack : attack_classes()) {
    if (!kinds.contains(std::string(attack.finding))) continue;
    if (field == "ai_system_type") return Json(attack.system);
    if (field == "ai_stage") return Json(attack.stage);
    if (field == "ai_goal") return JsonArray{Json(attack.goal)};
    if (field == "ai_capability") return JsonArray{Json(attack.capability)};
    if (field == "ai_knowledge") return Json(attack.knowledge);
  }
  return nullptr;
}

bool says_nothing(const Json& value) {
  return value.is_null() || (value.is_string() && value.get_string().empty()) || (value.is_array() && value.get_array().empty());
}

JsonArray of_incident(const JsonObject& screen, std::string_view key, const std::string& incident) {
  JsonArray out;
  if (const Json* const list = find(screen, key); list != nullptr && list->is_array())
    for (const Json& item : list->get_array())
      if (string_or(item, "incident") == incident) out.push_back(item);
  return out;
}

}  // namespace

Result<Json> record_screen(Store& store, const std::string& id) {
  const std::optional<JsonObject> incident = store.get("incident", id);
  if (!incident) return fail(Code::kNotFound, fmt::format("there is no incident '{}'", id));
  JsonArray fields;
  std::int64_t missing = 0;
  for (const RecordField& field : record_fields()) {
    JsonObject out{{"field", field.name}, {"label", field.label}, {"asked_by", field.source}, {"type", field.type}};
    const std::optional<JsonObject> set = field.type == "derived" ? std::nullopt : store.get("field", id + "/" + std::string(field.name));
    out["value"] = set ? set_value(store, id, field.name) : derived(store, *incident, field.name);
    out["set"] = set ? set->at("said") : Json(nullptr);
    if (set) out["before"] = set->at("before");
    const bool empty = says_nothing(out["value"]);
    out["missing"] = empty;
    missing += empty;
    fields.push_back(std::move(out));
  }
  return JsonObject{{"version", 1}, {"incident", id}, {"title", string_or(*incident, "title")}, {"fields", std::move(fields)}, {"missing", missing}};
}

Result<Json> handover_screen(Store& store, const std::string& id) {
  const std::optional<JsonObject> incident = store.get("incident", id);
  if (!incident) return fail(Code::kNotFound, fmt::format("there is no incident '{}'", id));
  constexpr std::size_t kFacts = 10;
  Lines lines;
  lines.incident = id;
  lines.types = "fact";
  JsonArray facts = store.timeline(lines), newest;
  for (std::size_t i = facts.size() > kFacts ? facts.size() - kFacts : 0; i < facts.size(); ++i)
    if (find(facts[i], "corrected_by") == nullptr) newest.push_back(facts[i]);
  JsonObject situation;
  copy_members(situation, Json(*incident), {"title", "severity", "phase", "endpoint", "opened", "impact", "roles"});
  if (const Json* const triage = find(*incident, "triage"); triage != nullptr && triage->is_object()) situation["triage"] = string_or(*triage, "verdict");
  situation["cause"] = set_value(store, id, "cause");
  situation["next_steps"] = set_value(store, id, "next_steps");
  situation["facts"] = std::move(newest);
  const JsonObject screen = status_screen(store);
  return JsonObject{{"version", 1},
                    {"incident", id},
                    {"situation", std::move(situation)},
                    {"in_force", of_incident(screen, "in_force", id)},
                    {"needs_person", of_incident(screen, "needs_person", id)},
                    {"waiting", of_incident(screen, "waiting", id)},
                    {"due", of_incident(screen, "due", id)}};
}

}  // namespace firebreak::views
