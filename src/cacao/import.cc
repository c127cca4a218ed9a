#include "cacao/import.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "base/time.h"
#include "cacao/import_agents.h"
#include "cacao/import_drafts.h"
#include "cacao/import_ends.h"
#include "cacao/import_flow.h"
#include "cacao/import_words.h"
#include "cacao/lint.h"
#include "cacao/value.h"

namespace firebreak::cacao {
namespace {

constexpr std::string_view kDictionaries[] = {"workflow", "agent_definitions", "target_definitions", "authentication_info_definitions",
                                              "extension_definitions", "data_marking_definitions"};

constexpr std::string_view kReferring[] = {"workflow_start", "workflow_exception", "on_completion", "on_success", "on_failure", "next_step", "next_steps", "on_true",
                                           "on_false", "cases", "conditions", "agent", "targets", "authentication_info", "markings"};

class Importer {
 public:
  explicit Importer(Json document) : document_(std::move(document)) {}

  Imported run() {
    if (document_.is_object()) {
      JsonObject& playbook = document_.get_object();
      version(playbook);
      add(draft_words(playbook));
      for_steps([&](JsonObject& step, const std::string& pointer) { no_decision(step, pointer); });
      identifiers(playbook);
      add(people_do_what_has_no_command(playbook));
      older_words(playbook);  // also of the commands that have just been made
      add(ask_decisions(playbook));
      times(playbook);
      variables(playbook, "", "playbook_variables");
      for_steps([&](JsonObject& step, const std::string& pointer) {
        no_delay(step, pointer);
        variables(step, pointer, "step_variables");
      });
      add(own_forms(playbook));
      add(agents_that_are_here(playbook));
      add(assignments_as_results(playbook));
      add(starts_and_ends(document_));
      signatures(playbook);
    }
    Imported out{std::move(document_), std::move(repairs_), {}};
    for (Diagnostic& one : lint(out.document, Profile::kLenientImport)) {
      if (one.level != Level::kKept) {
        out.left.push_back(std::move(one));
        continue;
      }
      out.repairs.push_back({std::move(one.rule), std::move(one.pointer), std::move(one.message), {}, {}});
    }
    return out;
  }

 private:
  void add(std::vector<Repair> repairs) {
    for (Repair& one : repairs) repairs_.push_back(std::move(one));
  }

  void repaired(std::string_view name, std::string pointer, std::string what, std::string before, std::string after) {
    repairs_.push_back({std::string(name), std::move(pointer), std::move(what), std::move(before), std::move(after)});
  }

  template <class Do>
  void for_steps(Do act) {
    Json* const workflow = at(document_.get_object(), "workflow");
    if (workflow == nullptr || !workflow->is_object()) return;
    for (auto& step : workflow->get_object())
      if (step.value().is_object()) act(step.value().get_object(), child("/workflow", step.key()));
  }

  void version(JsonObject& playbook) {
    if (at(playbook, "spec_version") != nullptr || string_or(playbook, "type") != "playbook") return;
    playbook["spec_version"] = "cacao-2.0";
    repaired("spec-version-added", "/spec_version", "there was no spec_version; the objects are read as those of CACAO 2.0", "", "\"cacao-2.0\"");
  }

  // ---- words of drafts and of other editors that have one meaning in CACAO 2.0

  void rename(JsonObject& object, const std::string& pointer, std::string_view from, std::string_view to, std::string_view name) {
    Json* const value = at(object, from);
    if (value == nullptr || at(object, to) != nullptr) return;
    Json moved = std::move(*value);
    object.erase({from.data(), from.size()});
    const std::string text = canonical_json(moved);
    object[to] = std::move(moved);
    repaired(name, child(pointer, to), fmt::format("'{}' is called '{}' in CACAO 2.0", from, to), fmt::format("{}: {}", from, text), fmt::format("{}: {}", to, text));
  }

  void no_decision(JsonObject& step, const std::string& pointer) {
    if (string_or(step, "type") != "decision") return;
    if (const Json* const answers = at(step, "conditions"); answers != nullptr && answers->is_object() && at(step, "condition") == nullptr) {
      step["type"] = "action";
      return repaired("step-type-decision", child(pointer, "type"), "a 'decision' without a condition is asked of a person, by an action", "\"decision\"", "\"action\"");
    }
    step["type"] = "if-condition";
    repaired("step-type-decision", child(pointer, "type"), "a 'decision' is an if-condition in CACAO 2.0", "\"decision\"", "\"if-condition\"");
  }

