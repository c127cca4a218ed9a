#include "run/app/readiness.h"

#include <fmt/core.h>

#include <algorithm>

#include "cacao/signature.h"
#include "fold/contain/standing.h"
#include "fold/notify/notify.h"
#include "fold/playbook/playbook.h"
#include "fold/provenance/provenance.h"
#include "fold/reporting/reporting.h"

namespace firebreak::app {
namespace {

constexpr std::string_view kKind = "readiness_drop";

// Episodes are readiness/<check>/<microseconds>.
std::string check_of(std::string_view episode) {
  const std::size_t begin = episode.find('/'), end = episode.rfind('/');
  return begin == std::string_view::npos || end <= begin ? std::string() : std::string(episode.substr(begin + 1, end - begin - 1));
}

std::optional<Time> time_in(const Json* of, std::string_view key) {
  if (of == nullptr || !of->is_object()) return std::nullopt;
  const auto time = get_time(*of, key);
  return time ? std::optional(*time) : std::nullopt;
}

void keep_newest(std::optional<Time>& newest, const std::optional<Time>& time) {
  if (time && (!newest || *newest < *time)) newest = time;
}

template <class Each>
void each_item(const Result<Json>& page, Each each) {
  if (!page) return;
  if (const Json* const items = find(*page, "items"); items != nullptr && items->is_array())
    for (const Json& item : items->get_array()) each(item);
}

// The newest green check of any measure that let rules answer: some requests, or all.
void add_proofs(const views::Views& views, ReadinessFacts& facts) {
  each_item(views.actions({.cursor = {}, .limit = 500}, {.incident = {}, .endpoint = facts.endpoint, .state = {}}), [&](const Json& action) {
    const std::string kind = string_or(action, "measure_kind");
    if (kind != "fallback" && kind != "quarantine") return;
    const Json* const checks = find(action, "checks");
    if (checks == nullptr) return;
    std::optional<Time> green = time_in(find(*checks, "first_green"), "time");
    if (const Json* const last = find(*checks, "last"); last != nullptr && string_or(*last, "verdict") == "green") keep_newest(green, time_in(last, "time"));
    keep_newest(facts.fallback_proven, green);
    if (kind == "fallback") keep_newest(facts.kill_proven, green);
  });
  each_item(views.findings({.cursor = {}, .limit = 500}, {.incident = {}, .endpoint = facts.endpoint, .state = "open"}),
            [&](const Json& finding) { facts.capture_gap |= string_or(finding, "kind") == "capture_gap"; });
}

void add_labels(const StreamFeed* feed, ReadinessFacts& facts) {
  const Json report = feed == nullptr ? Json(nullptr) : feed->performance();
  if (!report.is_object()) return;
  if (const Json* const windows = find(report, "windows"); windows != nullptr && windows->is_array())
    for (const Json& window : windows->get_array())
      if (int_or(window, "labels") > 0) keep_newest(facts.newest_label, time_in(&window, "start"));
}

// Of all that are installed, or of those that the endpoint's document names.
void add_playbooks(const playbook::PlaybookState& state, Time now, const std::vector<std::string>& named, ReadinessFacts& facts) {
  facts.signatures_known = !state.signatures.keys.empty();
  std::set<std::string> absent(named.begin(), named.end());
  for (const auto& [id, versions] : state.installed) {
    if (versions.empty()) continue;
    const playbook::Installed& newest = versions.rbegin()->second;
    const std::string name = string_or(newest.document, "name");
    if (!named.empty() && std::find(named.begin(), named.end(), name) == named.end()) continue;
    absent.erase(name);
    ++facts.playbooks;
    const auto verdicts = cacao::verify_signatures(newest.document, state.signatures.keys, now);
    const bool valid = verdicts && std::any_of(verdicts->begin(), verdicts->end(), [](const cacao::Verdict& one) { return one.standing == cacao::Standing::kValid && one.trusted; });
    if (!valid) facts.unsigned_playbooks.push_back(name);
  }
  facts.absent_playbooks = {absent.begin(), absent.end()};
}

// What was ended by hand was meant to end; what lapsed leaves a gap unless another one covers the same.
void add_standing(const contain::ContainState& state, Time now, ReadinessFacts& facts) {
  std::set<std::string> valid;
  std::map<std::string, std::string> lapsed;  // by what it covers: the newest
  for (const auto& [id, one] : state.standing) {
    if (one.endpoint != facts.endpoint) continue;
    if (contain::is_valid(one, now)) {
      valid.insert(one.measure);
      ++facts.standing_valid;
    } else if (one.state == "void" || one.state == "expired" || one.state == "used_up" || one.state == "valid") {
      lapsed[one.measure] = fmt::format("{} ({}, {})", id, one.measure, one.state == "valid" ? "expired" : one.state);
    }
  }
  for (const auto& [measure, what] : lapsed)
    if (!valid.contains(measure)) facts.standing_lapsed.push_back(what);
}

ReadinessFacts of_endpoint(const Endpoint& endpoint, const provenance::ProvenanceState& state) {
  ReadinessFacts facts;
  facts.endpoint = endpoint.name;
  facts.owner_team = endpoint.owner_team;
  facts.on_call = endpoint.on_call;
  facts.label_days = endpoint.label_days;
  facts.tap = endpoint.mode == EndpointMode::kTap;
  facts.has_fallback = find(endpoint.fallback, "default") != nullptr;  // rules before it or not: it answers
  facts.last_known_good = provenance::last_known_good(state, endpoint.name);
  if (facts.last_known_good.empty()) facts.last_known_good = endpoint.last_known_good;
  if (const auto* const release = provenance::find_release(state, endpoint.name, facts.last_known_good)) {
    facts.good_registered = !release->model_digest.empty();
    facts.good_holdout = !release->holdout.empty();
    if (const auto breaches = provenance::breaches_of(state, endpoint.name, release->holdout); !breaches.empty()) facts.holdout_breach = breaches.front();
  }
  return facts;
}

}  // namespace

std::vector<ReadinessFacts> Readiness::facts() const {
  std::vector<ReadinessFacts> all;
  const Time now = context_.clock.now();
  context_.journal.with_state([&](const journal::View& view) {
    const auto& known = view.state<provenance::ProvenanceState>(provenance::kFoldName);
    const auto& notified = view.state<notify::NotifyState>(notify::kFoldName);
    const auto& reporting = view.state<reporting::ReportingState>(reporting::kFoldName);
    for (const auto& [name, endpoint] : known.endpoints) {
      ReadinessFacts facts = of_endpoint(endpoint, known);
      if (!facts.tap && context_.connector(endpoint.gateway) == nullptr) facts.absent_gateway = endpoint.gateway;
      add_playbooks(view.state<playbook::PlaybookState>(playbook::kFoldName), now, endpoint.playbooks, facts);
      add_standing(view.state<contain::ContainState>(contain::kFoldName), now, facts);
      facts.channels = notified.settings.on();
      facts.on_call_known = notify::on_call(notified, endpoint.on_call, now).has_value();
      facts.regimes = endpoint.regimes;
      for (const std::string& regime : endpoint.regimes)
        if (regime != "none" && !reporting.regimes.contains(regime)) facts.unknown_regimes.push_back(regime);
      all.push_back(std::move(facts));
    }
  });
  const Json status = endpoints_();
  for (ReadinessFacts& facts : all) {
    add_proofs(views_, facts);
    add_labels(context_.feeds.find(facts.endpoint), facts);
    if (!status.is_array()) continue;
    for (const Json& one : status.get_array()) {
      if (string_or(one, "name") != facts.endpoint) continue;
      facts.newest_record = time_in(&one, "last_time");
      if (const Json* const detectors = find(one, "detectors"); detectors != nullptr && detectors->is_array())
        facts.baseline = std::any_of(detectors->get_array().begin(), detectors->get_array().end(), [](const Json& detector) { return string_or(detector, "state") == "running"; });
    }
  }
  return all;
}

Result<Json> Readiness::report(const std::string& endpoint) const {
  const Time now = context_.clock.now();
  JsonArray items;
  for (const ReadinessFacts& facts : facts())
    if (endpoint.empty() || facts.endpoint == endpoint) items.push_back(to_json(facts.endpoint, readiness_checks(facts, now)));
  if (!endpoint.empty() && items.empty()) return fail(Code::kNotFound, fmt::format("there is no endpoint '{}'", endpoint));
  return JsonObject{{"items", std::move(items)}, {"time", format_time(now)}};
}

void Readiness::apply(const Entry& entry) {
  if (entry.kind == "readiness_seen") {
    Seen& seen = seen_[string_or(entry.body, "endpoint")];
    const auto ready = strings_or_empty(entry.body, "ready"), red = strings_or_empty(entry.body, "red");
    seen.ready = {ready.begin(), ready.end()};
    seen.red = {red.begin(), red.end()};
    return;
  }
  if (!entry.kind.starts_with("finding_") || string_or(entry.body, "kind") != kKind) return;
  const auto update = finding_from_json(entry.kind == "finding_closed" ? FindingPhase::kClosed : FindingPhase::kOpened, entry.body);
  if (!update) return;
  auto& open = seen_[update->endpoint].open;
  if (update->phase == FindingPhase::kClosed) open.erase(check_of(update->episode));
  else open[check_of(update->episode)] = *update;
}

void Readiness::look(Time now) {
  if (looked_.us != 0 && now - looked_ < kHour) return;
  looked_ = now;
  for (const ReadinessFacts& facts : facts()) take(facts, now);
}

void Readiness::take(const ReadinessFacts& facts, Time now) {
  Seen& seen = seen_[facts.endpoint];
  Seen fresh;
  std::map<std::string, ReadinessCheck> checks;
  for (ReadinessCheck& check : readiness_checks(facts, now)) {
    if (check.ready == Ready::kYes) fresh.ready.insert(check.name);
    if (check.ready == Ready::kNo) fresh.red.insert(check.name);
    checks.emplace(check.name, check);
  }
  if (fresh.ready != seen.ready || fresh.red != seen.red) {
    JsonObject body{{"endpoint", facts.endpoint}, {"ready", JsonArray(fresh.ready.begin(), fresh.ready.end())}, {"red", JsonArray(fresh.red.begin(), fresh.red.end())}};
    if (auto group = context_.journal.submit_wait(Draft{"readiness_seen", std::move(body), "readiness", {}, {}}); !group)
      context_.logger.error("the readiness of an endpoint was not taken by the journal", group.error());
  }
  for (const std::string& name : fresh.red) {
    if (!seen.ready.contains(name) || seen.open.contains(name)) continue;
    FindingUpdate update;
    update.episode = fmt::format("readiness/{}/{}", name, now.us);
    update.kind = kKind;
    update.severity = Severity::kMedium;
    update.endpoint = update.stream = facts.endpoint;
    update.first_time = now;
    update.count = 1;
    update.numbers = {{"ready", static_cast<double>(fresh.ready.size())}, {"of", static_cast<double>(fresh.ready.size() + fresh.red.size())}};
    update.summary = fmt::format("{} is less ready than it was ({}): {}; {}", facts.endpoint, name, checks.at(name).why, checks.at(name).command);
    seen.open[name] = update;
    tell(update, FindingPhase::kOpened, now);
  }
  for (auto open = seen.open.begin(); open != seen.open.end();) {
    if (fresh.red.contains(open->first)) {
      ++open;
      continue;
    }
    tell(open->second, FindingPhase::kClosed, now);
    open = seen.open.erase(open);
  }
  seen.ready = std::move(fresh.ready);
  seen.red = std::move(fresh.red);
}

void Readiness::tell(FindingUpdate update, FindingPhase phase, Time now) {
  update.phase = phase;
  update.last_time = now;
  Draft draft{std::string(finding_entry_kind(phase)), to_json(update), "readiness", {}, {}};
  if (auto group = context_.journal.submit_wait(std::move(draft)); !group)
    context_.logger.error("a finding about readiness was not taken by the journal", group.error());
}

}  // namespace firebreak::app
