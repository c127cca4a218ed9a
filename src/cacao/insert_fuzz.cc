// Any template, any value: what is made is of the form that the template has, and holds no more parts than it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "base/json.h"
#include "base/utf8.h"
#include "cacao/insert.h"
#include "cacao/insert_parts.h"

namespace {

using namespace firebreak;

void check(bool sound) {
  if (!sound) __builtin_trap();
}

auto count(std::string_view text, char c) { return std::count(text.begin(), text.end(), c); }
bool is_visible(std::string_view text) { return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f; }); }

void check_url(std::string_view text, std::string_view out) {
  check(is_visible(out));
  const std::string_view path = text.substr(0, text.find('?')), path_out = out.substr(0, out.find('?'));
  check(count(path, '/') == count(path_out, '/'));
  for (const char c : {'?', '&', '=', '#', ';'}) check(count(text, c) == count(out, c));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Before the first NUL the template, behind it what every variable holds; the first octet says of which type.
  if (size == 0) return 0;
  const std::string_view all(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t cut = std::min(all.find('\0'), all.size());
  const std::string_view text = all.substr(0, cut), held = cut == all.size() ? "" : all.substr(cut + 1);
  constexpr const char* kTypes[] = {"string", "integer", "float", "bool", "dictionary", "long"};
  const std::string type = kTypes[data[0] % std::size(kTypes)];
  const cacao::Lookup lookup = [&](std::string_view) { return std::optional(cacao::Value{type, std::string(held)}); };
  const cacao::Lookup harmless = [](std::string_view) { return std::optional(cacao::Value{"string", "x"}); };

  if (const auto out = cacao::insert_path(text, lookup)) check_url(text, *out);
  if (const auto out = cacao::insert_form(text, lookup)) check(is_visible(*out) && count(text, '&') == count(*out, '&') && count(text, '=') == count(*out, '='));
  if (const auto out = cacao::insert_header(text, lookup)) check(std::all_of(out->begin(), out->end(), [](char c) { return c >= ' ' && c <= '~'; }));
  if (const auto out = cacao::insert_host(text, lookup)) check(is_visible(*out) && out->find_first_of("/?#@%\\") == std::string::npos);
  if (const auto out = cacao::insert_json(text, lookup)) {
    const auto read = parse_json(*out);
    check(read.has_value() && canonical_json(*read) == *out);
    const auto before = parse_json(text);
    check(before.has_value());
    if (before->is_object() && type != "dictionary") check(read->get_object().size() == before->get_object().size());
  }
  if (const auto out = cacao::insert_words(text, lookup)) {
    const auto plain = cacao::insert_words(text, harmless);
    check(plain.has_value() && plain->size() == out->size());
    for (std::size_t i = 0; i < out->size(); ++i) check((*plain)[i].from_variable == (*out)[i].from_variable);
  }
  const std::string shown = cacao::insert_text(text, lookup);
  check(shown.size() <= cacao::kLongestInserted + 4 && (!is_utf8(text) || is_utf8(shown)));
  return 0;
}
