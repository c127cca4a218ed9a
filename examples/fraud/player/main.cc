// Plays the fraud story against a running installation, through its public interfaces only.
//
//   fraud_player --server URL --gateway URL --models URL --server-data DIR --pepper FILE --data DIR --state DIR
//                [--patience SECONDS] [--client COMMAND] [--prepare]
//
// --prepare makes the tokens and keys that the other processes need, and ends. Exit code 0: every stage was reached.
#include <fmt/core.h>

#include <chrono>
#include <map>

#include "base/files.h"
#include "fraud/player/history.h"
#include "fraud/player/people.h"

namespace firebreak::example {
namespace {

constexpr std::size_t kTargets = 10;      // of the live attacker, before and after
constexpr int kQueriesPerMinute = 8;      // its pace in story time

class Player {
 public:
  Player(Places places, int patience_s, std::string client)
      : places_(std::move(places)), patience_s_(patience_s), client_(std::move(client)) {}

  Result<void> run() {
    FIREBREAK_ASSIGN(story_, load_story(places_.data));
    FIREBREAK_ASSIGN(people_, set_up_people(places_));
    FIREBREAK_ASSIGN(keys_, set_up_keys(places_, story_));
    FIREBREAK_TRY(set_up_endpoint(places_, people_, keys_));
    admin_ = std::make_unique<Api>(places_.server, people_.admin);
    FIREBREAK_TRY(prove_serving());
    const Time begin = *parse_time(kAttackBegins);
    FIREBREAK_ASSIGN(const std::size_t imported, import_history(places_, people_, story_, begin));
    stages_.reach("history imported", begin, fmt::format("{} events", imported));
    return play(begin);
  }

  Stages& stages() { return stages_; }

