#include "base/jcs.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace firebreak {
namespace {

// Octets of UTF-8 sort as UTF-16 code units do, but for characters beyond U+FFFF (first octet F0 and up): their
// surrogates (D800 and up) come before U+E000 (first octet EE).
bool before_in_utf16(std::string_view a, std::string_view b) {
  const auto [x, y] = std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())), b.begin());
  if (x == a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size()))) return a.size() < b.size();
  const auto left = static_cast<unsigned char>(*x), right = static_cast<unsigned char>(*y);
  if (left >= 0xee && right >= 0xee && (left >= 0xf0) != (right >= 0xf0)) return left >= 0xf0;
  return left < right;
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\t': out += "\\t"; break;
      case '\n': out += "\\n"; break;
      case '\f': out += "\\f"; break;
      case '\r': out += "\\r"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
        else out += c;
    }
  }
  out += '"';
}

void append_object(std::string& out, const JsonObject& object);

void append(std::string& out, const Json& value) {
  switch (value.kind()) {
    case boost::json::kind::null: out += "null"; return;
    case boost::json::kind::bool_: out += value.get_bool() ? "true" : "false"; return;
    case boost::json::kind::int64: return append_ecmascript_number(out, static_cast<double>(value.get_int64()));
    case boost::json::kind::uint64: return append_ecmascript_number(out, static_cast<double>(value.get_uint64()));
    case boost::json::kind::double_: return append_ecmascript_number(out, value.get_double());
    case boost::json::kind::string: return append_string(out, std::string_view(value.get_string()));
    case boost::json::kind::object: return append_object(out, value.get_object());
    case boost::json::kind::array: {
      const JsonArray& items = value.get_array();
      out += '[';
      for (std::size_t i = 0; i < items.size(); ++i) {
        if (i > 0) out += ',';
        append(out, items[i]);
      }
      out += ']';
      return;
    }
  }
}

void append_object(std::string& out, const JsonObject& object) {
  std::vector<std::pair<std::string_view, const Json*>> members;
  members.reserve(object.size());
  for (const auto& member : object) members.emplace_back(member.key(), &member.value());
  std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return before_in_utf16(a.first, b.first); });
  out += '{';
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i > 0) out += ',';
    append_string(out, members[i].first);
    out += ':';
    append(out, *members[i].second);
  }
  out += '}';
}

}  // namespace

std::string jcs(const Json& value) {
  std::string out;
  append(out, value);
  return out;
}

// ECMA-262, Number::toString: the shortest digits that read back as the same double, then where the point goes.
void append_ecmascript_number(std::string& out, double value) {
  FIREBREAK_ASSERT(std::isfinite(value));
  if (value == 0) {
    out += '0';  // -0 as well
    return;
  }
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, std::fabs(value), std::chars_format::scientific).ptr;
  const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  const std::size_t e = text.find('e');
  std::string digits(1, text[0]);
  if (e > 2) digits += text.substr(2, e - 2);
  int exponent = 0;
  const std::size_t sign = text[e + 1] == '+' ? 1 : 0;
  std::from_chars(text.data() + e + 1 + sign, text.data() + text.size(), exponent);
  const int count = static_cast<int>(digits.size()), point = exponent + 1;  // the point stands behind so many digits
  if (value < 0) out += '-';
  if (count <= point && point <= 21) {
    out += digits + std::string(static_cast<std::size_t>(point - count), '0');
  } else if (0 < point && point <= 21) {
    out += digits.substr(0, static_cast<std::size_t>(point)) + "." + digits.substr(static_cast<std::size_t>(point));
  } else if (-6 < point && point <= 0) {
    out += "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  } else {
    out += digits.substr(0, 1) + (count > 1 ? "." + digits.substr(1) : "") + "e" + (exponent < 0 ? "-" : "+") + std::to_string(std::abs(exponent));
  }
}

}  // namespace firebreak
