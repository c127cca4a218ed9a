#include "world/connect/scripted_connector.h"

#include <fmt/core.h>

namespace firebreak::connect {

void ScriptedConnector::script(std::vector<Next> next) {
  const std::lock_guard lock(mutex_);
  next_ = std::move(next);
  at_ = 0;
}

void ScriptedConnector::set_counters(Json counters) {
  const std::lock_guard lock(mutex_);
  counters_ = std::move(counters);
}

std::vector<std::string> ScriptedConnector::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

ScriptedConnector::Next ScriptedConnector::take_next() { return at_ < next_.size() ? next_[at_++] : Next::kAnswer; }

Result<Held> ScriptedConnector::apply(const EndpointPolicy& policy) {
  const std::lock_guard lock(mutex_);
  calls_.push_back(fmt::format("apply {} {}", policy.endpoint.name, policy.fence));
  const Next next = take_next();
  if (next == Next::kRefuse) return fail(Code::kInvalid, "scripted refusal");
  if (next == Next::kLoseRequest) return fail(Code::kUnavailable, "scripted: the request was lost");
  EndpointPolicy& held = policies_[policy.endpoint.name];
  if (policy.fence < held.fence) return fail(Code::kConflict, "a newer policy is in force");
  held = policy;
  if (next == Next::kLoseAnswer) return fail(Code::kTimeout, "scripted: the answer was lost");
  return Held{held.fence, policy_digest(held).hex()};
}

Result<Held> ScriptedConnector::extend(const QuarantineExtension& extension) {
  const std::lock_guard lock(mutex_);
  calls_.push_back(fmt::format("extend {} {}", extension.endpoint, extension.fence));
  const Next next = take_next();
  if (next == Next::kRefuse) return fail(Code::kInvalid, "scripted refusal");
  if (next == Next::kLoseRequest) return fail(Code::kUnavailable, "scripted: the request was lost");
  EndpointPolicy& held = policies_[extension.endpoint];
  for (MeasureInForce& measure : held.measures) {
    if (measure.action != extension.action) continue;
    if (auto* quarantine = std::get_if<QuarantineMeasure>(&measure.measure)) {
      quarantine->callers.insert(extension.callers.begin(), extension.callers.end());
      quarantine->digests.insert(extension.digests.begin(), extension.digests.end());
    }
  }
  held.fence = extension.fence;
  if (next == Next::kLoseAnswer) return fail(Code::kTimeout, "scripted: the answer was lost");
  return Held{held.fence, policy_digest(held).hex()};
}

Result<Held> ScriptedConnector::held(const std::string& endpoint) {
  const std::lock_guard lock(mutex_);
  calls_.push_back("held " + endpoint);
  const auto found = policies_.find(endpoint);
  if (found == policies_.end()) return Held{};
  return Held{found->second.fence, policy_digest(found->second).hex()};
}

Result<Json> ScriptedConnector::read_policy(const std::string& endpoint) {
  const std::lock_guard lock(mutex_);
  const auto found = policies_.find(endpoint);
  if (found == policies_.end()) return fail(Code::kNotFound, "no policy for " + endpoint);
  return to_json(found->second);
}

Result<Json> ScriptedConnector::read_counters(const std::string&) {
  const std::lock_guard lock(mutex_);
  return counters_;
}

Result<Json> ScriptedConnector::feed_clock(Time) { return Json(JsonObject{}); }

}  // namespace firebreak::connect
