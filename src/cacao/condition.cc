#include "cacao/condition.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/encoding.h"
#include "base/time.h"
#include "cacao/condition_parts.h"
#include "cacao/value.h"

namespace firebreak::cacao {
namespace {

constexpr std::size_t kLongest = 4 * 1024;
constexpr int kDeepest = 32;
constexpr std::string_view kOperand = "a variable (__name__:value) or a literal ('text', 3, 0.5, true)";
constexpr std::string_view kOperator = "=, !=, <, >, <=, >=, IN, LIKE, MATCHES, ISSUBSET or ISSUPERSET";

struct Symbol {
  std::string_view text;
  Comparator comparator;
};
// Longer ones first.
constexpr Symbol kSigns[] = {{"!=", Comparator::kUnequal}, {"<=", Comparator::kLessEqual}, {">=", Comparator::kGreaterEqual},
                             {"=", Comparator::kEqual},    {"<", Comparator::kLess},       {">", Comparator::kGreater}};
constexpr Symbol kWords[] = {{"IN", Comparator::kIn}, {"LIKE", Comparator::kLike}, {"MATCHES", Comparator::kMatches},
                             {"ISSUBSET", Comparator::kSubset}, {"ISSUPERSET", Comparator::kSuperset}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_part(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-'; }

// One function for each level of the grammar; each leaves at_ behind what it took.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<ConditionNode> whole() {
    const bool bracket = take("[");
    FIREBREAK_ASSIGN(ConditionNode node, any_of(0));
    if (bracket && !take("]")) return expected("AND, OR or the closing ]");
    skip_spaces();
    if (at_ < text_.size()) return expected("AND, OR or the end");
    return node;
  }

 private:
  Result<ConditionNode> any_of(int depth) {
    return chain(ConditionNode::Kind::kAny, "OR", [&] { return all_of(depth); });
  }
  Result<ConditionNode> all_of(int depth) {
    return chain(ConditionNode::Kind::kAll, "AND", [&] { return one(depth); });
  }

  template <class Part>
  Result<ConditionNode> chain(ConditionNode::Kind kind, std::string_view between, Part part) {
    FIREBREAK_ASSIGN(ConditionNode first, part());
    if (peek_word() != between) return first;
    ConditionNode node;
    node.kind = kind;
    node.children.push_back(std::move(first));
    while (take_word(between)) {
      FIREBREAK_ASSIGN(ConditionNode next, part());
      node.children.push_back(std::move(next));
    }
    return node;
  }

  Result<ConditionNode> one(int depth) {
    if (depth > kDeepest) return expected(fmt::format("no more than {} levels of parentheses", kDeepest));
    if (take_word("NOT")) {
      skip_spaces();
      if (peek() != '(' && peek_word() != "NOT") return expected("( after NOT; before an operator it stands as in __name__:value NOT IN ('a')");
      FIREBREAK_ASSIGN(ConditionNode inner, one(depth + 1));
      ConditionNode node;
      node.kind = ConditionNode::Kind::kNot;
      node.children.push_back(std::move(inner));
      return node;
    }
    if (take("(")) {
      FIREBREAK_ASSIGN(ConditionNode node, any_of(depth + 1));
      if (!take(")")) return expected("AND, OR or the closing )");
      return node;
    }
    return comparison();
  }

  Result<ConditionNode> comparison() {
    ConditionNode node;
    FIREBREAK_ASSIGN(node.left, term());
    node.negated = take_word("NOT");
    FIREBREAK_ASSIGN(node.comparator, comparator());
    if (node.comparator != Comparator::kIn) {
      FIREBREAK_ASSIGN(Term right, right_of(node.comparator));
      node.right.push_back(std::move(right));
      return node;
    }
    if (!take("(")) return expected("a set: IN ('a', 'b')");
    do {
      FIREBREAK_ASSIGN(Term item, term());
      node.right.push_back(std::move(item));
    } while (take(","));
    if (!take(")")) return expected("a comma or the closing ) of the set");
    return node;
  }

  Result<Comparator> comparator() {
    skip_spaces();
    for (const Symbol& sign : kSigns)
      if (take(sign.text)) {
        if (peek() == '=') return expected(fmt::format("something to compare with: equal is written =, the operators are {}", kOperator));
        return sign.comparator;
      }
    for (const Symbol& word : kWords)
      if (take_word(word.text)) return word.comparator;
    return expected(fmt::format("an operator: {}", kOperator));
  }

  // The right side of a comparison; patterns and networks are looked at here, so that a mistake is told before a run.
  Result<Term> right_of(Comparator comparator) {
    skip_spaces();
    const std::size_t start = at_;
    FIREBREAK_ASSIGN(Term right, term());
    if (right.kind == Term::Kind::kVariable) return right;
    const bool pattern = comparator == Comparator::kLike || comparator == Comparator::kMatches;
    const bool network = comparator == Comparator::kSubset || comparator == Comparator::kSuperset;
    if ((pattern || network) && right.kind != Term::Kind::kText) return expected_at(start, pattern ? "a pattern in quotes" : "a network in quotes");
    if (comparator == Comparator::kMatches)
      if (auto checked = check_pattern(right.text); !checked) return expected_at(start, checked.error().message);
    if (network)
      if (auto checked = check_network(right.text); !checked) return expected_at(start, checked.error().message);
    return right;
  }

  // ---- operands

  Result<Term> term() {
    skip_spaces();
    const std::size_t start = at_;
    const char c = peek();
    if (c == '\'') {
      FIREBREAK_ASSIGN(std::string content, quoted());
      return Term{Term::Kind::kText, std::move(content), place("the text", start)};
    }
    if (at_ + 1 < text_.size() && text_[at_ + 1] == '\'' && (c == 'h' || c == 'b' || c == 't')) return special(c);
    if (is_digit(c) || c == '+' || (c == '-' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) return number();
    if (c == '"') return expected("text in single quotes: '…'");
    return word();
  }

  Result<Term> word() {
    const std::size_t start = at_;
    const std::string word(peek_word());
    if (word.empty()) return expected(kOperand);
    at_ += word.size();
    if (word == "true" || word == "false") return Term{Term::Kind::kBool, word, place(word, start)};
    if (!word.starts_with("__")) return expected_at(start, fmt::format("{}; text is quoted: '{}'", kOperand, word));
    if (!is_variable_name(word)) return expected_at(start, "a variable as __name__:value");
    if (!text_.substr(at_).starts_with(":value")) return expected_at(start, fmt::format("{}:value", word));
    at_ += std::string_view(":value").size();
    if (is_word_part(peek())) return expected_at(at_, "an operator after :value");
    return Term{Term::Kind::kVariable, word, word};
  }

  Result<Term> number() {
    const std::size_t start = at_;
    const auto digits = [&] {
      const std::size_t first = at_;
      while (is_digit(peek())) ++at_;
      return at_ > first;
    };
    if (peek() == '+' || peek() == '-') ++at_;
    bool sound = digits();
    if (peek() == '.') {
      ++at_;
      sound = digits() && sound;
    }
    if (!sound || is_word_part(peek()) || peek() == '.') return expected_at(start, "a number as 3, -3 or 0.5; other text is quoted: '…'");
    std::string text(text_.substr(start, at_ - start));
    return Term{Term::Kind::kNumber, std::move(text), place("the number", start)};
  }

  Result<Term> special(char prefix) {
    const std::size_t start = at_++;
    FIREBREAK_ASSIGN(std::string content, quoted());
    if (prefix == 't') {
      if (!is_utc_time(content) || !parse_time(content)) return expected_at(start, "a time as t'2026-03-01T09:00:00Z'");
      return Term{Term::Kind::kTime, std::move(content), place("the time", start)};
    }
    const auto octets = prefix == 'h' ? from_hex(content) : from_base64(content);
    if (!octets) return expected_at(start, prefix == 'h' ? "pairs of hex digits in h'…'" : "base64 with padding in b'…'");
    return Term{Term::Kind::kBytes, std::string(octets->data(), octets->size()), place("the octets", start)};
  }

  // What stands in single quotes. \' and \\ stand for ' and \; before anything else a backslash is itself, so that patterns need not double it.
  Result<std::string> quoted() {
    const std::size_t start = at_++;
    std::string out;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\'') {
        ++at_;
        return out;
      }
      const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
      if (c == '\\' && (next == '\'' || next == '\\')) ++at_;
      out += text_[at_];
    }
    return expected_at(start, "a closing ' (inside of text it is written \\')");
  }

