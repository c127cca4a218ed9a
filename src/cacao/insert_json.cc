// Values in JSON documents: the document is read first, values are put into its strings.
#include <charconv>
#include <cmath>

#include "base/json.h"
#include "cacao/insert.h"
#include "cacao/insert_parts.h"

namespace firebreak::cacao {
namespace {

tl::unexpected<Error> refused(std::string_view name, std::string_view why) { return fail(Code::kInvalid, fmt::format("the value of {} {}", name, why)); }

template <class Number>
Result<Json> as_number(std::string_view name, std::string_view text) {
  const std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
  Number number{};
  const auto [at, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || at != digits.data() + digits.size() || !std::isfinite(static_cast<double>(number))) return refused(name, "is no number that JSON can carry");
  return Json(number);
}

Result<Json> typed(std::string_view name, const Value& value) {
  if (value.type == "integer" || value.type == "long") return as_number<std::int64_t>(name, value.text);
  if (value.type == "float") return as_number<double>(name, value.text);
  if (value.type == "bool") {
    if (value.text != "true" && value.text != "false") return refused(name, "is neither true nor false");
    return Json(value.text == "true");
  }
  if (value.type == "dictionary") {
    auto object = parse_json(value.text);
    if (!object || !object->is_object()) return refused(name, "is no JSON object");
    return std::move(*object);
  }
  if (!is_utf8(value.text)) return refused(name, "is no UTF-8");
  return Json(value.text);
}

class Writer {
 public:
  explicit Writer(const Lookup& lookup) : lookup_(lookup) {}

  // As deep as the document, which the reader bounds.
  Result<Json> written(const Json& value) {
    if (value.is_string()) return string({value.get_string().data(), value.get_string().size()});
    if (value.is_array()) return array(value.get_array());
    if (value.is_object()) return object(value.get_object());
    return value;
  }

 private:
  Result<Json> string(std::string_view text) {
    const auto references = find_references(text);
    if (references.empty()) return Json(text);
    if (references.size() == 1 && references[0].at == 0 && references[0].size == text.size()) {
      FIREBREAK_ASSIGN(const Value value, value_of(lookup_, references[0].name));
      FIREBREAK_TRY(spend(value.text.size()));
      return typed(references[0].name, value);
    }
    FIREBREAK_ASSIGN(const std::string out, inside(text));
    return Json(out);
  }

  Result<std::string> inside(std::string_view text) {
    FIREBREAK_ASSIGN(std::string out, weave(text, lookup_, as_it_is, [](std::string_view name, std::string_view value) -> Result<std::string> {
                       if (!is_utf8(value)) return refused(name, "is no UTF-8");
                       return std::string(value);
                     }));
    FIREBREAK_TRY(spend(out.size()));
    return out;
  }

  Result<Json> array(const JsonArray& items) {
    JsonArray out;
    for (const Json& item : items) {
      FIREBREAK_ASSIGN(Json one, written(item));
      out.push_back(std::move(one));
    }
    return Json(std::move(out));
  }

  Result<Json> object(const JsonObject& members) {
    JsonObject out;
    for (const auto& member : members) {
      FIREBREAK_ASSIGN(const std::string key, inside({member.key().data(), member.key().size()}));
      FIREBREAK_ASSIGN(Json value, written(member.value()));
      if (!out.emplace(key, std::move(value)).second) return fail(Code::kInvalid, fmt::format("two keys of an object become one by the value of a variable ('{}')", std::string_view(member.key())));
    }
    return Json(std::move(out));
  }

  // Stops before the document is built, not after.
  Result<void> spend(std::size_t octets) {
    spent_ += octets;
    return check_inserted_size(spent_);
  }

  const Lookup& lookup_;
  std::size_t spent_ = 0;
};

}  // namespace

Result<std::string> insert_json(std::string_view text, const Lookup& lookup) {
  FIREBREAK_TRY(check_inserted_size(text.size()));
  const auto document = parse_json(text);
  if (!document) return fail(Code::kInvalid, fmt::format("the content is no JSON ({}); a reference stands inside a string: \"__name__:value\"", document.error().message));
  FIREBREAK_ASSIGN(const Json out, Writer(lookup).written(*document));
  std::string written = canonical_json(out);
  FIREBREAK_TRY(check_inserted_size(written.size()));
  // A dictionary may nest as deep as a document, in one that does too: nobody would read that.
  if (!parse_json(written)) return fail(Code::kInvalid, "the content nests too deep with its variables");
  return written;
}

}  // namespace firebreak::cacao
