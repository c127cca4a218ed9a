#include "fraud/player/people.h"

#include <fmt/core.h>

#include <chrono>
#include <thread>

#include "fraud/player/releases.h"

namespace firebreak::example {
namespace {

const JsonArray& items(const Json& document, std::string_view key) {
  static const JsonArray kNone;
  const Json* list = find(document, key);
  return list != nullptr && list->is_array() ? list->get_array() : kNone;
}

Time at(std::string_view text) { return *parse_time(text); }

constexpr std::int64_t kQuarantineLease = 14 * 24 * 3600;

}  // namespace

Script::Script(const Places& places, const People& people, Stages& stages, const Patience& patience, Pace& pace,
               std::function<Result<void>(bool)> attack_live)
    : places_(places),
      stages_(stages),
      patience_(patience),
      pace_(pace),
      attack_live_(std::move(attack_live)),
      analyst_(places.server, people.analyst, &seen_),
      approver_(places.server, people.approver, &seen_) {}

Result<void> Script::act(Time now, bool stream_ended) {
  stream_ended_ = stream_ended;
  static constexpr Step kSteps[] = {&Script::look_for_incident, &Script::triage,          &Script::contain,
                                    &Script::watch_containment, &Script::refuse_poisoned, &Script::bring_hardened,
                                    &Script::follow_ladder,     &Script::close};
  for (bool again = true; again;) {
    again = false;
    for (const Step step : kSteps) {
      FIREBREAK_ASSIGN(const bool did, (this->*step)(now));
      again = again || did;
    }
  }
  return {};
}

Result<void> Script::open() {
  if (!patience_.watched()) return {};
  const auto let_go = [&]() -> Result<bool> {
    FIREBREAK_ASSIGN(const bool held, pace_.held());
    return !held;
  };
  FIREBREAK_ASSIGN(const bool person, somebody_did("let the clock go", "anybody", "clock rate fast", let_go));
  return person ? Result<void>{} : pace_.run({}, "quiet hours: as fast as it goes");
}

Result<bool> Script::somebody_did(const std::string& what, std::string_view who, const std::string& command,
                                  const std::function<Result<bool>()>& done) {
  bool yes = false;
  if (patience_.watched()) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(patience_.seconds);
    const auto in_time = [&] { return patience_.seconds < 0 || std::chrono::steady_clock::now() < deadline; };
    fmt::print("    waiting {} for {}: {}\n      {} {}\n",
               patience_.seconds < 0 ? "as long as it takes" : fmt::format("up to {} s", patience_.seconds), who, what,
               patience_.client, command);
    std::fflush(stdout);
    FIREBREAK_TRY(pace_.hold(fmt::format("waits for {}: {}", who, what)));
    while (!yes && in_time()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));  // a person is being waited for
      FIREBREAK_ASSIGN(yes, done());
    }
    FIREBREAK_TRY(pace_.release());
  }
  if (!yes) fmt::print("    scripted: {}\n", what);
  std::fflush(stdout);
  return yes;
}

Result<bool> Script::look_for_incident(Time now) {
  if (!incident_.empty()) return false;
  if (!stages_.reached("finding")) {
    FIREBREAK_ASSIGN(const Json findings, analyst_.get("/api/v1/findings?limit=500"));
    for (const Json& finding : items(findings, "items"))
      if (string_or(finding, "kind") == "query_chain" || string_or(finding, "kind") == "outlier_burst")
        stages_.reach("finding", now, string_or(finding, "id") + " " + string_or(finding, "summary"));
  }
  FIREBREAK_ASSIGN(const Json incidents, analyst_.get("/api/v1/incidents?limit=1"));
  if (items(incidents, "items").empty()) return false;
  incident_ = string_or(items(incidents, "items").front(), "id");
  stages_.reach("incident", now, incident_ + " " + string_or(items(incidents, "items").front(), "title"));
  return true;
}

