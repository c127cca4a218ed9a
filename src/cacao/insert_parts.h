// What the kinds of insertion share. A part of this room; others use insert.h.
#pragma once

#include <fmt/core.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/utf8.h"
#include "cacao/lookup.h"
#include "cacao/value.h"

namespace firebreak::cacao {

inline constexpr std::size_t kLongestInserted = 64 * 1024;

Result<Value> value_of(const Lookup& lookup, std::string_view name);  // kInvalid: the variable has no value
Result<void> check_inserted_size(std::size_t size);                   // kTooLarge

// `text` with its references replaced: literal(part) -> Result<std::string> for what stands between them,
// inserted(name, value) -> Result<std::string> for each.
template <class Literal, class Inserted>
Result<std::string> weave(std::string_view text, const Lookup& lookup, Literal literal, Inserted inserted) {
  FIREBREAK_TRY(check_inserted_size(text.size()));
  std::string out;
  std::size_t at = 0;
  for (const Reference& reference : find_references(text)) {
    FIREBREAK_ASSIGN(const std::string before, literal(text.substr(at, reference.at - at)));
    FIREBREAK_ASSIGN(const Value value, value_of(lookup, reference.name));
    FIREBREAK_TRY(check_inserted_size(value.text.size()));
    FIREBREAK_ASSIGN(const std::string put, inserted(reference.name, value.text));
    out += before;
    out += put;
    FIREBREAK_TRY(check_inserted_size(out.size()));
    at = reference.at + reference.size;
  }
  FIREBREAK_ASSIGN(const std::string rest, literal(text.substr(at)));
  out += rest;
  FIREBREAK_TRY(check_inserted_size(out.size()));
  return out;
}

// For places where literals stand as they are.
inline Result<std::string> as_it_is(std::string_view part) { return std::string(part); }

}  // namespace firebreak::cacao
