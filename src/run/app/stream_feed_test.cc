// Who was erased is gone from everything that a running feed derived, and the journal hears of findings as if nothing had been
// made anew: none twice, none lost, none open for ever.
#include "run/app/stream_feed.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <future>

#include "fold/detect/detect_testing.h"
#include "run/app/app_testing.h"
#include "run/app/finding_replay.h"

namespace firebreak::app {
namespace {

constexpr const char* kStream = "small-api";
const std::vector<std::string> kCallers{"erika", "otto", "ines"};

// A stream, its feed, and traffic in which chains grow.
// Chains alone: these rows lie near each other, which four watched features would call a shift.
detect::DetectorConfig chains_config() {
  detect::DetectorConfig config = detect::testing::small_config();
  config.features.least_shift = 1;
  config.features.arl_records = 1e15;
  return config;
}

struct World {
  testing::Parts parts;
  record::Stream* stream = nullptr;
  std::mutex mutex;
  std::condition_variable changed;
  int renewals = 0, next = 0;

  World() { open(); }
  ~World() { parts.feeds.clear(); }

  void open() {
    record::StreamConfig config;
    config.name = kStream;
    stream = *parts.streams->create(config);
    detect::OpenEpisodes said;
    for (const Entry& entry : parts.entries())
      if (entry.kind.starts_with("finding_")) said.apply(*finding_from_json(phase_of(entry), entry.body));
    Endpoint endpoint;
    endpoint.name = kStream;
    endpoint.features = detect::testing::small_schema();
    parts.feeds.add(kStream, std::make_unique<StreamFeed>(*stream, endpoint, detector(), *parts.journal, parts.logger, std::move(said), [this] {
                      const std::lock_guard lock(mutex);
                      ++renewals;
                      changed.notify_all();
                    }));
  }
  void restart() {
    parts.crash();
    open();
  }
  StreamFeed& feed() { return *parts.feeds.find(kStream); }
  static std::unique_ptr<detect::StreamDetector> detector() {
    return std::make_unique<detect::StreamDetector>(chains_config(), detect::testing::small_profile());
  }
  static FindingPhase phase_of(const Entry& entry) {
    return entry.kind == "finding_opened" ? FindingPhase::kOpened : entry.kind == "finding_closed" ? FindingPhase::kClosed : FindingPhase::kUpdated;
  }

  // A row of chain `chain`; rows of one chain are near each other and of no other.
  void record(const std::string& caller, int chain) {
    const double base = 100 + 150.0 * chain, n = next;
    const Json line = JsonObject{{"id", caller + "-" + std::to_string(next)},
                                 {"time", format_time(parts.clock.now())},
                                 {"caller", caller},
                                 {"features", JsonObject{{"a", base + 0.01 * n}, {"b", base + 0.02 * n}, {"c", base + 0.03 * n}, {"d", base + 0.04 * n}, {"colour", "red"}}},
                                 {"output", JsonObject{{"label", "approve"}}},
                                 {"disposition", "served"}};
    ++next;
    parts.clock.feed(parts.clock.now() + 5 * kSecond);
    ASSERT_TRUE(record::testing::admit(*stream, canonical_json(line) + "\n"));
  }
  void erase(const std::string& person, std::uint64_t order) {
    ASSERT_TRUE(stream->erase(person, order));
    int before = 0;
    {
      const std::lock_guard lock(mutex);
      before = renewals;
    }
    feed().renew(detector());
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return renewals > before; });
  }
  void settle() {
    feed().wait_idle();
    feed().advance(parts.clock.now());
    feed().wait_idle();
    parts.journal->wait_idle();
  }

  // What a listener to the journal knows, and that it was told in order.
  detect::OpenEpisodes heard() {
    detect::OpenEpisodes open;
    std::set<std::string> ever;
    for (const Entry& entry : parts.entries()) {
      if (!entry.kind.starts_with("finding_")) continue;
      const FindingUpdate update = *finding_from_json(phase_of(entry), entry.body);
      if (update.phase == FindingPhase::kOpened) {
        EXPECT_TRUE(ever.insert(update.episode).second) << update.episode << " was opened twice";
      } else {
        EXPECT_TRUE(open.all().contains(update.episode)) << entry.kind << " of " << update.episode << ", which is not open";
      }
      open.apply(update);
    }
    return open;
  }
};