Result<bool> Script::triage(Time now) {
  if (incident_.empty() || stages_.reached("options offered")) return false;
  FIREBREAK_ASSIGN(const Json incident, view());
  const auto acknowledged = [&]() -> Result<bool> {
    FIREBREAK_ASSIGN(const Json again, view());
    const Json* moment = find(again, "acknowledged");
    return moment != nullptr && !moment->is_null();
  };
  if (!attacked_free_) {  // at once: from here on a person may contain at any moment
    attacked_free_ = true;
    FIREBREAK_TRY(attack_live_(false));
  }
  if (!stages_.reached("acknowledged")) {
    FIREBREAK_ASSIGN(const bool already, acknowledged());
    if (!already) {
      FIREBREAK_ASSIGN(const bool person,
                       somebody_did("acknowledge it", "an analyst", "incident ack " + incident_, acknowledged));
      if (!person) {
        FIREBREAK_TRY(analyst_.command("incident.ack", JsonObject{{"incident", incident_}}));
      }
    }
    stages_.reach("acknowledged", now, incident_);
    FIREBREAK_TRY(rate_impact());
    return true;
  }
  std::size_t captured = 0;
  for (const Json& item : items(incident, "evidence")) captured += string_or(item, "state") == "captured";
  if (captured >= 5) stages_.reach("evidence captured", now, fmt::format("{} items", captured));
  const Json* offered = find_pointer(incident, "/options/options");
  if (offered == nullptr || !offered->is_array() || offered->get_array().empty() ||
      !stages_.reached("evidence captured"))
    return false;
  stages_.reach("options offered", now, fmt::format("{} options", offered->get_array().size()));
  return true;
}

// Unless a person has rated it.
Result<void> Script::rate_impact() {
  FIREBREAK_ASSIGN(const Json incident, view());
  const Json* rated = find(incident, "impact");
  if (rated != nullptr && !rated->is_null()) return {};
  FIREBREAK_TRY(analyst_.command("incident.impact", JsonObject{{"incident", incident_},
                                                               {"functional_now", "Low"},
                                                               {"functional_likely", "Medium"},
                                                               {"information", JsonArray{"Integrity Loss"}},
                                                               {"recoverability", "Supplemented"}}));
  return {};
}

// The newest action of the incident of this class that has not ended.
Result<Json> Script::open_action(std::string_view cls) {
  FIREBREAK_ASSIGN(const Json actions, analyst_.get("/api/v1/actions?limit=100&incident=" + incident_));
  for (const Json& action : items(actions, "items")) {
    const std::string state = string_or(action, "state");
    if (string_or(action, "class") == cls && (state == "proposed" || state == "approved" || state == "ordered" || state == "in_force"))
      return action;
  }
  return Json(nullptr);
}

// Waits for a second person's answer, else approves. False: the action was refused or ended.
Result<bool> Script::get_approved(const std::string& id) {
  FIREBREAK_ASSIGN(const Json action, approver_.get("/api/v1/actions/" + id));
  const std::string digest = string_or(action, "digest");
  const auto answered = [&]() -> Result<bool> {
    FIREBREAK_ASSIGN(const Json again, analyst_.get("/api/v1/actions/" + id));
    return string_or(again, "state") != "proposed";
  };
  FIREBREAK_ASSIGN(const bool person, somebody_did("a second person approves: " + string_or(action, "what"), "an approver",
                                                   fmt::format("action approve {} --digest {}", id, digest), answered));
  if (!person) {
    FIREBREAK_TRY(approver_.command("action.approve", JsonObject{{"action", id}, {"digest", digest}}));
  }
  FIREBREAK_ASSIGN(const Json now, analyst_.get("/api/v1/actions/" + id));
  const std::string state = string_or(now, "state");
  if (state != "rejected" && state != "expired" && state != "failed" && state != "lifted") return true;
  fmt::print("    {} is {}\n", id, state);
  return false;
}

