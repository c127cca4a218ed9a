// Text patterns of Sigma: literals with `*` (any number of characters) and `?` (exactly one), and the escapes between them.
//
// Source: Sigma Rules Specification 2.0, "String Wildcard" and "Escaping". Letters compare without case, ASCII letters only,
// unless the pattern is cased. `?` is one UTF-8 character. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firebreak::rules {

class Pattern {
 public:
  static constexpr std::uint16_t kAny = 256, kOne = 257;  // below: octets

  static Pattern parse(std::string_view text);    // with wildcards and escapes
  static Pattern literal(std::string_view text);  // as it stands

  void any_before();
  void any_after();
  void set_cased(bool cased) { cased_ = cased; }
  bool cased() const { return cased_; }
  bool special() const;                                   // has a wildcard
  const std::vector<std::uint16_t>& tokens() const { return tokens_; }
  void set_tokens(std::vector<std::uint16_t> tokens) { tokens_ = std::move(tokens); }

  bool matches(std::string_view text) const;
  std::optional<std::string> whole() const;  // the literal, when there is no wildcard
  std::string longest_literal() const;       // what every match contains; in lower case
  std::string text() const;                  // with escapes: parse() gives the same pattern
  bool operator==(const Pattern&) const = default;

 private:
  std::vector<std::uint16_t> tokens_;
  bool cased_ = false;
};

char lower(char c);  // ASCII
std::string lower(std::string_view text);

}  // namespace firebreak::rules
