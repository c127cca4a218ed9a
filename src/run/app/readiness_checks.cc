#include "run/app/readiness_checks.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace firebreak::app {
namespace {

ReadinessCheck yes(std::string name, std::string why) { return {std::move(name), Ready::kYes, std::move(why), {}}; }
ReadinessCheck no(std::string name, std::string why, std::string command) { return {std::move(name), Ready::kNo, std::move(why), std::move(command)}; }
ReadinessCheck not_applicable(std::string name, std::string why) { return {std::move(name), Ready::kNotApplicable, std::move(why), {}}; }

std::int64_t days(Time now, Time then) { return std::max<std::int64_t>(0, now - then) / kDay; }

ReadinessCheck owner(const ReadinessFacts& facts) {
  if (!facts.owner_team.empty() && !facts.on_call.empty()) return yes("owner", fmt::format("{} owns it, {} is called", facts.owner_team, facts.on_call));
  return no("owner", facts.owner_team.empty() ? "nobody is named as its owner" : "nobody is named as its on-call", fmt::format("firebreak onboard {} --owner TEAM --on-call NAME", facts.endpoint));
}

// An alert to a name that nobody bears is no alert.
ReadinessCheck reachable(const ReadinessFacts& facts) {
  if (!facts.channels) return no("reachable", "no channel is configured: an alert reaches nobody", "firebreak serve --config FILE   # with notify");
  if (facts.on_call.empty()) return no("reachable", "nobody is named as its on-call", fmt::format("firebreak onboard {} --on-call NAME", facts.endpoint));
  if (!facts.on_call_known) return no("reachable", fmt::format("'{}' is neither a contact nor a rotation in which somebody has the turn", facts.on_call), "firebreak oncall show   # lists them");
  return yes("reachable", fmt::format("{} can be reached", facts.on_call));
}

ReadinessCheck standing(const ReadinessFacts& facts) {
  if (facts.tap) return not_applicable("standing", "nothing can be in force on an endpoint in tap mode");
  if (!facts.standing_lapsed.empty())
    return no("standing", fmt::format("approved in advance, and ended since: {}", fmt::join(facts.standing_lapsed, ", ")), fmt::format("firebreak standing propose {} MEASURE --max-lease 1h --uses N --until +90d --reason TEXT", facts.endpoint));
  if (facts.standing_valid == 0) return not_applicable("standing", "nothing is approved in advance: every measure waits for its second person");
  return yes("standing", fmt::format("{} approved in advance, all valid", facts.standing_valid));
}

ReadinessCheck regimes(const ReadinessFacts& facts) {
  const std::string command = fmt::format("firebreak onboard {} --regimes NAMES   # or none, when none binds its owner", facts.endpoint);
  if (facts.regimes.empty()) return no("regimes", "nobody has said which reporting deadlines bind its owner", command);
  if (!facts.unknown_regimes.empty()) return no("regimes", fmt::format("not configured: {}", fmt::join(facts.unknown_regimes, ", ")), command);
  return yes("regimes", facts.regimes.front() == "none" ? std::string("none binds its owner") : fmt::format("{}", fmt::join(facts.regimes, ", ")));
}

ReadinessCheck last_known_good(const ReadinessFacts& facts) {
  const std::string command = fmt::format("firebreak release register --endpoint {} --release {} --upstream URL --model FILE --manifest FILE --dataset FILE --holdout FILE", facts.endpoint, facts.last_known_good.empty() ? "VERSION" : facts.last_known_good);
  if (facts.last_known_good.empty()) return no("last_known_good", "there is no release to go back to", command);
  if (!facts.good_registered) return no("last_known_good", fmt::format("release {} is not registered: nobody can tell its bytes from others", facts.last_known_good), command);
  return yes("last_known_good", fmt::format("release {}, its bytes are known by their digest", facts.last_known_good));
}

// Something that was proven by a green effect check, and not too long ago.
ReadinessCheck proven(std::string name, const ReadinessFacts& facts, const std::optional<Time>& when, Time now, std::string_view what) {
  if (facts.tap) return not_applicable(std::move(name), "nothing can be in force on an endpoint in tap mode");
  const std::string command = fmt::format("firebreak contain route {} --to fallback --for 10m", facts.endpoint);
  if (!facts.has_fallback) return no(std::move(name), "no rules can answer instead of the model", fmt::format("firebreak onboard {} --fallback 'always LABEL'   # or a file of rules", facts.endpoint));
  if (!when) return no(std::move(name), fmt::format("{} was never proven by an effect check", what), command);
  if (now - *when > kDrilledWithin) return no(std::move(name), fmt::format("{} was proven {} days ago, the last time", what, days(now, *when)), command);
  return yes(std::move(name), fmt::format("{} was proven {} days ago", what, days(now, *when)));
}

ReadinessCheck kill_switch(const ReadinessFacts& facts, Time now) {
  if (!facts.absent_gateway.empty())
    return no("kill_switch", fmt::format("nothing can be in force on it: no gateway '{}' is configured", facts.absent_gateway),
              fmt::format("firebreak serve --config FILE   # with gateways: {{{}: …}}, or: firebreak onboard {} --kill-switch GATEWAY", facts.absent_gateway, facts.endpoint));
  return proven("kill_switch", facts, facts.kill_proven, now, "answering everything by rules");
}

ReadinessCheck records(const ReadinessFacts& facts, Time now) {
  const std::string command = fmt::format("firebreak ingest --endpoint {} FILE", facts.endpoint);
  if (!facts.newest_record) return no("records", "nothing was recorded yet", command);
  if (now - *facts.newest_record > kRecordsWithin) return no("records", fmt::format("the newest record is {} days old", days(now, *facts.newest_record)), command);
  if (facts.capture_gap) return no("records", "records are missing: a finding of kind capture_gap is open", "firebreak finding list");
  return yes("records", "they come in, and none is known to be missing");
}

ReadinessCheck baseline(const ReadinessFacts& facts) {
  if (facts.baseline) return yes("baseline", "detectors hold what comes against it");
  return no("baseline", "detectors wait for something to compare with", "firebreak status   # says what they wait for");
}

ReadinessCheck labels(const ReadinessFacts& facts, Time now) {
  const std::string command = fmt::format("firebreak ingest --endpoint {} FILE   # lines with \"type\":\"label\"", facts.endpoint);
  if (!facts.newest_label) return no("labels", "no label has come: a fall in precision would be an estimate", command);
  if (now - *facts.newest_label > std::max(kLabelsWithin, 2 * facts.label_days * kDay)) return no("labels", fmt::format("the newest labelled answers are {} days old", days(now, *facts.newest_label)), command);
  return yes("labels", fmt::format("the newest labelled answers are {} days old", days(now, *facts.newest_label)));
}

ReadinessCheck holdout(const ReadinessFacts& facts) {
  if (!facts.holdout_breach.empty())
    return no("holdout", fmt::format("the holdout is no secret any more: {}", facts.holdout_breach), fmt::format("firebreak release seal --endpoint {} --holdout FILE   # another one, for the next release", facts.endpoint));
  if (facts.good_holdout) return yes("holdout", "a candidate can be held against labelled rows that nobody who trains has read, as far as reads are told");
  return no("holdout", "no labelled holdout: no candidate can pass its gates", fmt::format("firebreak release register --endpoint {} --release VERSION --upstream URL --model FILE --manifest FILE --dataset FILE --holdout FILE", facts.endpoint));
}

ReadinessCheck playbooks(const ReadinessFacts& facts) {
  if (facts.playbooks == 0) return no("playbooks", "none is installed", "firebreak serve --config FILE   # with playbooks");
  if (!facts.absent_playbooks.empty()) return no("playbooks", fmt::format("not installed: {}", fmt::join(facts.absent_playbooks, ", ")), "firebreak serve --config FILE   # with playbooks");
  if (!facts.signatures_known) return no("playbooks", "no trusted key is configured, so nobody knows who wrote them", "firebreak playbook sign FILE   # and playbooks.trusted_keys in the configuration");
  if (!facts.unsigned_playbooks.empty())
    return no("playbooks", fmt::format("not signed by a trusted key: {}", fmt::join(facts.unsigned_playbooks, ", ")), "firebreak playbook sign FILE");
  return yes("playbooks", fmt::format("{} installed, all signed by a trusted key", facts.playbooks));
}

std::string_view word(Ready ready) { return ready == Ready::kYes ? "yes" : ready == Ready::kNo ? "no" : "not_applicable"; }

}  // namespace

std::vector<ReadinessCheck> readiness_checks(const ReadinessFacts& facts, Time now) {
  return {owner(facts),
          reachable(facts),
          records(facts, now),
          baseline(facts),
          labels(facts, now),
          last_known_good(facts),
          holdout(facts),
          proven("fallback", facts, facts.fallback_proven, now, "the fallback"),
          kill_switch(facts, now),
          playbooks(facts),
          standing(facts),
          regimes(facts)};
}

Json to_json(const std::string& endpoint, const std::vector<ReadinessCheck>& checks) {
  JsonArray listed, red;
  std::size_t ready = 0, of = 0;
  for (const ReadinessCheck& check : checks) {
    JsonObject one{{"name", check.name}, {"ready", word(check.ready)}, {"why", check.why}};
    if (!check.command.empty()) one["command"] = check.command;
    listed.push_back(std::move(one));
    if (check.ready == Ready::kNotApplicable) continue;
    ++of;
    if (check.ready == Ready::kYes) ++ready;
    else red.push_back(Json(check.name));
  }
  return JsonObject{{"endpoint", endpoint}, {"ready", ready}, {"of", of}, {"red", std::move(red)}, {"checks", std::move(listed)}};
}

}  // namespace firebreak::app