Result<bool> Script::contain(Time now) {
  if (!stages_.reached("options offered") || stages_.reached("approved")) return false;
  if (action_.empty()) {
    const auto proposed = [&]() -> Result<bool> {
      FIREBREAK_ASSIGN(const Json action, open_action("bounded"));
      return action.is_object();
    };
    const std::string command = fmt::format(
        "contain option --endpoint fraud-api --incident {} --option chain_quarantine --lease-minutes {}", incident_,
        kQuarantineLease / 60);
    FIREBREAK_ASSIGN(const bool person, somebody_did("choose an option", "an analyst", command, proposed));
    if (!person) {
      FIREBREAK_TRY(analyst_.command("action.propose", JsonObject{{"endpoint", "fraud-api"},
                                                                  {"incident", incident_},
                                                                  {"option", "chain_quarantine"},
                                                                  {"lease_s", kQuarantineLease}}));
    }
    FIREBREAK_ASSIGN(const Json action, open_action("bounded"));
    action_ = string_or(action, "id");
    stages_.reach("proposed", now, action_ + " " + string_or(action, "what"));
  }
  FIREBREAK_ASSIGN(const bool yes, get_approved(action_));
  if (yes) {
    stages_.reach("approved", now, action_);
  } else {
    action_.clear();  // the analyst chooses again
  }
  return true;
}

Result<bool> Script::watch_containment(Time now) {
  if (!stages_.reached("approved") || attacked_contained_) return false;
  FIREBREAK_ASSIGN(const Json action, analyst_.get("/api/v1/actions/" + action_));
  if (string_or(action, "state") == "in_force") stages_.reach("in force", now, action_ + " until " + string_or(action, "until"));
  const Json* green = find_pointer(action, "/checks/first_green");
  if (green == nullptr || green->is_null()) return false;
  stages_.reach("effect check green", now, fmt::format("{} (journal {})", string_or(*green, "reason"), int_or(*green, "index")));
  attacked_contained_ = true;
  FIREBREAK_TRY(attack_live_(true));
  return true;
}

Result<Json> Script::release(const std::string& name) {
  FIREBREAK_ASSIGN(const Json models, analyst_.get("/api/v1/models?limit=500"));
  for (const Json& item : items(models, "items"))
    if (string_or(item, "release") == name) return item;
  return Json(nullptr);
}

Result<bool> Script::refuse_poisoned(Time now) {
  if (now < at("2026-03-09T12:00:00Z") || incident_.empty() || stages_.reached("1.1.0 stopped")) return false;
  FIREBREAK_ASSIGN(const Json known, release("1.1.0-poisoned"));
  if (!known.is_object()) {
    FIREBREAK_TRY(register_release(analyst_, {"1.1.0-poisoned", places_.data, places_.models, incident_, ""}));
    FIREBREAK_TRY(analyst_.command("release.gate", JsonObject{{"endpoint", "fraud-api"}, {"release", "1.1.0-poisoned"}, {"incident", incident_}}));
    return false;
  }
  if (string_or(known, "state") != "refused") return false;
  std::string failed;
  for (const std::string_view gate : {"G1", "G2", "G3a", "G3b"}) {
    const Json* result = find_pointer(known, fmt::format("/gates/{}", gate));
    if (result != nullptr && !bool_or(*result, "passed")) failed += fmt::format("{} ({}) ", gate, number_or(*result, "figure"));
  }
  stages_.reach("1.1.0 stopped", now, "failed " + failed);
  return true;
}

Result<bool> Script::bring_hardened(Time now) {
  if (now < at(kHardenedAppears) || incident_.empty() || !promotion_.empty()) return false;
  FIREBREAK_ASSIGN(const Json known, release("1.2.0"));
  if (!known.is_object()) {
    const std::string source = fmt::format("evidence of {}, accepted by {}", incident_, kScriptedApprover);
    FIREBREAK_ASSIGN(const std::string digest, captured_digest(places_.data));
    FIREBREAK_TRY(approver_.command("source.approve", JsonObject{{"source", source}, {"digest", digest},
                                                                 {"reason", "captured queries, labelled with their targets' truth"}}));
    FIREBREAK_TRY(register_release(analyst_, {"1.2.0", places_.data, places_.models, incident_, source}));
    FIREBREAK_TRY(analyst_.command("release.gate", JsonObject{{"endpoint", "fraud-api"}, {"release", "1.2.0"}, {"incident", incident_}}));
    return false;
  }
  const std::string state = string_or(known, "state");
  if (state == "refused") return fail(Code::kConflict, "the gates refused 1.2.0: " + canonical_json(known.at("gates")));
  if (state == "registered") return false;
  stages_.reach("1.2.0 cleared", now, "G1 G2 G3a G3b");
  FIREBREAK_ASSIGN(Json action, open_action("promotion"));
  if (!action.is_object()) {
    FIREBREAK_TRY(analyst_.command("release.promote", JsonObject{{"endpoint", "fraud-api"}, {"release", "1.2.0"}, {"incident", incident_}}));
    FIREBREAK_ASSIGN(action, open_action("promotion"));
  }
  promotion_ = string_or(action, "id");
  FIREBREAK_ASSIGN(const bool yes, get_approved(promotion_));
  if (!yes) promotion_.clear();  // asked for again: the story needs it
  return true;
}

