#include "cacao/difference.h"

#include <fmt/core.h>

#include <set>

#include "cacao/diagnostic.h"

namespace firebreak::cacao {
namespace {

class Comparison {
 public:
  Comparison(const Json& first, const Json& second) : first_(first), second_(second) {}

  std::vector<Difference> run() {
    compare(&first_, &second_, "");
    return std::move(out_);
  }

 private:
  void compare(const Json* a, const Json* b, const std::string& pointer) {
    if (pointer == "/signatures") return;
    if (a != nullptr && b != nullptr && a->is_object() && b->is_object()) {
      std::set<std::string> keys;
      for (const Json* object : {a, b})
        for (const auto& member : object->get_object()) keys.insert(std::string(member.key()));
      for (const std::string& key : keys) compare(find(*a, key), find(*b, key), child(pointer, key));
    } else if (a != nullptr && b != nullptr && a->is_array() && b->is_array() && a->get_array().size() == b->get_array().size()) {
      for (std::size_t i = 0; i < a->get_array().size(); ++i) compare(&a->get_array()[i], &b->get_array()[i], child(pointer, i));
    } else {
      std::string before = a == nullptr ? "" : canonical_json(*a), after = b == nullptr ? "" : canonical_json(*b);
      if (before != after) out_.push_back({pointer, step_at(pointer), std::move(before), std::move(after)});
    }
  }

  std::string step_at(const std::string& pointer) const {
    if (!pointer.starts_with("/workflow/")) return {};
    const std::string step = pointer.substr(0, pointer.find('/', 10));
    for (const Json* document : {&second_, &first_})
      if (const Json* const object = find_pointer(*document, step)) return string_or(*object, "name", string_or(*object, "type"));
    return {};
  }

  const Json& first_;
  const Json& second_;
  std::vector<Difference> out_;
};

std::string shown(const std::string& json) {
  if (json.size() <= 160) return json;
  std::size_t end = 157;
  while (end > 0 && (static_cast<unsigned char>(json[end]) & 0xc0) == 0x80) --end;  // not inside a character
  return json.substr(0, end) + "...";
}

}  // namespace

std::vector<Difference> differences(const Json& first, const Json& second) { return Comparison(first, second).run(); }

std::string to_text(const Difference& difference) {
  const std::string where = difference.pointer + (difference.step.empty() ? "" : " (" + difference.step + ")");
  if (difference.before.empty()) return printable(fmt::format("added   {}: {}", where, shown(difference.after)));
  if (difference.after.empty()) return printable(fmt::format("removed {}: {}", where, shown(difference.before)));
  return printable(fmt::format("changed {}: {} -> {}", where, shown(difference.before), shown(difference.after)));
}

JsonObject to_json(const Difference& difference) {
  return {{"pointer", difference.pointer}, {"step", difference.step}, {"before", difference.before}, {"after", difference.after}};
}

}  // namespace firebreak::cacao
