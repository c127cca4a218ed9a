#include "fraud/player/drills.h"

#include <fmt/core.h>

#include <chrono>
#include <thread>

#include "base/files.h"

namespace firebreak::example {
namespace {

constexpr int kQueriesPerMinute = 8;  // the attacker's pace in story time
constexpr std::string_view kMeasurement = "live attacker";
constexpr std::string_view kCandidate = "1.2.0";

Json figures_of(const AttackResult& result) {
  return JsonObject{{"targets", result.targets}, {"succeeded", result.succeeded}, {"queries", result.queries}};
}

Result<Json> newest_incident(Api& api) {
  FIREBREAK_ASSIGN(const Json incidents, api.get("/api/v1/incidents?limit=1"));
  if (incidents.at("items").as_array().empty())
    return fail(Code::kConflict, "there is no incident yet; let the clock go until one opens");
  return api.get("/api/v1/incidents/" + string_or(incidents.at("items").as_array().front(), "id"));
}

// The newest action of a class, whatever its state; null without one.
Result<Json> newest_action(Api& api, const std::string& incident, std::string_view cls) {
  FIREBREAK_ASSIGN(const Json actions, api.get("/api/v1/actions?limit=100&incident=" + incident));
  for (const Json& action : actions.at("items").as_array())
    if (string_or(action, "class") == cls) return action;
  return Json(nullptr);
}

// Which attack comes next: counted in a file beside the keys, from 2 on.
Result<std::size_t> next_number(const std::string& path) {
  PosixFiles files;
  std::size_t number = 2;
  if (exists(files, path)) {
    FIREBREAK_ASSIGN(const std::string text, read_all(files, path));
    number = static_cast<std::size_t>(std::atoi(text.c_str())) + 1;
  }
  FIREBREAK_TRY(write_atomic(files, path, fmt::format("{}\n", number)));
  return number;
}

// The story's own player feeds the clock too: whoever is later takes the other's time.
Result<void> a_minute_later(Api& admin) {
  for (int i = 0; i < 100; ++i) {
    FIREBREAK_ASSIGN(const Json clock, admin.get("/api/v1/clock"));
    FIREBREAK_ASSIGN(const Time now, get_time(clock, "time"));
    const auto moved = admin.post("/api/v1/clock", JsonObject{{"to", format_time(now + kMinute)}});
    if (moved) return {};
    if (moved.error().pointer != "/to" && moved.error().code != Code::kBusy) return fail(Error(moved.error()));
  }
  return fail(Code::kBusy, "the clock is fed by others without a pause");
}

// Looks at an action until `done` has an answer; the clock goes on by somebody else's hand.
template <class Done>
auto look_until(Api& api, const std::string& id, const std::string& what, Done done) -> decltype(done(Json())) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(5);
  while (std::chrono::steady_clock::now() < deadline) {
    FIREBREAK_ASSIGN(const Json action, api.get("/api/v1/actions/" + id));
    auto answer = done(action);
    if (!answer || !answer->empty()) return answer;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));  // between two looks
  }
  return fail(Code::kTimeout, fmt::format("{} {} within five minutes; is the clock held?", id, what));
}

bool has_ended(const Json& action) {
  const Json* end = find(action, "ladder_ended");
  return end != nullptr && end->is_object();
}

Result<std::string> canary_step(const Json& action) {
  if (has_ended(action) || string_or(action, "state") == "rejected")
    return fail(Code::kConflict, "no canary is under way; wait until 1.2.0 takes traffic");
  const Json* steps = find(action, "steps");
  if (steps == nullptr || !steps->is_array() || steps->get_array().empty()) return std::string();
  const std::string step = string_or(steps->get_array().back(), "step");
  if (step == "100" || step == "watch") return fail(Code::kConflict, "the canary is over: all traffic goes to 1.2.0");
  return step == "shadow" ? std::string() : step;
}

Result<std::string> abort_reason(const Json& action) {
  if (!has_ended(action)) return std::string();
  const Json& end = action.at("ladder_ended");
  if (string_or(end, "outcome") == "aborted") return string_or(end, "reason");
  return fail(Code::kConflict, string_or(action, "id") + " was promoted before it was noticed");
}

}  // namespace

