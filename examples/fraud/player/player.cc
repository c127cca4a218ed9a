#include "fraud/player/player.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

#include "base/files.h"
#include "fraud/player/drills.h"
#include "fraud/player/history.h"

namespace firebreak::example {

Player::Player(Places places, Patience patience) : places_(std::move(places)), patience_(std::move(patience)) {}

Result<void> Player::run() {
  FIREBREAK_ASSIGN(story_, load_story(places_.data));
  FIREBREAK_ASSIGN(people_, set_up_people(places_));
  FIREBREAK_ASSIGN(keys_, set_up_keys(places_, story_));
  FIREBREAK_TRY(set_up_endpoint(places_, people_, keys_));
  admin_ = std::make_unique<Api>(places_.server, people_.admin);
  pace_ = std::make_unique<Pace>(places_.server, people_.analyst, patience_.watched());
  FIREBREAK_TRY(pace_->run({}, "history is imported"));
  FIREBREAK_TRY(prove_serving());
  const Time begin = *parse_time(kAttackBegins);
  FIREBREAK_ASSIGN(const std::size_t imported, import_history(places_, people_, story_, begin));
  stages_.reach("history imported", begin, fmt::format("{} events", imported));
  FIREBREAK_TRY(verify_logs());
  return play(begin);
}

Result<void> Player::write_figures() {
  if (!traffic_) return {};  // nothing was played
  FIREBREAK_ASSIGN(const std::uint64_t changed, count_changed());
  attack_["exploits_total"] = traffic_->figures().exploits;
  attack_["exploits_approved_before"] = traffic_->figures().exploits_approved_before;
  attack_["exploits_approved_after"] = traffic_->figures().exploits_approved_after;
  attack_["live"] = live_;
  const JsonObject figures{{"measured_by", "fraud_player"},
                           {"attack", attack_},
                           {"traffic", traffic_->to_json(changed)},
                           {"stages", stages_.to_json()},
                           {"incident", script_->incident()}};
  PosixFiles files;
  return write_plain(files, places_.state + "/player.json", pretty_json(figures));
}

// Another program may have fed the clock meanwhile (a visitor's attack): then its time is ours.
Result<void> Player::step_clock(Time to) {
  const auto moved = admin_->post("/api/v1/clock", JsonObject{{"to", format_time(to)}});
  if (!moved && moved.error().pointer != "/to") return fail(Error(moved.error()));
  now_ = to;
  if (moved) return {};
  FIREBREAK_ASSIGN(const Json clock, admin_->get("/api/v1/clock"));
  FIREBREAK_ASSIGN(now_, get_time(clock, "time"));
  return {};
}

// The gateway answers: policy and release are in service.
Result<void> Player::prove_serving() {
  FIREBREAK_TRY(step_clock(*parse_time("2026-03-02T00:00:00Z")));
  ScoringClient client(places_.gateway, keys_);
  const Event* first = nullptr;
  for (const Event& event : story_.events)
    if (!event.is_label) {
      first = &event;
      break;
    }
  const Answered answer = client.ask(live_caller(kLiveKeys - 1), "hello-1", first->features);
  if (answer.status != 200)
    return fail(Code::kUnavailable, fmt::format("the gateway answered the first request with status {}", answer.status));
  stages_.reach("serving", now_, fmt::format("{} by release 1.0.0", answer.label));
  return {};
}

// As anybody would: with the program that needs no server.
Result<void> Player::verify_logs() {
  const std::string command = fmt::format("'{}' ledger verify --data '{}' >/dev/null", patience_.client, places_.server_data);
  if (std::system(command.c_str()) != 0) return fail(Code::kCorrupt, "the logs do not verify: " + command);
  stages_.reach("logs verified", *parse_time(kAttackBegins), "firebreak ledger verify");
  return {};
}

// What a visitor can try before the story goes on.
Result<void> Player::invite() {
  if (!patience_.watched()) return {};
  const Event& event = *std::find_if(story_.events.begin(), story_.events.end(), [](const Event& e) { return !e.is_label; });
  fmt::print("\nThe honest days are history now; the page says that nothing needs you. Try, in another terminal:\n"
             "  curl -s {}/fraud-api/score -H 'X-API-Key: {}' -d '{{\"id\":\"visitor-1\",\"features\":{}}}'\n"
             "  {} trace visitor-1\n"
             "  make tamper       a byte of a copy is changed; 'ledger verify' names segment, offset and record\n\n",
             places_.gateway, keys_.of(std::string(kVisitor)), event.features, patience_.client);
  return script_->open();
}

Result<void> Player::play(Time begin) {
  traffic_ = std::make_unique<Traffic>(places_.gateway, keys_);
  script_ = std::make_unique<Script>(places_, people_, stages_, patience_, *pace_,
                                     [this](bool contained) { return attack(contained); });
  FIREBREAK_TRY(invite());
  now_ = begin;
  const Time end = *parse_time("2026-03-16T00:00:00Z");
  std::size_t at = 0;
  while (story_.events[at].time < begin) ++at;
  Api loader(places_.server, people_.loader);
  for (Time step = begin; step < end;) {
    const Time next = step + kMinute;
    FIREBREAK_TRY(pace_->spend(60));
    FIREBREAK_TRY(play_minute(loader, at, next));
    if (now_ < next) FIREBREAK_TRY(step_clock(next));
    note_attack();
    FIREBREAK_TRY(script_->act(now_, false));
    note_attack();
    FIREBREAK_TRY(set_pace());
    progress();
    step = std::max(next, now_);  // the live attacker may have used up some minutes
  }
  return script_->act(now_, true);
}

// Sends what happens before `next`: requests through the gateway, labels into the stream.
Result<void> Player::play_minute(Api& loader, std::size_t& at, Time next) {
  std::string labels;
  for (; at < story_.events.size() && story_.events[at].time < next; ++at) {
    const Event& event = story_.events[at];
    if (event.is_label) {
      labels += label_line(event) + "\n";
      continue;
    }
    traffic_->send(event, script_->contained());
    if (event.attack) stages_.reach("first attack query", event.time, event.id);
  }
  if (!labels.empty()) FIREBREAK_TRY(loader.records("fraud-api", std::move(labels), "labels", ++label_batches_));
  return {};
}

// A finding slows the clock to true pace, then to a pace at which people can follow; a canary too. Else it is fast.
Result<void> Player::set_pace() {
  const auto reached = [&](std::string_view stage) { return stages_.reached(stage); };
  std::string phase = "quiet";
  if (reached("finding") && !reached("effect check green")) phase = "finding";
  if (reached("shadow") && !reached("full 100")) phase = "canary";
  if (phase == phase_) return {};
  phase_ = phase;
  if (phase == "finding")
    return pace_->run_for(1, "a finding is open: true pace", 12, 60, "a finding is open: a minute a second");
  if (phase == "canary") return pace_->run(600, "a candidate takes traffic: ten minutes a second");
  return pace_->run({}, "quiet hours: as fast as it goes");
}

// How much of the attack had passed when it was noticed.
void Player::note_attack() {
  const TrafficFigures& seen = traffic_->figures();
  for (const auto& [stage, what] : {std::pair("finding", "finding"), std::pair("incident", "incident")}) {
    const std::string key = std::string("queries_before_") + what;
    if (!stages_.reached(stage) || attack_.contains(key)) continue;
    attack_[key] = seen.attack_queries;
    attack_[std::string("seconds_before_") + what] =
        seen.first_attack.us == 0 ? 0 : (stages_.time_of(stage) - seen.first_attack) / kSecond;
  }
}

Result<void> Player::attack(bool contained) {
  const auto pause = [this]() -> Result<void> { return step_clock(now_ + kMinute); };
  FIREBREAK_ASSIGN(const AttackResult result,
                   attack_live(places_, keys_, contained ? 1 : 0, contained ? std::function<Result<void>()>(pause) : nullptr));
  FIREBREAK_TRY(step_clock(now_));  // what it asked is recorded and judged before anybody goes on
  Api analyst(places_.server, people_.analyst);
  FIREBREAK_TRY(report_attack(analyst, script_->incident(), contained, result));
  const std::string suffix = contained ? "_contained" : "_uncontained";
  live_["queries"] = static_cast<std::uint64_t>(int_or(live_, "queries")) + result.queries;
  live_["queries" + suffix] = result.queries;
  live_["targets" + suffix] = result.targets;
  live_["succeeded" + suffix] = result.succeeded;
  fmt::print("    live attacker, {}: reached {} of {} targets with {} queries\n", contained ? "contained" : "uncontained",
             result.succeeded, result.targets, result.queries);
  return {};
}

// Honest requests that the rules answered: by the recorded dispositions, since the gateway tells no caller.
Result<std::uint64_t> Player::count_changed() {
  std::uint64_t changed = 0;
  for (std::uint64_t from = 0, size = 1; from < size;) {
    FIREBREAK_ASSIGN(const Json page, admin_->get(fmt::format("/api/v1/streams/fraud-api/records?from={}&limit=5000", from)));
    for (const Json& item : page.at("items").as_array()) {
      const Json& record = item.at("record");
      const std::string disposition = string_or(record, "disposition");
      if (disposition != "fallback" && disposition != "review") continue;
      changed += traffic_->figures().honest_ids.contains(string_or(record, "id"));
    }
    from = static_cast<std::uint64_t>(int_or(page, "next"));
    size = static_cast<std::uint64_t>(int_or(page, "size"));
  }
  return changed;
}

void Player::progress() {
  const auto wall = std::chrono::steady_clock::now();
  if (wall - last_progress_ < std::chrono::seconds(2)) return;
  const double seconds = std::chrono::duration<double>(wall - last_progress_).count();
  const std::uint64_t requests = traffic_->figures().requests;
  fmt::print("{}  {:>6.0f} requests/s  {} requests, {} of an attacker  {}\n", format_time(now_),
             static_cast<double>(requests - last_requests_) / seconds, requests, traffic_->figures().attack_queries,
             script_->incident().empty() ? "no incident" : script_->incident());
  std::fflush(stdout);
  last_progress_ = wall;
  last_requests_ = requests;
}

}  // namespace firebreak::example
