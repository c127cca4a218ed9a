#include "cacao/insert.h"

#include <algorithm>
#include <utility>

#include "cacao/insert_parts.h"

namespace firebreak::cacao {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool is_beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }

tl::unexpected<Error> refused(std::string_view name, std::string_view why) { return fail(Code::kInvalid, fmt::format("the value of {} {}", name, why)); }

std::string percent_encoded(std::string_view value, bool (*keep)(char)) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : value) {
    if (keep(c)) {
      out += c;
    } else {
      out += '%';
      out += kDigits[static_cast<unsigned char>(c) >> 4];
      out += kDigits[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

// RFC 3986, section 2.3.
bool is_unreserved(char c) { return is_word(c) || c == '-' || c == '.' || c == '_' || c == '~'; }

// What the author wrote of a target or form: letters beyond ASCII are encoded as every client does, all else stays. A % without its
// two digits would take them from a value behind it.
Result<std::string> url_literal(std::string_view part, std::string_view what) {
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (part[i] == ' ' || is_control(part[i])) return fail(Code::kInvalid, fmt::format("{} has no spaces or control characters: write %20", what));
    if (part[i] == '#') return fail(Code::kInvalid, fmt::format("{} has no '#': write %23", what));
    if (part[i] == '%' && (i + 2 >= part.size() || !is_hex(part[i + 1]) || !is_hex(part[i + 2]))) return fail(Code::kInvalid, fmt::format("{} has a '%' without two hex digits: write %25", what));
  }
  return percent_encoded(part, [](char c) { return !is_beyond_ascii(c); });
}

// True when a program that decodes `value` and takes out ".." would leave the place it stands in.
bool climbs(std::string_view value) {
  for (std::size_t at = 0; at <= value.size();) {
    const std::size_t end = std::min(value.find_first_of("/\\", at), value.size());
    if (value.substr(at, end - at) == "..") return true;
    at = end + 1;
  }
  return false;
}

bool is_dots(std::string segment) {
  for (const char* encoded : {"%2e", "%2E"})
    for (std::size_t at = segment.find(encoded); at != std::string::npos; at = segment.find(encoded, at)) segment.replace(at, 3, ".");
  return segment == "." || segment == "..";
}

Result<std::string> path_segment(std::string_view segment, const Lookup& lookup) {
  const auto literal = [](std::string_view part) { return url_literal(part, "a request target"); };
  const auto inserted = [](std::string_view name, std::string_view value) -> Result<std::string> {
    if (climbs(value)) return refused(name, "goes up in the path (..)");
    return percent_encoded(value, is_unreserved);
  };
  FIREBREAK_ASSIGN(std::string out, weave(segment, lookup, literal, inserted));
  const std::vector<std::string> names = references_in(segment);
  if (names.empty()) return out;
  // "/models/" instead of "/models/7" is another thing, and often all of them.
  if (out.empty()) return refused(names.front(), "is empty: the path would lose a segment");
  if (is_dots(out)) return refused(names.front(), "makes a path segment of dots");
  return out;
}

// Labels of letters, digits, '-' and '_' with dots between them; numbers at the end only as IPv4 in its usual form, since resolvers take
// 2130706433 and 0x7f.1 for addresses too.
bool is_host_name(std::string_view host) {
  if (is_ipv4(host)) return true;
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.empty() || host.size() > 253) return false;
  std::string_view label;
  for (std::size_t at = 0; at <= host.size();) {
    const std::size_t end = std::min(host.find('.', at), host.size());
    label = host.substr(at, end - at);
    if (label.empty() || label.size() > 63 || label.starts_with('-') || label.ends_with('-')) return false;
    if (!std::all_of(label.begin(), label.end(), [](char c) { return is_word(c) || c == '-' || c == '_'; })) return false;
    at = end + 1;
  }
  return !is_digit(label[0]) || (!std::all_of(label.begin(), label.end(), is_digit) && !label.starts_with("0x") && !label.starts_with("0X"));
}

bool is_host_and_port(std::string_view text) {
  std::size_t end = text.find(':');
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end == std::string_view::npos || text.find('%') != std::string_view::npos || !is_ipv6(text.substr(1, end - 1))) return false;
    ++end;
  } else if (!is_host_name(text.substr(0, end))) {
    return false;
  }
  if (end >= text.size()) return true;
  const std::string_view port = text.substr(end + 1);
  if (text[end] != ':' || port.empty() || port.size() > 5 || !std::all_of(port.begin(), port.end(), is_digit)) return false;
  int number = 0;
  for (const char c : port) number = number * 10 + (c - '0');
  return number >= 1 && number <= 65'535;
}

bool reverses_or_breaks(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029 || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

std::string for_people(std::string_view value) {
  constexpr std::size_t kLongest = 500;
  std::string out;
  for (std::size_t at = 0; at < value.size();) {
    const CodePoint one = code_point_at(value, at);
    const std::size_t size = std::max<std::size_t>(one.size, 1);
    if (at + size > kLongest) return out + "…";
    if (one.size == 0 || reverses_or_breaks(one.value)) out += '?';
    else out += value.substr(at, size);
    at += size;
  }
  return out;
}

}  // namespace