Result<AttackResult> attack_live(const Places& places, const Keys& keys, std::size_t number,
                                 const std::function<Result<void>()>& pause) {
  const std::size_t first = number * kTargets;
  if (first + kTargets > kLiveKeys)
    return fail(Code::kNotFound, fmt::format("the attacker's {} keys are used up; FRESH=1 make run plays anew", kLiveKeys));
  FIREBREAK_ASSIGN(const auto targets, find_targets(places.data, places.models, first + kTargets));
  const std::vector<Target> mine(targets.begin() + static_cast<std::ptrdiff_t>(first), targets.end());
  std::vector<std::string> callers;
  for (std::size_t i = 0; i < kTargets; ++i) callers.push_back(live_caller(static_cast<int>(first + i)));
  ScoringClient client(places.gateway, keys);
  return Attacker(number).attack(client, mine, callers, kQueriesPerMinute, pause);
}

Result<void> report_attack(Api& analyst, const std::string& incident, bool contained, const AttackResult& result) {
  FIREBREAK_ASSIGN(const Json known, analyst.get("/api/v1/incidents/" + incident));
  JsonObject figures;
  if (const Json* measurements = find(known, "measurements"); measurements != nullptr && measurements->is_array())
    for (const Json& each : measurements->get_array())
      if (string_or(each, "name") == kMeasurement) figures = each.at("figures").as_object();
  figures[contained ? "contained" : "uncontained"] = figures_of(result);
  FIREBREAK_TRY(analyst.command(
      "incident.measure",
      JsonObject{{"incident", incident},
                 {"name", kMeasurement},
                 {"figures", figures},
                 {"method", "SimBA-like search on declined positives of the holdout, fresh keys, at most 60 queries a "
                            "target; a target is reached when the answer is 'approve'"}}));
  return {};
}

Result<void> attack_again(const Places& places) {
  FIREBREAK_ASSIGN(const Story story, load_story(places.data));
  FIREBREAK_ASSIGN(const People people, set_up_people(places));
  FIREBREAK_ASSIGN(const Keys keys, set_up_keys(places, story));
  Api admin(places.server, people.admin), analyst(places.server, people.analyst);
  FIREBREAK_ASSIGN(const Json incident, newest_incident(analyst));
  const std::string id = string_or(incident, "id");
  FIREBREAK_ASSIGN(const Json action, newest_action(analyst, id, "bounded"));
  const bool contained = string_or(action, "state") == "in_force";
  FIREBREAK_ASSIGN(const std::size_t number, next_number(places.state + "/attacks"));
  fmt::print("The live attacker goes at {} targets, {} …\n", kTargets, contained ? "under containment" : "uncontained");
  std::fflush(stdout);
  const auto pause = [&]() -> Result<void> { return a_minute_later(admin); };
  FIREBREAK_ASSIGN(const AttackResult result,
                   attack_live(places, keys, number, contained ? std::function<Result<void>()>(pause) : nullptr));
  fmt::print("reached {} of {} targets with {} queries\n", result.succeeded, result.targets, result.queries);
  const auto reported = report_attack(analyst, id, contained, result);
  if (!reported && reported.error().code != Code::kConflict) return fail(Error(reported.error()));
  fmt::print("{}\n", reported ? fmt::format("the page of {} shows it beside the other half", id)
                              : fmt::format("{} is closed, so its page keeps the figures it had", id));
  return {};
}

Result<void> sabotage(const Places& places) {
  FIREBREAK_ASSIGN(const People people, set_up_people(places));
  Api analyst(places.server, people.analyst);
  FIREBREAK_ASSIGN(const Json incident, newest_incident(analyst));
  FIREBREAK_ASSIGN(const Json promotion, newest_action(analyst, string_or(incident, "id"), "promotion"));
  if (!promotion.is_object()) return fail(Code::kConflict, "no canary is under way; wait until 1.2.0 takes traffic");
  const std::string id = string_or(promotion, "id");
  FIREBREAK_ASSIGN(const std::string step, look_until(analyst, id, "took no canary traffic", canary_step));
  net::HttpClient models;
  const auto set_fault = [&](std::string_view kind) {
    return net::json_of(models.post(fmt::format("{}/{}/fault", places.models, kCandidate),
                                    canonical_json(JsonObject{{"kind", kind}})));
  };
  FIREBREAK_TRY(set_fault("fail"));
  fmt::print("{} takes {} % of the traffic and answers with errors now. Firebreak has not been told …\n", kCandidate, step);
  std::fflush(stdout);
  const auto reason = look_until(analyst, id, "was not taken back", abort_reason);
  FIREBREAK_TRY(set_fault("none"));
  if (!reason) return fail(Error(reason.error()));
  fmt::print("{} was taken back by itself: {}\n{} is mended; the story asks for its promotion again\n", id, *reason,
             kCandidate);
  return {};
}

}  // namespace firebreak::example
