#include "fold/rules/pattern.h"

#include <algorithm>

namespace firebreak::rules {
namespace {

using Token = std::uint16_t;

bool is_special(Token token) { return token >= Pattern::kAny; }

// The length of the UTF-8 character at `at`; of what is none, one octet.
std::size_t step(std::string_view text, std::size_t at) {
  const auto head = static_cast<unsigned char>(text[at]);
  const std::size_t length = head < 0xc0 ? 1 : head < 0xe0 ? 2 : head < 0xf0 ? 3 : 4;
  return std::min(length, text.size() - at);
}

bool same(Token token, char c, bool cased) {
  const char wanted = static_cast<char>(static_cast<unsigned char>(token));
  return cased ? wanted == c : lower(wanted) == lower(c);
}

}  // namespace

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

Pattern Pattern::parse(std::string_view text) {
  Pattern out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool escapes = c == '\\' && i + 1 < text.size() && (text[i + 1] == '*' || text[i + 1] == '?' || text[i + 1] == '\\');
    if (escapes) {
      out.tokens_.push_back(static_cast<unsigned char>(text[++i]));
    } else if (c == '*') {
      if (out.tokens_.empty() || out.tokens_.back() != kAny) out.tokens_.push_back(kAny);
    } else {
      out.tokens_.push_back(c == '?' ? kOne : static_cast<unsigned char>(c));
    }
  }
  return out;
}

Pattern Pattern::literal(std::string_view text) {
  Pattern out;
  for (const char c : text) out.tokens_.push_back(static_cast<unsigned char>(c));
  return out;
}

void Pattern::any_before() {
  if (tokens_.empty() || tokens_.front() != kAny) tokens_.insert(tokens_.begin(), kAny);
}

void Pattern::any_after() {
  if (tokens_.empty() || tokens_.back() != kAny) tokens_.push_back(kAny);
}

bool Pattern::special() const { return std::any_of(tokens_.begin(), tokens_.end(), is_special); }

// Greedy, with one place to come back to: the last `*`. What stood before it never needs another try.
bool Pattern::matches(std::string_view text) const {
  std::size_t at = 0, token = 0, star = SIZE_MAX, star_at = 0;
  while (at < text.size()) {
    if (token < tokens_.size() && tokens_[token] == kAny) {
      star = token++;
      star_at = at;
      if (token == tokens_.size()) return true;
    } else if (token < tokens_.size() && tokens_[token] == kOne) {
      at += step(text, at);
      ++token;
    } else if (token < tokens_.size() && same(tokens_[token], text[at], cased_)) {
      ++at;
      ++token;
    } else if (star != SIZE_MAX) {
      at = star_at += step(text, star_at);
      token = star + 1;
    } else {
      return false;
    }
  }
  while (token < tokens_.size() && tokens_[token] == kAny) ++token;
  return token == tokens_.size();
}

std::optional<std::string> Pattern::whole() const {
  if (special()) return std::nullopt;
  std::string out;
  for (const Token token : tokens_) out += static_cast<char>(static_cast<unsigned char>(token));
  return out;
}

std::string Pattern::longest_literal() const {
  std::string best, run;
  for (std::size_t i = 0; i <= tokens_.size(); ++i) {
    if (i < tokens_.size() && !is_special(tokens_[i])) {
      run += lower(static_cast<char>(static_cast<unsigned char>(tokens_[i])));
      continue;
    }
    if (run.size() > best.size()) best = run;
    run.clear();
  }
  return best;
}

std::string Pattern::text() const {
  std::string out;
  for (const Token token : tokens_) {
    if (token == kAny) {
      out += '*';
    } else if (token == kOne) {
      out += '?';
    } else {
      const char c = static_cast<char>(static_cast<unsigned char>(token));
      if (c == '*' || c == '?' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
}

}  // namespace firebreak::rules