Result<Value> value_of(const Lookup& lookup, std::string_view name) {
  auto value = lookup(name);
  if (!value) return fail(Code::kInvalid, fmt::format("the variable {} has no value", name));
  return std::move(*value);
}

Result<void> check_inserted_size(std::size_t size) {
  if (size > kLongestInserted) return fail(Code::kTooLarge, fmt::format("longer than {} octets with its variables", kLongestInserted));
  return {};
}

Result<std::string> insert_path(std::string_view text, const Lookup& lookup) {
  FIREBREAK_TRY(check_inserted_size(text.size()));
  const std::size_t question = std::min(text.find('?'), text.size());
  std::string out;
  for (std::size_t at = 0; at <= question;) {
    const std::size_t end = std::min(text.find('/', at), question);
    FIREBREAK_ASSIGN(const std::string segment, path_segment(text.substr(at, end - at), lookup));
    out += segment;
    if (end < question) out += '/';
    FIREBREAK_TRY(check_inserted_size(out.size()));
    at = end + 1;
  }
  FIREBREAK_ASSIGN(const std::string query, weave(text.substr(question), lookup, [](std::string_view part) { return url_literal(part, "a query"); },
                                                  [](std::string_view, std::string_view value) { return Result<std::string>(percent_encoded(value, is_unreserved)); }));
  out += query;
  FIREBREAK_TRY(check_inserted_size(out.size()));
  return out;
}

Result<std::string> insert_header(std::string_view text, const Lookup& lookup) {
  const auto sound = [](std::string_view part) { return std::none_of(part.begin(), part.end(), [](char c) { return is_control(c) || is_beyond_ascii(c); }); };
  return weave(
      text, lookup,
      [&](std::string_view part) -> Result<std::string> {
        if (!sound(part)) return fail(Code::kInvalid, "a header has no control characters, and only ASCII");
        return std::string(part);
      },
      [&](std::string_view name, std::string_view value) -> Result<std::string> {
        if (!sound(value)) return refused(name, "has control characters or letters beyond ASCII, which a header can not carry");
        return std::string(value);
      });
}

Result<std::string> insert_form(std::string_view text, const Lookup& lookup) {
  return weave(text, lookup, [](std::string_view part) { return url_literal(part, "a form"); },
               [](std::string_view, std::string_view value) -> Result<std::string> {
                 std::string out = percent_encoded(value, [](char c) { return is_word(c) || c == '*' || c == '-' || c == '.' || c == '_' || c == ' '; });
                 std::replace(out.begin(), out.end(), ' ', '+');
                 return out;
               });
}

Result<std::string> insert_host(std::string_view text, const Lookup& lookup) {
  const auto references = find_references(text);
  const std::size_t behind = references.empty() ? 0 : references.front().at + references.front().size;
  const bool alone = !references.empty() && references.front().at == 0 && (behind == text.size() || text[behind] == ':');
  const auto inserted = [&, first = true](std::string_view name, std::string_view value) mutable -> Result<std::string> {
    const bool whole = std::exchange(first, false) && alone;
    if (whole && is_ipv6(value) && value.find('%') == std::string_view::npos) return fmt::format("[{}]", value);
    if (whole && value.starts_with('[') && value.find("]:") == std::string_view::npos && is_host_and_port(value)) return std::string(value);
    const bool labels = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) { return is_word(c) || c == '-' || c == '_' || c == '.'; });
    if (!labels) return refused(name, "is no host name, IPv4 address or [IPv6 address]");
    return std::string(value);
  };
  FIREBREAK_ASSIGN(std::string out, weave(text, lookup, as_it_is, inserted));
  if (is_host_and_port(out)) return out;
  if (references.empty()) return fail(Code::kInvalid, "an address is a host name, an IPv4 address or [IPv6 address], with :port or without");
  return refused(references.front().name, "makes no host name, IPv4 address or [IPv6 address] with :port or without");
}

std::string insert_text(std::string_view text, const Lookup& lookup) {
  std::string out;
  std::size_t at = 0;
  for (const Reference& reference : find_references(text)) {
    out += text.substr(at, reference.at - at);
    const auto value = lookup(reference.name);
    out += value ? for_people(value->text) : std::string(reference.name);
    at = reference.at + reference.size;
    if (out.size() > kLongestInserted) break;
  }
  if (out.size() <= kLongestInserted) out += text.substr(at);
  if (out.size() <= kLongestInserted) return out;
  std::size_t end = kLongestInserted - std::string_view("…").size();
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0U) == 0x80U) --end;
  return out.substr(0, end) + "…";
}

Result<std::string> insert_raw(std::string_view text, const Lookup& lookup) {
  return weave(text, lookup, as_it_is, [](std::string_view, std::string_view value) { return as_it_is(value); });
}

}  // namespace firebreak::cacao
