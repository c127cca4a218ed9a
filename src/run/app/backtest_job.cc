#include "run/app/backtest_job.h"

#include <fmt/core.h>

#include <mutex>

#include "base/digest.h"
#include "run/app/hunt_job.h"
#include "run/app/shipped_detectors.h"
#include "run/replay/backtest.h"

namespace firebreak::app {
namespace {

constexpr std::size_t kPiece = 5'000;

std::vector<incident::Rule> rules_now(const Context& context) {
  std::vector<incident::Rule> rules;
  context.journal.with_state([&](const journal::View& view) { rules = view.state<incident::IncidentState>(incident::kFoldName).rules; });
  return rules;
}

Result<std::string> endpoint_of(const Json& asked) {
  const Json* const config = find(asked, "config");
  const std::string stated = config == nullptr ? std::string() : endpoint_named(*config);
  const std::string endpoint = string_or(asked, "endpoint", stated);
  if (endpoint.empty()) return fail(Code::kInvalid, "name the endpoint: --endpoint, or 'endpoint' in the configuration", "/endpoint");
  if (!stated.empty() && stated != endpoint)
    return fail(Code::kInvalid, fmt::format("the configuration is for '{}', not '{}'", stated, endpoint), "/config/endpoint");
  return endpoint;
}

struct Said {  // what the journal has of an episode
  std::string id, verdict;
};

Result<std::map<std::string, Said>> said_of(const journal::Journal& journal, const std::string& stream) {
  std::map<std::string, Said> by_episode;
  std::map<std::string, std::string> episode_of;
  const std::uint64_t end = journal.size();
  for (std::uint64_t at = 0; at < end;) {
    FIREBREAK_ASSIGN(const auto entries, journal.entries(at, std::min<std::uint64_t>(kPiece, end - at)));
    for (const Entry& entry : entries) {
      if (entry.kind == "finding_opened" && string_or(entry.body, "stream") == stream) {
        by_episode[string_or(entry.body, "episode")] = {entry.id("find"), ""};
        episode_of[entry.id("find")] = string_or(entry.body, "episode");
      } else if (entry.kind == "finding_verdict") {
        const auto known = episode_of.find(string_or(entry.body, "finding"));
        if (known != episode_of.end()) by_episode[known->second].verdict = string_or(entry.body, "verdict");
      }
    }
    at += entries.size();
  }
  return by_episode;
}

// A change that silences what people called true must be seen as one.
void add_verdicts(JsonObject& answer, const std::map<std::string, Said>& said) {
  std::uint64_t lost = 0;
  for (Json& item : answer["findings"].as_object()["vanish"].as_array()) {
    const auto known = said.find(string_or(item, "episode"));
    if (known == said.end()) continue;
    item.as_object()["id"] = known->second.id;
    if (!known->second.verdict.empty()) item.as_object()["verdict"] = known->second.verdict;
    lost += known->second.verdict == "true";
  }
  answer["vanishing_true"] = lost;
}

}  // namespace

Result<Json> run_backtest(const Context& context, const FeedMaker& feeds, const Json& asked) {
  static std::mutex running;
  const std::unique_lock one(running, std::try_to_lock);
  if (!one.owns_lock()) return fail(Code::kBusy, "another backtest is running: ask again when it is done");
  if (find(asked, "open") != nullptr) return run_hunt(context, feeds, asked);
  FIREBREAK_TRY(only_keys(asked, {"endpoint", "from", "config", "rules"}));
  FIREBREAK_ASSIGN(const std::string endpoint, endpoint_of(asked));
  FIREBREAK_ASSIGN(const Time from, get_time(asked, "from"));
  FIREBREAK_ASSIGN(const FeedMaker::Judge judge, feeds.judge_of(endpoint));
  detect::DetectorConfig config = judge.config;
  if (const Json* given = find(asked, "config")) {
    auto read = detect::detector_config_from_json(complete_detectors(*given, judge.endpoint));
    if (!read) return fail(std::move(read.error()).at("/config"));
    config = std::move(*read);
  }
  replay::Side before, after;
  before.rules = after.rules = rules_now(context);
  if (const Json* given = find(asked, "rules")) {
    auto read = incident::rules_from_json(JsonObject{{"correlation", *given}});
    if (!read) return fail(std::move(read.error()).at("/rules"));
    after.rules = std::move(*read);
  }
  before.watchers.push_back(replay::watch(judge.config, judge.profile));
  after.watchers.push_back(replay::watch(config, judge.profile));
  FIREBREAK_ASSIGN(const Json result, replay::backtest(*context.streams.get(endpoint), judge.endpoint, std::move(before), std::move(after), from));
  FIREBREAK_ASSIGN(const auto said, said_of(context.journal, endpoint));
  JsonObject answer = result.as_object();
  add_verdicts(answer, said);
  answer["digest"] = sha256(canonical_json(answer)).hex();
  return Json(std::move(answer));
}

}  // namespace firebreak::app
