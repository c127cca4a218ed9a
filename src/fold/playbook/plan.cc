#include "fold/playbook/plan.h"

#include <algorithm>

#include "base/digest.h"

namespace firebreak::playbook {
namespace {

constexpr std::string_view kGiven[] = {"__incident__", "__run__", "__endpoint__", "__stream__", "__rule__", "__severity__",
                                       "__phase__",    "__finding_kinds__", "__first__", "__last__"};

void read_triggers(Plan& plan) {
  for (const std::string& label : plan.read.labels) {
    if (label.starts_with("trigger:kind=")) plan.trigger_kind = label.substr(13);
    if (label.starts_with("trigger:rule=")) plan.trigger_rules.push_back(label.substr(13));
  }
}

}  // namespace

const StepRules& Plan::rules_for(const std::string& step) const {
  static const StepRules kNone;
  const auto at = rules.find(step);
  return at == rules.end() ? kNone : at->second;
}

std::int64_t Plan::timeout_us(const cacao::Step& step) const {
  // Branching steps wait for their branches, which have times of their own.
  const std::int64_t most = step.type == "action" ? kDefaultStepMs : kLongestStepMs;
  const std::int64_t ms = step.timeout_ms.value_or(0) > 0 ? std::min(*step.timeout_ms, kLongestStepMs) : most;
  return ms * kMillisecond;
}

std::size_t Plan::units(const cacao::Step& step) const { return step.commands.size() * std::max<std::size_t>(1, step.targets.size()); }

PlanPtr make_plan(const Json& document) {
  auto plan = std::make_shared<Plan>();
  plan->read = cacao::read_playbook(document);
  plan->digest = sha256(canonical_json(document)).hex();
  if (const auto time = parse_time(plan->read.modified)) plan->modified = *time;
  if (const auto from = parse_time(plan->read.valid_from)) plan->valid_from = *from;
  if (const auto until = parse_time(plan->read.valid_until)) plan->valid_until = *until;
  read_triggers(*plan);
  for (const auto& [id, step] : plan->read.steps) {
    if (auto rules = rules_of(document, id)) plan->rules.emplace(id, std::move(*rules));
    if (step.condition.empty()) continue;
    if (auto condition = cacao::Condition::parse(step.condition)) plan->conditions.emplace(id, std::move(*condition));
  }
  return plan;
}

Result<PlanPtr> runnable_plan(const Json& document) {
  for (const cacao::Diagnostic& one : not_runnable(document))
    if (one.level == cacao::Level::kError) return fail(Code::kInvalid, one.message, one.pointer);
  return make_plan(document);
}

bool differ_in_signatures(const Json& a, const Json& b) {
  if (!a.is_object() || !b.is_object()) return false;
  JsonObject bare_a = a.get_object(), bare_b = b.get_object();
  bare_a.erase("signatures");
  bare_b.erase("signatures");
  return canonical_json(bare_a) == canonical_json(bare_b) && canonical_json(a) != canonical_json(b);
}

std::string not_in_force(const Plan& plan, Time now) {
  if (plan.read.revoked) return "it is revoked";  // the times of a revoked one are ignored
  if (plan.valid_from && now < *plan.valid_from) return "it is valid from " + format_time(*plan.valid_from);
  if (plan.valid_until && *plan.valid_until <= now) return "it expired at " + format_time(*plan.valid_until);
  return {};
}

bool is_given(std::string_view variable) { return std::find(std::begin(kGiven), std::end(kGiven), variable) != std::end(kGiven); }

}  // namespace firebreak::playbook
