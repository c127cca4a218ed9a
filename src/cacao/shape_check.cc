#include "cacao/shape_check.h"

#include <fmt/core.h>

#include "cacao/value.h"

namespace firebreak::cacao {
namespace {

std::string_view text_of(const Json& value) { return {value.get_string().data(), value.get_string().size()}; }

void wrong(Findings& findings, const std::string& pointer, std::string_view name, std::string_view expected) {
  findings.add("wrong-type", pointer, fmt::format("'{}' must be {}", name, expected));
}

void check_identifier(Findings& findings, const Json& value, const std::string& pointer, const Property& property) {
  if (!value.is_string()) return wrong(findings, pointer, property.name, "a string: type--UUID");
  const auto parts = split_identifier(text_of(value));
  if (!parts || uuid_version(parts->second) == 0) {
    findings.add("bad-identifier", pointer, fmt::format("'{}' is not {}--UUID", text_of(value), property.of.empty() ? "type" : property.of));
  } else if (!property.of.empty() && parts->first != property.of) {
    findings.add("bad-identifier", pointer, fmt::format("'{}' must name a thing of type '{}'", property.name, property.of));
  }
}

void check_time(Findings& findings, const Json& value, const std::string& pointer, const Property& property) {
  if (!value.is_string()) return wrong(findings, pointer, property.name, "a string: a time");
  if (!is_utc_time(text_of(value))) {
    findings.add("bad-timestamp", pointer, fmt::format("'{}' is '{}'", property.name, text_of(value)));
  } else if (property.kind == Kind::kMilliTime && !has_milliseconds(text_of(value))) {
    findings.add("timestamp-not-milliseconds", pointer, fmt::format("'{}' is '{}'", property.name, text_of(value)));
  }
}

void check_whole(Findings& findings, const Json& value, const std::string& pointer, const Property& property) {
  if (!value.is_int64() && !value.is_uint64()) return wrong(findings, pointer, property.name, "a whole number");
  if (value.is_uint64() || value.get_int64() < property.min || value.get_int64() > property.max) {
    findings.add("out-of-range", pointer,
                 property.max == std::numeric_limits<std::int64_t>::max()
                     ? fmt::format("'{}' is {} or more", property.name, property.min)
                     : fmt::format("'{}' is {} to {}", property.name, property.min, property.max));
  }
}

void check_word(Findings& findings, const Json& value, const std::string& pointer, const Property& property) {
  if (!value.is_string()) return wrong(findings, pointer, property.name, "a string");
  if (!is_word_of(property.of, text_of(value)))
    findings.add("own-word", pointer, fmt::format("'{}' is no word of the {} vocabulary", text_of(value), property.of));
}

template <class Check>
void check_list(Findings& findings, const Json& value, const std::string& pointer, const Property& property, Check check) {
  if (!value.is_array()) return wrong(findings, pointer, property.name, "a list");
  const JsonArray& items = value.get_array();
  if (items.empty()) findings.add("empty-list", pointer, fmt::format("'{}' has no item", property.name));
  for (std::size_t i = 0; i < items.size(); ++i) check(items[i], child(pointer, i));
}

void check_value(Findings& findings, const Json& variable, const std::string& pointer) {
  const std::string type = string_or(variable, "type");
  if (!type.empty() && !is_variable_type(type))
    findings.add("variable-type-unknown", child(pointer, "type"), fmt::format("'{}' is no type of a variable", type));
  const Json* const value = find(variable, "value");
  if (value == nullptr || value->is_null()) return;
  if (!value->is_string()) {
    findings.add("variable-value-not-text", child(pointer, "value"), "the value is no string");
  } else if (const auto problem = value_problem(type, text_of(*value))) {
    findings.add("variable-value", child(pointer, "value"), fmt::format("{} (type {})", *problem, type));
  }
}

void check_variables(Findings& findings, const Json& value, const std::string& pointer, const Property& property) {
  if (!value.is_object()) return wrong(findings, pointer, property.name, "an object");
  for (const auto& variable : value.get_object()) {
    const std::string at = child(pointer, variable.key());
    if (!is_variable_name(variable.key())) findings.add("variable-name", at, fmt::format("'{}' is not __name__", std::string_view(variable.key())));
    check_shape(findings, variable.value(), at, kVariableShape);
    if (variable.value().is_object()) check_value(findings, variable.value(), at);
    if (property.name == "step_variables" && bool_or(variable.value(), "external"))
      findings.add("variable-external-in-step", child(at, "external"), "only variables of the playbook are given from outside");
  }
}

void check_reference(Findings& findings, const Json& value, const std::string& pointer) {
  check_shape(findings, value, pointer, kReferenceShape);
  if (value.is_object() && value.get_object().size() == 1 && find(value, "name") != nullptr)
    findings.add("missing-property", pointer, "beside 'name' one of description, source, url, external_id, reference_id is needed");
}

void check_extensions(Findings& findings, const Json& value, const std::string& pointer, const Property& property) {
  if (!value.is_object()) return wrong(findings, pointer, property.name, "an object");
  for (const auto& extension : value.get_object()) {
    check_key(findings, extension.key(), "extension-definition", child(pointer, extension.key()));
    if (!extension.value().is_object()) wrong(findings, child(pointer, extension.key()), extension.key(), "an object");
  }
}

void check_property(Findings& findings, const Json& value, const std::string& pointer, const Property& property) {
  const auto text = [&](const Json& item, const std::string& at) {
    if (!item.is_string()) wrong(findings, at, property.name, "a string");
  };
  switch (property.kind) {
    case Kind::kText: return text(value, pointer);
    case Kind::kBool: return value.is_bool() ? void() : wrong(findings, pointer, property.name, "true or false");
    case Kind::kNumber: return value.is_number() ? void() : wrong(findings, pointer, property.name, "a number");
    case Kind::kWhole: return check_whole(findings, value, pointer, property);
    case Kind::kIdentifier: return check_identifier(findings, value, pointer, property);
    case Kind::kTime:
    case Kind::kMilliTime: return check_time(findings, value, pointer, property);
    case Kind::kWord: return check_word(findings, value, pointer, property);
    case Kind::kObject: return value.is_object() ? void() : wrong(findings, pointer, property.name, "an object");
    case Kind::kVariables: return check_variables(findings, value, pointer, property);
    case Kind::kExtensions: return check_extensions(findings, value, pointer, property);
    case Kind::kBase64:
      text(value, pointer);
      if (value.is_string() && !decode_base64(text_of(value))) findings.add("bad-base64", pointer, fmt::format("'{}' is no base64", property.name));
      return;
    case Kind::kTexts: return check_list(findings, value, pointer, property, text);
    case Kind::kIdentifiers:
      return check_list(findings, value, pointer, property, [&](const Json& item, const std::string& at) { check_identifier(findings, item, at, property); });
    case Kind::kWords:
      return check_list(findings, value, pointer, property, [&](const Json& item, const std::string& at) { check_word(findings, item, at, property); });
    case Kind::kReferences:
      return check_list(findings, value, pointer, property, [&](const Json& item, const std::string& at) { check_reference(findings, item, at); });
    case Kind::kObjects:
      return check_list(findings, value, pointer, property, [&](const Json& item, const std::string& at) {
        if (!item.is_object()) wrong(findings, at, property.name, "a list of objects");
      });
    case Kind::kAny: return;
  }
}

}  // namespace

void check_shape(Findings& findings, const Json& object, const std::string& pointer, const Shape& shape) {
  if (!object.is_object()) return findings.add("wrong-type", pointer, "an object is expected");
  for (const auto& member : object.get_object()) {
    const std::string at = child(pointer, member.key());
    const Property* const property = property_of(shape, member.key());
    if (property != nullptr) {
      check_property(findings, member.value(), at, *property);
    } else if (shape.type == "while-condition" && member.key() == "on_false") {
      findings.add("while-on-false", at, "a while-condition goes on at on_completion or on_success when its condition is false");
    } else {
      findings.add("unknown-property", at, fmt::format("CACAO 2.0 has no '{}' here", std::string_view(member.key())));
    }
  }
  for (const std::span<const Property> part : {shape.common, shape.own})
    for (const Property& property : part)
      if (property.required && find(object, property.name) == nullptr)
        findings.add("missing-property", child(pointer, property.name), fmt::format("'{}' is missing", property.name));
}

bool check_key(Findings& findings, std::string_view key, std::string_view type, const std::string& pointer) {
  const auto parts = split_identifier(key);
  const int version = parts ? uuid_version(parts->second) : 0;
  if (version == 0 || parts->first != type) {
    findings.add("bad-identifier", pointer, fmt::format("the key '{}' is not {}--UUID", key, type));
    return false;
  }
  if (version > 5) findings.add("uuid-newer", pointer, fmt::format("the UUID is of version {}", version));
  return true;
}

}  // namespace firebreak::cacao