// Detectors that have only ever seen what the stream still holds.
detect::OpenEpisodes of_what_is_left(World& world) {
  record::ObservationReader reader(detect::testing::small_schema());
  const auto detector = World::detector();
  detect::OpenEpisodes open;
  EXPECT_TRUE(world.stream->read_from(0, 1'000'000, [&](const record::Record& record) {
    if (record.kind != record::Kind::kInference) return;
    for (const FindingUpdate& update : detector->observe(*reader.read(record))) open.apply(update);
  }));
  for (const FindingUpdate& update : detector->advance(world.parts.clock.now())) open.apply(update);
  return open;
}

// As many episodes as there, and of each no row and no caller less.
void expect_covers(const detect::OpenEpisodes& heard, const detect::OpenEpisodes& left) {
  ASSERT_EQ(heard.all().size(), left.all().size());
  for (const auto& [name, episode] : left.all()) {
    ASSERT_FALSE(episode.rows.empty());
    const auto same = std::find_if(heard.all().begin(), heard.all().end(), [&](const auto& one) { return one.second.rows.contains(episode.rows.begin()->first); });
    ASSERT_NE(same, heard.all().end()) << name;
    for (const auto& [index, digest] : episode.rows) EXPECT_TRUE(same->second.rows.contains(index)) << name << ", record " << index;
    for (const std::string& caller : episode.callers) EXPECT_TRUE(same->second.callers.contains(caller)) << name << ", " << caller;
  }
}

TEST(StreamFeed, goes_on_with_another_configuration_from_a_place_that_is_told) {
  World world;
  for (int i = 0; i < 30; ++i) world.record(kCallers[static_cast<std::size_t>(i % 3)], i % 2);
  world.settle();
  ASSERT_FALSE(world.heard().all().empty());
  detect::DetectorConfig blind = chains_config();
  blind.chains.min_size = 1'000;
  std::promise<std::uint64_t> taken;
  world.feed().renew(std::make_unique<detect::StreamDetector>(blind, detect::testing::small_profile()), "changed by tune-7",
                     [&](std::uint64_t position) { taken.set_value(position); });
  EXPECT_EQ(taken.get_future().get(), world.stream->size());
  world.settle();
  EXPECT_TRUE(world.heard().all().empty());
  EXPECT_NE(string_or(world.parts.entries("finding_closed").back().body, "summary").find("closed: changed by tune-7"), std::string::npos);
  const auto before = world.parts.entries().size();
  for (int i = 0; i < 10; ++i) world.record("otto", 1);
  world.settle();
  EXPECT_EQ(world.parts.entries().size(), before) << "it is blind to chains now";
}

TEST(StreamFeed, forgets_who_was_erased_in_everything_it_derived) {
  World world;
  for (int i = 0; i < 30; ++i) world.record(kCallers[static_cast<std::size_t>(i % 3)], i % 2);
  world.settle();
  ASSERT_TRUE(world.feed().mind()->detector()->knows_caller("erika"));
  ASSERT_TRUE(world.feed().find_id("erika-0"));
  ASSERT_TRUE(world.feed().mind()->open().all().begin()->second.callers.contains("erika"));
  world.erase("erika", 1);
  world.settle();
  const auto mind = world.feed().mind();
  EXPECT_FALSE(mind->detector()->knows_caller("erika"));
  EXPECT_TRUE(mind->detector()->knows_caller("otto"));
  EXPECT_FALSE(world.feed().find_id("erika-0"));
  EXPECT_TRUE(world.feed().find_id("otto-1"));
  EXPECT_FALSE(world.feed().first_seen_all().contains("erika"));
  for (const auto& [name, episode] : mind->open().all()) EXPECT_FALSE(episode.callers.contains("erika"));
  EXPECT_EQ(world.feed().forgotten(), world.stream->gone().size());
  const effects::Effect effect = world.feed().meter().effect(BlockMeasure{{"erika"}}, Time{0}, world.parts.clock.now());
  EXPECT_EQ(effect.chain, 0U);
  EXPECT_EQ(effect.others, 20U);
}

TEST(StreamFeed, goes_on_with_a_chain_under_its_name_when_its_first_row_was_erased) {
  World world;
  for (int i = 0; i < 30; ++i) world.record(kCallers[static_cast<std::size_t>(i % 3)], 0);
  world.settle();
  const std::string name = world.heard().all().begin()->first;
  world.erase("erika", 1);
  for (int i = 0; i < 12; ++i) world.record("otto", 0);
  world.settle();
  ASSERT_EQ(world.heard().all().size(), 1U);
  EXPECT_EQ(world.heard().all().begin()->first, name);
  EXPECT_NE(world.feed().mind()->open().all().begin()->first, name) << "the detectors' own name is another one";
  expect_covers(world.heard(), of_what_is_left(world));
  world.restart();
  for (int i = 0; i < 12; ++i) world.record("ines", 0);
  world.settle();
  ASSERT_EQ(world.heard().all().size(), 1U);
  EXPECT_EQ(world.heard().all().begin()->first, name);
  expect_covers(world.heard(), of_what_is_left(world));
}

