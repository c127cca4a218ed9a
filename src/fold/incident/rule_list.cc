// The rules by which findings become an incident: the built-in ones, and how a document states them.
#include <fmt/core.h>

#include "fold/incident/parts.h"

namespace firebreak::incident {
namespace {

constexpr std::size_t kRules = 200, kKinds = 64;

Result<Rule> rule_from_json(const Json& item) {
  FIREBREAK_TRY(only_keys(item, {"name", "title", "kind", "with", "any_of", "count", "within_s", "at_least", "reason"}));
  Rule rule;
  FIREBREAK_ASSIGN(rule.name, get_string(item, "name"));
  FIREBREAK_ASSIGN(const std::int64_t seconds, get_int(item, "within_s"));
  if (seconds < 0 || seconds > 30 * 86'400) return fail(Code::kInvalid, "'within_s' is 0 s to 30 days", "/within_s");
  rule.within_us = seconds * kSecond;
  rule.title = string_or(item, "title", "Incident on {endpoint}");
  FIREBREAK_ASSIGN(rule.at_least, parse_severity(string_or(item, "at_least", "low")));
  if (find(item, "any_of") != nullptr) {
    if (find(item, "kind") != nullptr || find(item, "with") != nullptr)
      return fail(Code::kInvalid, "a rule has 'kind' and 'with', or 'any_of' and 'count'", "/any_of");
    FIREBREAK_ASSIGN(rule.any_of, get_strings(item, "any_of"));
    FIREBREAK_ASSIGN(const std::int64_t count, get_int(item, "count"));
    if (count < 1 || count > 1'000) return fail(Code::kInvalid, "'count' is 1 to 1000", "/count");
    rule.count = static_cast<std::size_t>(count);
  } else {
    FIREBREAK_ASSIGN(rule.kind, get_string(item, "kind"));
    FIREBREAK_ASSIGN(rule.with, get_strings(item, "with"));
  }
  const std::string_view list = rule.count > 0 ? "any_of" : "with";
  const std::size_t kinds = rule.with.size() + rule.any_of.size();
  if (kinds == 0) return fail(Code::kInvalid, fmt::format("'{}' names at least one kind", list), fmt::format("/{}", list));
  if (kinds > kKinds) return fail(Code::kTooLarge, fmt::format("'{}' names at most {} kinds", list, kKinds), fmt::format("/{}", list));
  return rule;
}

}  // namespace

std::vector<Rule> built_in_rules() {
  // The same as content/rules/correlation.yaml; a test compares them.
  return {
      {"evasion", "outlier_burst", "Adversarial evasion of {endpoint}", {"query_chain"}, {}, kHour, 0, Severity::kLow},
      {"poisoning_or_evasion", "performance_drop", "Suspected poisoning or evasion of {endpoint}", {"outlier_burst"}, {}, kHour, 0, Severity::kLow},
      {"harmful_shift", "performance_drop", "{endpoint} gets worse as its input changes",
       {"feature_drift", "multivariate_drift", "missing_values", "unit_change", "type_mismatch", "pattern_mismatch", "stale_feature"}, {}, kHour, 0,
       Severity::kLow},
      {"input_shift", "", "The input of {endpoint} changed", {},
       {"feature_drift", "feature_range", "unseen_category", "missing_values", "new_field", "type_mismatch", "pattern_mismatch", "unit_change", "stale_feature",
        "timestamp_disorder", "probability_rule", "volume_drop", "caller_mix", "cardinality_burst", "multivariate_drift", "estimated_performance_drop"},
       kHour, 3, Severity::kLow},
      {"tampering", "", "Tampering at {endpoint}", {}, {"unknown_model", "log_contradicted"}, kHour, 1, Severity::kHigh},
      {"critical_rule", "", "A critical rule matched at {endpoint}", {}, {"rule_match"}, kHour, 1, Severity::kCritical},
  };
}

Result<std::vector<Rule>> rules_from_json(const Json& document) {
  const Json* list = find(document, "correlation");
  // The configuration inlines a whole file under its section's name.
  if (list != nullptr && list->is_object()) list = find(*list, "rules");
  if (list == nullptr || !list->is_array()) return fail(Code::kInvalid, "'correlation' must be an array", "/correlation");
  if (list->get_array().size() > kRules) return fail(Code::kTooLarge, fmt::format("at most {} rules", kRules), "/correlation");
  std::vector<Rule> rules;
  for (std::size_t i = 0; i < list->get_array().size(); ++i) {
    auto rule = rule_from_json(list->get_array()[i]);
    if (!rule) return fail(std::move(rule.error()).at(fmt::format("/correlation/{}", i)));
    rules.push_back(std::move(*rule));
  }
  return rules;
}

}  // namespace firebreak::incident
