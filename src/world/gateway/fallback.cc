#include "world/gateway/fallback.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace firebreak::gateway {
namespace {

constexpr std::size_t kMaxRules = 256;
constexpr std::size_t kMaxConditions = 32;

int column_of(const std::vector<std::string>& names, const std::string& name) {
  const auto it = std::find(names.begin(), names.end(), name);
  return it == names.end() ? -1 : static_cast<int>(it - names.begin());
}

}  // namespace

Result<Fallback::Condition> Fallback::read_condition(const Json& document, const FeatureSchema& schema) {
  FIREBREAK_TRY(only_keys(document, {"feature", "op", "value"}));
  FIREBREAK_ASSIGN(const std::string feature, get_string(document, "feature"));
  FIREBREAK_ASSIGN(const std::string op, get_string(document, "op"));
  const Json* value = find(document, "value");
  if (value == nullptr) return fail(Code::kInvalid, "'value' is missing", "/value");
  static const std::pair<std::string_view, Op> kOps[] = {
      {"<", Op::kLess},   {"<=", Op::kLessEqual}, {">", Op::kGreater}, {">=", Op::kGreaterEqual},
      {"==", Op::kEqual}, {"!=", Op::kNotEqual},  {"in", Op::kIn}};
  const auto* found = std::find_if(std::begin(kOps), std::end(kOps), [&](const auto& o) { return o.first == op; });
  if (found == std::end(kOps)) return fail(Code::kInvalid, fmt::format("'{}' is none of < <= > >= == != in", op), "/op");
  Condition out;
  out.op = found->second;
  if (const int numeric = column_of(schema.numeric, feature); numeric >= 0) {
    if (out.op == Op::kIn) return fail(Code::kInvalid, fmt::format("'in' is for categories, {} is a number", feature), "/op");
    FIREBREAK_ASSIGN(out.value, get_number(document, "value"));
    out.column = static_cast<std::size_t>(numeric);
    return out;
  }
  const int category = column_of(schema.categorical, feature);
  if (category < 0) return fail(Code::kInvalid, fmt::format("the endpoint has no feature '{}'", feature), "/feature");
  out.numeric = false;
  out.column = static_cast<std::size_t>(category);
  if (out.op == Op::kIn) {
    FIREBREAK_ASSIGN(const auto values, get_strings(document, "value"));
    out.values.insert(values.begin(), values.end());
  } else if (out.op == Op::kEqual || out.op == Op::kNotEqual) {
    FIREBREAK_ASSIGN(std::string one, get_string(document, "value"));
    out.values.insert(std::move(one));
  } else {
    return fail(Code::kInvalid, fmt::format("'{}' is a category: only ==, != and in", feature), "/op");
  }
  return out;
}

Result<FallbackAnswer> Fallback::read_answer(const Json& document, const Endpoint& endpoint) {
  FallbackAnswer out;
  FIREBREAK_ASSIGN(out.label, get_string(document, "label"));
  if (std::find(endpoint.labels.begin(), endpoint.labels.end(), out.label) == endpoint.labels.end())
    return fail(Code::kInvalid, fmt::format("'{}' is no label of the endpoint", out.label), "/label");
  FIREBREAK_ASSIGN(out.score, get_number(document, "score"));
  if (!std::isfinite(out.score)) return fail(Code::kInvalid, "'score' must be finite", "/score");
  return out;
}

Result<Fallback> Fallback::compile(const Endpoint& endpoint) {
  Fallback out;
  const Json& document = endpoint.fallback;
  if (document.is_object() && document.get_object().empty()) return out;
  const auto place = [](Error error, const std::string& where) { return firebreak::fail(std::move(error).at(where)); };
  if (auto ok = only_keys(document, {"version", "rules", "default"}); !ok) return place(ok.error(), "/fallback");
  if (int_or(document, "version") != 1) return fail(Code::kInvalid, "'version' must be 1", "/fallback/version");
  const Json* rules = find(document, "rules");
  if (rules == nullptr || !rules->is_array() || rules->get_array().size() > kMaxRules)
    return fail(Code::kInvalid, fmt::format("'rules' must be an array of at most {}", kMaxRules), "/fallback/rules");
  for (std::size_t i = 0; i < rules->get_array().size(); ++i) {
    const Json& source = rules->get_array()[i];
    const std::string where = fmt::format("/fallback/rules/{}", i);
    if (auto ok = only_keys(source, {"name", "when", "label", "score"}); !ok) return place(ok.error(), where);
    auto answer = read_answer(source, endpoint);
    if (!answer) return place(answer.error(), where);
    Rule rule;
    rule.answer = std::move(*answer);
    rule.answer.rule = string_or(source, "name", fmt::format("rule {}", i + 1));
    const Json* when = find(source, "when");
    if (when == nullptr || !when->is_array() || when->get_array().empty() || when->get_array().size() > kMaxConditions)
      return fail(Code::kInvalid, fmt::format("'when' must hold 1..{} conditions", kMaxConditions), where + "/when");
    for (std::size_t k = 0; k < when->get_array().size(); ++k) {
      auto condition = read_condition(when->get_array()[k], endpoint.features);
      if (!condition) return place(condition.error(), fmt::format("{}/when/{}", where, k));
      rule.when.push_back(std::move(*condition));
    }
    out.rules_.push_back(std::move(rule));
  }
  const Json* otherwise = find(document, "default");
  if (otherwise == nullptr) return fail(Code::kInvalid, "'default' is missing", "/fallback/default");
  if (auto ok = only_keys(*otherwise, {"label", "score"}); !ok) return place(ok.error(), "/fallback/default");
  auto answer = read_answer(*otherwise, endpoint);
  if (!answer) return place(answer.error(), "/fallback/default");
  out.default_ = std::move(*answer);
  out.default_.rule = "default";
  return out;
}

bool Fallback::holds(const Condition& condition, const FeatureRow& row) {
  if (!condition.numeric) {
    const std::string& value = row.categories[condition.column];
    if (value.empty()) return false;
    return condition.values.contains(value) == (condition.op != Op::kNotEqual);
  }
  const double value = row.numeric[condition.column];
  if (std::isnan(value)) return false;
  switch (condition.op) {
    case Op::kLess: return value < condition.value;
    case Op::kLessEqual: return value <= condition.value;
    case Op::kGreater: return value > condition.value;
    case Op::kGreaterEqual: return value >= condition.value;
    case Op::kEqual: return value == condition.value;
    case Op::kNotEqual: return value != condition.value;
    case Op::kIn: return false;
  }
  return false;
}

FallbackAnswer Fallback::evaluate(const FeatureRow& row) const {
  FIREBREAK_ASSERT(!empty());
  for (const Rule& rule : rules_)
    if (std::all_of(rule.when.begin(), rule.when.end(), [&](const Condition& c) { return holds(c, row); }))
      return rule.answer;
  return default_;
}

}  // namespace firebreak::gateway
