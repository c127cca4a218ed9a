// The retro-hunt says what the rules would have said, had they been applied at `from`: held against a feed that ran them.
#include "run/app/rule_hunt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "fold/detect/detect_testing.h"
#include "run/app/app_testing.h"
#include "run/app/feed_mind.h"

namespace firebreak::app {
namespace {

using ::testing::HasSubstr;

constexpr const char* kStream = "small-api";

Json detection(const std::string& name, const std::string& category, JsonObject selection) {
  return JsonObject{{"title", name}, {"name", name}, {"level", "high"}, {"logsource", JsonObject{{"product", "firebreak"}, {"category", category}}},
                    {"detection", JsonObject{{"s", std::move(selection)}, {"condition", "s"}}}};
}
Json counted(const std::string& name, const std::string& of, int least) {
  return JsonObject{{"title", name}, {"name", name}, {"level", "high"},
                    {"correlation", JsonObject{{"type", "event_count"}, {"rules", JsonArray{Json(of)}}, {"group-by", JsonArray{"caller"}}, {"timespan", "10m"},
                                               {"condition", JsonObject{{"gte", least}}}, {"generate", true}}}};
}

struct History {
  testing::Parts parts;
  record::Stream* stream = nullptr;
  Endpoint endpoint;
  std::shared_ptr<const rules::RuleSet> set;
  int next = 0;

