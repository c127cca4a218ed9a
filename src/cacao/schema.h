// The objects of CACAO Security Playbooks 2.0 (Committee Specification 01) as tables: which properties each has, of what
// kind, which are required. What one property says about another stands in validate.cc.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace firebreak::cacao {

enum class Kind {
  kText,
  kBool,
  kWhole,        // within min..max
  kNumber,
  kIdentifier,   // type--UUID; `of` = the type it must have, empty: any
  kIdentifiers,  // a list of them
  kTime,
  kMilliTime,    // … with exactly three decimals
  kTexts,
  kBase64,
  kWord,         // of the vocabulary `of`; other words are allowed and told
  kWords,
  kObject,       // looked at elsewhere, or free
  kObjects,      // a list of them
  kVariables,    // a dictionary of variables
  kReferences,   // external references
  kExtensions,   // a dictionary by extension-definition id; what is inside belongs to the extension
  kAny,
};

struct Property {
  std::string_view name;
  Kind kind = Kind::kText;
  bool required = false;
  std::string_view of = {};
  std::int64_t min = 0, max = std::numeric_limits<std::int64_t>::max();
};

struct Shape {
  std::string_view type;  // "action"; the vocabulary's word
  std::span<const Property> own;
  std::span<const Property> common;  // what all of its family have
};

extern const Shape kPlaybookShape, kVariableShape, kReferenceShape, kExtensionShape, kSummaryShape, kSignatureShape;

// Families: nullptr when `type` is no word of theirs.
const Shape* step_shape(std::string_view type);
const Shape* command_shape(std::string_view type);   // of a type nobody knows: see any_command_shape()
const Shape* party_shape(std::string_view type);     // agents and targets
const Shape* authentication_shape(std::string_view type);
const Shape* marking_shape(std::string_view type);
const Shape& any_command_shape();                    // command and command_b64 beside what all have
const Shape& any_party_shape();

const Property* property_of(const Shape& shape, std::string_view name);

// "playbook-type", "playbook-activity", "industry-sector", "security-category", "signature-algorithm"
bool is_word_of(std::string_view vocabulary, std::string_view word);

}  // namespace firebreak::cacao
