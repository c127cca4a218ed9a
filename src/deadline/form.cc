#include "deadline/form.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <set>

namespace firebreak::deadline {
namespace {

constexpr std::size_t kForms = 400, kFields = 80, kLabelBytes = 500;

// Of the incident itself. What they are: docs/deadlines.md.
constexpr std::string_view kNames[] = {"incident",   "title",      "endpoint",          "severity",          "phase",       "opened",   "began",    "detected_by", "findings",
                                       "kinds",      "triage",     "suspected_malice",  "functional_impact", "likely_impact", "information_impact", "recoverability", "affected",
                                       "measures",   "releases",   "indicators",        "root_cause",        "recovered",   "closed",   "summary",  "residual_risk", "evidence",
                                       "facts",      "other_regimes", "measurements"};

Result<std::string> label_of(const Json& object, std::string_view key) {
  FIREBREAK_ASSIGN(std::string text, get_string(object, key));
  if (text.empty() || text.size() > kLabelBytes) return fail(Code::kInvalid, fmt::format("{} has 1 to {} octets", key, kLabelBytes), fmt::format("/{}", key));
  return text;
}

Result<Field> field_from(const Json& json, const std::set<std::string>& known) {
  FIREBREAK_TRY(only_keys(json, {"id", "label", "citation", "from", "optional"}));
  Field field;
  FIREBREAK_ASSIGN(field.id, get_string(json, "id"));
  if (!is_name(field.id)) return fail(Code::kInvalid, fmt::format("'{}' is no name", field.id), "/id");
  if (known.contains(field.id)) return fail(Code::kInvalid, fmt::format("two fields are called '{}'", field.id), "/id");
  FIREBREAK_ASSIGN(field.label, label_of(json, "label"));
  FIREBREAK_ASSIGN(field.citation, label_of(json, "citation"));
  if (find(json, "from") != nullptr) {
    FIREBREAK_ASSIGN(field.from, get_strings(json, "from"));
  }
  for (const std::string& name : field.from)
    if (!is_fact_name(name)) return fail(Code::kInvalid, fmt::format("nobody supplies the fact '{}'", name), "/from");
  if (find(json, "optional") != nullptr) {
    FIREBREAK_ASSIGN(field.optional, get_bool(json, "optional"));
  }
  return field;
}

Result<Form> form_from(const Json& json) {
  FIREBREAK_TRY(only_keys(json, {"regime", "stage", "title", "citation", "checked", "fields"}));
  Form form;
  FIREBREAK_ASSIGN(form.regime, label_of(json, "regime"));
  FIREBREAK_ASSIGN(form.stage, label_of(json, "stage"));
  FIREBREAK_ASSIGN(form.title, label_of(json, "title"));
  FIREBREAK_ASSIGN(form.citation, label_of(json, "citation"));
  FIREBREAK_ASSIGN(const std::string checked, label_of(json, "checked"));
  bool is_word = false;
  for (const Checked one : {Checked::kSource, Checked::kSecondary, Checked::kUnchecked})
    if (checked_name(one) == checked) form.checked = one, is_word = true;
  if (!is_word) return fail(Code::kInvalid, fmt::format("'{}' is none of source, secondary, unchecked", checked), "/checked");
  const Json* const fields = find(json, "fields");
  if (fields == nullptr || !fields->is_array() || fields->get_array().empty() || fields->get_array().size() > kFields)
    return fail(Code::kInvalid, fmt::format("fields is a list of 1 to {}", kFields), "/fields");
  std::set<std::string> known;
  for (std::size_t i = 0; i < fields->get_array().size(); ++i) {
    auto field = field_from(fields->get_array()[i], known);
    if (!field) return fail(std::move(field.error()).at(fmt::format("/fields/{}", i)));
    known.insert(field->id);
    form.fields.push_back(std::move(*field));
  }
  return form;
}

// Markdown's own marks stay what they are in the text of others: a value is one quoted paragraph.
std::string quoted(std::string_view value) {
  std::string out = "> ";
  for (const char c : value) {
    if (c == '\n') out += "\n> ";
    else if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out;
}

void list_missing(JsonObject& draft) {
  JsonArray missing;
  for (const Json& field : draft["fields"].as_array())
    if (field.at("value").is_null() && !bool_or(field, "optional")) missing.push_back(field.at("id"));
  draft["missing"] = std::move(missing);
}

}  // namespace

bool is_fact_name(std::string_view name) {
  for (const std::string_view family : {"event.", "filed.", "organisation."})
    if (name.starts_with(family)) return is_name(name.substr(family.size()));
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

Result<std::vector<Form>> forms_from_json(const Json& document) {
  FIREBREAK_TRY(only_keys(document, {"version", "reports"}));
  FIREBREAK_ASSIGN(const std::int64_t version, get_int(document, "version"));
  if (version != 1) return fail(Code::kInvalid, fmt::format("version {} is not known; this program reads version 1", version), "/version");
  const Json* const list = find(document, "reports");
  if (list == nullptr || !list->is_array() || list->get_array().size() > kForms) return fail(Code::kInvalid, fmt::format("reports is a list of at most {}", kForms), "/reports");
  std::vector<Form> forms;
  for (std::size_t i = 0; i < list->get_array().size(); ++i) {
    auto form = form_from(list->get_array()[i]);
    if (!form) return fail(std::move(form.error()).at(fmt::format("/reports/{}", i)));
    if (form_of(forms, form->regime, form->stage) != nullptr)
      return fail(Code::kInvalid, fmt::format("'{}' has two reports '{}'", form->regime, form->stage), fmt::format("/reports/{}", i));
    forms.push_back(std::move(*form));
  }
  return forms;
}

const Form* form_of(const std::vector<Form>& forms, std::string_view regime, std::string_view stage) {
  const auto at = std::find_if(forms.begin(), forms.end(), [&](const Form& form) { return form.regime == regime && form.stage == stage; });
  return at == forms.end() ? nullptr : &*at;
}

JsonObject filled(const Form& form, const Facts& facts) {
  JsonArray fields;
  for (const Field& field : form.fields) {
    std::string value;
    JsonArray from;
    for (const std::string& name : field.from) {
      const auto known = facts.find(name);
      if (known == facts.end() || known->second.empty()) continue;
      value += (value.empty() ? "" : "; ") + known->second;
      from.push_back(Json(name));
    }
    JsonObject one{{"id", field.id}, {"label", field.label}, {"citation", field.citation}, {"value", nullptr}, {"from", std::move(from)}};
    if (!value.empty()) one["value"] = value;
    if (field.optional) one["optional"] = true;
    fields.push_back(std::move(one));
  }
  JsonObject draft{{"regime", form.regime}, {"stage", form.stage}, {"title", form.title}, {"citation", form.citation}, {"checked", checked_name(form.checked)}, {"fields", std::move(fields)}};
  list_missing(draft);
  return draft;
}

Result<void> put_value(JsonObject& draft, std::string_view id, std::string value) {
  std::string known;
  for (Json& field : draft["fields"].as_array()) {
    known += (known.empty() ? "" : ", ") + string_or(field, "id");
    if (string_or(field, "id") != id) continue;
    field.as_object()["value"] = std::move(value);
    field.as_object()["from"] = JsonArray{"typed"};
    list_missing(draft);
    return {};
  }
  return fail(Code::kNotFound, fmt::format("this report has no field '{}'; it has: {}", id, known));
}

std::string markdown(const Json& draft) {
  std::string out = fmt::format("# {}\n\nDraft, not sent. Incident {}", string_or(draft, "title"), string_or(draft, "incident", "-"));
  if (const std::string duty = string_or(draft, "duty"); !duty.empty()) out += fmt::format(", {}", duty);
  if (const std::string due = string_or(draft, "due"); !due.empty()) out += fmt::format(", due {}", due);
  out += fmt::format(". Fields by {} ({}).\n", string_or(draft, "citation"), string_or(draft, "checked") == "source" ? "read in the source" : string_or(draft, "checked") + ": compare with the source");
  std::string missing;
  for (const Json& field : draft.at("fields").as_array()) {
    out += fmt::format("\n## {} ({})\n\n", string_or(field, "label"), string_or(field, "citation"));
    if (!field.at("value").is_null()) out += quoted(string_or(field, "value")) + "\n";
    else if (bool_or(field, "optional")) out += "Nothing is known.\n";
    else out += "**Missing.**\n", missing += fmt::format("- {} (`{}`)\n", string_or(field, "label"), string_or(field, "id"));
  }
  return out + (missing.empty() ? "\nNothing is missing.\n" : "\n## Missing facts\n\n" + missing);
}

}  // namespace firebreak::deadline
