// The language of `condition`: or, and, not, (…), search identifiers, `1 of …`, `any of …`, `all of …`.
#include <fmt/core.h>

#include <algorithm>

#include "fold/rules/rule.h"

namespace firebreak::rules {
namespace {

constexpr std::size_t kConditionBytes = 4'096;
constexpr int kDepth = 32;

bool is_part(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '*' || c == '.';
}

// `*` is any number of characters.
bool names(std::string_view pattern, const std::string& name) {
  Pattern wild = Pattern::parse(pattern);
  wild.set_cased(true);
  return wild.matches(name);
}

class Parser {
 public:
  Parser(std::string_view text, const std::vector<std::pair<std::string, Expr>>& searches) : rest_(text), searches_(searches) { next(); }

  Result<Expr> whole() {
    FIREBREAK_ASSIGN(Expr out, chain(Expr::Kind::kOr, 0));
    if (word_ == "|") return wrong("aggregations behind '|' are obsolete Sigma: write a correlation rule instead");
    if (!word_.empty()) return wrong(fmt::format("'{}' is not expected here", word_));
    return out;
  }

 private:
  static tl::unexpected<Error> wrong(std::string what) { return fail(Code::kInvalid, std::move(what)); }

  void next() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t' || rest_.front() == '\n' || rest_.front() == '\r'))
      rest_.remove_prefix(1);
    std::size_t length = 0;
    while (length < rest_.size() && is_part(rest_[length])) ++length;
    if (length == 0 && !rest_.empty()) length = 1;
    word_ = rest_.substr(0, length);
    rest_.remove_prefix(length);
  }

  bool at(std::string_view keyword) const { return word_.size() == keyword.size() && lower(word_) == keyword; }

  // a or b or …; a and b and …
  Result<Expr> chain(Expr::Kind kind, int depth) {
    if (depth > kDepth) return wrong("it is nested too deeply");
    const bool is_or = kind == Expr::Kind::kOr;
    Expr out{kind, 0, {}};
    while (true) {
      auto part = is_or ? chain(Expr::Kind::kAnd, depth) : negation(depth);
      if (!part) return part;
      out.parts.push_back(std::move(*part));
      if (!at(is_or ? "or" : "and")) break;
      next();
    }
    if (out.parts.size() > 1) return out;
    Expr only = std::move(out.parts.front());
    return only;
  }

  Result<Expr> negation(int depth) {
    if (!at("not")) return operand(depth);
    if (depth > kDepth) return wrong("it is nested too deeply");
    next();
    FIREBREAK_ASSIGN(Expr part, negation(depth + 1));
    Expr out{Expr::Kind::kNot, 0, {}};
    out.parts.push_back(std::move(part));
    return out;
  }

  Result<Expr> operand(int depth) {
    if (word_.empty()) return wrong("it ends where a search identifier is expected");
    if (word_ == "(") {
      next();
      FIREBREAK_ASSIGN(Expr inner, chain(Expr::Kind::kOr, depth + 1));
      if (word_ != ")") return wrong("a ')' is missing");
      next();
      return inner;
    }
    const std::string word(word_);
    next();
    if (at("of")) return some_of(word);
    for (const auto& [name, expr] : searches_)
      if (name == word) return add(expr);
    if (word == "|" || !is_part(word.front())) return wrong(fmt::format("'{}' is not expected here", word));
    return wrong(fmt::format("there is no search identifier '{}' in the detection", word));
  }

  Result<Expr> some_of(const std::string& quantifier) {
    const std::string how = lower(quantifier);
    if (how != "1" && how != "any" && how != "all")
      return wrong(fmt::format("'{} of' is not supported: '1 of', 'any of' and 'all of' are", quantifier));
    next();
    if (word_.empty()) return wrong(fmt::format("'{} of' is followed by nothing", quantifier));
    const std::string pattern = at("them") ? "*" : std::string(word_);
    Expr out{how == "all" ? Expr::Kind::kAnd : Expr::Kind::kOr, 0, {}};
    for (const auto& [name, expr] : searches_) {
      if (!names(pattern, name) || (name.starts_with('_') && !pattern.starts_with('_'))) continue;
      FIREBREAK_ASSIGN(Expr part, add(expr));
      out.parts.push_back(std::move(part));
    }
    if (out.parts.empty()) return wrong(fmt::format("no search identifier is named like '{}'", word_));
    next();
    return out;
  }

  Result<Expr> add(const Expr& expr) {
    nodes_ += nodes(expr);
    if (nodes_ > kRuleNodes) return wrong(fmt::format("it asks more than {} questions", kRuleNodes));
    return expr;
  }

  std::string_view rest_, word_;
  const std::vector<std::pair<std::string, Expr>>& searches_;
  std::size_t nodes_ = 0;
};

}  // namespace

Result<Expr> parse_condition(std::string_view text, const std::vector<std::pair<std::string, Expr>>& searches) {
  if (text.size() > kConditionBytes) return fail(Code::kTooLarge, fmt::format("a condition longer than {} octets", kConditionBytes));
  auto out = Parser(text, searches).whole();
  if (!out) return fail(std::move(out.error()).with("the condition cannot be read"));
  return out;
}

}  // namespace firebreak::rules
