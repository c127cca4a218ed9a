#include "cacao/value.h"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/time.h"

namespace firebreak::cacao {
namespace {

constexpr std::string_view kReference = ":value";
constexpr std::size_t kLongestName = 204;

bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool hex(char c) { return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool all(std::string_view text, bool (*test)(char)) { return !text.empty() && std::all_of(text.begin(), text.end(), test); }

template <class Number>
bool is_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool is_float(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
}

bool hex_of(std::string_view text, std::size_t size) { return text.size() == size && all(text, hex); }

bool is_any_hash(std::string_view text) {
  constexpr std::size_t kSizes[] = {32, 40, 56, 64, 96, 128};  // MD5, SHA-1, SHA-2 and SHA-3
  return std::any_of(std::begin(kSizes), std::end(kSizes), [&](std::size_t size) { return hex_of(text, size); });
}

bool is_json_object(std::string_view text) {
  const auto parsed = parse_json(text);
  return parsed && parsed->is_object();
}

struct Type {
  std::string_view name;
  bool (*fits)(std::string_view);
  std::string_view otherwise;
};
constexpr Type kTypes[] = {
    {"bool", [](std::string_view t) { return t == "true" || t == "false"; }, "neither 'true' nor 'false'"},
    {"dictionary", is_json_object, "no JSON object"},
    {"float", is_float, "no number"},
    {"hexstring", [](std::string_view t) { return t.size() % 2 == 0 && all(t, hex); }, "not pairs of hex digits"},
    {"integer", is_number<std::int32_t>, "no whole number of 32 bits"},
    {"ipv4-addr", [](std::string_view t) { return is_ipv4(t.substr(0, t.find('/'))); }, "no IPv4 address"},
    {"ipv6-addr", [](std::string_view t) { return is_ipv6(t.substr(0, t.find('/'))); }, "no IPv6 address"},
    {"long", is_number<std::int64_t>, "no whole number of 64 bits"},
    {"mac-addr", is_mac, "no MAC address"},
    {"hash", is_any_hash, "no hash in hex digits"},
    {"md5-hash", [](std::string_view t) { return hex_of(t, 32); }, "not the 32 hex digits of MD5"},
    {"sha256-hash", [](std::string_view t) { return hex_of(t, 64); }, "not the 64 hex digits of SHA-256"},
    {"string", [](std::string_view) { return true; }, ""},
    {"uri", is_uri, "no URI"},
    {"uuid", [](std::string_view t) { return uuid_version(t) != 0; }, "no UUID"},
};

const Type* type_of(std::string_view name) {
  const auto at = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const Type& type) { return type.name == name; });
  return at == std::end(kTypes) ? nullptr : at;
}

bool name_inside(char c) { return letter(c) || digit(c) || c == '_' || c == '-'; }

}  // namespace

int uuid_version(std::string_view text) {
  if (text.size() != 36) return 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !hex(text[i])) return 0;
  }
  if (std::string_view("89abAB").find(text[19]) == std::string_view::npos) return 0;
  return text[14] >= '1' && text[14] <= '8' ? text[14] - '0' : 0;
}

std::optional<std::pair<std::string_view, std::string_view>> split_identifier(std::string_view text) {
  const std::size_t dashes = text.find("--");
  if (dashes == std::string_view::npos || dashes == 0) return std::nullopt;
  return std::pair(text.substr(0, dashes), text.substr(dashes + 2));
}

std::string made_identifier(std::string_view type, std::string_view text) {
  std::string hex = sha256(text).hex().substr(0, 32);
  hex[12] = '4';
  hex[16] = "89ab"[static_cast<std::size_t>(hex[16]) % 4];
  return fmt::format("{}--{}-{}-{}-{}-{}", type, hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4), hex.substr(16, 4), hex.substr(20));
}

bool is_utc_time(std::string_view text) {
  // Our own reader takes offsets as well, and stops at nine decimals.
  if (!text.ends_with('Z')) return false;
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return parse_time(text).has_value();
  const std::string_view decimals = text.substr(dot + 1, text.size() - dot - 2);
  return all(decimals, digit) && parse_time(std::string(text.substr(0, dot)) + "Z").has_value();
}

