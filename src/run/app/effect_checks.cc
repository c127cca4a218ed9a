#include "run/app/effect_checks.h"

#include <fmt/core.h>

#include <algorithm>

#include "fold/gates/canary.h"

namespace firebreak::app {
namespace {

JsonObject counts_json(const std::string& release, const effects::ReleaseCounts& counts) {
  return {{"release", release}, {"of", counts.of}, {"declined", counts.positive}, {"failed", counts.failed}};
}

// A number of content/rules/recovery.yaml: rules.recovery.<step>.<name>.
double setting(const Json& rules, std::string_view step, std::string_view name, double fallback) {
  const Json* recovery = find(rules, "recovery");
  const Json* section = recovery == nullptr ? nullptr : find(*recovery, step);
  return section == nullptr ? fallback : number_or(*section, name, fallback);
}

gates::CanaryArm arm_of(const effects::ReleaseCounts& counts) {
  return {counts.of, counts.positive, counts.failed};
}

}  // namespace

void EffectChecks::run(Time now) {
  std::vector<contain::ActionInForce> in_force;
  context_.journal.with_state([&](const journal::View& view) {
    in_force = contain::actions_in_force(view.state<contain::ContainState>(contain::kFoldName));
  });
  for (const contain::ActionInForce& action : in_force) {
    Seen& seen = seen_[action.action];
    auto finding = judge(action, seen, now);
    if (!finding) {
      context_.logger.error("an effect check could not be made", finding.error());
      continue;
    }
    const std::string figures = finding->verdict + canonical_json(finding->body);
    if (figures == seen.figures && now - seen.written < kHour) continue;
    seen.figures = figures;
    seen.written = now;
    finding->body["action"] = action.action;
    finding->body["window"] = JsonObject{
        {"from", format_time(std::max(action.step.empty() ? now - kHour : action.step_since,
                                      std::max(action.since, action.step_since)))},
        {"to", format_time(now)}};
    finding->body["verdict"] = finding->verdict;
    finding->body["reason"] = finding->reason;
    Draft draft{"effect_check", std::move(finding->body), "effects", action.action, {}};
    if (auto group = context_.journal.submit_wait(std::move(draft)); !group)
      context_.logger.error("an effect check was not taken by the journal", group.error());
  }
  std::erase_if(seen_, [&](const auto& item) {
    return std::none_of(in_force.begin(), in_force.end(), [&](const auto& a) { return a.action == item.first; });
  });
}

Result<EffectChecks::Finding> EffectChecks::judge(const contain::ActionInForce& action, Seen& seen, Time now) {
  StreamFeed* feed = context_.feeds.find(action.endpoint);
  if (feed == nullptr) return fail(Code::kConflict, "the endpoint's stream is not read");
  Endpoint endpoint;
  context_.journal.with_state([&](const journal::View& view) {
    endpoint = view.state<contain::ContainState>(contain::kFoldName).endpoints.at(action.endpoint).endpoint;
  });
  if (action.cls == "promotion") return judge_step(action, *feed, endpoint, seen, now);
  return judge_measure(action, *feed, endpoint, now);
}

EffectChecks::Finding EffectChecks::judge_measure(const contain::ActionInForce& action, StreamFeed& feed,
                                                  const Endpoint& endpoint, Time now) {
  const effects::Effect effect = feed.meter().effect(action.measure, action.since, now);
  Finding finding;
  finding.body["works"] = JsonObject{{"not_served", effect.not_served}, {"of", effect.chain}};
  finding.body["harm"] = JsonObject{{"changed", effect.changed}, {"failed", effect.failed}, {"of", effect.others}};
  const double others = static_cast<double>(std::max<std::uint64_t>(effect.others, 1));
  const double changed = static_cast<double>(effect.changed) / others;
  const double failed = static_cast<double>(effect.failed) / others;
  finding.reason = fmt::format("{} of {} chain requests not served by the model; {} of {} others changed, {} failed",
                               effect.not_served, effect.chain, effect.changed, effect.others, effect.failed);
  // A chain's first queries are always served: it is known by them. Half is what shows that the measure bites.
  const auto* limit = std::get_if<RateLimitMeasure>(&action.measure);
  const bool sets = std::holds_alternative<QuarantineMeasure>(action.measure) || std::holds_alternative<BlockMeasure>(action.measure) ||
                    (limit != nullptr && limit->scope == LimitScope::kCaller && !limit->callers.empty());
  const bool works = sets ? effect.chain > 0 && 2 * effect.not_served >= effect.chain : effect.others > 0;
  const bool hurts = failed > endpoint.caps.honest_failed_share ||
                     (effect.others >= 50 && changed > endpoint.caps.honest_changed_share);
  finding.verdict = hurts ? "red" : works ? "green" : "waiting";
  return finding;
}

Result<EffectChecks::Finding> EffectChecks::judge_step(const contain::ActionInForce& action, StreamFeed& feed,
                                                       const Endpoint& endpoint, Seen& seen, Time now) {
  const std::string step_name = action.step == "shadow" || action.step == "watch" ? action.step : "canary";
  const bool fresh = seen.step != action.step;
  if (fresh) {
    seen.step = action.step;
    // Each step is judged by its own traffic, on which both releases answered side by side: figures of another hour
    // would compare hours. At 100 % there is no control, and only failures can end the step.
    feed.meter().reset_releases();
  }
  Finding finding;
  finding.body["step"] = action.step;
  const auto least = static_cast<std::uint64_t>(setting(context_.rules, step_name, "requests", 30));
  const double minutes = setting(context_.rules, step_name, "minutes", 60);
  const bool ripe = now - action.step_since >= static_cast<std::int64_t>(minutes * static_cast<double>(kMinute));

  if (action.step == "shadow") {
    connect::Connector* gateway = context_.connector(endpoint.gateway);
    if (gateway == nullptr) return fail(Code::kUnavailable, "the endpoint's gateway is not configured");
    FIREBREAK_ASSIGN(const Json counters, gateway->read_counters(action.endpoint));
    // A copy that failed leaves no answer in a record: failures are the gateway's to tell.
    const Json* shadows = find(counters, "shadow");  // {release: {answers, agree, failed}}
    const Json* of_release = shadows == nullptr ? nullptr : find(*shadows, action.release);
    const std::int64_t failed_ever = of_release == nullptr ? 0 : int_or(*of_release, "failed");
    if (fresh) seen.shadow_failed_before = failed_ever;
    if (failed_ever < seen.shadow_failed_before) seen.shadow_failed_before = 0;  // the gateway was started anew and counts from 0
    const std::int64_t failed = failed_ever - seen.shadow_failed_before;
    // Agreement counts among callers with a history: where the attack is, a hardened release has to differ.
    const effects::ShadowCounts counted = feed.meter().shadow(action.release);
    const auto answers = static_cast<std::int64_t>(counted.answers), agree = static_cast<std::int64_t>(counted.agree);
    finding.body["canary"] = JsonObject{{"release", action.release}, {"of", answers}, {"agree", agree}, {"failed", failed}};
    const double agreement = answers == 0 ? 0 : static_cast<double>(agree) / static_cast<double>(answers);
    const double limit = setting(context_.rules, step_name, "agreement", 0.8);
    finding.reason = fmt::format("shadow {}: {} answers, {:.1f} % agree (at least {:.0f} %), {} failed", action.release,
                                 answers, agreement * 100, limit * 100, failed);
    // A shadow that fails from the start never has enough answers to be judged by them: its failures end it.
    const gates::CanarySettings broken;
    const bool fails = failed >= static_cast<std::int64_t>(broken.failures) &&
                       static_cast<double>(failed) >= broken.failure_share * static_cast<double>(answers + failed);
    finding.verdict = fails                                                    ? "red"
                      : !ripe || answers < static_cast<std::int64_t>(least)    ? "waiting"
                      : agreement >= limit && failed * 100 <= answers          ? "green"
                                                                               : "red";
    return finding;
  }

  const auto releases = feed.meter().releases();
  const auto of = [&](const std::string& release) {
    const auto found = releases.find(release);
    return found == releases.end() ? effects::ReleaseCounts{} : found->second;
  };
  const effects::ReleaseCounts canary = of(action.release), control = of(action.control);
  JsonObject figures = counts_json(action.release, canary);
  figures["control"] = counts_json(action.control, control);
  finding.body["canary"] = std::move(figures);
  const gates::CanaryVerdict verdict = gates::judge_canary(arm_of(canary), arm_of(control));
  finding.reason = fmt::format("step {}: {}", action.step, verdict.reason);
  finding.verdict = verdict.abort ? "red" : ripe && canary.of >= least ? "green" : "waiting";
  return finding;
}

}  // namespace firebreak::app
