// What a report asks for, as data: the fields of each stage's report, and from which of an incident's facts each can be filled in.
//
// A document is {version: 1, reports: [{regime, stage, title, citation, checked, fields: [{id, label, citation, from, optional}]}]}
// (docs/deadlines.md). Reading is strict: unknown keys, a name used twice and a fact that nobody supplies are kInvalid with a JSON Pointer.
// A draft says what it is filled from and what is missing; it is never sent by itself.
//
// Pure; values, no threads.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "deadline/regime.h"

namespace firebreak::deadline {

struct Field {
  std::string id, label, citation;
  std::vector<std::string> from;  // facts, all that are known are put in; empty: a person writes it
  bool optional = false;          // not missing when nothing is known
};

struct Form {
  std::string regime, stage, title, citation;
  Checked checked = Checked::kUnchecked;
  std::vector<Field> fields;
};

Result<std::vector<Form>> forms_from_json(const Json& document);
const Form* form_of(const std::vector<Form>& forms, std::string_view regime, std::string_view stage);

// Facts by name, as texts: those of fact_names(), "event.NAME", "filed.STAGE" (reference and time), "organisation.NAME".
using Facts = std::map<std::string, std::string>;
bool is_fact_name(std::string_view name);

// {regime, stage, title, citation, checked, fields: [{id, label, citation, value (null: not known), from[]}], missing: [id]}
JsonObject filled(const Form& form, const Facts& facts);
// The same with what a person gives for a field; kNotFound for a field that the report has not.
Result<void> put_value(JsonObject& draft, std::string_view field, std::string value);

std::string markdown(const Json& draft);

}  // namespace firebreak::deadline
