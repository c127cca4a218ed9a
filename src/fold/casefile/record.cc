// The record field by field, contacts, the classification, the checklist of table 3-5 with its loop.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "fold/casefile/parts.h"
#include "types/casefile.h"

namespace firebreak::casefile {
namespace {

std::string label_key(const Json& from) { return string_or(from, "framework") + "\n" + string_or(from, "version") + "\n" + string_or(from, "id"); }

Result<void> copy_several(const RecordField& field, const std::string& value, JsonObject& body) {
  JsonArray taken;
  for (std::size_t at = 0; at <= value.size();) {
    const std::size_t end = std::min(value.find(',', at), value.size());
    std::string word = value.substr(at, end - at);
    word.erase(0, word.find_first_not_of(' '));
    while (word.ends_with(' ')) word.pop_back();
    at = end + 1;
    if (std::find(taken.begin(), taken.end(), Json(word)) != taken.end()) continue;
    FIREBREAK_TRY(choice_of(JsonObject{{"value", word}}, "value", field.choices));
    taken.emplace_back(word);
  }
  body["value"] = std::move(taken);
  return {};
}

Result<void> copy_number(const std::string& value, JsonObject& body) {
  double number = 0;
  const char* const end = value.data() + value.size();
  const auto [stopped, problem] = std::from_chars(value.data(), end, number);
  if (value.empty() || problem != std::errc() || stopped != end || !std::isfinite(number) || number < 0)
    return fail(Code::kInvalid, "'value' is a number that is not negative", "/value");
  body["value"] = number;
  return {};
}

Result<void> copy_value(const Asked& asked, const RecordField& field, JsonObject& body) {
  const bool words = field.type == "text";
  const std::string_view wrong = words ? "value" : "text", right = words ? "text" : "value";
  if (find(asked.args, wrong) != nullptr)
    return fail(Code::kInvalid, fmt::format("'{}' is of type {}: it takes '{}', not '{}'", field.name, field.type, right, wrong), fmt::format("/{}", wrong));
  if (words) {
    FIREBREAK_ASSIGN(body["text"], text_of(asked.args, "text"));
    return {};
  }
  const std::string value = asked.text("value");
  if (field.type == "several") return copy_several(field, value, body);
  if (field.type == "number") return copy_number(value, body);
  if (field.type == "one") {
    FIREBREAK_ASSIGN(body["value"], choice_of(asked.args, "value", field.choices));
    return {};
  }
  if (value.empty()) return fail(Code::kInvalid, "'value' is missing: a time with its zone", "/value");
  return copy_time(asked, "value", body);
}

std::string list_of_fields() {
  std::string list;
  for (const RecordField& field : record_fields())
    if (field.type != "derived") list += (list.empty() ? "" : ", ") + std::string(field.name);
  return list;
}

}  // namespace

Drafts set_field(const Asked& asked) {
  const std::string name = asked.text("field");
  const RecordField* const field = find_record_field(name);
  if (field == nullptr) return asked.refused(Code::kNotFound, fmt::format("the record has no field '{}'; it has: {}", name, list_of_fields()), "/field");
  if (field->type == "derived") return asked.refused(Code::kConflict, fmt::format("'{}' follows from the rest of the record; nobody types it", name), "/field");
  JsonObject body = asked.body();
  body["field"] = name;
  if (auto copied = copy_value(asked, *field, body); !copied) return asked.refused(copied.error());
  return {draft("casefile_field", std::move(body))};
}

void apply_field(CasefileState& state, const Entry& entry) {
  CaseFile* const file = file_of(state, entry);
  const RecordField* const field = find_record_field(string_or(entry.body, "field"));
  if (file == nullptr || field == nullptr) return;
  if (field->name.starts_with("ai_") || field->name == kNoAttack) file->classed.insert(std::string(field->name));
  if (field->type != "one") return;
  file->words[std::string(field->name)] = string_or(entry.body, "value");
}

Drafts add_contact(const Asked& asked) {
  const auto kind = choice_of(asked.args, "kind", words::kContactKinds), name = text_of(asked.args, "name");
  for (const auto* one : {&kind, &name})
    if (!*one) return asked.refused(one->error());
  if (asked.file->contacts >= kContacts) return asked.refused(Code::kTooLarge, fmt::format("an incident has at most {} contacts", kContacts));
  JsonObject body = asked.body();
  body["kind"] = *kind;
  copy_texts(asked.args, body, {"name", "position", "unit", "email", "phone", "location", "organisation"});
  return {draft("casefile_contact", std::move(body))};
}

void apply_contact(CasefileState& state, const Entry& entry) {
  if (CaseFile* const file = file_of(state, entry)) ++file->contacts;
}

Drafts label(const Asked& asked) {
  const bool on = asked.name == "incident.label";
  const auto framework = choice_of(asked.args, "framework", words::kFrameworks), version = text_of(asked.args, "version");
  for (const auto* one : {&framework, &version})
    if (!*one) return asked.refused(one->error());
  const std::string id = asked.text("id");
  if (!is_framework_id(*framework, id))
    return asked.refused(Code::kInvalid, fmt::format("'{}' has not the form of an id of {} (AML.T0043.001, ML08:2023, LLM01:2025)", id, *framework), "/id");
  const bool known = asked.file->labels.contains(label_key(asked.args));
  if (on && known) return asked.refused(Code::kConflict, fmt::format("{} is classified as {} already", asked.incident, id), "/id");
  if (!on && !known) return asked.refused(Code::kNotFound, fmt::format("{} is not classified as {} of {} {}", asked.incident, id, *framework, *version), "/id");
  if (on && asked.file->labels.size() >= kLabels) return asked.refused(Code::kTooLarge, fmt::format("an incident has at most {} classifications", kLabels));
  JsonObject body = asked.body();
  for (const char* key : {"framework", "version", "id"}) body[key] = asked.text(key);
  body["holds"] = on;
  if (!on) {
    const auto reason = text_of(asked.args, "reason");
    if (!reason) return asked.refused(reason.error());
    body["reason"] = *reason;
  }
  return {draft("casefile_label", std::move(body))};
}

void apply_label(CasefileState& state, const Entry& entry) {
  CaseFile* const file = file_of(state, entry);
  if (file == nullptr) return;
  if (bool_or(entry.body, "holds")) {
    file->labels.insert(label_key(entry.body));
  } else {
    file->labels.erase(label_key(entry.body));
  }
}

// Item 6.3: more hosts are affected than was thought. Then 1.1 and 1.2 are done again, and after them 5 and 6; the incident goes back to its analysis.
Drafts check_item(const Asked& asked) {
  const std::string item = asked.text("item");
  if (std::find(std::begin(words::kChecklistItems), std::end(words::kChecklistItems), item) == std::end(words::kChecklistItems))
    return asked.refused(Code::kNotFound, fmt::format("the checklist has no item '{}': 1 to 9, with 1.1 to 1.4, 6.1 to 6.3, 7.1 to 7.3", item), "/item");
  const auto state = choice_of(asked.args, "state", words::kChecks);
  if (!state) return asked.refused(state.error());
  const bool more = *state == "more_found";
  if (more && item != "6.3") return asked.refused(Code::kInvalid, "'more_found' is an answer to item 6.3 alone", "/state");
  if ((*state == "not_applicable" || more) && asked.text("note").empty())
    return asked.refused(Code::kInvalid, more ? "say in 'note' what was found" : "say in 'note' why the item does not apply", "/note");
  JsonObject body = asked.body();
  body["item"] = item;
  body["state"] = *state;
  body["round"] = asked.file->round;
  copy_texts(asked.args, body, {"evidence", "note"});
  const std::string note = asked.text("note");
  Drafts drafts{draft("casefile_check", std::move(body))};
  if (!more) return drafts;
  JsonArray again(std::begin(words::kLoopItems), std::end(words::kLoopItems));
  drafts.push_back(draft("casefile_loop", {{"incident", asked.incident}, {"round", asked.file->round + 1}, {"items", std::move(again)}, {"by", asked.entry.actor}}));
  if (asked.file->phase != "detection_analysis")
    drafts.push_back(draft("phase_requested", {{"incident", asked.incident}, {"to", "detection_analysis"}, {"reason", "scope grew (item 6.3): " + note}, {"by", asked.entry.actor}}));
  return drafts;
}

void apply_check(CasefileState& state, const Entry& entry) {
  if (CaseFile* const file = file_of(state, entry)) file->checks[string_or(entry.body, "item")] = {string_or(entry.body, "state"), int_or(entry.body, "round", 1)};
}

void apply_loop(CasefileState& state, const Entry& entry) {
  CaseFile* const file = file_of(state, entry);
  if (file == nullptr) return;
  file->round = int_or(entry.body, "round", file->round);
  for (const std::string& item : strings_or_empty(entry.body, "items")) file->checks[item] = {"open", file->round};
}

}  // namespace firebreak::casefile