TEST(StreamFeed, closes_what_nothing_stands_behind_any_more) {
  World world;
  for (int i = 0; i < 20; ++i) world.record("erika", 0);
  world.settle();
  ASSERT_EQ(world.heard().all().size(), 1U);
  world.erase("erika", 1);
  world.settle();
  EXPECT_TRUE(world.heard().all().empty());
  const auto closed = world.parts.entries("finding_closed");
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_NE(string_or(closed[0].body, "summary").find("its records were erased"), std::string::npos);
}

// An opened finding, replayed now by the same detectors, or by others.
Json replayed(World& world, const detect::DetectorConfig& config) {
  const auto opened = world.parts.entries("finding_opened");
  EXPECT_FALSE(opened.empty());
  Endpoint endpoint;
  endpoint.name = kStream;
  endpoint.features = detect::testing::small_schema();
  FeedMind mind(endpoint, std::make_unique<detect::StreamDetector>(config, detect::testing::small_profile()), 0, world.parts.logger);
  return *replay_finding(*world.stream, endpoint.features, mind, opened.front());
}

TEST(FindingReplay, says_where_rows_were_erased_and_does_not_call_it_a_difference) {
  World world;
  for (int i = 0; i < 20; ++i) world.record(i == 3 ? "erika" : "otto", 0);
  world.settle();
  detect::DetectorConfig config = chains_config();
  EXPECT_EQ(string_or(replayed(world, config), "outcome"), "reproduced");
  const std::uint64_t erased_at = *world.feed().find_id("erika-3");
  world.erase("erika", 77);
  world.settle();
  const Json told = replayed(world, config);
  EXPECT_EQ(string_or(told, "outcome"), "erased") << canonical_json(told);
  EXPECT_EQ(int_or(told, "erased_at"), static_cast<std::int64_t>(erased_at));
  EXPECT_EQ(string_or(told, "by"), "era-77");
  EXPECT_EQ(int_or(told, "control"), static_cast<std::int64_t>(world.stream->gone().front()->control));
  EXPECT_TRUE(world.parts.journal->check_decide()) << "the journal's own replay knows no difference";
}

TEST(FindingReplay, calls_other_thresholds_a_difference) {
  World world;
  for (int i = 0; i < 20; ++i) world.record("otto", 0);
  world.settle();
  detect::DetectorConfig config = chains_config();
  config.chains.min_size += 2;
  EXPECT_EQ(string_or(replayed(world, chains_config()), "outcome"), "reproduced");
  EXPECT_EQ(string_or(replayed(world, config), "outcome"), "differs");
}

// Whoever is erased, whenever, while records come and the server starts anew: the journal's listener has what detectors of what is
// left have, told in order and once.
RC_GTEST_PROP(StreamFeed, tells_the_journal_what_detectors_of_the_rest_would_in_any_order, ()) {
  World world;
  std::uint64_t order = 1;
  for (int step = 0; step < 14; ++step) {
    const int what = *rc::gen::inRange(0, 8);
    if (what == 7) {
      world.parts.clock.feed(world.parts.clock.now() + *rc::gen::inRange(1, 30) * kHour);  // a chain's day may pass
      world.feed().advance(world.parts.clock.now());
    } else if (what == 0) {
      world.erase(kCallers[*rc::gen::inRange<std::size_t>(0, kCallers.size())], order++);
    } else if (what == 1) {
      world.settle();
      world.restart();
    } else {
      const int chain = *rc::gen::inRange(0, 2), rows = *rc::gen::inRange(1, 9);
      for (int i = 0; i < rows; ++i) world.record(kCallers[*rc::gen::inRange<std::size_t>(0, kCallers.size())], chain);
    }
  }
  world.erase("otto", order);  // takes over what the last ones left
  world.settle();
  expect_covers(world.heard(), of_what_is_left(world));
  RC_ASSERT(!::testing::Test::HasFailure());
}

}  // namespace
}  // namespace firebreak::app