Result<bool> Script::follow_ladder(Time now) {
  if (promotion_.empty() || stages_.reached("watch ended")) return false;
  FIREBREAK_ASSIGN(const Json action, analyst_.get("/api/v1/actions/" + promotion_));
  if (const Json* end = find(action, "ladder_ended"); end != nullptr && string_or(*end, "outcome") == "aborted") {
    fmt::print("    {} was taken back: {}\n", promotion_, string_or(*end, "reason"));
    promotion_.clear();  // asked for again: the story needs it
    return true;
  }
  for (const Json& step : items(action, "steps")) {
    const std::string name = string_or(step, "step");
    if (name == "shadow") stages_.reach("shadow", now, promotion_);
    if (name == "5") stages_.reach("canary 5", now, promotion_);
    if (name == "25") stages_.reach("canary 25", now, promotion_);
    if (name == "100") stages_.reach("full 100", now, promotion_);
  }
  FIREBREAK_ASSIGN(const Json candidate, release("1.2.0"));
  if (string_or(candidate, "state") == "last_known_good") stages_.reach("watch ended", now, "1.2.0 is last known good");
  return false;
}

// The story has told how it ends; what playbooks still wait for is called off, and what people had to do is done.
Result<void> Script::end_runs() {
  FIREBREAK_ASSIGN(const Json before, view());
  for (const Json& run : items(before, "runs")) {
    const std::string state = string_or(run, "state");
    if ((state != "running" && state != "paused") || !string_or(run, "parent_run").empty()) continue;
    FIREBREAK_TRY(analyst_.command("playbook.cancel", JsonObject{{"run", string_or(run, "id")}, {"reason", "the candidate has passed its watch: nothing is left to do"}}));
  }
  FIREBREAK_ASSIGN(const Json incident, view());
  for (const Json& task : items(incident, "tasks")) {
    if (string_or(task, "state") == "done") continue;
    FIREBREAK_TRY(analyst_.command("incident.task_done", JsonObject{{"incident", incident_}, {"task", string_or(task, "id")}, {"result", "done in the story"}}));
  }
  return {};
}

Result<bool> Script::close(Time now) {
  if (!stages_.reached("watch ended") || !stream_ended_ || closing_asked_) return false;
  closing_asked_ = true;
  const auto closed = [&]() -> Result<bool> {
    FIREBREAK_ASSIGN(const Json again, view());
    return string_or(again, "state") == "closed";
  };
  const std::string command = fmt::format("incident close {} --summary TEXT --residual-risk TEXT", incident_);
  FIREBREAK_ASSIGN(const bool person, somebody_did("finish the tasks and close it", "an analyst", command, closed));
  if (!person) {
    FIREBREAK_TRY(end_runs());
    FIREBREAK_ASSIGN(const double share, still_approved(places_.data, places_.models, "1.2.0"));
    FIREBREAK_TRY(analyst_.command(
        "incident.close",
        JsonObject{{"incident", incident_},
                   {"summary", "Black-box evasion of the scoring API by many keys. Chain quarantine contained it; release "
                               "1.2.0, trained with the captured queries, came in through gates, shadow and canary."},
                   {"reason", "the new release has passed its watch and is last known good; what the playbook still asked was called off"},
                   {"residual_risk",
                    fmt::format("1.2.0 still approves {:.1f} % of the later winning queries, so chain quarantine stays in "
                                "force until its lease ends. Attacks of two or three queries form no chain and are not "
                                "found by likeness.",
                                share * 100)}}));
  }
  stages_.reach("closed", now, incident_);
  return true;
}

}  // namespace firebreak::example