  // ---- characters

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) ++at_;
  }
  std::string_view peek_word() {
    skip_spaces();
    std::size_t end = at_;
    while (end < text_.size() && is_word_part(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }
  bool take_word(std::string_view word) {
    if (peek_word() != word) return false;
    at_ += word.size();
    return true;
  }
  bool take(std::string_view sign) {
    skip_spaces();
    if (!text_.substr(at_).starts_with(sign)) return false;
    at_ += sign.size();
    return true;
  }

  std::size_t column(std::size_t at) const {
    return 1 + static_cast<std::size_t>(std::count_if(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
  }
  std::string place(std::string_view what, std::size_t at) const { return fmt::format("{} in column {}", what, column(at)); }
  tl::unexpected<Error> expected_at(std::size_t at, std::string_view what) const { return fail(Code::kInvalid, fmt::format("column {}: expected {}", column(at), what)); }
  tl::unexpected<Error> expected(std::string_view what) {
    skip_spaces();
    return expected_at(at_, what);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

Result<bool> holds_comparison(const ConditionNode& node, const Lookup& lookup) {
  FIREBREAK_ASSIGN(const Term left, look_up(node.left, lookup));
  bool found = false;
  for (const Term& item : node.right) {
    FIREBREAK_ASSIGN(const Term right, look_up(item, lookup));
    FIREBREAK_ASSIGN(found, compare(node.comparator, left, right));
    if (found) break;
  }
  return found != node.negated;
}

Result<bool> holds_node(const ConditionNode& node, const Lookup& lookup) {
  if (node.kind == ConditionNode::Kind::kComparison) return holds_comparison(node, lookup);
  // The first part that holds decides an OR, the first that does not an AND; NOT has one part.
  const bool decides = node.kind != ConditionNode::Kind::kAll;
  for (const ConditionNode& child : node.children) {
    FIREBREAK_ASSIGN(const bool part, holds_node(child, lookup));
    if (node.kind == ConditionNode::Kind::kNot) return !part;
    if (part == decides) return decides;
  }
  return !decides;
}

void collect(const ConditionNode& node, std::vector<std::string>& names) {
  const auto add = [&](const Term& term) {
    if (term.kind == Term::Kind::kVariable && std::find(names.begin(), names.end(), term.text) == names.end()) names.push_back(term.text);
  };
  if (node.kind == ConditionNode::Kind::kComparison) {
    add(node.left);
    for (const Term& term : node.right) add(term);
  }
  for (const ConditionNode& child : node.children) collect(child, names);
}

}  // namespace

Result<Condition> Condition::parse(std::string_view text) {
  if (text.size() > kLongest) return fail(Code::kInvalid, fmt::format("column {}: expected the end: a condition has at most {} octets", kLongest + 1, kLongest));
  FIREBREAK_ASSIGN(ConditionNode root, Parser(text).whole());
  Condition condition;
  condition.root_ = std::make_shared<const ConditionNode>(std::move(root));
  return condition;
}

Result<bool> Condition::holds(const Lookup& lookup) const { return holds_node(*root_, lookup); }

std::vector<std::string> Condition::variables() const {
  std::vector<std::string> names;
  collect(*root_, names);
  return names;
}

}  // namespace firebreak::cacao
