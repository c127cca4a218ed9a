#include "log/record/diagnose.h"

#include <fmt/core.h>

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "base/limits.h"
#include "log/record/schema.h"

namespace firebreak::record {
namespace {

// A strict recursive parser of RFC 8259 that keeps nothing but the way to where it stands.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  Result<void> run() {
    FIREBREAK_TRY(value(1));
    space();
    if (at_ != text_.size()) return wrong("something follows the record");
    return {};
  }

 private:
  tl::unexpected<Error> wrong(std::string_view what) const {
    std::string pointer;
    for (const std::string& part : way_) pointer += "/" + pointer_token(part);
    return fail(Code::kInvalid, fmt::format("{} (octet {} of the line)", what, at_), pointer);
  }

  void space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r' || text_[at_] == '\n'))
      ++at_;
  }

  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  Result<void> value(std::size_t depth) {
    space();
    if (at_ == text_.size()) return wrong("the line ends where a value is expected");
    const char c = text_[at_];
    if (c == '{' || c == '[') {
      if (depth > limits::kJsonDepth) return wrong(fmt::format("nested deeper than {}", limits::kJsonDepth));
      return c == '{' ? object(depth) : array(depth);
    }
    if (c == '"') return string(nullptr);
    if (c == '-' || (c >= '0' && c <= '9')) return number();
    if (take("true") || take("false") || take("null")) return {};
    for (const std::string_view word : {"NaN", "nan", "Infinity", "inf", "Inf"})
      if (text_.substr(at_).starts_with(word)) return wrong(fmt::format("{} is no JSON number", word));
    return wrong("no JSON value");
  }

  Result<void> object(std::size_t depth) {
    ++at_;
    std::set<std::string> seen;
    space();
    if (take("}")) return {};
    while (true) {
      space();
      if (at_ == text_.size() || text_[at_] != '"') return wrong("a key in quotes is expected");
      std::string key;
      FIREBREAK_TRY(string(&key));
      way_.push_back(key);
      if (!seen.insert(key).second) return wrong("this key appears twice in one object");
      space();
      if (!take(":")) return wrong("':' is expected after a key");
      FIREBREAK_TRY(value(depth + 1));
      way_.pop_back();
      space();
      if (take("}")) return {};
      if (!take(",")) return wrong("',' or '}' is expected");
    }
  }

  Result<void> array(std::size_t depth) {
    ++at_;
    space();
    if (take("]")) return {};
    for (std::size_t i = 0;; ++i) {
      way_.push_back(std::to_string(i));
      FIREBREAK_TRY(value(depth + 1));
      way_.pop_back();
      space();
      if (take("]")) return {};
      if (!take(",")) return wrong("',' or ']' is expected");
    }
  }

  Result<void> number() {
    const std::size_t start = at_;
    if (take("-") && text_.substr(at_).starts_with("Inf")) return wrong("-Infinity is no JSON number");
    const auto digits = [&] {
      const std::size_t from = at_;
      while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
      return at_ - from;
    };
    const bool zero = at_ < text_.size() && text_[at_] == '0';
    const std::size_t whole = digits();
    if (whole == 0 || (zero && whole > 1)) return wrong("no JSON number");
    bool integral = true;
    if (take(".")) {
      integral = false;
      if (digits() == 0) return wrong("a digit is expected after '.'");
    }
    if (take("e") || take("E")) {
      integral = false;
      if (!take("+")) take("-");
      if (digits() == 0) return wrong("a digit is expected in the exponent");
    }
    const std::string token(text_.substr(start, at_ - start));
    errno = 0;
    if (integral) {
      if (token[0] == '-') {
        std::strtoll(token.c_str(), nullptr, 10);
      } else {
        std::strtoull(token.c_str(), nullptr, 10);
      }
      if (errno == ERANGE) return wrong("out of range: a whole number has at most 64 bits");
    } else if (std::isinf(std::strtod(token.c_str(), nullptr))) {
      return wrong("out of range: larger than a double");
    }
    return {};
  }

  // Four hex digits; -1 when they are none.
  long hex4() {
    if (text_.size() - at_ < 4) return -1;
    long code = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = text_[at_++];
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return -1;
      code = code * 16 + digit;
    }
    return code;
  }

  static void put_utf8(std::string& out, unsigned long code) {
    const auto octet = [&](unsigned long value) { out += static_cast<char>(value); };
    if (code < 0x80) {
      octet(code);
    } else if (code < 0x800) {
      octet(0xc0 | code >> 6), octet(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
      octet(0xe0 | code >> 12), octet(0x80 | (code >> 6 & 0x3f)), octet(0x80 | (code & 0x3f));
    } else {
      octet(0xf0 | code >> 18), octet(0x80 | (code >> 12 & 0x3f)), octet(0x80 | (code >> 6 & 0x3f)),
          octet(0x80 | (code & 0x3f));
    }
  }

  Result<void> escape(std::string& out) {
    if (at_ == text_.size()) return wrong("the line ends inside a string");
    const char c = text_[at_++];
    const std::size_t simple = std::string_view("\"\\/bfnrt").find(c);
    if (simple != std::string_view::npos) {
      out += "\"\\/\b\f\n\r\t"[simple];
      return {};
    }
    if (c != 'u') return wrong("no escape of JSON");
    const long code = hex4();
    if (code < 0) return wrong("four hex digits are expected after \\u");
    if (code >= 0xdc00 && code < 0xe000) return wrong("half of a surrogate pair");
    if (code < 0xd800 || code >= 0xdc00) {
      put_utf8(out, static_cast<unsigned long>(code));
      return {};
    }
    if (!take("\\u")) return wrong("half of a surrogate pair");
    const long low = hex4();
    if (low < 0xdc00 || low >= 0xe000) return wrong("half of a surrogate pair");
    put_utf8(out, 0x10000UL + (static_cast<unsigned long>(code - 0xd800) << 10) + static_cast<unsigned long>(low - 0xdc00));
    return {};
  }

  // One multi-octet character (Unicode table 3-7); its length, 0 when it is none.
  std::size_t utf8_length() const {
    const auto octet = [&](std::size_t i) -> unsigned {
      return at_ + i < text_.size() ? static_cast<unsigned char>(text_[at_ + i]) : 0U;
    };
    const unsigned first = octet(0);
    const std::size_t length = first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3
                                                               : first >= 0xf0 && first < 0xf5 ? 4 : 0;
    const unsigned low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (length == 0 || octet(1) < low || octet(1) > high) return 0;
    for (std::size_t i = 2; i < length; ++i)
      if (octet(i) < 0x80 || octet(i) > 0xbf) return 0;
    return length;
  }

  Result<void> string(std::string* out) {
    ++at_;
    std::string text;
    while (true) {
      if (at_ == text_.size()) return wrong("the line ends inside a string");
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') break;
      if (c < 0x20) return wrong("a control character in a string must be escaped");
      if (c == '\\') {
        ++at_;
        FIREBREAK_TRY(escape(text));
        continue;
      }
      const std::size_t length = c < 0x80 ? 1 : utf8_length();
      if (length == 0) return wrong("not UTF-8");
      text += text_.substr(at_, length);
      at_ += length;
    }
    ++at_;
    if (out != nullptr) *out = std::move(text);
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::string> way_;
};

}  // namespace

Result<void> diagnose_line(std::string_view line) { return Scanner(line).run(); }

}  // namespace firebreak::record
