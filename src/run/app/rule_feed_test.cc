// Rules beside a stream's detectors: taken up at a recorded index, the same again after a restart at any record, closed when
// others are applied; and on the fraud story's real stream the shipped ones speak of the attack alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "fold/detect/detect_testing.h"
#include "fraud/data/fraud_data.h"
#include "run/app/app_testing.h"
#include "run/app/finding_replay.h"
#include "run/app/rule_desk.h"
#include "run/app/rule_files.h"

namespace firebreak::app {
namespace {

constexpr const char* kStream = "small-api";

Json rule(const std::string& title, JsonObject selection) {
  return JsonObject{{"title", title}, {"name", title}, {"level", "high"}, {"logsource", JsonObject{{"product", "firebreak"}, {"category", "inference"}}},
                    {"detection", JsonObject{{"s", std::move(selection)}, {"condition", "s"}}}};
}

Json set_of(std::vector<Json> documents) {
  std::vector<rules::RuleSource> sources;
  for (Json& document : documents) sources.push_back({"test.yml", std::move(document), {}});
  return to_json(sources);
}

const Json kBlocked = set_of({rule("blocked", {{"disposition", "blocked"}}),
                              JsonObject{{"title", "goes on"}, {"name", "goes-on"}, {"level", "high"},
                                         {"correlation", JsonObject{{"type", "event_count"}, {"rules", JsonArray{"blocked"}}, {"group-by", JsonArray{"caller"}},
                                                                    {"timespan", "1h"}, {"condition", JsonObject{{"gte", 3}}}, {"generate", true}}}}});
const Json kOther = set_of({rule("decline", {{"output.label", "decline"}})});

struct World {
  testing::Parts parts;
  record::Stream* stream = nullptr;
  Endpoint endpoint;
  std::unique_ptr<RuleDesk> desk;
  int next = 0;

  World() {
    endpoint.name = kStream;
    endpoint.features = detect::testing::small_schema();
    open();
  }
  ~World() { parts.feeds.clear(); }

