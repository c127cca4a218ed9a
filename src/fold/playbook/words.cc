// The two small languages inside a playbook: x-firebreak commands and conditions.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "fold/playbook/parts.h"
#include "types/incident.h"

namespace firebreak::playbook {
namespace {

constexpr std::string_view kItems[] = {"model", "dataset", "policy", "inferences", "counters"};
constexpr std::string_view kVariables[] = {"__rule__", "__severity__", "__phase__", "__endpoint__", "__finding_kinds__"};

template <std::size_t N>
bool is_in(const std::string_view (&words)[N], std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

std::string_view next_word(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return word;
}

std::string value_of(const std::string& variable, const IncidentFacts& facts) {
  if (variable == "__rule__") return facts.rule;
  if (variable == "__severity__") return facts.severity;
  if (variable == "__phase__") return facts.phase;
  if (variable == "__endpoint__") return facts.endpoint;
  std::string kinds;
  for (const std::string& kind : facts.finding_kinds) kinds += (kinds.empty() ? "" : ",") + kind;
  return kinds;
}

// Greedy matching with one level of backtracking to the last %: linear in practice, bounded by the product of lengths.
bool like(std::string_view text, std::string_view pattern) {
  std::size_t t = 0, p = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

}  // namespace

Result<std::vector<std::string>> parse_items(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view item = text.substr(0, end);
    if (!is_in(kItems, item))
      return fail(Code::kInvalid, fmt::format("'{}' is no evidence item (model, dataset, policy, inferences, counters)", item));
    if (std::find(items.begin(), items.end(), item) == items.end()) items.emplace_back(item);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (items.empty()) return fail(Code::kInvalid, "name at least one evidence item");
  return items;
}

Result<Verb> parse_verb(std::string_view command) {
  Verb verb;
  verb.name = next_word(command);
  if (verb.name == "evidence.capture") {
    FIREBREAK_ASSIGN(verb.items, parse_items(command));
    return verb;
  }
  if (verb.name == "options.offer") {
    if (command.empty()) return verb;
    const auto [end, error] = std::from_chars(command.data(), command.data() + command.size(), verb.days);
    if (error != std::errc{} || end != command.data() + command.size() || verb.days < 1 || verb.days > 30)
      return fail(Code::kInvalid, "options.offer takes a number of days, 1..30");
    return verb;
  }
  if (verb.name == "containment.wait") {
    if (command.empty()) return verb;
    return fail(Code::kInvalid, "containment.wait takes no argument");
  }
  if (verb.name != "task.open" && verb.name != "phase")
    return fail(Code::kInvalid, fmt::format("'{}' is no command (evidence.capture ITEMS, options.offer [DAYS], "
                                            "containment.wait, task.open OWNER TEXT, phase PHASE REASON)", verb.name));
  verb.first = next_word(command);
  verb.rest = command;
  if (verb.first.empty() || verb.rest.empty()) return fail(Code::kInvalid, verb.name + " takes two arguments");
  if (verb.name == "phase" && (!is_in(words::kPhases, verb.first) || verb.first == "closed"))
    return fail(Code::kInvalid, fmt::format("'{}' is no phase a playbook may ask for", verb.first));
  return verb;
}

Result<Condition> parse_condition(std::string_view text) {
  Condition condition;
  const std::string variable(next_word(text));
  condition.op = next_word(text);
  if (!variable.ends_with(":value") || !is_in(kVariables, std::string_view(variable).substr(0, variable.size() - 6)))
    return fail(Code::kInvalid, "a condition starts with __rule__:value, __severity__:value, __phase__:value, "
                                "__endpoint__:value or __finding_kinds__:value");
  condition.variable = variable.substr(0, variable.size() - 6);
  if (condition.op != "=" && condition.op != "!=" && condition.op != "LIKE")
    return fail(Code::kInvalid, "a condition compares by =, != or LIKE");
  if (text.size() < 2 || text.front() != '\'' || text.back() != '\'' || text.substr(1, text.size() - 2).find('\'') != std::string_view::npos)
    return fail(Code::kInvalid, "a condition ends with a literal in single quotes");
  condition.literal = text.substr(1, text.size() - 2);
  return condition;
}

bool holds(const Condition& condition, const IncidentFacts& facts) {
  const std::string value = value_of(condition.variable, facts);
  if (condition.op == "LIKE") return like(value, condition.literal);
  return (value == condition.literal) == (condition.op == "=");
}

Draft make(std::string_view kind, std::string cause, JsonObject body) {
  Draft draft;
  draft.kind = kind;
  draft.cause = std::move(cause);
  draft.body = std::move(body);
  return draft;
}

}  // namespace firebreak::playbook
