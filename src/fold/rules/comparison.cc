// Addresses and regular expressions of atom.h.
#include <fmt/core.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>

#include "fold/rules/atom.h"

namespace firebreak::rules {
namespace {

constexpr std::int64_t kRegexMemory = 1 << 20;
constexpr std::size_t kRegexBytes = 1'024;

bool parse_v4(std::string_view text, std::string& out) {
  for (int i = 0; i < 4; ++i) {
    unsigned octet = 0;
    const auto [at, ec] = std::from_chars(text.data(), text.data() + text.size(), octet);
    const auto length = static_cast<std::size_t>(at - text.data());
    if (ec != std::errc() || octet > 255 || length > 3 || (length > 1 && text[0] == '0')) return false;
    out += static_cast<char>(static_cast<unsigned char>(octet));
    text.remove_prefix(length);
    if (i == 3) return text.empty();
    if (text.empty() || text[0] != '.') return false;
    text.remove_prefix(1);
  }
  return false;
}

// One side of "::": groups of four hex digits, the last may be an IPv4 address (RFC 4291 §2.2).
bool parse_groups(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(':'), text.size());
    const std::string_view group = text.substr(0, end);
    if (end == text.size() && group.find('.') != std::string_view::npos) return parse_v4(group, out);
    unsigned value = 0;
    const auto [at, ec] = std::from_chars(group.data(), group.data() + group.size(), value, 16);
    if (ec != std::errc() || at != group.data() + group.size() || group.empty() || group.size() > 4) return false;
    out += static_cast<char>(static_cast<unsigned char>(value >> 8));
    out += static_cast<char>(static_cast<unsigned char>(value & 0xff));
    if (out.size() > 16) return false;
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
    if (text.empty()) return false;
  }
  return true;
}

bool parse_v6(std::string_view text, std::string& out) {
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) return parse_groups(text, out) && out.size() == 16;
  std::string tail;
  const std::string_view after = text.substr(gap + 2);
  if (after.find("::") != std::string_view::npos) return false;
  if (!parse_groups(text.substr(0, gap), out) || !parse_groups(after, tail) || out.size() + tail.size() > 14) return false;
  out.resize(16 - tail.size(), '\0');
  out += tail;
  return true;
}

bool is_word(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

}  // namespace

std::optional<std::string> parse_address(std::string_view text) {
  std::string out;
  if (text.size() > 45) return std::nullopt;
  if (text.find(':') == std::string_view::npos) return parse_v4(text, out) ? std::optional(out) : std::nullopt;
  if (!parse_v6(text, out)) return std::nullopt;
  static const std::string kMapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  if (out.starts_with(kMapped)) out.erase(0, 12);
  return out;
}

Result<Cidr> parse_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  const auto wrong = [&] { return fail(Code::kInvalid, fmt::format("'{}' is no network: write 10.0.0.0/8 or 2001:db8::/32", text)); };
  if (!address) return wrong();
  Cidr out{*address, static_cast<unsigned>(address->size() * 8)};
  if (slash != std::string_view::npos) {
    const std::string_view length = text.substr(slash + 1);
    const auto [at, ec] = std::from_chars(length.data(), length.data() + length.size(), out.bits);
    if (ec != std::errc() || at != length.data() + length.size() || out.bits > address->size() * 8) return wrong();
  }
  for (unsigned bit = out.bits; bit < out.network.size() * 8; ++bit)
    if (((static_cast<unsigned char>(out.network[bit / 8]) >> (7 - bit % 8)) & 1U) != 0)
      return fail(Code::kInvalid, fmt::format("'{}' has bits behind its prefix", text));
  return out;
}

struct Regex::Program {
  Program(const std::string& pattern, const RE2::Options& options) : re(pattern, options) {}
  RE2 re;
};

Regex::~Regex() = default;

Result<std::shared_ptr<const Regex>> Regex::compile(const std::string& pattern, std::string_view flags) {
  if (pattern.size() > kRegexBytes) return fail(Code::kTooLarge, fmt::format("a regular expression longer than {} octets", kRegexBytes));
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kRegexMemory);
  // RE2's `^` and `$` mean the whole text, as PCRE's without /m.
  const std::string text = flags.empty() ? pattern : fmt::format("(?{}){}", flags, pattern);
  std::shared_ptr<Regex> out(new Regex());
  out->program_ = std::make_unique<Program>(text, options);
  if (!out->program_->re.ok())
    return fail(Code::kInvalid, fmt::format("the regular expression '{}' is not supported: {}", pattern, out->program_->re.error()));
  out->pattern_ = pattern;
  return std::shared_ptr<const Regex>(std::move(out));
}

bool Regex::found_in(std::string_view text) const {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), program_->re);
}

std::size_t Regex::bytes() const { return sizeof(*this) + sizeof(Program) + pattern_.size() + static_cast<std::size_t>(kRegexMemory); }

// Runs of letters, digits and escaped marks outside groups, classes and alternations; what a quantifier follows may be absent.
// Without case RE2 takes the Kelvin sign for a k and the long s for an s: such letters end a run.
std::string required_literal(std::string_view pattern, bool insensitive) {
  if (pattern.find("[:") != std::string_view::npos || pattern.find('|') != std::string_view::npos || pattern.find("(?") != std::string_view::npos ||
      pattern.find("\\Q") != std::string_view::npos)
    return {};
  std::string best, run;
  const auto end_run = [&] {
    if (run.size() > best.size()) best = run;
    run.clear();
  };
  int depth = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      const char next = pattern[++i];
      if (is_word(next) || static_cast<unsigned char>(next) >= 0x80) {
        end_run();
        if (is_word(next)) return best;  // \d and the like; \x41, \p{..}: what follows may belong to it
      } else if (depth == 0) {
        run += next;
      }
    } else if (c == '[') {
      end_run();
      i += i + 1 < pattern.size() && pattern[i + 1] == '^' ? 1 : 0;
      i += i + 1 < pattern.size() && pattern[i + 1] == ']' ? 1 : 0;
      while (++i < pattern.size() && pattern[i] != ']') i += pattern[i] == '\\' ? 1 : 0;
      if (i >= pattern.size()) return {};
    } else if (c == '*' || c == '?' || c == '{' || c == '+') {
      if (!run.empty() && c != '+') run.pop_back();
      end_run();
      if (c == '{') return best;  // {n,m}
    } else if (c == '(' || c == ')') {
      end_run();
      depth += c == '(' ? 1 : -1;
    } else if (c == '.' || c == '^' || c == '$') {
      end_run();
    } else if (depth == 0 && static_cast<unsigned char>(c) < 0x80 && !(insensitive && (lower(c) == 'k' || lower(c) == 's'))) {
      run += lower(c);
    } else {
      end_run();
    }
  }
  end_run();
  return best;
}

}  // namespace firebreak::rules
