// How two things are compared (condition_parts.h).
#include <arpa/inet.h>
#include <fmt/core.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <compare>
#include <cstdint>
#include <optional>

#include "base/encoding.h"
#include "base/time.h"
#include "cacao/condition_parts.h"
#include "cacao/value.h"

namespace firebreak::cacao {
namespace {

constexpr std::size_t kLongestValue = 64 * 1024;
constexpr std::size_t kLongestPattern = 1024;
constexpr std::int64_t kRegexMemory = 1 << 20;

using Kind = Term::Kind;

std::string_view kind_name(const Term& term) {
  switch (term.kind) {
    case Kind::kVariable: return "a variable";
    case Kind::kText: return "text";
    case Kind::kNumber: return "a number";
    case Kind::kBool: return "a truth value";
    case Kind::kBytes: return "octets";
    case Kind::kTime: return "a time";
    case Kind::kAddress: return "an address";
  }
  return "text";
}

tl::unexpected<Error> not_comparable(const Term& left, const Term& right) {
  return fail(Code::kInvalid, fmt::format("{} and {} cannot be compared: {} and {}", left.name, right.name, kind_name(left), kind_name(right)));
}

tl::unexpected<Error> holds_no(const Term& term, std::string_view what) { return fail(Code::kInvalid, fmt::format("{} holds no {}", term.name, what)); }

// ---- numbers

struct Number {
  std::optional<std::int64_t> whole;  // exact, when it is one
  double real = 0;
};

std::optional<Number> as_number(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  const char* const end = text.data() + text.size();
  std::int64_t whole = 0;
  if (const auto [at, error] = std::from_chars(text.data(), end, whole); error == std::errc() && at == end) return Number{whole, static_cast<double>(whole)};
  double real = 0;
  const auto [at, error] = std::from_chars(text.data(), end, real);
  if (error != std::errc() || at != end || !std::isfinite(real)) return std::nullopt;
  return Number{std::nullopt, real};
}

// Exact: a whole number of 64 bits has no double of its own beyond 2^53.
std::strong_ordering order(std::int64_t whole, double real) {
  if (real >= 9223372036854775808.0) return std::strong_ordering::less;
  if (real < -9223372036854775808.0) return std::strong_ordering::greater;
  const double floor = std::floor(real);
  const auto below = static_cast<std::int64_t>(floor);
  if (whole != below) return whole <=> below;
  return real > floor ? std::strong_ordering::less : std::strong_ordering::equal;
}

std::strong_ordering order(const Number& a, const Number& b) {
  if (a.whole && b.whole) return *a.whole <=> *b.whole;
  if (a.whole) return order(*a.whole, b.real);
  if (b.whole) return 0 <=> order(*b.whole, a.real);
  return a.real < b.real ? std::strong_ordering::less : a.real > b.real ? std::strong_ordering::greater : std::strong_ordering::equal;
}

// ---- addresses

struct Network {
  std::string octets;  // 4 or 16, zero behind the prefix
  unsigned bits = 0;
  auto operator<=>(const Network&) const = default;
};

std::optional<Network> as_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  char octets[16] = {};
  std::size_t size = 0;
  if (is_ipv4(address) && inet_pton(AF_INET, address.c_str(), octets) == 1) size = 4;
  else if (is_ipv6(address) && inet_pton(AF_INET6, address.c_str(), octets) == 1) size = 16;
  else return std::nullopt;
  Network network{std::string(octets, size), static_cast<unsigned>(size * 8)};
  if (slash != std::string_view::npos) {
    const std::string_view bits = text.substr(slash + 1);
    const auto [at, error] = std::from_chars(bits.data(), bits.data() + bits.size(), network.bits);
    if (error != std::errc() || at != bits.data() + bits.size() || network.bits > size * 8) return std::nullopt;
  }
  // ::ffff:10.0.0.1 is the IPv4 address to every program that connects.
  static const std::string kMapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  if (network.octets.starts_with(kMapped) && network.bits >= 96) network = {network.octets.substr(12), network.bits - 96};
  for (unsigned bit = network.bits; bit < network.octets.size() * 8; ++bit) {
    char& octet = network.octets[bit / 8];
    octet = static_cast<char>(static_cast<unsigned char>(octet) & ~(0x80U >> bit % 8));
  }
  return network;
}

bool contains(const Network& outer, const Network& inner) {
  if (outer.octets.size() != inner.octets.size() || outer.bits > inner.bits) return false;
  for (unsigned bit = 0; bit < outer.bits; ++bit)
    if (((outer.octets[bit / 8] ^ inner.octets[bit / 8]) & (0x80 >> bit % 8)) != 0) return false;
  return true;
}

Result<bool> is_subset(const Term& inner, const Term& outer) {
  const auto a = as_network(inner.text), b = as_network(outer.text);
  if (!a) return holds_no(inner, "address or network");
  if (!b) return holds_no(outer, "address or network");
  return contains(*b, *a);
}

// ---- order

Result<std::string> octets_of(const Term& term) {
  if (!term.is_hex) return term.text;
  auto octets = from_hex(term.text);
  if (!octets) return holds_no(term, "hex digits");
  return std::string(octets->data(), octets->size());
}

Result<std::strong_ordering> order(const Term& left, const Term& right) {
  const auto either = [&](Kind kind) { return left.kind == kind || right.kind == kind; };
  const auto only = [&](Kind kind) { return (left.kind == kind || left.kind == Kind::kText) && (right.kind == kind || right.kind == Kind::kText); };
  for (const Kind kind : {Kind::kNumber, Kind::kBool, Kind::kTime, Kind::kBytes})
    if (either(kind) && !only(kind)) return not_comparable(left, right);
  if (either(Kind::kNumber)) {
    const auto a = as_number(left.text), b = as_number(right.text);
    if (!a) return holds_no(left, "number");
    if (!b) return holds_no(right, "number");
    return order(*a, *b);
  }
  if (either(Kind::kBool)) {
    for (const Term* term : {&left, &right})
      if (term->text != "true" && term->text != "false") return holds_no(*term, "truth value (true or false)");
    return left.text <=> right.text;  // of which only equality is asked: compare()
  }
  if (either(Kind::kTime)) {
    const auto a = parse_time(left.text), b = parse_time(right.text);
    if (!a) return holds_no(left, "time");
    if (!b) return holds_no(right, "time");
    return *a <=> *b;
  }
  if (either(Kind::kBytes)) {
    FIREBREAK_ASSIGN(const std::string a, octets_of(left));
    FIREBREAK_ASSIGN(const std::string b, octets_of(right));
    return a <=> b;
  }
  if (either(Kind::kAddress)) {
    const auto a = as_network(left.text), b = as_network(right.text);
    if (a && b) return *a <=> *b;
  }
  return left.text <=> right.text;
}

// ---- patterns

std::size_t next_character(std::string_view text, std::size_t at) {
  ++at;
  for (int more = 0; more < 3 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U; ++more) ++at;
  return at;
}

bool is_like(std::string_view text, std::string_view pattern) {
  std::size_t t = 0, p = 0, behind = std::string_view::npos, mark = 0;  // where to go on when a try fails
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      behind = ++p;
      mark = t;
    } else if (p < pattern.size() && pattern[p] == '_') {
      t = next_character(text, t);
      ++p;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++t;
      ++p;
    } else if (behind != std::string_view::npos) {
      p = behind;
      t = mark = next_character(text, mark);
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

RE2::Options regex_options() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kRegexMemory);
  options.set_never_capture(true);
  return options;
}

