// What people wrote into incidents: facts and opinions, fields, contacts, classification, checklist, indicators, assets, notes, relations,
// hand-overs, lessons, follow-ups. What a row said before stays in the row's document.
#include <fmt/core.h>

#include <algorithm>

#include "read/views/projection.h"

namespace firebreak::views {
namespace {

std::string incident_of(const Entry& entry) { return string_or(entry.body, "incident"); }
std::string by_of(const Entry& entry) { return person(string_or(entry.body, "by")); }

// A document of this id, made when there is none; what it said goes into "before".
template <class Change>
void revise(Store& store, const Entry& entry, std::string_view kind, const std::string& id, std::initializer_list<std::string_view> said, Change change) {
  std::optional<JsonObject> known = store.get(kind, id);
  JsonObject document = known ? std::move(*known) : thing(entry, id, "");
  if (!document.contains("before")) document["before"] = JsonArray{};
  if (const Json* const last = find(document, "said"); last != nullptr && last->is_object()) {
    JsonObject old = last->get_object();
    copy_members(old, Json(document), said);
    document["before"].as_array().push_back(std::move(old));
  }
  for (const std::string_view name : said) document.erase(name);
  copy_members(document, entry.body, said);
  document["incident"] = incident_of(entry);
  document["said"] = moment(entry, by_of(entry));
  document["updated"] = format_time(entry.time);
  change(document);
  store.put(kind, document);
}

void casefile_row(Store& store, const Entry& entry) {
  const std::string by = by_of(entry), type = string_or(entry.body, "type"), corrects = string_or(entry.body, "corrects"), text = string_or(entry.body, "text");
  Said said{type, by, string_or(entry.body, "source"), string_or(entry.body, "said"), string_or(entry.body, "reason"), {}, index_of(corrects)};
  if (const auto occurred = get_time(entry.body, "occurred")) said.occurred = *occurred;
  const std::string what = type == "opinion" ? "Opinion" : "Fact";
  store.add_said(incident_of(entry), entry,
                 corrects.empty() ? fmt::format("{} by {}: {}", what, by, text) : fmt::format("{} by {}, corrects {} ({}): {}", what, by, corrects, said.reason, text), said);
}

void casefile_field(Store& store, const Entry& entry) {
  const std::string field = string_or(entry.body, "field"), id = incident_of(entry) + "/" + field;
  revise(store, entry, "field", id, {"value", "text"}, [&](JsonObject& document) { document["field"] = field; });
  store.add_timeline(incident_of(entry), entry, fmt::format("{} set by {}: {}", words(field), by_of(entry),
                                                           find(entry.body, "text") != nullptr ? string_or(entry.body, "text") : canonical_json(entry.body.at("value"))));
}

void casefile_contact(Store& store, const Entry& entry) {
  JsonObject contact = thing(entry, entry.id("contact"), string_or(entry.body, "kind"));
  copy_members(contact, entry.body, {"incident", "kind", "name", "position", "unit", "email", "phone", "location", "organisation"});
  contact["said"] = moment(entry, by_of(entry));
  store.put("contact", contact);
  store.add_timeline(incident_of(entry), entry, fmt::format("Contact ({}) added by {}", words(string_or(entry.body, "kind")), by_of(entry)));
}

void casefile_label(Store& store, const Entry& entry) {
  const std::string framework = string_or(entry.body, "framework"), version = string_or(entry.body, "version"), label = string_or(entry.body, "id");
  const bool holds = bool_or(entry.body, "holds");
  revise(store, entry, "label", fmt::format("{}/{}/{}/{}", incident_of(entry), framework, version, label), {"reason"}, [&](JsonObject& document) {
    document["state"] = holds ? "holds" : "withdrawn";
    document["framework"] = framework;
    document["version"] = version;
    document["label"] = label;
  });
  const std::string of = fmt::format("{} of {} {}", label, framework, version);
  store.add_timeline(incident_of(entry), entry, holds ? fmt::format("Classified by {}: {}", by_of(entry), of)
                                                      : fmt::format("Classification taken back by {}: {} ({})", by_of(entry), of, string_or(entry.body, "reason")));
}

void set_check(Store& store, const Entry& entry, const std::string& item, const std::string& state, std::int64_t round) {
  revise(store, entry, "check", incident_of(entry) + "/" + item, {"evidence", "note"}, [&](JsonObject& document) {
    if (document.contains("item") && !document["before"].as_array().empty()) {
      document["before"].as_array().back().as_object()["state"] = string_or(document, "state");
      document["before"].as_array().back().as_object()["round"] = int_or(document, "round");
    }
    document["item"] = item;
    document["state"] = state;
    document["round"] = round;
  });
}

void casefile_check(Store& store, const Entry& entry) {
  const std::string item = string_or(entry.body, "item"), state = string_or(entry.body, "state"), note = string_or(entry.body, "note");
  set_check(store, entry, item, state, int_or(entry.body, "round", 1));
  store.add_timeline(incident_of(entry), entry, fmt::format("Checklist {} {} by {}{}", item, words(state), by_of(entry), note.empty() ? "" : ": " + note));
}

void casefile_loop(Store& store, const Entry& entry) {
  const auto items = strings_or_empty(entry.body, "items");
  const std::int64_t round = int_or(entry.body, "round", 1);
  for (const std::string& item : items) set_check(store, entry, item, "open", round);
  edit(store, entry, "incident", incident_of(entry), [&](JsonObject& incident) { incident["round"] = round; });
  store.add_timeline(incident_of(entry), entry, fmt::format("Checklist, round {}: {} are to be done again", round, join(items)));
}

void casefile_indicator(Store& store, const Entry& entry) {
  JsonObject indicator = thing(entry, entry.id("ind"), "stands");
  copy_members(indicator, entry.body, {"incident", "sign", "type", "value", "tlp", "note"});
  indicator["said"] = moment(entry, by_of(entry));
  store.put("indicator", indicator);
  store.add_timeline(incident_of(entry), entry, fmt::format("{} {} ({}, {}) added by {}", words(string_or(entry.body, "sign")), entry.id("ind"), words(string_or(entry.body, "type")),
                                                           string_or(entry.body, "tlp"), by_of(entry)));
}

void casefile_indicator_withdrawn(Store& store, const Entry& entry) {
  const std::string id = string_or(entry.body, "indicator");
  edit(store, entry, "indicator", id, [&](JsonObject& indicator) {
    indicator["state"] = "withdrawn";
    indicator["withdrawn"] = moment(entry, by_of(entry));
    copy_members(indicator["withdrawn"].as_object(), entry.body, {"reason"});
  });
  store.add_timeline(incident_of(entry), entry, fmt::format("{} withdrawn by {}: {}", id, by_of(entry), string_or(entry.body, "reason")));
}

void casefile_asset(Store& store, const Entry& entry) {
  const std::string asset = string_or(entry.body, "asset"), state = string_or(entry.body, "state"), was = string_or(entry.body, "was");
  revise(store, entry, "case_asset", incident_of(entry) + "/" + asset, {"note"}, [&](JsonObject& document) {
    if (!document["before"].as_array().empty()) document["before"].as_array().back().as_object()["state"] = string_or(document, "state");
    document["asset"] = asset;
    document["state"] = state;
  });
  store.add_timeline(incident_of(entry), entry, fmt::format("{} is {}{}, says {}", asset, words(state), was.empty() ? "" : " (was " + words(was) + ")", by_of(entry)));
}

void asset_put(Store& store, const Entry& entry) {
  const std::string name = string_or(entry.body, "asset");
  std::optional<JsonObject> known = store.get("asset", name);
  JsonObject asset = known ? std::move(*known) : thing(entry, name, "");
  for (const char* list : {"needs", "needed_by"})
    if (!asset.contains(list)) asset[list] = JsonArray{};
  asset["state"] = string_or(entry.body, "type");
  copy_members(asset, entry.body, {"type", "owner", "criticality", "data_class", "regulatory_role", "version", "digest", "last_known_good", "fallback", "kill_switch", "tested"});
  asset["said"] = moment(entry, by_of(entry));
  asset["updated"] = format_time(entry.time);
  store.put("asset", asset);
}

void asset_link(Store& store, const Entry& entry) {
  const std::string name = string_or(entry.body, "asset"), needs = string_or(entry.body, "needs");
  const auto change = [&](const std::string& of, const char* list, const std::string& other) {
    edit(store, entry, "asset", of, [&](JsonObject& asset) {
      std::vector<std::string> all = strings_or_empty(asset, list);
      std::erase(all, other);
      if (entry.kind == "asset_linked") all.insert(std::lower_bound(all.begin(), all.end(), other), other);
      asset[list] = JsonArray(all.begin(), all.end());
    });
  };
  change(name, "needs", needs);
  change(needs, "needed_by", name);
}

void casefile_notes(Store& store, const Entry& entry) {
  const std::string document = string_or(entry.body, "document"), id = incident_of(entry) + "/" + document;
  revise(store, entry, "notes", id, {"revision", "text"}, [&](JsonObject& notes) {
    notes["document"] = document;
    notes["state"] = "current";
    if (!notes.contains("kept")) notes["kept"] = JsonArray{};
  });
  store.add_timeline(incident_of(entry), entry, fmt::format("Notes '{}' revision {} by {}", document, int_or(entry.body, "revision"), by_of(entry)));
}

void casefile_notes_conflict(Store& store, const Entry& entry) {
  const std::string document = string_or(entry.body, "document");
  edit(store, entry, "notes", incident_of(entry) + "/" + document, [&](JsonObject& notes) {
    JsonObject kept = moment(entry, by_of(entry));
    copy_members(kept, entry.body, {"base", "text"});
    notes["kept"].as_array().push_back(std::move(kept));
  });
  store.add_timeline(incident_of(entry), entry, fmt::format("Notes '{}': {} wrote on revision {} while it was at {}; the text is kept", document, by_of(entry), int_or(entry.body, "base"), int_or(entry.body, "revision")));
}

// Under both incidents, from the side of each.
void incident_related(Store& store, const Entry& entry) {
  const std::string other = string_or(entry.body, "other"), relation = string_or(entry.body, "relation");
  const bool holds = entry.kind == "incident_related";
  const auto put = [&](const std::string& of, const std::string& to, const std::string& as) {
    JsonObject document = thing(entry, fmt::format("{}/{}/{}", of, as, to), holds ? "holds" : "withdrawn");
    document["incident"] = of;
    document["relation"] = as;
    document["other"] = to;
    document["reason"] = string_or(entry.body, "reason");
    document["said"] = moment(entry, by_of(entry));
    store.put("relation", document);
    store.add_timeline(of, entry, fmt::format("{} {} {} {}, says {}: {}", of, holds ? "is" : "is not", words(as), to, by_of(entry), string_or(entry.body, "reason")));
  };
  put(incident_of(entry), other, relation);
  put(other, incident_of(entry), relation == "caused_by" ? "cause_of" : relation == "duplicate_of" ? "duplicated_by" : relation);
}

void incident_reopen_asked(Store& store, const Entry& entry) {
  edit(store, entry, "incident", incident_of(entry), [&](JsonObject& incident) {
    incident["reopen_asked"] = moment(entry, by_of(entry));
    incident["reopen_asked"].as_object()["reason"] = string_or(entry.body, "reason");
  });
  JsonObject asked = thing(entry, incident_of(entry), "waiting");
  asked["incident"] = incident_of(entry);
  asked["by"] = by_of(entry);
  asked["reason"] = string_or(entry.body, "reason");
  store.put("reopen", asked);
  store.add_timeline(incident_of(entry), entry, fmt::format("{} asks to open it again: {}", by_of(entry), string_or(entry.body, "reason")));
}

void handover_prepared(Store& store, const Entry& entry) {
  const std::string role = string_or(entry.body, "role");
  for (const JsonObject& older : store.list({.kind = "handover", .incident = incident_of(entry), .endpoint = {}, .state = "waiting"}))
    if (string_or(older, "role") == role) edit(store, entry, "handover", string_or(older, "id"), [](JsonObject& handover) { handover["state"] = "replaced"; });
  JsonObject handover = thing(entry, entry.id("hand"), "waiting");
  copy_members(handover, entry.body, {"incident", "role", "from", "to", "note", "situation"});
  handover["said"] = moment(entry, by_of(entry));
  handover["accepted"] = nullptr;
  store.put("handover", handover);
  store.add_timeline(incident_of(entry), entry, fmt::format("{} hands {} over to {} ({})", by_of(entry), role, string_or(entry.body, "to"), entry.id("hand")));
}

void handover_accepted(Store& store, const Entry& entry) {
  const std::string id = string_or(entry.body, "handover");
  edit(store, entry, "handover", id, [&](JsonObject& handover) {
    handover["state"] = "accepted";
    handover["accepted"] = moment(entry, by_of(entry));
  });
  store.add_timeline(incident_of(entry), entry, fmt::format("{} takes {} over ({}), having read {}", by_of(entry), string_or(entry.body, "role"), id, string_or(entry.body, "digest").substr(0, 12)));
}

void custody_offered(Store& store, const Entry& entry) {
  JsonObject offer = thing(entry, entry.id("cust"), "waiting");
  copy_members(offer, entry.body, {"incident", "evidence", "items", "digest", "from", "to", "reason", "at"});
  offer["said"] = moment(entry, by_of(entry));
  offer["ended"] = nullptr;
  store.put("custody", offer);
  store.add_timeline(incident_of(entry), entry, fmt::format("{} offers {} to {} ({})", by_of(entry), string_or(entry.body, "evidence"), string_or(entry.body, "to"), entry.id("cust")));
}

void custody_ended(Store& store, const Entry& entry) {
  edit(store, entry, "custody", string_or(entry.body, "offer"), [&](JsonObject& offer) {
    offer["state"] = string_or(entry.body, "outcome");
    offer["ended"] = moment(entry, by_of(entry));
    copy_members(offer["ended"].as_object(), entry.body, {"reason", "at"});
  });
}

// The sealed note itself is in no view; what is released comes as a note of its own.
void privileged_note_released(Store& store, const Entry& entry) {
  store.add_timeline(incident_of(entry), entry, fmt::format("{} released from counsel's privilege by {}: {}", string_or(entry.body, "note"), by_of(entry), string_or(entry.body, "reason")));
}

void lesson_added(Store& store, const Entry& entry) {
  JsonObject lesson = thing(entry, entry.id("lesson"), string_or(entry.body, "phase"));
  copy_members(lesson, entry.body, {"incident", "text", "phase", "question"});
  lesson["said"] = moment(entry, by_of(entry));
  lesson["amendments"] = JsonArray{};
  store.put("lesson", lesson);
  store.add_timeline(incident_of(entry), entry, fmt::format("Lesson by {}: {}", by_of(entry), string_or(entry.body, "text")));
}

void follow_up_opened(Store& store, const Entry& entry) {
  JsonObject follow_up = thing(entry, entry.id("follow"), "open");
  copy_members(follow_up, entry.body, {"incident", "text", "owner", "due", "acceptance"});
  follow_up["overdue"] = false;
  follow_up["said"] = moment(entry, by_of(entry));
  follow_up["closed"] = nullptr;
  store.put("follow_up", follow_up);
  store.add_timeline(incident_of(entry), entry, fmt::format("Follow-up {} of {} until {}: {}", entry.id("follow"), string_or(entry.body, "owner"), string_or(entry.body, "due"), string_or(entry.body, "text")));
}

void follow_up_changed(Store& store, const Entry& entry) {
  const std::string id = string_or(entry.body, "follow_up");
  const bool closes = entry.kind == "follow_up_closed";
  edit(store, entry, "follow_up", id, [&](JsonObject& follow_up) {
    if (!closes) {
      follow_up["overdue"] = true;
      return;
    }
    follow_up["state"] = "closed";
    follow_up["closed"] = moment(entry, by_of(entry));
    copy_members(follow_up["closed"].as_object(), entry.body, {"evidence", "result", "late"});
  });
  store.add_timeline(incident_of(entry), entry, closes ? fmt::format("Follow-up {} closed by {} with {}: {}", id, by_of(entry), string_or(entry.body, "evidence"), string_or(entry.body, "result"))
                                                       : fmt::format("Follow-up {} of {} is overdue since {}", id, string_or(entry.body, "owner"), string_or(entry.body, "due")));
}

// On the lesson, too: what it led to, and whether that is in force.
void tell_lesson(Store& store, const Entry& entry, const JsonObject& amendment) {
  edit(store, entry, "lesson", string_or(amendment, "lesson"), [&](JsonObject& lesson) {
    JsonArray& all = lesson["amendments"].as_array();
    all.erase(std::remove_if(all.begin(), all.end(), [&](const Json& one) { return string_or(one, "id") == string_or(amendment, "id"); }), all.end());
    JsonObject line;
    copy_members(line, Json(amendment), {"id", "change", "state", "updated"});
    all.push_back(std::move(line));
  });
}

void amendment_proposed(Store& store, const Entry& entry) {
  JsonObject amendment = thing(entry, entry.id("amend"), "proposed");
  copy_members(amendment, entry.body, {"incident", "lesson", "change", "document", "digest", "reason", "expires"});
  amendment["said"] = moment(entry, by_of(entry));
  amendment["updated"] = format_time(entry.time);
  for (const char* absent : {"decided", "ended"}) amendment[absent] = nullptr;
  store.put("amendment", amendment);
  tell_lesson(store, entry, amendment);
  store.add_timeline(incident_of(entry), entry, fmt::format("{} by {} for {}: {} ({})", entry.id("amend"), by_of(entry), string_or(entry.body, "lesson"), words(string_or(entry.body, "change")),
                                                           string_or(entry.body, "reason")));
}

void amendment_changed(Store& store, const Entry& entry) {
  const std::string id = string_or(entry.body, "amendment"), state = entry.kind.substr(std::string_view("amendment_").size()), reason = string_or(entry.body, "reason");
  const bool decided = state == "approved" || state == "rejected";
  edit(store, entry, "amendment", id, [&](JsonObject& amendment) {
    amendment["state"] = state;
    amendment["updated"] = format_time(entry.time);
    JsonObject now = moment(entry, by_of(entry));
    copy_members(now, entry.body, {"reason"});
    amendment[decided ? "decided" : "ended"] = std::move(now);
    tell_lesson(store, entry, amendment);
  });
  if (const Json* const document = find(entry.body, "document"); document != nullptr && string_or(entry.body, "change") == "retire")
    edit(store, entry, "amendment", string_or(*document, "amendment"), [&](JsonObject& ended) {
      ended["state"] = "retired";
      ended["updated"] = format_time(entry.time);
      tell_lesson(store, entry, ended);
    });
  const std::string who = decided ? " by " + by_of(entry) : "";
  store.add_timeline(incident_of(entry), entry, fmt::format("{} ({}) {}{}{}", id, words(string_or(entry.body, "change")), words(state), who, reason.empty() ? "" : ": " + reason));
}

constexpr Handler kHandlers[] = {
    {"amendment_approved", amendment_changed},
    {"amendment_failed", amendment_changed},
    {"amendment_in_force", amendment_changed},
    {"amendment_proposed", amendment_proposed},
    {"amendment_rejected", amendment_changed},
    {"asset_linked", asset_link},
    {"asset_put", asset_put},
    {"asset_unlinked", asset_link},
    {"casefile_asset", casefile_asset},
    {"casefile_check", casefile_check},
    {"casefile_contact", casefile_contact},
    {"casefile_field", casefile_field},
    {"casefile_indicator", casefile_indicator},
    {"casefile_indicator_withdrawn", casefile_indicator_withdrawn},
    {"casefile_label", casefile_label},
    {"casefile_loop", casefile_loop},
    {"casefile_notes", casefile_notes},
    {"casefile_notes_conflict", casefile_notes_conflict},
    {"casefile_row", casefile_row},
    {"custody_ended", custody_ended},
    {"custody_offered", custody_offered},
    {"follow_up_closed", follow_up_changed},
    {"follow_up_opened", follow_up_opened},
    {"follow_up_overdue", follow_up_changed},
    {"handover_accepted", handover_accepted},
    {"handover_prepared", handover_prepared},
    {"incident_related", incident_related},
    {"incident_reopen_asked", incident_reopen_asked},
    {"incident_unrelated", incident_related},
    {"lesson_added", lesson_added},
    {"privileged_note_released", privileged_note_released},
};

}  // namespace

std::span<const Handler> casefile_handlers() { return kHandlers; }

}  // namespace firebreak::views
