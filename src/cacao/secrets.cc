// Secrets in the text of a playbook: a document that is shared, signed and printed. Found by their known forms; a finding
// never repeats what it found.
#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "cacao/lint_parts.h"
#include "cacao/value.h"

namespace firebreak::cacao {
namespace {

bool lower(char c) { return c >= 'a' && c <= 'z'; }
bool upper(char c) { return c >= 'A' && c <= 'Z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool token_char(char c) { return lower(c) || upper(c) || digit(c) || c == '_' || c == '-'; }

std::size_t run_of_token(std::string_view text) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), token_char) - text.begin());
}

struct Prefix {
  std::string_view text, what;
  std::size_t least;  // characters of a token behind it
};
constexpr Prefix kPrefixes[] = {
    {"AKIA", "an AWS access key", 16}, {"ASIA", "an AWS access key", 16}, {"ghp_", "a GitHub token", 20}, {"gho_", "a GitHub token", 20},
    {"ghs_", "a GitHub token", 20}, {"github_pat_", "a GitHub token", 20}, {"glpat-", "a GitLab token", 16}, {"xoxb-", "a Slack token", 10},
    {"xoxp-", "a Slack token", 10}, {"sk-", "an API key", 20}, {"hf_", "a Hugging Face token", 20}, {"AIza", "a Google API key", 30},
};

std::optional<std::string_view> prefixed(std::string_view text) {
  for (const Prefix& prefix : kPrefixes)
    for (std::size_t at = text.find(prefix.text); at != std::string_view::npos; at = text.find(prefix.text, at + 1))
      if ((at == 0 || !token_char(text[at - 1])) && run_of_token(text.substr(at + prefix.text.size())) >= prefix.least) return prefix.what;
  return std::nullopt;
}

// What stands where a value is expected, and is one: not empty, no variable, no mark like <KEY> or {key} that a person is to replace.
bool is_literal(std::string_view text) {
  text = text.substr(0, text.find_first_of(" \t\r\n&\"';,"));
  return text.size() >= 6 && text.find_first_of("$<{*") == std::string_view::npos && text.find("__") == std::string_view::npos;
}

std::string in_lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (upper(c)) c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool assigned(std::string_view text) {
  const std::string small = in_lower_case(text);
  for (const std::string_view name : {"password", "passwd", "pwd", "secret", "token", "api_key", "apikey", "api-key", "access_key"})
    for (std::size_t at = small.find(name); at != std::string::npos; at = small.find(name, at + 1)) {
      std::size_t value = at + name.size();
      if (value < small.size() && small[value] == '"') ++value;
      if (value >= small.size() || (small[value] != '=' && small[value] != ':')) continue;
      value = small.find_first_not_of(" \"'", value + 1);
      if (value != std::string::npos && is_literal(text.substr(value))) return true;
    }
  return false;
}

bool authorises(std::string_view text) {
  const std::string small = in_lower_case(text);
  for (const std::string_view scheme : {"bearer ", "basic "}) {
    const std::size_t at = small.find(scheme);
    if (at == std::string::npos || (at > 0 && token_char(small[at - 1]))) continue;
    const std::string_view behind = text.substr(at + scheme.size());
    if (is_literal(behind) && run_of_token(behind) >= 12) return true;
  }
  return false;
}

bool has_userinfo(std::string_view text) {
  for (std::size_t at = text.find("://"); at != std::string_view::npos; at = text.find("://", at + 3)) {
    const std::string_view authority = text.substr(at + 3, text.substr(at + 3).find_first_of("/?# \t\r\n\"'"));
    const std::size_t host = authority.rfind('@'), colon = authority.find(':');
    if (host != std::string_view::npos && colon < host && authority.find("__") == std::string_view::npos && host - colon > 1) return true;
  }
  return false;
}

bool is_json_web_token(std::string_view text) {
  const std::size_t at = text.find("eyJ");
  if (at == std::string_view::npos) return false;
  const std::string_view head = text.substr(at);
  const std::size_t first = run_of_token(head);
  return first >= 12 && head.substr(first).starts_with(".eyJ");
}

// A long run of mixed letters and digits as a part of a path or a parameter: a key that somebody pasted.
bool has_random_part(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 0;
    while (at + length < text.size() && (lower(text[at + length]) || upper(text[at + length]) || digit(text[at + length]))) ++length;
    const std::string_view part = text.substr(at, length);
    const bool placed = at > 0 && (text[at - 1] == '/' || text[at - 1] == '=' || text[at - 1] == ':');
    if (placed && length >= 24 && std::any_of(part.begin(), part.end(), lower) &&
        std::any_of(part.begin(), part.end(), upper) && std::count_if(part.begin(), part.end(), digit) >= 3)
      return true;
    at += length + 1;
  }
  return false;
}

std::optional<std::string_view> secret_in(std::string_view text) {
  if (text.find("-----BEGIN") != std::string_view::npos && text.find("PRIVATE KEY-----") != std::string_view::npos) return "a private key";
  if (const auto known = prefixed(text)) return known;
  if (is_json_web_token(text)) return "a JSON web token";
  if (authorises(text)) return "a credential for HTTP";
  if (has_userinfo(text)) return "a password in a URL";
  if (assigned(text)) return "a password, key or token with its value";
  if (has_random_part(text)) return "a long random part, as keys have";
  return std::nullopt;
}

class Secrets {
 public:
  explicit Secrets(Findings& findings) : findings_(findings) {}

  void scan(const Json& value, const std::string& pointer) {
    if (value.is_string()) {
      tell(std::string_view(value.get_string()), pointer);
    } else if (value.is_array()) {
      for (std::size_t i = 0; i < value.get_array().size(); ++i) scan(value.get_array()[i], child(pointer, i));
    } else if (value.is_object()) {
      for (const auto& member : value.get_object()) scan_member(member.key(), member.value(), child(pointer, member.key()));
    }
  }

  // `password` and `token` of authentication are ignored when a key management service is named (section 6).
  void scan_authentications(const Json& document) {
    const Json* const entries = find(document, "authentication_info_definitions");
    if (entries == nullptr || !entries->is_object()) return;
    for (const auto& entry : entries->get_object())
      for (const std::string_view key : {"password", "token"}) {
        const std::string text = string_or(entry.value(), key);
        if (!text.empty() && references_in(text).empty())
          findings_.add("secret-in-text", child(child("/authentication_info_definitions", entry.key()), key), fmt::format("'{}' is written out", key));
      }
  }

 private:
  void scan_member(std::string_view key, const Json& value, const std::string& pointer) {
    if (pointer == "/signatures") return;  // public by nature
    if ((key == "password" || key == "token") && pointer.starts_with("/authentication_info_definitions/")) return;  // scan_authentications
    const auto decoded = key.ends_with("_b64") && value.is_string() ? decode_base64(std::string_view(value.get_string())) : std::nullopt;
    if (decoded) tell(*decoded, pointer);
    else scan(value, pointer);
  }

  void tell(std::string_view text, const std::string& pointer) {
    if (const auto what = secret_in(text)) findings_.add("secret-in-text", pointer, fmt::format("this looks like {}", *what));
  }

  Findings& findings_;
};

}  // namespace

void lint_secrets(Findings& findings, const Json& document) {
  Secrets secrets(findings);
  secrets.scan(document, "");
  secrets.scan_authentications(document);
}

}  // namespace firebreak::cacao
