#include "run/api/secrecy.h"

#include <algorithm>

namespace firebreak::api {
namespace {

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

// Words as names are written: letters, digits and '-' between them.
template <class See>
bool any_word(std::string_view text, const See& see) {
  for (std::size_t at = 0; at < text.size();) {
    if (!is_word(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && (is_word(text[end]) || (text[end] == '-' && end + 1 < text.size() && is_word(text[end + 1])))) ++end;
    if (see(text.substr(at, end - at))) return true;
    at = end;
  }
  return false;
}

bool is_privileged(const Entry& entry) {
  return entry.kind == "privileged_note_sealed" || (entry.kind.starts_with("command") && string_or(entry.body, "name") == "incident.privileged");
}

bool is_entry(const JsonObject& object) { return object.contains("kind") && object.contains("body") && object.contains("actor"); }

}  // namespace

Secrecy::Secrecy(std::set<std::string> names, std::set<std::uint64_t> commands) : names_(std::move(names)), made_(std::move(commands)) {
  for (const std::uint64_t command : made_) causes_.insert("journal:" + std::to_string(command));
  for (const std::string& name : names_)
    if (const std::uint64_t index = index_of(name); index != 0) made_.insert(index);
}

// "act-12/3" and "inc-7's" name act-12 and inc-7; "inc-77" does not name inc-7; "open-inc-7" does.
bool Secrecy::hides(std::string_view text) const {
  return any_word(text, [&](std::string_view word) {
    for (std::string_view rest = word;;) {
      if (names_.contains(std::string(rest))) return true;
      const std::size_t dash = rest.find('-');
      if (dash == std::string_view::npos) return false;
      rest.remove_prefix(dash + 1);
    }
  });
}

bool Secrecy::hides(const Entry& entry) const {
  if (!counsel_ && is_privileged(entry)) return true;
  return any() && (made_.contains(entry.index) || causes_.contains(entry.cause) || hides(std::string_view(entry.cause)) || hides(std::string_view(canonical_json(entry.body))));
}

bool Secrecy::conceal(Json& document) const {
  if (!document.is_object() || is_entry(document.get_object())) return keep(document);
  for (auto& member : document.get_object()) {
    if (hides(std::string_view(member.key()))) return false;
    if (keep(member.value())) continue;
    if (!member.value().is_object()) return false;
    member.value() = nullptr;
  }
  return true;
}

bool Secrecy::keep(Json& document) const {
  if (document.is_string()) return !hides(std::string_view(document.get_string()));
  if (document.is_array()) {
    JsonArray& items = document.get_array();
    JsonArray left;
    for (Json& item : items)
      if (keep(item)) left.push_back(std::move(item));
    items = std::move(left);
    return true;
  }
  if (!document.is_object()) return true;
  JsonObject& object = document.get_object();
  if (is_entry(object)) {
    const Json* const index = find(object, "index");
    const bool made = index != nullptr && index->is_number() && made_.contains(static_cast<std::uint64_t>(index->to_number<double>()));
    return !made && !causes_.contains(string_or(object, "cause")) && !hides(std::string_view(canonical_json(document)));
  }
  for (auto& member : object)
    if (hides(std::string_view(member.key())) || !keep(member.value())) return false;
  return true;
}

}  // namespace firebreak::api
