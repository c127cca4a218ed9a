// JSON documents: a strict parser, a canonical writer, and getters whose errors name the place.
//
// Reading on hot paths (NDJSON) is done elsewhere with simdjson; this is for documents, journal entries, API bodies.
// Parser: UTF-8 only, no duplicate keys, no NaN or Infinity, bounded depth and size.
// Writer: keys sorted by octets, no white space, shortest doubles that read back the same (0.1, not 1E-1); a
// double with an integral value keeps ".0" off. Equal values give equal bytes, so digests of documents are stable.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "base/time.h"

namespace firebreak {

using Json = boost::json::value;
using JsonObject = boost::json::object;
using JsonArray = boost::json::array;

Result<Json> parse_json(std::string_view text, std::size_t max_depth = limits::kDocumentDepth);
std::string canonical_json(const Json& value);
std::string pretty_json(const Json& value);  // two-space indent, keys sorted, final newline: for people and files
void append_json_string(std::string& out, std::string_view text);  // quoted and escaped
void append_json_number(std::string& out, double value);           // shortest form; asserts finite

// Getters. `object` may be any value; a wrong type or a missing key is kInvalid with the JSON Pointer.
Result<std::string> get_string(const Json& object, std::string_view key);
Result<std::int64_t> get_int(const Json& object, std::string_view key);
Result<double> get_number(const Json& object, std::string_view key);
Result<bool> get_bool(const Json& object, std::string_view key);
Result<Time> get_time(const Json& object, std::string_view key);
Result<std::vector<std::string>> get_strings(const Json& object, std::string_view key);

// Lenient forms: the default when the key is absent or null or of another type.
std::string string_or(const Json& object, std::string_view key, std::string_view fallback = "");
std::int64_t int_or(const Json& object, std::string_view key, std::int64_t fallback = 0);
double number_or(const Json& object, std::string_view key, double fallback = 0);
bool bool_or(const Json& object, std::string_view key, bool fallback = false);
std::vector<std::string> strings_or_empty(const Json& object, std::string_view key);

// nullptr when `object` is no object or has no such key.
const Json* find(const Json& object, std::string_view key);
// The same for an object that is not wrapped in a value: without these a temporary copy would be searched, and the
// pointer would dangle.
const Json* find(const JsonObject& object, std::string_view key);
std::string string_or(const JsonObject& object, std::string_view key, std::string_view fallback = "");
std::int64_t int_or(const JsonObject& object, std::string_view key, std::int64_t fallback = 0);

// read(key, value) for each member of the object at `key`; nothing when there is none.
template <class Read>
void each_member(const Json& object, std::string_view key, Read read) {
  const Json* const part = find(object, key);
  if (part == nullptr || !part->is_object()) return;
  for (const auto& member : part->get_object()) read(std::string(member.key()), member.value());
}

// RFC 6901. nullptr when it leads nowhere.
const Json* find_pointer(const Json& document, std::string_view pointer);

// Refuses keys outside `allowed`: the error names the key and lists what is allowed.
Result<void> only_keys(const Json& object, std::initializer_list<std::string_view> allowed);

// True when `name` is 1..kNameBytes of [a-z0-9._-], starting with a letter or digit.
bool is_name(std::string_view name);

}  // namespace firebreak
