// How incidents belong together, how a closed one is opened again, how a role goes from one person to another.
#include <fmt/core.h>

#include "base/digest.h"
#include "fold/casefile/parts.h"
#include "types/casefile.h"
#include "types/roles.h"

namespace firebreak::casefile {
namespace {

std::string relation_key(const std::string& incident, const std::string& relation, const std::string& other) {
  // "related" holds both ways: one key.
  if (relation == "related" && other < incident) return relation_key(other, relation, incident);
  return incident + "\n" + relation + "\n" + other;
}

bool is_person(const std::string& actor) { return actor.starts_with("user:"); }

std::string list_of(const std::set<std::string>& words) {
  std::string list;
  for (const std::string& word : words) list += (list.empty() ? "" : ", ") + word;
  return list;
}

}  // namespace

Drafts relate(const Asked& asked) {
  const bool on = asked.name == "incident.relate";
  const std::string other = asked.text("other");
  if (!asked.state.files.contains(other)) return asked.refused(Code::kNotFound, fmt::format("there is no incident '{}'", other), "/other");
  if (other == asked.incident) return asked.refused(Code::kInvalid, "an incident is not related to itself", "/other");
  const auto relation = choice_of(asked.args, "relation", words::kRelations), reason = text_of(asked.args, "reason");
  for (const auto* one : {&relation, &reason})
    if (!*one) return asked.refused(one->error());
  const bool known = asked.state.relations.contains(relation_key(asked.incident, *relation, other));
  if (on && known) return asked.refused(Code::kConflict, fmt::format("{} is {} {} already", asked.incident, *relation, other), "/other");
  if (!on && !known) return asked.refused(Code::kNotFound, fmt::format("{} is not {} {}", asked.incident, *relation, other), "/other");
  if (on && *relation != "related" && asked.state.relations.contains(relation_key(other, *relation, asked.incident)))
    return asked.refused(Code::kConflict, fmt::format("{} is {} {}: not both ways", other, *relation, asked.incident), "/relation");
  JsonObject body = asked.body();
  body["other"] = other;
  body["relation"] = *relation;
  body["reason"] = *reason;
  return {draft(on ? "incident_related" : "incident_unrelated", std::move(body))};
}

void apply_relation(CasefileState& state, const Entry& entry) {
  const std::string key = relation_key(string_or(entry.body, "incident"), string_or(entry.body, "relation"), string_or(entry.body, "other"));
  if (entry.kind == "incident_related") {
    state.relations.insert(key);
  } else {
    state.relations.erase(key);
  }
}

// What goes on for the incident names it: a run or a measure would be left without one.
Drafts merge(const Asked& asked) {
  const std::string into = asked.text("into");
  const auto other = asked.state.files.find(into);
  if (other == asked.state.files.end()) return asked.refused(Code::kNotFound, fmt::format("there is no incident '{}'", into), "/into");
  if (into == asked.incident) return asked.refused(Code::kInvalid, "an incident is not merged into itself", "/into");
  if (other->second.closed) return asked.refused(Code::kConflict, into + " is closed", "/into");
  if (!asked.file->working.empty())
    return asked.refused(Code::kConflict, fmt::format("{} still has {}: end these first, or merge {} into it", asked.incident, list_of(asked.file->working), into), "/incident");
  const auto reason = text_of(asked.args, "reason");
  if (!reason) return asked.refused(reason.error());
  JsonObject body = asked.body();
  body["into"] = into;
  body["reason"] = *reason;
  body["from"] = asked.file->phase;
  return {draft("incident_merged", std::move(body))};
}

void apply_merged(CasefileState& state, const Entry& entry) {
  CaseFile* const file = file_of(state, entry);
  if (file == nullptr) return;
  file->closed = true;
  file->into = string_or(entry.body, "into");
  file->handovers.clear();
  file->reopen_asked_by.clear();
  for (auto& [id, follow_up] : state.follow_ups)
    if (follow_up.incident == string_or(entry.body, "incident")) follow_up.incident = file->into;
}

// One asks, and an approver who is somebody else opens it.
Drafts reopen(const Asked& asked) {
  if (!asked.file->into.empty())
    return asked.refused(Code::kConflict, fmt::format("{} goes on as {}; split findings off with 'firebreak incident split {}'", asked.incident, asked.file->into, asked.file->into), "/incident");
  for (const auto& [id, file] : asked.state.files)
    if (!file.closed && file.endpoint == asked.file->endpoint)
      return asked.refused(Code::kConflict, fmt::format("{} is open on {}: relate the two with 'firebreak incident relate {} {} related'", id, file.endpoint, id, asked.incident), "/incident");
  if (!is_person(asked.entry.actor)) return asked.refused(Code::kForbidden, "only people open an incident again");
  const auto reason = text_of(asked.args, "reason");
  if (!reason) return asked.refused(reason.error());
  JsonObject body = asked.body();
  body["reason"] = *reason;
  const std::string& first = asked.file->reopen_asked_by;
  if (first.empty()) return {draft("incident_reopen_asked", std::move(body))};
  if (first == asked.entry.actor) return asked.refused(Code::kForbidden, "opening an incident again needs a second person");
  if (!has_word(string_or(asked.entry.body, "role"), "approver"))
    return asked.refused(Code::kForbidden, fmt::format("{} has asked for it; it takes an approver to open it again", first));
  body["with"] = first;
  const CaseFile& file = *asked.file;
  for (const auto& [key, value] : {std::pair("endpoint", &file.endpoint), {"stream", &file.stream}, {"title", &file.title}, {"severity", &file.severity}, {"rule", &file.rule}})
    body[key] = *value;
  JsonObject roles;
  for (const auto& [role, user] : file.roles) roles[role] = user;
  body["roles"] = std::move(roles);
  if (!file.classed.empty()) body["classed"] = JsonArray(file.classed.begin(), file.classed.end());
  return {draft("incident_reopened", std::move(body))};
}

void apply_reopen(CasefileState& state, const Entry& entry) {
  CaseFile* const file = file_of(state, entry);
  if (file == nullptr) return;
  if (entry.kind == "incident_reopen_asked") {
    file->reopen_asked_by = string_or(entry.body, "by");
    return;
  }
  file->closed = false;
  file->reopen_asked_by.clear();
  file->phase = "detection_analysis";
  state.closed_order.erase(index_of(string_or(entry.body, "incident")));
}

// The summary is a blob that the server made; the taker accepts exactly the one with this digest.
Drafts hand_over(const Asked& asked) {
  const std::string role = asked.text("role"), to = asked.text("to"), digest = string_or(asked.args.at("situation"), "digest");
  if (!is_choice("commander|lead|communications|scribe", role)) return asked.refused(Code::kInvalid, "'role' is one of: commander, lead, communications, scribe", "/role");
  if (!is_name(to)) return asked.refused(Code::kInvalid, "'to' is no user name", "/to");
  if (!Digest::from_hex(digest)) return asked.refused(Code::kInvalid, "the summary is named by its digest", "/situation/digest");
  const auto holder = asked.file->roles.find(role);
  if (holder != asked.file->roles.end() && holder->second == to) return asked.refused(Code::kConflict, fmt::format("{} is {} already", to, role), "/to");
  if (asked.file->handovers.size() >= kHandovers) return asked.refused(Code::kTooLarge, fmt::format("an incident has at most {} hand-overs that wait", kHandovers));
  JsonObject body = asked.body();
  body["role"] = role;
  body["to"] = to;
  body["situation"] = asked.args.at("situation");
  if (holder != asked.file->roles.end()) body["from"] = holder->second;
  copy_texts(asked.args, body, {"note"});
  return {draft("handover_prepared", std::move(body))};
}

Drafts accept_handover(const Asked& asked) {
  const std::string id = asked.text("handover");
  for (const auto& [incident, file] : asked.state.files) {
    const auto at = file.handovers.find(id);
    if (at == file.handovers.end()) continue;
    const Handover& waiting = at->second;
    if (asked.entry.actor != "user:" + waiting.to) return asked.refused(Code::kForbidden, fmt::format("{} is handed over to {}", waiting.role, waiting.to), "/handover");
    if (asked.text("digest") != waiting.digest)
      return asked.refused(Code::kConflict, fmt::format("the summary has the digest {}: read it with 'firebreak incident handovers {}'", waiting.digest, incident), "/digest");
    return {draft("handover_accepted", {{"incident", incident}, {"handover", id}, {"digest", waiting.digest}, {"role", waiting.role}, {"by", asked.entry.actor}}),
            draft("incident_role", {{"incident", incident}, {"role", waiting.role}, {"user", waiting.to}, {"by", asked.entry.actor}})};
  }
  return asked.refused(Code::kNotFound, fmt::format("no hand-over '{}' waits", id), "/handover");
}

void apply_handover(CasefileState& state, const Entry& entry) {
  CaseFile* const file = file_of(state, entry);
  if (file == nullptr) return;
  if (entry.kind == "handover_accepted") {
    file->handovers.erase(string_or(entry.body, "handover"));
    return;
  }
  const std::string role = string_or(entry.body, "role");
  std::erase_if(file->handovers, [&](const auto& item) { return item.second.role == role; });  // a newer one stands for it
  const Json* const situation = find(entry.body, "situation");
  file->handovers[entry.id("hand")] = {role, string_or(entry.body, "to"), string_or(entry.body, "by"), situation == nullptr ? "" : string_or(*situation, "digest")};
}

}  // namespace firebreak::casefile