  void open() {
    record::StreamConfig config;
    config.name = kStream;
    stream = *parts.streams->create(config);
    detect::OpenEpisodes said;
    desk = std::make_unique<RuleDesk>(*parts.context);
    for (const Entry& entry : parts.entries()) {
      desk->apply(entry);
      if (entry.kind.starts_with("finding_")) said.apply(*finding_from_json(phase_of(entry), entry.body));
    }
    desk->ask(kStream);
    parts.feeds.add(kStream, std::make_unique<StreamFeed>(*stream, endpoint, nullptr, *parts.journal, parts.logger, std::move(said),
                                                          std::function<void()>{}, desk->book(kStream)));
  }
  static FindingPhase phase_of(const Entry& entry) {
    return entry.kind == "finding_opened" ? FindingPhase::kOpened : entry.kind == "finding_closed" ? FindingPhase::kClosed : FindingPhase::kUpdated;
  }
  StreamFeed& feed() { return *parts.feeds.find(kStream); }
  void restart() {
    feed().wait_idle();
    parts.crash();
    open();
    feed().wait_idle();
  }
  // As the server does it: the set is a blob, the entry names it, the feed is asked.
  void apply(const Json& set) {
    feed().wait_idle();
    const auto digest = parts.blobs->put(canonical_json(set));
    const JsonObject body{{"digest", digest->hex()}, {"loaded", set.at("rules").as_array().size()}, {"refused", 0}, {"by", "user:ana"}};
    ASSERT_TRUE(parts.journal->submit_wait(Draft{"rules_applied", body, "user:ana", {}, {}}));
    desk->apply(parts.entries().back());
    desk->ask(kStream);
    feed().rules_changed();
    for (int i = 0; i < 2'000 && desk->book(kStream)->asked(); ++i) std::this_thread::yield();
    while (desk->book(kStream)->asked()) std::this_thread::yield();
  }
  void record(const std::string& caller, const std::string& disposition, const std::string& label) {
    const Json line = JsonObject{{"id", "r-" + std::to_string(next++)},
                                 {"time", format_time(parts.clock.now())},
                                 {"caller", caller},
                                 {"features", JsonObject{{"a", 1}, {"b", 2}, {"c", 3}, {"d", 4}, {"colour", "red"}}},
                                 {"output", JsonObject{{"label", label}}},
                                 {"disposition", disposition}};
    parts.clock.feed(parts.clock.now() + 5 * kSecond);
    ASSERT_TRUE(record::testing::admit(*stream, canonical_json(line) + "\n"));
  }
  void traffic(int count) {
    for (int i = 0; i < count; ++i) record(next % 2 == 0 ? "erika" : "otto", next % 3 == 0 ? "blocked" : "served", next % 4 == 0 ? "decline" : "approve");
  }
  std::vector<std::string> findings() {
    feed().wait_idle();
    std::vector<std::string> out;
    for (const Entry& entry : parts.entries())
      if (entry.kind.starts_with("finding_")) out.push_back(entry.kind + " " + canonical_json(entry.body));
    return out;
  }
  std::vector<std::string> taken() {
    std::vector<std::string> out;
    for (const Entry& entry : parts.entries())
      if (entry.kind == "rules_taken") out.push_back(std::to_string(int_or(entry.body, "from")));
    return out;
  }
};

void story_of(World& world, const std::set<int>& restarts) {
  int step = 0;
  const auto maybe_restart = [&] {
    if (restarts.contains(step++)) world.restart();
  };
  world.traffic(7);
  maybe_restart();
  world.apply(kBlocked);
  maybe_restart();
  for (int i = 0; i < 12; ++i) {
    world.traffic(1);
    maybe_restart();
  }
  world.apply(kOther);
  maybe_restart();
  world.traffic(9);
  maybe_restart();
}

TEST(RuleFeed, takes_a_set_up_at_a_recorded_index_and_says_nothing_of_what_was_before) {
  World world;
  story_of(world, {});
  const auto findings = world.findings();  // waits for the feed
  EXPECT_THAT(world.taken(), ::testing::ElementsAre("10", "22"));  // three control records stand before the first row
  std::map<std::string, int> opened;
  for (const Entry& entry : world.parts.entries()) {
    if (entry.kind != "finding_opened") continue;
    ++opened[string_or(entry.body, "summary").substr(0, 14)];
    EXPECT_GE(int_or(entry.body, "first"), 10);
    EXPECT_EQ(string_or(entry.body, "kind"), "rule_match");
  }
  EXPECT_EQ(opened["rule 'blocked'"], 1);
  EXPECT_EQ(opened["rule 'decline'"], 1);
  EXPECT_EQ(std::count_if(opened.begin(), opened.end(), [](const auto& one) { return one.first.starts_with("rule 'goes on"); }), 0);  // two each: not three
  EXPECT_THAT(findings, ::testing::Contains(::testing::AllOf(::testing::StartsWith("finding_closed"), ::testing::HasSubstr("other rules were applied"))));
}

// What one reader says who reads the whole stream at once, by the places that the journal holds.
std::vector<std::string> read_at_once(World& world) {
  FeedMind mind(world.endpoint, nullptr, 0, world.parts.logger, world.desk->book(kStream));
  record::ObservationReader reader(world.endpoint.features);
  std::vector<std::string> out;
  EXPECT_TRUE(world.stream->read_from(0, 1'000'000, [&](const record::Record& record) {
    for (const FindingUpdate& update : mind.take(record, reader, nullptr))
      out.push_back(std::string(finding_entry_kind(update.phase)) + " " + canonical_json(to_json(update)));
  }));
  return out;
}

TEST(RuleFeed, says_the_same_whenever_it_is_restarted) {
  for (const std::set<int>& restarts : {std::set<int>{}, {0}, {1}, {2, 5, 9}, {3, 4}, {13, 14}, {15}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}}) {
    World world;
    story_of(world, restarts);
    const auto said = world.findings();
    EXPECT_GE(said.size(), 3U);
    EXPECT_EQ(said, read_at_once(world)) << "restarted " << restarts.size() << " times";
    EXPECT_EQ(world.taken().size(), 2U);
  }
}

TEST(RuleFeed, a_finding_of_a_rule_is_reproduced_by_reading_again) {
  World world;
  story_of(world, {});
  world.feed().wait_idle();
  int replayed = 0;
  for (const Entry& entry : world.parts.entries()) {
    if (entry.kind != "finding_opened") continue;
    FeedMind mind(world.endpoint, nullptr, 0, world.parts.logger, world.desk->book(kStream));
    const auto answer = replay_finding(*world.stream, world.endpoint.features, mind, entry);
    ASSERT_TRUE(answer);
    EXPECT_EQ(string_or(*answer, "outcome"), "reproduced") << canonical_json(entry.body);
    ++replayed;
  }
  EXPECT_GE(replayed, 2);
}

// What the stream's truth calls honest raises no rule; nobody may be accused by the set that comes with the program.
TEST(ShippedRules, are_silent_on_the_honest_callers_of_the_fraud_story) {
  const std::string data = std::string(FIREBREAK_SOURCE_DIR) + "/examples/fraud/data/";
  PosixFiles files;
  const LoadedRules loaded = load_rules(std::move(*read_rule_files(files, "")));
  rules::RuleEngine engine(loaded.set, {});
  const rules::ObservationFields inference(loaded.set->matcher().fields(), loaded.set->needs("inference"), fraud::schema());
  ASSERT_TRUE(inference.whole());  // no line has to be made of an inference
  const auto truth = fraud::parse_csv(fraud::read_zst(data + "credit_truth.csv.zst"));
  std::map<std::string, int> of_attack, of_honest;
  std::size_t at = 0;
  for (const auto& line : fraud::read_stream(data + "credit_stream.ndjson.zst")) {
    if (line.is_label) continue;
    const bool attack = truth.at(at++).at("truth") == "attack";
    inference.fill(engine.event(), line.observation, "fraud-api");
    for (const rules::Match& match : engine.match(engine.event())) ++(attack ? of_attack : of_honest)[loaded.set->rules()[match.rule].name];
  }
  EXPECT_THAT(of_honest, ::testing::IsEmpty());
  for (const auto& [name, count] : of_attack) std::cout << "note: " << name << " matches " << count << " of the attack's records\n";
}

}  // namespace
}  // namespace firebreak::app