  void older_words(JsonObject& playbook) {
    for_steps([&](JsonObject& step, const std::string& pointer) {
      rename(step, pointer, "next_step", "on_completion", "next-step-renamed");
      activity_into_commands(step, pointer);
    });
    if (Json* const types = at(playbook, "playbook_types"); types == nullptr) rename(playbook, "", "playbook_type", "playbook_types", "playbook-type-renamed");
    if (Json* const types = at(playbook, "playbook_types"); types != nullptr && types->is_string()) {
      const std::string before = canonical_json(*types);
      *types = JsonArray{Json(text_of(*types))};
      repaired("playbook-type-listed", "/playbook_types", "playbook_types is a list", before, canonical_json(*types));
    }
  }

  // playbook_activity is a property of commands; some editors write it on the step.
  void activity_into_commands(JsonObject& step, const std::string& pointer) {
    Json* const activity = at(step, "playbook_activity");
    Json* const commands = at(step, "commands");
    if (activity == nullptr || !activity->is_string() || commands == nullptr || !commands->is_array() || commands->get_array().empty()) return;
    const std::string word = text_of(*activity);
    for (Json& command : commands->get_array())
      if (command.is_object() && at(command.get_object(), "playbook_activity") == nullptr) command.get_object()["playbook_activity"] = word;
    step.erase("playbook_activity");
    repaired("activity-moved", child(pointer, "commands"), "playbook_activity belongs to the commands of a step", "\"" + word + "\"", "");
  }

  // ---- identifiers that are none: made of the old ones, so that the same document imports the same way

  void identifiers(JsonObject& playbook) {
    const std::string scope = string_or(playbook, "id");
    for (const auto& [key, type] : {std::pair("id", "playbook"), std::pair("created_by", "identity")}) own_identifier(playbook, key, type);
    std::map<std::string, std::string> names;
    for (const std::string_view dictionary : kDictionaries) {
      Json* const entries = at(playbook, dictionary);
      if (entries == nullptr || !entries->is_object()) continue;
      JsonObject renewed;
      for (auto& entry : entries->get_object()) {
        const std::string key(entry.key()), type = dictionary == "extension_definitions" ? "extension-definition" : string_or(entry.value(), "type");
        std::string name = key;
        if (is_type_name(type) && !is_sound(key, type)) name = made_identifier(type, scope + '\n' + key);
        if (name != key && at(entries->get_object(), name) == nullptr) {
          names[key] = name;
          relocated(child(child("", dictionary), key), child(child("", dictionary), name));
          repaired("identifier-made", child(child("", dictionary), name), fmt::format("'{}' is no {}--UUID; every reference to it is changed alike", key, type),
                   "\"" + key + "\"", "\"" + name + "\"");
        }
        renewed[names.contains(key) ? name : key] = std::move(entry.value());
      }
      *entries = std::move(renewed);
    }
    if (!names.empty()) refer(document_, names);
  }

  // What may stand before the "--" of an identifier.
  static bool is_type_name(std::string_view type) {
    const auto inside = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    return !type.empty() && std::all_of(type.begin(), type.end(), inside) && type.front() != '-' && type.back() != '-' && type.find("--") == std::string_view::npos;
  }

  static bool is_sound(std::string_view identifier, std::string_view type) {
    const auto parts = split_identifier(identifier);
    return parts && uuid_version(parts->second) != 0 && parts->first == type;
  }

  void own_identifier(JsonObject& playbook, std::string_view key, std::string_view type) {
    Json* const value = at(playbook, key);
    if (value == nullptr || !value->is_string() || text_of(*value).empty() || is_sound(text_of(*value), type)) return;
    const std::string before = canonical_json(*value);
    *value = made_identifier(type, text_of(*value));
    repaired("identifier-made", child("", key), fmt::format("this is no {}--UUID", type), before, canonical_json(*value));
  }

  // Repairs told so far inside a thing that has another name now.
  void relocated(const std::string& from, const std::string& to) {
    for (Repair& repair : repairs_)
      if (repair.pointer.starts_with(from + "/")) repair.pointer.replace(0, from.size(), to);
  }

  // Where a string, or the strings of a list or an object, are identifiers of other things; and dictionaries by extension.
  static void refer(Json& value, const std::map<std::string, std::string>& names, bool reference = false) {
    if (value.is_string()) {
      const auto name = names.find(text_of(value));
      if (reference && name != names.end()) value = name->second;
    } else if (value.is_array()) {
      for (Json& item : value.get_array()) refer(item, names, reference);
    } else if (value.is_object()) {
      JsonObject renewed;
      for (auto& member : value.get_object()) {
        const std::string key(member.key());
        const bool refers = std::find(std::begin(kReferring), std::end(kReferring), key) != std::end(kReferring);
        refer(member.value(), names, reference || refers);
        const auto name = names.find(key);
        renewed[name != names.end() && key.starts_with("extension-definition") ? name->second : key] = std::move(member.value());
      }
      value = std::move(renewed);
    }
  }