  explicit History(std::vector<Json> documents) {
    endpoint.name = kStream;
    endpoint.features = detect::testing::small_schema();
    record::StreamConfig config;
    config.name = kStream;
    stream = *parts.streams->create(config);
    std::vector<rules::RuleSource> sources;
    for (Json& document : documents) sources.push_back({"test.yml", std::move(document), {}});
    std::vector<rules::Refused> refused;
    set = rules::RuleSet::load(sources, refused);
    EXPECT_TRUE(refused.empty()) << rules::to_text(refused.front());
  }
  void record(const std::string& caller, const std::string& disposition, double step = 0) {
    const std::string id = "r-" + std::to_string(next++);
    const std::string time = format_time(parts.clock.now());
    std::string lines = canonical_json(JsonObject{{"id", id}, {"time", time}, {"caller", caller},
                                                  {"features", JsonObject{{"a", 100 + step * next}, {"b", 200 + step * next}, {"c", 300 - step * next},
                                                                          {"d", 400}, {"colour", "red"}}},
                                                  {"output", JsonObject{{"label", "approve"}}}, {"disposition", disposition}}) + "\n";
    const std::string label = next % 10 == 0 ? "decline" : "approve";
    if (next % 5 == 0) lines += canonical_json(JsonObject{{"type", "label"}, {"id", id}, {"time", time}, {"label", label}}) + "\n";
    parts.clock.feed(parts.clock.now() + 20 * kSecond);
    ASSERT_TRUE(record::testing::admit(*stream, lines));
  }
  Json hunted(Time from, std::unique_ptr<detect::StreamDetector> detector = nullptr) {
    const auto answer = hunt_rules(*stream, endpoint, set, std::move(detector), incident::built_in_rules(), from);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? *answer : Json(JsonObject{});
  }
};

const Json* match_of(const Json& answer, const std::string& rule, const std::string& group = {}) {
  for (const Json& one : answer.at("matches").as_array())
    if (string_or(one, "rule") == rule && string_or(one, "group") == group) return &one;
  return nullptr;
}

std::vector<std::int64_t> indexes_of(const Json* match) {
  std::vector<std::int64_t> out;
  if (match == nullptr) return out;
  for (const Json& index : match->at("indexes").as_array()) out.push_back(index.to_number<std::int64_t>());
  return out;
}

using Said = std::map<std::pair<std::string, std::string>, std::set<std::int64_t>>;  // rule and group -> records

// What a feed says that took the set up at `from`.
Said feed_says(History& history, std::uint64_t from) {
  auto book = std::make_shared<RuleBook>();
  book->take({from, "x", history.set});
  FeedMind mind(history.endpoint, nullptr, 0, history.parts.logger, book);
  record::ObservationReader reader(history.endpoint.features);
  Said out;
  const auto hear = [&](const std::vector<FindingUpdate>& updates) {
    for (const FindingUpdate& update : updates) {
      const std::string rule = update.episode.substr(11, update.episode.rfind('/') - 11);
      out[{rule, update.segment}].insert(update.indexes.begin(), update.indexes.end());
    }
  };
  EXPECT_TRUE(history.stream->read_from(0, 1'000'000, [&](const record::Record& record) { hear(mind.take(record, reader, nullptr)); }));
  hear(mind.advance(history.parts.clock.now() + kHour));
  return out;
}

std::uint64_t first_from(History& history, Time from) {
  std::uint64_t out = history.stream->size();
  EXPECT_TRUE(history.stream->read_from(0, 1'000'000, [&](const record::Record& record) {
    const auto time = get_time(record.fields(), "time");
    if (record.kind != record::Kind::kControl && time && *time >= from) out = std::min(out, record.index);
  }));
  return out;
}

TEST(RuleHunt, says_what_a_feed_would_have_said_that_took_the_rules_up_then) {
  History history({detection("blocked", "inference", {{"disposition", "blocked"}}), counted("goes-on", "blocked", 4), detection("declined", "label", {{"label", "decline"}})});
  const Time start = history.parts.clock.now();
  SeededRandom random(11);
  for (int i = 0; i < 400; ++i) history.record("c-" + std::to_string(random.next() % 5), random.next() % 4 == 0 ? "blocked" : "served");
  for (const int minute : {0, 1, 31, 75, 110}) {
    const Time from = start + minute * kMinute;
    const Json answer = history.hunted(from);
    Said said;
    for (const Json& one : answer.at("matches").as_array()) {
      const auto indexes = indexes_of(&one);
      said[{string_or(one, "rule"), string_or(one, "group")}] = {indexes.begin(), indexes.end()};
      EXPECT_EQ(int_or(one, "first"), indexes.front());
      EXPECT_EQ(int_or(one, "last"), indexes.back());
    }
    EXPECT_GE(said.size(), 3U);
    EXPECT_EQ(said, feed_says(history, first_from(history, from))) << minute;
    EXPECT_EQ(canonical_json(answer), canonical_json(history.hunted(from)));
  }
}

TEST(RuleHunt, counts_every_match_once_with_its_records_times_and_callers) {
  History history({detection("blocked", "inference", {{"disposition", "blocked"}}), counted("goes-on", "blocked", 3)});
  const Time start = history.parts.clock.now();
  std::set<std::int64_t> planted;
  for (int i = 0; i < 900; ++i) {  // five hours: some episodes end between, some are closed by nothing
    const bool evil = i % 300 < 3 || i >= 897;
    history.record(evil ? "eve" : "ada", evil ? "blocked" : "served");
    if (evil) planted.insert(static_cast<std::int64_t>(history.stream->size()) - 1 - (history.next % 5 == 0));
  }
  const std::uint64_t entries = history.parts.journal->size();
  const Json answer = history.hunted(start);
  EXPECT_EQ(history.parts.journal->size(), entries) << "nothing of it is written";
  const Json* blocked = match_of(answer, "blocked");
  ASSERT_NE(blocked, nullptr);
  const auto indexes = indexes_of(blocked);
  EXPECT_EQ(std::set<std::int64_t>(indexes.begin(), indexes.end()), planted);
  EXPECT_EQ(int_or(*blocked, "matches"), 12);
  EXPECT_EQ(int_or(*blocked, "episodes"), 4);
  EXPECT_EQ(string_or(*blocked, "first_time"), format_time(start));
  EXPECT_EQ(blocked->at("callers"), Json(JsonArray{"eve"}));
  EXPECT_DOUBLE_EQ(number_or(*blocked, "per_week"), 12 / (static_cast<double>(int_or(answer, "span_s")) / 604'800)) << "a rate is of what was recorded";
  EXPECT_EQ(int_or(answer, "span_s"), 899 * 20);
  const Json asked_longer = history.hunted(start - 30 * kDay);
  EXPECT_DOUBLE_EQ(number_or(asked_longer, "per_week"), number_or(answer, "per_week")) << "however far back is asked";
  EXPECT_EQ(string_or(asked_longer, "since"), format_time(start));
  const Json* grouped = match_of(answer, "goes-on", "caller=eve");
  ASSERT_NE(grouped, nullptr);
  EXPECT_EQ(grouped->at("callers"), Json(JsonArray{"eve"}));
  EXPECT_EQ(indexes_of(grouped), indexes);
  EXPECT_EQ(int_or(answer, "total"), int_or(*blocked, "matches") + int_or(*grouped, "matches"));
  EXPECT_EQ(int_or(answer, "records"), 1'080);
  EXPECT_EQ(hunt_rules(*history.stream, history.endpoint, history.set, nullptr, {}, history.parts.clock.now() + kDay).error().code, Code::kNotFound);
}

TEST(RuleHunt, sees_the_findings_of_detectors_when_there_are_any) {
  History history({detection("chain", "finding", {{"kind", "query_chain"}, {"phase", "opened"}})});
  EXPECT_TRUE(reads_findings(*history.set));
  const Time start = history.parts.clock.now();
  for (int i = 0; i < 60; ++i) history.record("ada", "served", 0.01);
  const auto config = detect::testing::small_config();
  const Json seen = history.hunted(start, std::make_unique<detect::StreamDetector>(config, detect::testing::small_profile()));
  const Json blind = history.hunted(start);
  EXPECT_NE(match_of(seen, "chain"), nullptr) << canonical_json(seen);
  EXPECT_EQ(int_or(blind, "total"), 0);
  EXPECT_THAT(canonical_json(blind.at("assumptions")), HasSubstr("saw none"));
  EXPECT_THAT(canonical_json(seen.at("assumptions")), ::testing::Not(HasSubstr("saw none")));
}

TEST(HuntedMatches, loses_no_match_of_more_groups_than_it_lists) {
  HuntedMatches hunted;
  FindingUpdate update;
  update.indexes = {7};
  for (std::size_t i = 0; i < kHuntedKept + 50; ++i) {
    update.segment = "caller=" + std::to_string(i);
    update.episode = "rule_match/r/" + std::to_string(i);
    for (const auto& [phase, count] : {std::pair(FindingPhase::kOpened, 1), {FindingPhase::kUpdated, 3}, {FindingPhase::kClosed, 4}}) {
      if (phase == FindingPhase::kClosed && i % 2 == 0) continue;
      update.phase = phase;
      update.count = static_cast<std::uint64_t>(count);
      hunted.hear(update);
    }
  }
  EXPECT_EQ(hunted.all().size(), kHuntedKept);
  EXPECT_EQ(hunted.unlisted(), 25U * 3 + 25U * 4);
  EXPECT_EQ(hunted.all().at({"r", "caller=8"}).matches, 3U);
  EXPECT_EQ(hunted.all().at({"r", "caller=9"}).matches, 4U);
}

}  // namespace
}  // namespace firebreak::app