bool has_milliseconds(std::string_view text) {
  const std::size_t dot = text.find('.');
  return is_utc_time(text) && dot != std::string_view::npos && text.size() - dot == 5;
}

// inet_pton reads up to a NUL: what stands behind one would be anybody's.
bool is_ipv4(std::string_view text) {
  in_addr address{};
  return text.find('\0') == std::string_view::npos && text.size() < INET_ADDRSTRLEN && inet_pton(AF_INET, std::string(text).c_str(), &address) == 1;
}

bool is_ipv6(std::string_view text) {
  text = text.substr(0, text.find('%'));  // a zone says which interface
  in6_addr address{};
  return text.find('\0') == std::string_view::npos && text.size() < INET6_ADDRSTRLEN && inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1;
}

bool is_mac(std::string_view text) {
  if (text.size() != 17) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (i % 3 == 2 ? text[i] != ':' && text[i] != '-' : !hex(text[i])) return false;
  return true;
}

bool is_uri(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size() || !letter(text[0])) return false;
  const auto scheme = [](char c) { return letter(c) || digit(c) || c == '+' || c == '-' || c == '.'; };
  return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon), scheme) &&
         std::none_of(text.begin(), text.end(), [](char c) { return c == ' ' || static_cast<unsigned char>(c) < 0x20; });
}

std::string_view host_of_url(std::string_view url) {
  const std::size_t start = url.find("://");
  if (start == std::string_view::npos) return {};
  url.remove_prefix(start + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (const std::size_t at = url.rfind('@'); at != std::string_view::npos) url.remove_prefix(at + 1);
  if (url.starts_with('[')) return url.substr(1, url.find(']') - 1);
  return url.substr(0, url.find(':'));
}

bool is_url(std::string_view text) {
  return (text.starts_with("http://") || text.starts_with("https://")) && is_uri(text) && !host_of_url(text).empty();
}

bool is_public_host(std::string_view host) {
  const std::size_t dot = host.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  const std::string_view last = host.substr(dot + 1);
  return last.size() >= 2 && last.size() <= 6 && all(last, letter);
}

bool is_host_name(std::string_view text) {
  const auto inside = [](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || static_cast<unsigned char>(c) >= 0x80; };
  return !text.empty() && text.size() <= 253 && text.front() != '.' && all(text, inside);
}

bool is_email(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == 0 || at == std::string_view::npos) return false;
  const auto inside = [](char c) { return c > ' ' && c != 0x7f && std::string_view("\"(),:;<>@[\\]").find(c) == std::string_view::npos; };  // RFC 5322, without quoting
  return all(text.substr(0, at), inside) && is_host_name(text.substr(at + 1));
}

bool is_variable_name(std::string_view text) {
  if (text.size() < 5 || text.size() > kLongestName || !text.starts_with("__") || !text.ends_with("__")) return false;
  const std::string_view inside = text.substr(2, text.size() - 4);
  return (letter(inside[0]) || inside[0] == '_') && all(inside, name_inside);
}

std::optional<std::string> decode_base64(std::string_view text) {
  auto decoded = from_base64(text);
  return decoded ? std::optional(std::move(*decoded)) : std::nullopt;
}

bool is_variable_type(std::string_view type) { return type_of(type) != nullptr; }

std::optional<std::string> value_problem(std::string_view type, std::string_view text) {
  const Type* const known = type_of(type);
  if (known == nullptr || known->fits(text) || !references_in(text).empty()) return std::nullopt;
  return std::string(known->otherwise);
}

std::vector<Reference> find_references(std::string_view text) {
  std::vector<Reference> found;
  for (std::size_t at = text.find(kReference); at != std::string_view::npos; at = text.find(kReference, at + 1)) {
    // What could be a name before it, and in that the longest name.
    std::size_t first = at;
    while (first > 0 && at - first < kLongestName && name_inside(text[first - 1])) --first;
    while (at - first >= 5 && !is_variable_name(text.substr(first, at - first))) ++first;
    if (at - first >= 5) found.push_back({first, at - first + kReference.size(), text.substr(first, at - first)});
  }
  return found;
}

std::vector<std::string> references_in(std::string_view text) {
  std::vector<std::string> names;
  for (const Reference& reference : find_references(text)) names.emplace_back(reference.name);
  return names;
}

}  // namespace firebreak::cacao
