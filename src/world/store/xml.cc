#include "world/store/xml.h"

#include <fmt/core.h>

#include <charconv>
#include <cstdint>

namespace firebreak::store {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == ':';
}

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xc0 | (code >> 6)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
  } else if (code < 0x10000) {
    out.push_back(static_cast<char>(0xe0 | (code >> 12)));
    out.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
  } else {
    out.push_back(static_cast<char>(0xf0 | (code >> 18)));
    out.push_back(static_cast<char>(0x80 | ((code >> 12) & 0x3f)));
    out.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
  }
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<XmlElement> document() {
    if (next_is("<?xml")) {
      const std::size_t end = text_.find("?>", at_);
      if (end == std::string_view::npos) return bad("the first line does not end");
      at_ = end + 2;
    }
    skip_space();
    FIREBREAK_ASSIGN(XmlElement root, element(1));
    skip_space();
    if (at_ != text_.size()) return bad("something stands behind the document");
    return root;
  }

 private:
  tl::unexpected<Error> bad(const char* why) const { return fail(Code::kInvalid, fmt::format("XML, octet {}: {}", at_, why)); }
  bool next_is(std::string_view wanted) const { return text_.substr(at_, wanted.size()) == wanted; }
  bool done() const { return at_ >= text_.size(); }
  void skip_space() {
    while (!done() && is_space(text_[at_])) ++at_;
  }

  Result<std::string_view> name() {
    const std::size_t start = at_;
    while (!done() && is_name_char(text_[at_])) ++at_;
    if (at_ == start) return bad("a name is missing");
    return text_.substr(start, at_ - start);
  }

  // Behind the name, up to the closing '>': true when the element is empty ("<a/>").
  Result<bool> attributes() {
    for (;;) {
      const std::size_t before = at_;
      skip_space();
      if (next_is("/>")) return at_ += 2, true;
      if (next_is(">")) return ++at_, false;
      if (before == at_) return bad("an element's head is not well formed");
      FIREBREAK_TRY(name());
      skip_space();
      if (!next_is("=")) return bad("an attribute has no value");
      ++at_;
      skip_space();
      const char quote = done() ? '\0' : text_[at_];
      if (quote != '"' && quote != '\'') return bad("an attribute's value is not quoted");
      const std::size_t end = text_.find(quote, at_ + 1);
      if (end == std::string_view::npos) return bad("an attribute's value does not end");
      if (text_.substr(at_, end - at_).find('<') != std::string_view::npos) return bad("'<' in an attribute");
      at_ = end + 1;
    }
  }

  Result<void> reference(std::string& out) {
    const std::size_t end = text_.find(';', at_);
    if (end == std::string_view::npos || end - at_ > 10) return bad("'&' begins no character");
    const std::string_view word = text_.substr(at_ + 1, end - at_ - 1);
    if (word == "lt") out.push_back('<');
    else if (word == "gt") out.push_back('>');
    else if (word == "amp") out.push_back('&');
    else if (word == "quot") out.push_back('"');
    else if (word == "apos") out.push_back('\'');
    else if (word.starts_with('#')) {
      const bool hex = word.starts_with("#x");
      const std::string_view digits = word.substr(hex ? 2 : 1);
      std::uint32_t code = 0;
      const auto [last, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
      const bool surrogate = code >= 0xd800 && code <= 0xdfff;
      if (digits.empty() || error != std::errc() || last != digits.data() + digits.size() || code == 0 || code > 0x10ffff || surrogate)
        return bad("this number is no character");
      append_utf8(out, code);
    } else {
      return bad("an entity that XML itself does not know");
    }
    at_ = end + 1;
    return {};
  }

  Result<XmlElement> element(std::size_t depth) {
    if (depth > kXmlDepth) return bad("nested too deeply");
    if (!next_is("<")) return bad("an element is missing");
    ++at_;
    FIREBREAK_ASSIGN(const std::string_view full, name());
    const std::size_t colon = full.rfind(':');
    XmlElement out;
    out.name = std::string(colon == std::string_view::npos ? full : full.substr(colon + 1));
    FIREBREAK_ASSIGN(const bool empty, attributes());
    if (empty) return out;
    for (;;) {
      if (done()) return bad("an element does not end");
      if (next_is("</")) break;
      if (next_is("<")) {
        FIREBREAK_ASSIGN(XmlElement inner, element(depth + 1));
        out.children.push_back(std::move(inner));
      } else if (next_is("&")) {
        FIREBREAK_TRY(reference(out.text));
      } else {
        out.text.push_back(text_[at_++]);
      }
    }
    at_ += 2;
    FIREBREAK_ASSIGN(const std::string_view closed, name());
    if (closed != full) return bad("an element is closed by another's name");
    skip_space();
    if (!next_is(">")) return bad("an element does not end");
    ++at_;
    std::size_t first = 0, last = out.text.size();
    while (first < last && is_space(out.text[first])) ++first;
    while (last > first && is_space(out.text[last - 1])) --last;
    out.text = out.text.substr(first, last - first);
    return out;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

const XmlElement* XmlElement::child(std::string_view wanted) const {
  for (const XmlElement& one : children)
    if (one.name == wanted) return &one;
  return nullptr;
}

std::string XmlElement::text_of(std::string_view wanted) const {
  const XmlElement* const found = child(wanted);
  return found == nullptr ? std::string() : found->text;
}

Result<XmlElement> parse_xml(std::string_view text) { return Reader(text).document(); }

}  // namespace firebreak::store
