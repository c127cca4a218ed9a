// Regimes, duties with their reporting deadlines, reliefs, and what holds the evidence.
#include <fmt/core.h>

#include <algorithm>

#include "read/views/projection.h"

namespace firebreak::views {
namespace {

const JsonArray& list_of(const Json& object, std::string_view key) {
  static const JsonArray kNone;
  const Json* const list = find(object, key);
  return list != nullptr && list->is_array() ? list->get_array() : kNone;
}

Json* stage_in(JsonObject& duty, std::string_view id) {
  Json* const stages = duty.if_contains("stages");
  if (stages == nullptr || !stages->is_array()) return nullptr;
  for (Json& stage : stages->get_array())
    if (string_or(stage, "stage") == id) return &stage;
  return nullptr;
}

bool is(const Json& stage, std::string_view member) { return find(stage, member) != nullptr && !find(stage, member)->is_null(); }

std::string shown_state(const Json& stage) {
  if (is(stage, "met")) return "met";
  if (is(stage, "set_aside")) return "set_aside";
  const std::string computed = string_or(stage, "computed");
  return computed == "due" && bool_or(stage, "overdue") ? "overdue" : computed;
}

// Of the whole: overdue, open (something runs or waits), settled.
void sum_up(JsonObject& duty) {
  std::string state = "settled", next;
  for (Json& stage : duty["stages"].as_array()) {
    const std::string one = shown_state(stage);
    stage.as_object()["state"] = one;
    if (one == "overdue") state = "overdue";
    if ((one == "due" || one == "waits") && state == "settled") state = "open";
    const std::string due = string_or(stage, "due");
    if ((one == "due" || one == "overdue") && (next.empty() || due < next)) next = due;
  }
  duty["state"] = state;
  duty["next_due"] = next.empty() ? Json(nullptr) : Json(next);
}

// What the entry computed, beside what is known of each stage already: its words, its proof, who set it aside.
void take_stages(JsonObject& duty, const Json& body) {
  for (const Json& fresh : list_of(body, "stages")) {
    Json* const known = stage_in(duty, string_or(fresh, "stage"));
    if (known == nullptr) continue;
    JsonObject& stage = known->as_object();
    const bool moved = string_or(stage, "due") != string_or(fresh, "due");
    for (const char* key : {"start", "due", "later", "period", "expected", "late", "waits_for", "notes", "met"}) stage.erase(key);
    for (const auto& member : fresh.as_object())
      if (member.key() != "stage" && member.key() != "state") stage[member.key()] = member.value();
    stage["computed"] = string_or(fresh, "state");
    if (moved) stage["overdue"] = false;
    if (!stage.contains("met")) stage.erase("proof");
  }
  sum_up(duty);
}

template <class Change>
void edit_duty(Store& store, const Entry& entry, Change change) {
  edit(store, entry, "duty", string_or(entry.body, "duty"), [&](JsonObject& duty) {
    change(duty);
    take_stages(duty, entry.body);
  });
}

void tell(JsonObject& duty, const Entry& entry) {
  JsonArray& events = duty["events"].as_array();
  for (const Json& one : list_of(entry.body, "events")) {
    JsonObject told = moment(entry, string_or(entry.body, "by"));
    copy_members(told, one, {"event", "at"});
    events.push_back(std::move(told));
  }
  JsonArray& facts = duty["facts"].as_array();
  for (const Json& one : list_of(entry.body, "facts")) {
    const Json fact(string_or(one, "fact"));
    if (const auto known = std::find(facts.begin(), facts.end(), fact); known != facts.end()) facts.erase(known);
    if (bool_or(one, "holds", true)) facts.push_back(fact);
  }
}

void tell_timeline(Store& store, const Entry& entry, std::string_view text) { store.add_timeline(string_or(entry.body, "incident"), entry, text); }

// "GDPR, personal-data breach: Notification to the authority"
std::string title(const JsonObject& duty, const Json& stage) { return fmt::format("{}: {}", string_or(duty, "name"), string_or(stage, "name", string_or(stage, "stage"))); }

void regime_configured(Store& store, const Entry& entry) {
  const std::string id = string_or(entry.body, "regime");
  JsonObject regime = thing(entry, id, find(entry.body, "document") == nullptr || find(entry.body, "document")->is_null() ? "withdrawn" : "in_use");
  copy_members(regime, entry.body, {"digest", "document", "holidays", "offset_minutes"});
  store.put("regime", regime);
}

void deadline_started(Store& store, const Entry& entry) {
  const std::string by = string_or(entry.body, "by");
  JsonObject duty = thing(entry, entry.id("duty"), "open");
  copy_members(duty, entry.body, {"incident", "endpoint", "regime", "version", "reason", "by"});
  for (const char* list : {"events", "facts", "stops", "stages"}) duty[list] = JsonArray{};
  duty["holds_evidence"] = false;
  duty["overridden"] = nullptr;
  const std::optional<JsonObject> regime = store.get("regime", string_or(entry.body, "regime"));
  const Json* const document = regime ? find(*regime, "document") : nullptr;
  duty["name"] = document != nullptr ? string_or(*document, "name") : string_or(entry.body, "regime");
  for (const Json& one : list_of(entry.body, "stages")) {
    JsonObject stage{{"stage", string_or(one, "stage")}, {"overdue", false}};
    if (document != nullptr)
      for (const Json& described : list_of(*document, "stages"))
        if (string_or(described, "id") == string_or(one, "stage")) {
          copy_members(stage, described, {"name", "recipient", "citation"});
          stage["content"] = string_or(described, "due");
        }
    duty["stages"].as_array().push_back(std::move(stage));
  }
  tell(duty, entry);
  take_stages(duty, entry.body);
  store.put("duty", duty);
  const std::string next = string_or(duty, "next_due");
  tell_timeline(store, entry, fmt::format("{} starts the reporting deadlines of {} ({}){}", person(by), string_or(duty, "name"), string_or(duty, "id"), next.empty() ? "" : "; the next is due " + next));
}

void deadline_told(Store& store, const Entry& entry) {
  edit_duty(store, entry, [&](JsonObject& duty) { tell(duty, entry); });
  std::string what;
  for (const Json& one : list_of(entry.body, "events")) what += fmt::format("{}{} at {}", what.empty() ? "" : ", ", string_or(one, "event"), string_or(one, "at"));
  for (const Json& one : list_of(entry.body, "facts")) what += fmt::format("{}{}{}", what.empty() ? "" : ", ", bool_or(one, "holds", true) ? "" : "not ", string_or(one, "fact"));
  if (!what.empty()) tell_timeline(store, entry, fmt::format("{} tells {}: {}", person(string_or(entry.body, "by")), string_or(entry.body, "duty"), what));
}

void deadline_withdrawn(Store& store, const Entry& entry) {
  const std::string event = string_or(entry.body, "event"), at = string_or(entry.body, "at");
  edit_duty(store, entry, [&](JsonObject& duty) {
    JsonArray& events = duty["events"].as_array();
    const auto found = std::find_if(events.begin(), events.end(), [&](const Json& one) { return string_or(one, "event") == event && (at.empty() || string_or(one, "at") == at); });
    if (found != events.end()) events.erase(found);
  });
  tell_timeline(store, entry, fmt::format("{} takes back {} of {}: {}", person(string_or(entry.body, "by")), event, string_or(entry.body, "duty"), string_or(entry.body, "reason")));
}

void deadline_stopped(Store& store, const Entry& entry) {
  edit_duty(store, entry, [&](JsonObject& duty) {
    JsonObject stop = moment(entry, string_or(entry.body, "by"));
    copy_members(stop, entry.body, {"stop", "from", "until", "reason", "with"});
    duty["stops"].as_array().push_back(std::move(stop));
  });
  tell_timeline(store, entry, fmt::format("{} stands still from {} to {}: {}", string_or(entry.body, "duty"), string_or(entry.body, "from"), string_or(entry.body, "until"), string_or(entry.body, "reason")));
}

void deadline_resumed(Store& store, const Entry& entry) {
  edit_duty(store, entry, [&](JsonObject& duty) {
    for (Json& stop : duty["stops"].as_array())
      if (string_or(stop, "stop") == string_or(entry.body, "stop")) stop.as_object()["until"] = string_or(entry.body, "at");
  });
  tell_timeline(store, entry, fmt::format("{} goes on from {}", string_or(entry.body, "duty"), string_or(entry.body, "at")));
}

void deadline_met(Store& store, const Entry& entry) {
  std::string text;
  edit_duty(store, entry, [&](JsonObject& duty) {
    JsonObject filed = moment(entry, string_or(entry.body, "by"));
    filed["event"] = "filed:" + string_or(entry.body, "stage");
    copy_members(filed, entry.body, {"at", "reference", "evidence"});
    duty["events"].as_array().push_back(std::move(filed));
    if (Json* const stage = stage_in(duty, string_or(entry.body, "stage"))) {
      JsonObject proof = moment(entry, string_or(entry.body, "by"));
      copy_members(proof, entry.body, {"at", "reference", "evidence", "late"});
      stage->as_object()["proof"] = std::move(proof);
      text = title(duty, *stage);
    }
  });
  tell_timeline(store, entry, fmt::format("{} was sent at {}{} ({}, by {}): {}{}", text, string_or(entry.body, "at"), bool_or(entry.body, "late") ? ", late" : "", string_or(entry.body, "duty"),
                                          person(string_or(entry.body, "by")), string_or(entry.body, "reference"),
                                          string_or(entry.body, "evidence").empty() ? "" : " " + string_or(entry.body, "evidence")));
}

void deadline_set_aside(Store& store, const Entry& entry) {
  edit_duty(store, entry, [&](JsonObject& duty) {
    for (const std::string& name : strings_or_empty(entry.body, "named")) {
      Json* const stage = stage_in(duty, name);
      if (stage == nullptr) continue;
      JsonObject aside = moment(entry, string_or(entry.body, "by"));
      aside["with"] = person(string_or(entry.body, "with"));
      copy_members(aside, entry.body, {"reason", "relief"});
      stage->as_object()["set_aside"] = std::move(aside);
    }
  });
  tell_timeline(store, entry, fmt::format("{} and {} set aside {} of {}: {}", person(string_or(entry.body, "by")), person(string_or(entry.body, "with")),
                                          join(strings_or_empty(entry.body, "named")), string_or(entry.body, "duty"), string_or(entry.body, "reason")));
}

void deadline_reopened(Store& store, const Entry& entry) {
  edit_duty(store, entry, [&](JsonObject& duty) {
    for (const std::string& name : strings_or_empty(entry.body, "named"))
      if (Json* const stage = stage_in(duty, name)) stage->as_object().erase("set_aside");
  });
  tell_timeline(store, entry, fmt::format("{} takes up {} of {} again: {}", person(string_or(entry.body, "by")), join(strings_or_empty(entry.body, "named")), string_or(entry.body, "duty"),
                                          string_or(entry.body, "reason")));
}

void deadline_reminder(Store& store, const Entry& entry) {
  const bool overdue = string_or(entry.body, "level") == "overdue";
  std::string text;
  edit(store, entry, "duty", string_or(entry.body, "duty"), [&](JsonObject& duty) {
    Json* const stage = stage_in(duty, string_or(entry.body, "stage"));
    if (stage == nullptr) return;
    stage->as_object()["reminded"] = string_or(entry.body, "level");
    if (overdue) stage->as_object()["overdue"] = true;
    text = title(duty, *stage);
    sum_up(duty);
  });
  tell_timeline(store, entry, fmt::format("{} {} ({}, {})", text, overdue ? "is overdue: it was due " + string_or(entry.body, "due") : "is due " + string_or(entry.body, "due"), string_or(entry.body, "duty"),
                                          string_or(entry.body, "stage")));
}

std::string change_text(const Json& change) {
  const std::string what = string_or(change, "do");
  if (what == "set_aside") return "set aside " + join(strings_or_empty(change, "stages"));
  if (what == "override") return "change the system before the notice";
  if (what == "stop") return fmt::format("stop from {} to {}", string_or(change, "from"), string_or(change, "until"));
  if (what == "withdraw") return fmt::format("take back {} {}", string_or(change, "event"), string_or(change, "at"));
  std::string out;
  for (const Json& one : list_of(change, "events")) out += fmt::format("{}{} at {}", out.empty() ? "" : ", ", string_or(one, "event"), string_or(one, "at"));
  for (const Json& one : list_of(change, "facts")) out += fmt::format("{}{}{}", out.empty() ? "" : ", ", bool_or(one, "holds", true) ? "" : "not ", string_or(one, "fact"));
  return out;
}

void relief_proposed(Store& store, const Entry& entry) {
  JsonObject relief = thing(entry, entry.id("relief"), "waiting");
  copy_members(relief, entry.body, {"duty", "incident", "regime", "change", "eases", "reason", "by"});
  const Json* const change = find(entry.body, "change");
  relief["what"] = change != nullptr ? change_text(*change) : "";
  relief["decided"] = nullptr;
  store.put("relief", relief);
  tell_timeline(store, entry, fmt::format("{} proposes for {}: {} ({}); a second person has to confirm", person(string_or(entry.body, "by")), string_or(entry.body, "duty"), string_or(relief, "what"),
                                          string_or(entry.body, "reason")));
}

void relief_void(Store& store, const Entry& entry) {
  edit(store, entry, "relief", string_or(entry.body, "relief"), [&](JsonObject& relief) {
    relief["state"] = "void";
    relief["decided"] = moment(entry, "firebreak");
    copy_members(relief["decided"].as_object(), entry.body, {"reason"});
  });
  tell_timeline(store, entry, fmt::format("{} is void: {}", string_or(entry.body, "relief"), string_or(entry.body, "reason")));
}

void relief_decided(Store& store, const Entry& entry) {
  const bool confirmed = entry.kind == "deadline_relief_confirmed";
  edit(store, entry, "relief", string_or(entry.body, "relief"), [&](JsonObject& relief) {
    relief["state"] = confirmed ? "confirmed" : "rejected";
    relief["decided"] = moment(entry, string_or(entry.body, "by"));
    copy_members(relief["decided"].as_object(), entry.body, {"reason"});
  });
  if (!confirmed) tell_timeline(store, entry, fmt::format("{} rejects {}: {}", person(string_or(entry.body, "by")), string_or(entry.body, "relief"), string_or(entry.body, "reason")));
}

void evidence_hold(Store& store, const Entry& entry) {
  const bool set = entry.kind == "evidence_hold_set";
  edit(store, entry, "duty", string_or(entry.body, "duty"), [&](JsonObject& duty) { duty["holds_evidence"] = set; });
  tell_timeline(store, entry, set ? fmt::format("Evidence hold by {}: nothing changes the system until the notice is proven", string_or(entry.body, "duty"))
                                  : fmt::format("The evidence hold of {} ends: {}", string_or(entry.body, "duty"), string_or(entry.body, "why")));
}

void hold_overridden(Store& store, const Entry& entry) {
  edit_duty(store, entry, [&](JsonObject& duty) {
    JsonObject overridden = moment(entry, string_or(entry.body, "by"));
    overridden["with"] = person(string_or(entry.body, "with"));
    copy_members(overridden, entry.body, {"reason", "relief"});
    duty["overridden"] = std::move(overridden);
  });
  tell_timeline(store, entry, fmt::format("{} and {} override the evidence hold of {}: {}", person(string_or(entry.body, "by")), person(string_or(entry.body, "with")), string_or(entry.body, "duty"),
                                          string_or(entry.body, "reason")));
}

// How much the incident reached, as reports ask for it: the newest count stands.
void impact_told(Store& store, const Entry& entry) {
  if (!string_or(entry.body, "error").empty()) return;
  edit(store, entry, "incident", string_or(entry.body, "incident"), [&](JsonObject& incident) {
    JsonObject affected = moment(entry);
    copy_members(affected, entry.body, {"inferences", "caller_count", "answers"});
    incident["affected"] = std::move(affected);
  });
}

constexpr Handler kHandlers[] = {
    {"deadline_met", deadline_met},
    {"deadline_relief_confirmed", relief_decided},
    {"deadline_relief_proposed", relief_proposed},
    {"deadline_relief_rejected", relief_decided},
    {"deadline_relief_void", relief_void},
    {"deadline_reminder", deadline_reminder},
    {"deadline_reopened", deadline_reopened},
    {"deadline_resumed", deadline_resumed},
    {"deadline_set_aside", deadline_set_aside},
    {"deadline_started", deadline_started},
    {"deadline_stopped", deadline_stopped},
    {"deadline_told", deadline_told},
    {"deadline_withdrawn", deadline_withdrawn},
    {"evidence_hold_lifted", evidence_hold},
    {"evidence_hold_overridden", hold_overridden},
    {"evidence_hold_set", evidence_hold},
    {"impact_told", impact_told},
    {"regime_configured", regime_configured},
};

}  // namespace

std::span<const Handler> deadline_handlers() { return kHandlers; }

}  // namespace firebreak::views