Result<bool> matches(const Term& left, const Term& right, bool like) {
  if (right.kind != Kind::kText) return fail(Code::kInvalid, fmt::format("{} is {}: a pattern is text", right.name, kind_name(right)));
  if (left.text.size() > kLongestValue) return fail(Code::kInvalid, fmt::format("{} is longer than the {} octets that a pattern looks at", left.name, kLongestValue));
  if (right.text.size() > kLongestPattern) return fail(Code::kInvalid, fmt::format("the pattern {} is longer than {} octets", right.name, kLongestPattern));
  if (like) return is_like(left.text, right.text);
  const RE2 regex(right.text, regex_options());
  if (!regex.ok()) return fail(Code::kInvalid, fmt::format("{} holds no regular expression that is supported", right.name));
  return RE2::PartialMatch(re2::StringPiece(left.text.data(), left.text.size()), regex);
}

bool is_order(Comparator comparator) {
  return comparator == Comparator::kLess || comparator == Comparator::kLessEqual || comparator == Comparator::kGreater || comparator == Comparator::kGreaterEqual;
}

}  // namespace

Result<Term> look_up(const Term& term, const Lookup& lookup) {
  if (term.kind != Kind::kVariable) return term;
  auto value = lookup(term.text);
  if (!value) return fail(Code::kInvalid, fmt::format("the variable {} has no value", term.text));
  Term out{Kind::kText, std::move(value->text), term.name};
  const std::string& type = value->type;
  if (type == "integer" || type == "long" || type == "float") out.kind = Kind::kNumber;
  else if (type == "bool") out.kind = Kind::kBool;
  else if (type == "ipv4-addr" || type == "ipv6-addr") out.kind = Kind::kAddress;
  out.is_hex = type == "hexstring" || type == "hash" || type == "md5-hash" || type == "sha256-hash";
  return out;
}

Result<bool> compare(Comparator comparator, const Term& left, const Term& right) {
  switch (comparator) {
    case Comparator::kLike: return matches(left, right, true);
    case Comparator::kMatches: return matches(left, right, false);
    case Comparator::kSubset: return is_subset(left, right);
    case Comparator::kSuperset: return is_subset(right, left);
    default: break;
  }
  if (is_order(comparator) && (left.kind == Kind::kBool || right.kind == Kind::kBool))
    return fail(Code::kInvalid, fmt::format("{} and {}: truth values are equal or not, none is less", left.name, right.name));
  FIREBREAK_ASSIGN(const std::strong_ordering found, order(left, right));
  switch (comparator) {
    case Comparator::kUnequal: return found != 0;
    case Comparator::kLess: return found < 0;
    case Comparator::kLessEqual: return found <= 0;
    case Comparator::kGreater: return found > 0;
    case Comparator::kGreaterEqual: return found >= 0;
    default: return found == 0;
  }
}

Result<void> check_pattern(const std::string& pattern) {
  if (pattern.size() > kLongestPattern) return fail(Code::kInvalid, fmt::format("a pattern has at most {} octets", kLongestPattern));
  const RE2 regex(pattern, regex_options());
  if (!regex.ok()) return fail(Code::kInvalid, fmt::format("a regular expression that RE2 takes ({})", regex.error()));
  return {};
}

Result<void> check_network(std::string_view text) {
  if (!as_network(text)) return fail(Code::kInvalid, "a network as 10.0.0.0/8 or 2001:db8::/32");
  return {};
}

}  // namespace firebreak::cacao
