#include "run/drill/director.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "run/drill/score_facts.h"

namespace firebreak::drill {
namespace {

constexpr std::chrono::milliseconds kLook(100);
constexpr std::size_t kPage = 1'000;

Result<Entry> entry_of(const Json& item) {
  Entry entry;
  entry.index = static_cast<std::uint64_t>(int_or(item, "index"));
  FIREBREAK_ASSIGN(entry.kind, get_string(item, "kind"));
  FIREBREAK_ASSIGN(entry.time, get_time(item, "time"));
  entry.actor = string_or(item, "actor");
  if (const Json* body = find(item, "body")) entry.body = *body;
  return entry;
}

}  // namespace

Director::Director(const Drill& drill, Stage& stage, Direction direction)
    : drill_(drill),
      stage_(stage),
      direction_(std::move(direction)),
      cast_(drill, direction_.seed),
      next_(drill.streams.size(), 0),
      out_(drill.injects.size(), false),
      brought_(drill.releases.size(), false) {}

void Director::tell(Time at, const std::string& what) const {
  if (direction_.tell) direction_.tell(fmt::format("{}  {}", format_time(at), what));
}

Result<void> Director::run() {
  const auto play = [&]() -> Result<void> {
    for (Time now = drill_.start; now < drill_.end && !aborted_; now = now + kMinute) {
      FIREBREAK_TRY(play_minute(std::min(now + kMinute, drill_.end)));
      FIREBREAK_TRY(keep_pace());
    }
    if (aborted_) return {};
    FIREBREAK_ASSIGN(const Json sealed, stage_.sealed());
    FIREBREAK_TRY(stage_.admin().command("exercise.end", JsonObject{{"sealed", sealed}}));
    return {};
  };
  auto played = play();
  if (stage_.ended() || aborted_) return fail(Code::kConflict, "the drill was aborted");
  return played;
}

Result<void> Director::play_minute(Time to) {
  for (std::size_t i = 0; i < next_.size(); ++i) {
    const std::vector<Event>& events = stage_.recordings()[i].played;
    std::vector<const Event*> labels, asked;
    for (; next_[i] < events.size() && events[next_[i]].time < to; ++next_[i]) (events[next_[i]].is_label ? labels : asked).push_back(&events[next_[i]]);
    FIREBREAK_TRY(stage_.play(drill_.streams[i].endpoint, asked));
    FIREBREAK_TRY(stage_.label(drill_.streams[i].endpoint, labels));
  }
  FIREBREAK_TRY(stage_.clock(to));
  FIREBREAK_TRY(read_journal());
  FIREBREAK_TRY(give_injects(to));
  FIREBREAK_TRY(bring_candidates(to));
  return let_people_act(to);
}

bool Director::seen(const Pattern& pattern) const {
  return std::any_of(seen_.begin(), seen_.end(), [&](const Entry& entry) { return pattern.fits(entry); });
}

Result<void> Director::give_injects(Time now) {
  for (std::size_t i = 0; i < out_.size(); ++i) {
    const Inject& inject = drill_.injects[i];
    if (out_[i] || now < drill_.start + inject.after_us) continue;
    out_[i] = true;
    const bool holds = (inject.seen.entry.empty() || seen(inject.seen)) && (inject.not_seen.entry.empty() || !seen(inject.not_seen));
    if (holds) FIREBREAK_TRY(give(i));
    else {
      FIREBREAK_TRY(stage_.admin().command("exercise.skip", JsonObject{{"inject", inject.number}, {"why", "its condition does not hold"}}));
      tell(now, fmt::format("inject {} is passed over: its condition does not hold", inject.number));
    }
  }
  return read_journal();
}

Result<void> Director::give(std::size_t at) {
  const Inject& inject = drill_.injects[at];
  FIREBREAK_TRY(stage_.admin().command("exercise.inject", JsonObject{{"inject", inject.number}, {"type", inject.type}, {"from", inject.from}, {"to", JsonArray(inject.to.begin(), inject.to.end())},
                                                                     {"channel", inject.channel}, {"text", inject.text}}));
  tell(drill_.start + inject.after_us, fmt::format("inject {} ({}) from {}: {}", inject.number, inject.type, inject.from, inject.text));
  if (!inject.has_card) return {};
  auto pushed = stage_.role(inject.card.by).command("action.propose", JsonObject{{"endpoint", inject.card.endpoint}, {"measure", inject.card.measure}, {"lease_s", inject.card.lease_s}});
  if (!pushed) return fail(std::move(pushed.error()).with(fmt::format("the card of inject {} cannot be pushed", inject.number)));
  return {};
}

// What the repair brings: registered for the incident, by the facilitator.
Result<void> Director::bring_candidates(Time now) {
  for (std::size_t i = 0; i < brought_.size(); ++i) {
    const Release& release = drill_.releases[i];
    if (brought_[i] || release.after_us < 0 || now < drill_.start + release.after_us) continue;
    brought_[i] = true;
    FIREBREAK_TRY(stage_.register_release(release, incident_));
    tell(now, fmt::format("candidate {} of {} is registered", release.release, release.endpoint));
  }
  return read_journal();
}

// The kill switch is proven by requests: one before it is thrown, one when it is in force.
Result<void> Director::watch_kill_switch(const Entry& entry) {
  const KillSwitch& kill = drill_.truth.kill_switch;
  if (kill.endpoint.empty()) return {};
  const Json* const measure = find(entry.body, "measure");
  const bool card = std::any_of(drill_.injects.begin(), drill_.injects.end(), [&](const Inject& inject) { return inject.has_card && inject.card.by == actor_name(entry); });
  if (entry.kind == "action_proposed" && !card && string_or(entry.body, "endpoint") == kill.endpoint && measure != nullptr && string_or(*measure, "kind") == kill.measure) {
    FIREBREAK_ASSIGN(const Stage::Probe probe, stage_.probe(kill.endpoint, fmt::format("probe-before-{}", entry.id("act"))));
    thrown_.push_back({entry.id("act"), probe.model_asked, looked_, false, false});
    return {};
  }
  for (Thrown& one : thrown_) {
    if (string_or(entry.body, "action") != one.action) continue;
    if (entry.kind == "action_approved") one.since = looked_;
    if (entry.kind == "action_in_force") one.in_force = true;
  }
  return {};
}

Result<void> Director::feel_kill_switch() {
  for (Thrown& one : thrown_) {
    if (!one.in_force || one.felt) continue;
    one.felt = true;
    const std::string& endpoint = drill_.truth.kill_switch.endpoint;
    FIREBREAK_ASSIGN(const Stage::Probe probe, stage_.probe(endpoint, fmt::format("probe-after-{}", one.action)));
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(Wall::now() - one.since).count();
    FIREBREAK_TRY(stage_.admin().command("exercise.probe", JsonObject{{"action", one.action}, {"endpoint", endpoint}, {"ms", ms}, {"model_asked_before", one.before}, {"model_asked_after", probe.model_asked},
                                                                      {"answered", probe.answer}}));
  }
  return {};
}

Result<void> Director::let_people_act(Time now) {
  if (!direction_.scripted) return {};
  for (bool again = true; again;) {
    again = false;
    for (const Due& due : cast_.due(now)) {
      FIREBREAK_TRY(read_journal());
      auto done = stage_.role(due.role).command(due.command, due.args);
      if (!done && stage_.ended()) return fail(std::move(done.error()));
      // A person would be refused as well; what that costs, the score says.
      tell(now, done ? fmt::format("{}: {}", due.role, due.command) : fmt::format("{}: {}, refused: {}", due.role, due.command, done.error().message));
      again = true;
    }
    if (!again) break;
    FIREBREAK_TRY(stage_.clock(now));  // what follows has settled before anybody goes on
    FIREBREAK_TRY(read_journal());
  }
  return {};
}

Result<void> Director::read_journal() {
  const Wall::time_point begun = Wall::now();
  for (bool more = true; more;) {
    FIREBREAK_ASSIGN(const Json page, stage_.admin().get(fmt::format("/api/v1/journal?from={}&limit={}", read_, kPage)));
    const Json* const items = find(page, "items");
    if (items == nullptr || !items->is_array()) return fail(Code::kInternal, "the journal's page has no items");
    for (const Json& item : items->get_array()) {
      FIREBREAK_ASSIGN(Entry entry, entry_of(item));
      read_ = entry.index + 1;
      cast_.see(entry);
      if (entry.kind == "exercise_aborted") aborted_ = true;
      if (entry.kind == "incident_opened" && incident_.empty() && drill_.truth.attacks(string_or(entry.body, "endpoint"))) incident_ = entry.id("inc");
      FIREBREAK_TRY(watch_kill_switch(entry));
      if (entry.kind == "incident_opened") tell(entry.time, fmt::format("{} is opened: {}", entry.id("inc"), string_or(entry.body, "title")));
      const bool asked = std::any_of(drill_.injects.begin(), drill_.injects.end(), [&](const Inject& inject) { return inject.seen.entry == entry.kind || inject.not_seen.entry == entry.kind; });
      if (asked) seen_.push_back(std::move(entry));
    }
    more = items->get_array().size() == kPage;
  }
  looked_ = begun;
  return feel_kill_switch();
}

// People get the time that a minute of the clock takes; a rate that somebody has set goes before --speed, and 0 holds the clock.
Result<void> Director::keep_pace() {
  if (direction_.scripted) return {};
  double left = 60;
  while (left > 0 && !stage_.ended()) {
    const double rate = stage_.rate().is_number() ? stage_.rate().to_number<double>() : direction_.speed;
    const double look = std::chrono::duration<double>(kLook).count();
    const double seconds = rate > 0 ? std::min(look, left / rate) : look;
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));  // this is the pace
    left -= rate * seconds;
    FIREBREAK_ASSIGN(const Json clock, stage_.admin().get("/api/v1/clock"));
    stage_.keep_rate(clock);
    FIREBREAK_TRY(read_journal());
    if (aborted_) return {};
  }
  return {};
}

}  // namespace firebreak::drill
