#include "run/app/events_file.h"

#include <gtest/gtest.h>

#include <sstream>

#include "run/app/app_testing.h"
#include "types/finding.h"

namespace firebreak::app {
namespace {

constexpr const char* kPath = "data/events.ndjson";

struct World : testing::Parts {
  explicit World(std::uint64_t seed = 1) : Parts(seed) { start(); }
  ~World() { events.reset(); }
  void start() {
    auto opened = EventsFile::open(files, kPath, events::Format::kOcsf, *journal, logger, "0");
    ASSERT_TRUE(opened) << opened.error().message;
    events = std::move(*opened);
  }
  void finding(int number, Severity severity = Severity::kMedium) {
    FindingUpdate update;
    update.episode = "e" + std::to_string(number);
    update.kind = number % 3 == 0 ? "query_chain" : "outlier_burst";
    update.severity = severity;
    update.endpoint = update.stream = "api";
    update.first_time = update.last_time = Time{kDay};
    ASSERT_TRUE(journal->submit_wait(Draft{"finding_opened", to_json(update), "detect", {}, {}}));
    events->wake();
  }
  void stop() {  // as a server does; what is not written is written at the next start
    events->stop();
    events.reset();
  }
  void power_cut() {
    stop();
    crash();
    start();
  }
  // Indexes of the lines in these files, in order.
  std::vector<std::uint64_t> told(const std::vector<std::string>& paths) {
    events->wait_idle();
    std::vector<std::uint64_t> out;
    for (const std::string& path : paths) {
      std::istringstream lines(exists(files, path) ? read_all(files, path).value() : "");
      for (std::string line; std::getline(lines, line);) out.push_back(events::index_of_line(line).value_or(UINT64_MAX));
    }
    return out;
  }
  std::vector<std::uint64_t> wanted() {
    std::vector<std::uint64_t> out;
    events::Lines lines(events::Format::kOcsf, "0");
    for (const Entry& entry : entries())
      if (lines.next(entry)) out.push_back(entry.index);
    return out;
  }

  std::unique_ptr<EventsFile> events;
};

TEST(EventsFile, has_each_line_once_in_the_journals_order) {
  World world;
  for (int i = 0; i < 20; ++i) world.finding(i);
  EXPECT_GE(world.wanted().size(), 21u) << "an incident opened as well";
  EXPECT_EQ(world.told({kPath}), world.wanted());
  world.stop();
  world.start();
  EXPECT_EQ(world.told({kPath}), world.wanted());
  world.finding(30);
  EXPECT_EQ(world.told({kPath}), world.wanted());
}

TEST(EventsFile, neither_doubles_nor_loses_a_line_over_power_cuts) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    World world(seed);
    for (int i = 0; i < 12; ++i) {
      world.finding(i);
      if (i % 3 == 2) world.events->wait_idle();
      if (i % 4 == static_cast<int>(seed % 4)) world.power_cut();
    }
    EXPECT_EQ(world.told({kPath}), world.wanted()) << "seed " << seed;
  }
}

TEST(EventsFile, goes_on_where_it_stopped_after_a_rotation) {
  World world;
  for (int i = 0; i < 5; ++i) world.finding(i);
  world.events->wait_idle();
  ASSERT_TRUE(world.files.rename(kPath, "data/events.1"));
  world.finding(5);
  world.events->wait_idle();  // still into the renamed file
  world.events->reopen();
  world.finding(6);
  EXPECT_EQ(world.told({"data/events.1", kPath}), world.wanted());
  EXPECT_EQ(world.told({kPath}).front(), world.wanted()[world.told({"data/events.1"}).size()]);
  world.stop();
  ASSERT_TRUE(world.files.rename(kPath, "data/events.2"));  // rotated while the server did not run: the sibling knows
  world.start();
  world.finding(7);
  EXPECT_EQ(world.told({"data/events.1", "data/events.2", kPath}), world.wanted());
}

TEST(EventsFile, may_be_cut_to_nothing_by_who_rotates_it) {
  World world;
  world.finding(1);
  world.events->wait_idle();
  auto file = world.files.open(kPath, OpenMode::kWrite);
  ASSERT_TRUE((*file)->truncate(0));
  world.finding(2);
  EXPECT_EQ(world.told({kPath}).size(), 1u);
  EXPECT_EQ(world.told({kPath}).front(), world.wanted().back());
}

TEST(EventsFile, cuts_a_torn_line_and_writes_it_again) {
  World world;
  for (int i = 1; i < 4; ++i) world.finding(i);
  world.events->wait_idle();
  world.stop();
  ASSERT_TRUE(world.files.remove(std::string(kPath) + ".position"));
  auto file = world.files.open(kPath, OpenMode::kWrite);
  ASSERT_TRUE((*file)->truncate(*(*file)->size() - 7));
  world.start();
  EXPECT_EQ(world.told({kPath}), world.wanted());
}

TEST(EventsFile, waits_for_a_full_disk_and_leaves_nothing_out) {
  World world;
  SimulatedFiles disk;  // another one than the journal's
  auto opened = EventsFile::open(disk, "events", events::Format::kOcsf, *world.journal, world.logger, "0");
  ASSERT_TRUE(opened);
  EventsFile& file = **opened;
  world.finding(1);
  file.wake();
  file.wait_idle();
  disk.set_capacity(disk.used() + 100);
  for (int i = 2; i < 5; ++i) world.finding(i);
  file.wake();
  file.wait_idle();
  EXPECT_LT(file.written(), world.journal->size());
  disk.set_capacity(1 << 30);
  file.wake();
  file.wait_idle();
  EXPECT_EQ(file.written(), world.journal->size());
  std::istringstream lines(read_all(disk, "events").value());
  std::vector<std::uint64_t> told;
  for (std::string line; std::getline(lines, line);) told.push_back(events::index_of_line(line).value_or(UINT64_MAX));
  EXPECT_EQ(told, world.wanted());
}

TEST(EventsFile, does_not_guess_at_a_sibling_that_it_cannot_read) {
  World world;
  world.stop();
  ASSERT_TRUE(write_atomic(world.files, std::string(kPath) + ".position", "soon"));
  const auto opened = EventsFile::open(world.files, kPath, events::Format::kOcsf, *world.journal, world.logger, "0");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kCorrupt);
  ASSERT_TRUE(world.files.remove(std::string(kPath) + ".position"));
  world.start();
}

}  // namespace
}  // namespace firebreak::app
