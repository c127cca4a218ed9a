// Playbooks and incidents for tests. Ids are written short ("action--m"); document() makes them type--UUID, everywhere.
#pragma once

#include <algorithm>
#include <string>

#include "cacao/value.h"
#include "fold/playbook/playbook.h"
#include "types/group_driver.h"

namespace firebreak::playbook {

inline std::string long_id(const std::string& text) {
  const auto parts = cacao::split_identifier(text);
  if (!parts || parts->second.empty() || parts->first.empty() || text.find(' ') != std::string::npos || cacao::uuid_version(parts->second) != 0) return text;
  return cacao::made_identifier(parts->first, text);
}

inline Json long_ids(const Json& value) {
  if (value.is_string()) return Json(long_id(std::string(value.get_string())));
  if (value.is_array()) {
    JsonArray out;
    for (const Json& item : value.get_array()) out.push_back(long_ids(item));
    return out;
  }
  if (!value.is_object()) return value;
  JsonObject out;
  for (const auto& member : value.get_object()) out[long_id(std::string(member.key()))] = long_ids(member.value());
  return out;
}

Json shipped(const std::string& name = "adversarial-evasion");  // of content/playbooks; content_test.cc

inline Json with(JsonObject object, const JsonObject& more) {
  for (const auto& member : more) object[member.key()] = member.value();
  return object;
}

// What a step says beyond the specification.
inline JsonObject rules(JsonObject of) { return JsonObject{{"step_extensions", JsonObject{{"extension-definition--b7a1c2d4-5e6f-4a8b-9c0d-1e2f3a4b5c6d", std::move(of)}}}}; }

inline Json action(const std::string& command, JsonObject routes, const std::string& type = "firebreak") {
  const std::string agent = type == "manual" ? "group--people" : type == "firebreak" ? "security-category--fb" : "http-api--service";
  return with({{"type", "action"}, {"name", command}, {"agent", agent}, {"commands", JsonArray{JsonObject{{"type", type}, {"command", command}}}}}, routes);
}

inline Json text_variable() { return JsonObject{{"type", "string"}, {"external", true}}; }

// Routes that are not there lead to end--all; steps without a step of this name get it.
inline Json document(JsonObject workflow, JsonObject more = {}) {
  if (!workflow.contains("end--all")) workflow["end--all"] = JsonObject{{"type", "end"}};
  JsonObject playbook{{"type", "playbook"}, {"spec_version", "cacao-2.0"}, {"id", "playbook--test"}, {"name", "test"}, {"created_by", "identity--test"},
                      {"created", "2026-03-01T09:00:00.000Z"}, {"modified", "2026-03-01T09:00:00.000Z"}, {"labels", JsonArray{"trigger:rule=evasion"}}, {"workflow_start", "start--1"},
                      {"playbook_variables", JsonObject{}},
                      {"agent_definitions", JsonObject{{"group--people", JsonObject{{"type", "group"}, {"name", "analysts"}}},
                                                       {"security-category--fb", JsonObject{{"type", "security-category"}, {"name", "Firebreak"}, {"category", JsonArray{"orchestrator"}}}},
                                                       {"http-api--service", JsonObject{{"type", "http-api"}, {"name", "service"}, {"address", JsonObject{{"url", JsonArray{"https://api.example.com"}}}}}}}}};
  for (const auto& member : more) playbook[member.key()] = member.value();
  playbook["workflow"] = std::move(workflow);
  return long_ids(playbook);
}

class Story : public GroupDriver<PlaybookState> {
 public:
  Story() : GroupDriver(&playbook::decide, &playbook::apply, Time{1'772'850'000 * kSecond}) { configure({}); }
  // Installs it, with those shipped ones that it calls, and opens an incident that it is for.
  explicit Story(const Json& playbook) : Story() {
    const std::string text = canonical_json(playbook);
    for (const char* name : {"notification", "recovery"})
      if (const Json one = shipped(name); text.find(string_or(one, "id")) != std::string::npos) install(one);
    installed = install(playbook);
    open();
  }

  // The configuration's part about playbooks; the service of document() can be reached.
  std::vector<Entry> configure(JsonObject playbooks, JsonObject callers = {}) {
    if (!playbooks.contains("hosts")) playbooks["hosts"] = JsonArray{"api.example.com"};
    return input("config_applied", JsonObject{{"document", JsonObject{{"playbooks", std::move(playbooks)}, {"callers", std::move(callers)}}}});
  }

  std::vector<Entry> install(const Json& playbook) { return command("user:root", "playbook.install", {{"document", playbook}}); }
  void open() {
    const auto chain = input("finding_opened", JsonObject{{"kind", "query_chain"}, {"stream", "api"}, {"endpoint", "api"}, {"episode", "e1"}, {"first", 100}, {"last", 180}});
    first = input("incident_opened", JsonObject{{"endpoint", "api"}, {"stream", "api"}, {"rule", "evasion"}, {"severity", "SEV-2"}, {"findings", JsonArray{chain[0].id("find")}}});
    incident = first[0].id("inc");
  }

  const Run& run() const {  // the oldest
    const auto older = [](const auto& a, const auto& b) { return index_of(a.first) < index_of(b.first); };
    return std::min_element(state().runs.begin(), state().runs.end(), older)->second;
  }
  std::string outcome_of(const std::string& step) const {
    const std::string id = long_id(step);
    const auto at = run().outcomes.find(id);
    if (at != run().outcomes.end()) return at->second;
    for (const auto& [index, activation] : run().open)
      if (activation.step == id) return "under way";
    return "not started";
  }
  std::vector<Entry> evidence(const std::string& kind, const std::string& request, const std::string& item) {
    return input(kind, JsonObject{{"request", request}, {"incident", incident}, {"item", item}, {"reason", "gone"}});
  }
  std::vector<Entry> done(const std::string& task, const std::string& result = "done") { return input("incident_task_done", JsonObject{{"incident", incident}, {"task", task}, {"result", result}}); }
  std::vector<Entry> called(const std::string& call, JsonObject more) { return input("playbook_call_ended", with({{"call", call}}, more)); }
  std::vector<Entry> tick() { return input("tick", JsonObject{}); }

  std::vector<Entry> installed, first;
  std::string incident;
};

// The newest entry of a kind in all that was.
inline const Entry* newest(const Story& story, std::string_view kind) {
  for (auto at = story.entries().rbegin(); at != story.entries().rend(); ++at)
    if (at->kind == kind) return &*at;
  return nullptr;
}

inline std::string refusal_of(const std::vector<Entry>& group) {
  const Entry* const refused = find_kind(group, "command_refused");
  return refused == nullptr ? "" : string_or(refused->body, "reason");
}

}  // namespace firebreak::playbook