  Result<void> write_figures() {
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

 private:
  Result<void> step_clock(Time to) {
    FIREBREAK_TRY(admin_->post("/api/v1/clock", JsonObject{{"to", format_time(to)}}));
    now_ = to;
    return {};
  }

  // The gateway answers: policy and release are in service.
  Result<void> prove_serving() {
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

  Result<void> play(Time begin) {
    traffic_ = std::make_unique<Traffic>(places_.gateway, keys_);
    script_ = std::make_unique<Script>(places_, people_, stages_, patience_s_, client_,
                                       [this](bool contained) { return attack_live(contained); });
    now_ = begin;
    const Time end = *parse_time("2026-03-16T00:00:00Z");
    std::size_t at = 0;
    while (story_.events[at].time < begin) ++at;
    Api loader(places_.server, people_.loader);
    for (Time step = begin; step < end;) {
      const Time next = step + kMinute;
      FIREBREAK_TRY(play_minute(loader, at, next));
      if (now_ < next) FIREBREAK_TRY(step_clock(next));
      note_attack();
      FIREBREAK_TRY(script_->act(now_, false));
      note_attack();
      progress();
      step = std::max(next, now_);  // the live attacker may have used up some minutes
    }
    return script_->act(now_, true);
  }

  // Sends what happens before `next`: requests through the gateway, labels into the stream.
  Result<void> play_minute(Api& loader, std::size_t& at, Time next) {
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

  // How much of the attack had passed when it was noticed.
  void note_attack() {
    const TrafficFigures& seen = traffic_->figures();
    for (const auto& [stage, what] : {std::pair("finding", "finding"), std::pair("incident", "incident")}) {
      const std::string key = std::string("queries_before_") + what;
      if (!stages_.reached(stage) || attack_.contains(key)) continue;
      attack_[key] = seen.attack_queries;
      attack_[std::string("seconds_before_") + what] =
          seen.first_attack.us == 0 ? 0 : (stages_.time_of(stage) - seen.first_attack) / kSecond;
    }
  }

  Result<void> attack_live(bool contained) {
    FIREBREAK_ASSIGN(const auto targets, find_targets(places_.data, places_.models, 2 * kTargets));
    const std::vector<Target> mine(targets.begin() + (contained ? kTargets : 0),
                                   targets.begin() + (contained ? 2 * kTargets : kTargets));
    std::vector<std::string> callers;
    for (int i = 0; i < static_cast<int>(kTargets); ++i) callers.push_back(live_caller(contained ? 20 + i : i));
    ScoringClient client(places_.gateway, keys_);
    Attacker attacker(contained ? 2 : 1);
    const auto pause = [this]() -> Result<void> { return step_clock(now_ + kMinute); };
    FIREBREAK_ASSIGN(const AttackResult result,
                     attacker.attack(client, mine, callers, kQueriesPerMinute,
                                     contained ? std::function<Result<void>()>(pause) : std::function<Result<void>()>()));
    FIREBREAK_TRY(step_clock(now_));  // what it asked is recorded and judged before anybody goes on
    const std::string suffix = contained ? "_contained" : "_uncontained";
    live_["queries"] = static_cast<std::uint64_t>(int_or(live_, "queries")) + result.queries;
    live_["queries" + suffix] = result.queries;
    live_["targets" + suffix] = result.targets;
    live_["succeeded" + suffix] = result.succeeded;
    fmt::print("    live attacker, {}: reached {} of {} targets with {} queries\n",
               contained ? "contained" : "uncontained", result.succeeded, result.targets, result.queries);
    return {};
  }

  // Honest requests that the rules answered: by the recorded dispositions, since the gateway tells no caller.
  Result<std::uint64_t> count_changed() {
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

  void progress() {
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

  const Places places_;
  const int patience_s_;
  const std::string client_;
  Story story_;
  People people_;
  Keys keys_;
  Stages stages_;
  std::unique_ptr<Api> admin_;
  std::unique_ptr<Traffic> traffic_;
  std::unique_ptr<Script> script_;
  JsonObject attack_, live_;
  Time now_;
  std::uint64_t label_batches_ = 0, last_requests_ = 0;
  std::chrono::steady_clock::time_point last_progress_ = std::chrono::steady_clock::now();
};

int fail_with(const Error& error) {
  fmt::print(stderr, "fraud_player: {}{}\n", error.message, error.pointer.empty() ? "" : " (at " + error.pointer + ")");
  return 1;
}

int run(const std::map<std::string, std::string>& options) {
  const auto option = [&](const std::string& name) {
    const auto found = options.find(name);
    return found == options.end() ? std::string() : found->second;
  };
  const Places places{option("--server"), option("--gateway"), option("--models"), option("--server-data"),
                      option("--pepper"), option("--data"),    option("--state")};
  if (options.contains("--prepare")) {
    PosixFiles files;
    if (auto made = files.make_dir(places.state); !made) return fail_with(made.error());
    for (const std::string_view who : {"ana", "ben", "ana-script", "ben-script", "gateway", "loader"})
      if (auto token = token_in(fmt::format("{}/{}.token", places.state, who)); !token) return fail_with(token.error());
    return 0;
  }
  const std::string patience = option("--patience");
  const std::string client = option("--client");
  Player player(places, patience.empty() ? 0 : std::atoi(patience.c_str()), client.empty() ? "firebreak" : client);
  const auto played = player.run();
  if (auto written = player.write_figures(); !written) (void)fail_with(written.error());
  fmt::print("\nStages\n{}", player.stages().text());
  if (!played) return fail_with(played.error());
  return player.stages().all() ? 0 : 1;
}

}  // namespace
}  // namespace firebreak::example

int main(int argc, char** argv) {
  std::map<std::string, std::string> options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--prepare") {
      options[name] = "yes";
    } else if (i + 1 < argc) {
      options[name] = argv[++i];
    }
  }
  if (!options.contains("--state")) {
    fmt::print(stderr, "usage: fraud_player --server URL --gateway URL --models URL --server-data DIR --pepper FILE "
                       "--data DIR --state DIR [--patience SECONDS] [--client COMMAND] | --prepare --state DIR\n");
    return 2;
  }
  return firebreak::example::run(options);
}
