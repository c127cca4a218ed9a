#include "fold/playbook/rules.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "cacao/condition.h"
#include "cacao/http_request.h"
#include "cacao/step_rules.h"

namespace firebreak::playbook {
namespace {

Result<std::int64_t> whole(const Json& object, std::string_view key, std::int64_t fallback, std::int64_t least, std::int64_t most, const std::string& at) {
  const Json* const value = find(object, key);
  if (value == nullptr) return fallback;
  const auto number = get_int(object, key);
  if (!number || *number < least || *number > most) return fail(Code::kInvalid, fmt::format("'{}' is a whole number {}..{}", key, least, most), fmt::format("{}/{}", at, key));
  return *number;
}

// "200-299,404"
Result<std::vector<std::pair<int, int>>> parse_statuses(std::string_view text) {
  std::vector<std::pair<int, int>> out;
  const auto bad = [&] { return fail(Code::kInvalid, fmt::format("'{}' is no list of statuses: write 200-299,404", text), "/success/status"); };
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    int from = 0, to = 0;
    const auto first = std::from_chars(part.data(), part.data() + part.size(), from);
    if (first.ec != std::errc{}) return bad();
    to = from;
    if (first.ptr != part.data() + part.size()) {
      const auto second = *first.ptr == '-' ? std::from_chars(first.ptr + 1, part.data() + part.size(), to) : std::from_chars_result{first.ptr, std::errc::invalid_argument};
      if (second.ec != std::errc{} || second.ptr != part.data() + part.size()) return bad();
    }
    if (from < 100 || to > 599 || to < from) return bad();
    out.emplace_back(from, to);
  }
  if (out.empty()) return bad();
  return out;
}

Result<void> read_success(const Json& extension, StepRules& rules) {
  const Json* const success = find(extension, "success");
  if (success == nullptr) return {};
  if (auto known = only_keys(*success, {"status", "when"}); !known) return fail(std::move(known.error()).at("/success"));
  if (find(*success, "status") != nullptr) {
    FIREBREAK_ASSIGN(rules.statuses, parse_statuses(string_or(*success, "status")));
  }
  rules.when = string_or(*success, "when");
  if (rules.when.empty()) return {};
  if (auto condition = cacao::Condition::parse(rules.when); !condition) return fail(Code::kInvalid, condition.error().message, "/success/when");
  return {};
}

Result<void> read_people(const Json& extension, StepRules& rules) {
  const Json* const approval = find(extension, "approval");
  if (approval == nullptr) return {};
  if (auto known = only_keys(*approval, {"approvers", "within"}); !known) return fail(std::move(known.error()).at("/approval"));
  FIREBREAK_ASSIGN(const std::int64_t people, whole(*approval, "approvers", 1, 1, 5, "/approval"));
  rules.approvers = static_cast<std::uint32_t>(people);
  FIREBREAK_ASSIGN(rules.approval_ms, whole(*approval, "within", rules.approval_ms, 1'000, 14LL * 86'400'000, "/approval"));
  return {};
}

Result<void> read_retry(const Json& extension, StepRules& rules) {
  const Json* const retry = find(extension, "retry");
  if (retry == nullptr) return {};
  if (auto known = only_keys(*retry, {"attempts", "wait"}); !known) return fail(std::move(known.error()).at("/retry"));
  FIREBREAK_ASSIGN(const std::int64_t attempts, whole(*retry, "attempts", 1, 1, 10, "/retry"));
  rules.attempts = static_cast<std::uint32_t>(attempts);
  FIREBREAK_ASSIGN(rules.retry_wait_ms, whole(*retry, "wait", rules.retry_wait_ms, 0, 86'400'000, "/retry"));
  return {};
}

}  // namespace

bool StepRules::accepts(int status) const {
  return std::any_of(statuses.begin(), statuses.end(), [&](const auto& range) { return status >= range.first && status <= range.second; });
}

Result<StepRules> parse_rules(const Json& extension) {
  StepRules rules;
  FIREBREAK_TRY(only_keys(extension, {"success", "results", "retry", "idempotent", "approval", "iterations", "raw_variables"}));
  FIREBREAK_TRY(read_success(extension, rules));
  FIREBREAK_TRY(read_people(extension, rules));
  FIREBREAK_TRY(read_retry(extension, rules));
  if (const Json* const results = find(extension, "results")) {
    if (auto checked = cacao::check_captures(*results); !checked) return fail(std::move(checked.error()).at("/results"));
    rules.results = *results;
  }
  if (find(extension, "idempotent") != nullptr) {
    FIREBREAK_ASSIGN(rules.idempotent, get_bool(extension, "idempotent"));
  }
  FIREBREAK_ASSIGN(const std::int64_t iterations, whole(extension, "iterations", rules.iterations, 1, 1'000, ""));
  rules.iterations = static_cast<std::uint32_t>(iterations);
  if (find(extension, "raw_variables") != nullptr) {
    FIREBREAK_ASSIGN(rules.raw, get_strings(extension, "raw_variables"));
  }
  return rules;
}

Result<StepRules> rules_of(const Json& document, const std::string& step) {
  const Json* const workflow = find(document, "workflow");
  const Json* const object = workflow != nullptr ? find(*workflow, step) : nullptr;
  const Json* const extensions = object != nullptr ? find(*object, "step_extensions") : nullptr;
  const Json* const own = extensions != nullptr ? find(*extensions, cacao::kFirebreakExtension) : nullptr;
  if (own == nullptr) return StepRules{};
  auto rules = parse_rules(*own);
  if (!rules) return fail(std::move(rules.error()).at(fmt::format("/workflow/{}/step_extensions/{}", step, cacao::kFirebreakExtension)));
  return rules;
}

}  // namespace firebreak::playbook
