#include "fold/detect/input_checks.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace firebreak::detect {
namespace {

// Unknown digests open an episode each; a caller who invents digests must not fill the journal.
constexpr std::size_t kMostEpisodes = 32;

std::string shortened(const std::string& text, std::size_t most) {
  return text.size() <= most ? text : text.substr(0, most) + "…";
}

}  // namespace

void InputChecks::hit(const std::string& slot, const std::string& kind, Severity severity,
                      std::string summary, const Observation& observation, Time now) {
  auto at = open_.find(slot);
  if (at == open_.end()) {
    const bool full = open_.size() >= kMostEpisodes;
    at = open_.try_emplace(full ? kind : slot).first;
  }
  at->second.severity = severity;
  at->second.summary = std::move(summary);
  at->second.hit_at = std::max(now, observation.time);
  at->second.episode.hit(kind, observation.index, observation.time);
}

void InputChecks::observe(const Observation& observation, Time now, std::vector<FindingUpdate>& out) {
  if (!observation.schema_violation.empty() && !is_missing_value(observation)) tell_violation(observation, now);
  if (!observation.model_known && !observation.release.empty())
    hit("unknown_model/" + observation.model_digest, "unknown_model", Severity::kHigh,
        fmt::format("release {} answered with a model nobody registered ({})",
                    shortened(observation.release, 64), shortened(observation.model_digest, 16)),
        observation, now);
  if (observation.disposition == Disposition::kFailed) check_failures(observation, now);
  advance(now, out);
}

void InputChecks::tell_violation(const Observation& observation, Time now) {
  const bool field = observation.schema_violation.ends_with(": unknown field");
  const std::string kind = field ? "new_field" : "schema_violation";
  hit(kind, kind, Severity::kLow,
      (field ? "requests bring a field that the endpoint's schema lacks, last: " : "requests break the endpoint's schema, last: ") +
          shortened(observation.schema_violation, 200),
      observation, now);
}

// A value that is missing is the feature watches' matter (missing_values), which know how many are usual: nothing is told twice. A request
// without any of its values is broken as a whole.
bool InputChecks::is_missing_value(const Observation& observation) const {
  const std::string& violation = observation.schema_violation;
  const auto names = [&violation](const std::string& feature) {
    const std::string at = "/features/" + feature + ": ";
    return violation == at + "missing" || violation == at + "is missing";
  };
  const bool known = std::any_of(profile_.numeric.begin(), profile_.numeric.end(), [&](const NumericReference& one) { return names(one.name); }) ||
                     std::any_of(profile_.categories.begin(), profile_.categories.end(), [&](const CategoryReference& one) { return names(one.name); });
  const FeatureRow& row = observation.features;
  const auto empty = std::count_if(row.numeric.begin(), row.numeric.end(), [](double value) { return std::isnan(value); }) +
                     std::count(row.categories.begin(), row.categories.end(), std::string());
  const std::size_t all = row.numeric.size() + row.categories.size();
  return known && (all == 1 || static_cast<std::size_t>(empty) < all);
}

void InputChecks::check_failures(const Observation& observation, Time now) {
  failures_.push_back(now);
  while (failures_.size() > config_.input.failures ||
         now - failures_.front() > config_.input.failure_window_us)
    failures_.pop_front();
  const bool going_on = open_.contains("upstream_failure");
  if (!going_on && failures_.size() < config_.input.failures) return;
  hit("upstream_failure", "upstream_failure", Severity::kHigh,
      "the model behind the endpoint does not answer", observation, now);
}

void InputChecks::advance(Time now, std::vector<FindingUpdate>& out) {
  for (auto at = open_.begin(); at != open_.end();) {
    Open& open = at->second;
    const auto describe = [&open](FindingUpdate update) {
      update.severity = open.severity;
      update.summary = open.summary;
      update.numbers = {{"requests", static_cast<double>(update.count)}};
      return update;
    };
    if (open.episode.due(now, config_.update_us)) out.push_back(describe(open.episode.report(config_, now)));
    if (now - open.hit_at <= config_.input.idle_us) {
      ++at;
      continue;
    }
    out.push_back(describe(open.episode.close(config_)));
    at = open_.erase(at);
  }
}

std::size_t InputChecks::bytes() const {
  return open_.size() * (sizeof(Open) + 512 + Episode::kIndexes * 8) + failures_.size() * sizeof(Time);
}

}  // namespace firebreak::detect