  // ---- times

  void times(JsonObject& playbook) {
    for (const std::string_view key : {"created", "modified"}) to_milliseconds(playbook, "", key);
    for (const std::string_view key : {"valid_from", "valid_until"}) to_utc(playbook, "", key);
  }

  void to_milliseconds(JsonObject& object, const std::string& pointer, std::string_view key) {
    Json* const value = at(object, key);
    if (value == nullptr || !value->is_string() || has_milliseconds(text_of(*value))) return;
    const auto time = parse_time(text_of(*value));
    if (!time) return;
    std::string text = format_time({time->us - time->us % kMillisecond});
    if (text.find('.') == std::string::npos) text.insert(text.size() - 1, ".000");
    write_time("timestamp-not-milliseconds", *value, child(pointer, key), text);
  }

  void to_utc(JsonObject& object, const std::string& pointer, std::string_view key) {
    Json* const value = at(object, key);
    if (value == nullptr || !value->is_string() || is_utc_time(text_of(*value))) return;
    if (const auto time = parse_time(text_of(*value))) write_time("timestamp-to-utc", *value, child(pointer, key), format_time(*time));
  }

  void write_time(std::string_view name, Json& value, std::string pointer, const std::string& text) {
    const std::string before = canonical_json(value);
    value = text;
    repaired(name, std::move(pointer), "the same time, in UTC and as the specification writes it", before, canonical_json(value));
  }

  // ---- variables and steps

  void variables(JsonObject& object, const std::string& pointer, std::string_view key) {
    Json* const dictionary = at(object, key);
    if (dictionary == nullptr || !dictionary->is_object()) return;
    for (auto& variable : dictionary->get_object()) {
      if (!variable.value().is_object()) continue;
      const std::string here = child(child(pointer, key), variable.key());
      Json* const value = at(variable.value().get_object(), "value");
      if (value != nullptr && !value->is_string() && !value->is_null()) {
        const std::string before = canonical_json(*value);
        *value = before;
        repaired("variable-value-not-text", child(here, "value"), "a value is written as text", before, canonical_json(*value));
      }
      number_type(variable.value().get_object(), here);
    }
  }

  // "number" is no type of CACAO 2.0: integer when the value is one, else float.
  void number_type(JsonObject& variable, const std::string& pointer) {
    if (string_or(variable, "type") != "number") return;
    const std::string value = string_or(variable, "value");
    const std::string type = !value.empty() && !value_problem("integer", value) ? "integer" : "float";
    variable["type"] = type;
    repaired("variable-type-number", child(pointer, "type"), "'number' is integer or float in CACAO 2.0", "\"number\"", "\"" + type + "\"");
  }

  void no_delay(JsonObject& step, const std::string& pointer) {
    const Json* const delay = at(step, "delay");
    if (delay == nullptr || !delay->is_int64() || delay->get_int64() != 0) return;
    step.erase("delay");
    repaired("delay-zero", pointer, "a delay of 0 is no delay", "delay: 0", "");
  }

  void signatures(JsonObject& playbook) {
    if (repairs_.empty() || at(playbook, "signatures") == nullptr) return;
    const std::string before = canonical_json(*at(playbook, "signatures"));
    playbook.erase("signatures");
    repaired("signatures-removed", "", "the signatures are over the document before its repairs", before, "");
  }

  Json document_;
  std::vector<Repair> repairs_;
};

}  // namespace

Imported import_playbook(Json document) { return Importer(std::move(document)).run(); }

std::string to_text(const Repair& repair) {
  const std::string_view pointer = repair.pointer.empty() ? "/" : std::string_view(repair.pointer);
  if (!repair.changed()) return printable(fmt::format("kept     {}: {} [{}]", pointer, repair.what, repair.name));
  const auto shown = [](const std::string& text) { return text.empty() ? "nothing" : text.size() > 100 ? "..." : text; };
  return printable(fmt::format("repaired {}: {} [{}]: {} -> {}", pointer, repair.what, repair.name, shown(repair.before), shown(repair.after)));
}

JsonObject to_json(const Repair& repair) {
  return {{"name", repair.name}, {"pointer", repair.pointer}, {"what", repair.what}, {"changed", repair.changed()}, {"before", repair.before}, {"after", repair.after}};
}

}  // namespace firebreak::cacao
