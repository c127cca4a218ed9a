#include "run/offsite/key_backup.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/simulated_files.h"

namespace firebreak::offsite {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kData = "data";
const Time kNow = parse_time("2026-11-28T21:45:30Z").value();

struct Room {
  Room() {
    write("keys/master.key", "master");
    write("keys/journal.key", "signing");
    EXPECT_TRUE(files.make_dir("safe"));
  }
  void write(const std::string& name, const std::string& content) {
    const std::string path = std::string(kData) + "/" + name;
    EXPECT_TRUE(files.make_dir(parent_of(path)));
    EXPECT_TRUE(write_atomic(files, path, content));
  }
  static std::string seed(int epoch) { return fmt::format("keys/epochs/s/{:08}.seed", epoch); }
  KeyState state() { return key_state(files, kData).value(); }
  std::string renew(Time now) {
    auto folder = renew_key_backup(files, kData, "safe", now);
    EXPECT_TRUE(folder) << folder.error().message;
    return folder.value_or("");
  }
  std::size_t folders() { return files.list("safe")->size(); }

  SimulatedFiles files;
};

TEST(KeyBackup, a_key_that_no_backup_holds_is_told) {
  Room room;
  room.write(Room::seed(1), "one");
  EXPECT_EQ(room.state().missing.size(), 3u);
  EXPECT_FALSE(room.state().backed_up);
  ASSERT_TRUE(backup_keys(room.files, kData, "elsewhere"));
  ASSERT_TRUE(note_key_backup(room.files, kData, "elsewhere", kNow));
  EXPECT_THAT(room.state().missing, IsEmpty());
  EXPECT_EQ(room.state().backed_up, kNow);
  room.write(Room::seed(2), "two");
  EXPECT_THAT(room.state().missing, ElementsAre(Room::seed(2)));
  EXPECT_FALSE(room.state().outdated);
}

TEST(KeyBackup, holds_what_people_typed_and_one_with_an_erased_text_goes_within_a_week) {
  Room room;
  room.write("texts/ab/abcd", "salt\nMrs. M. called");
  const std::string first = room.renew(kNow);
  EXPECT_EQ(*read_all(room.files, first + "/texts/ab/abcd"), "salt\nMrs. M. called");
  EXPECT_THAT(room.state().missing, IsEmpty());
  EXPECT_FALSE(room.state().outdated);
  ASSERT_TRUE(restore_keys(room.files, first, "anew"));
  EXPECT_EQ(*read_all(room.files, "anew/texts/ab/abcd"), "salt\nMrs. M. called");
  ASSERT_TRUE(room.files.remove("data/texts/ab/abcd"));
  room.renew(kNow + kSecond);
  EXPECT_TRUE(exists(room.files, first + "/texts/ab/abcd")) << "it may have been lost";
  room.renew(kNow + kSecond + kKeepReplaced);
  EXPECT_FALSE(exists(room.files, first + "/texts/ab/abcd"));
  EXPECT_EQ(room.folders(), 1u);
}

TEST(KeyBackup, holds_sealed_notes_with_their_keys_and_one_with_a_released_note_is_outdated) {
  Room room;
  room.write("keys/epochs/counsel-inc-7/00000009.seed", "its key");
  room.write("sealed/ab/abcd", "sealed octets");
  const std::string first = room.renew(kNow);
  EXPECT_EQ(*read_all(room.files, first + "/sealed/ab/abcd"), "sealed octets");
  EXPECT_FALSE(room.state().outdated);
  ASSERT_TRUE(room.files.remove("data/keys/epochs/counsel-inc-7/00000009.seed"));
  ASSERT_TRUE(room.files.remove("data/sealed/ab/abcd"));
  EXPECT_TRUE(room.state().outdated) << "it can open what is released and may be erased";
  room.renew(kNow + kSecond);
  room.renew(kNow + kSecond + kKeepReplaced);
  EXPECT_FALSE(exists(room.files, first + "/sealed/ab/abcd"));
}

TEST(KeyBackup, what_an_erasure_left_of_an_epoch_is_no_missing_key_but_makes_the_backup_outdated) {
  Room room;
  room.write(Room::seed(1), "one");
  room.renew(kNow);
  room.write(Room::seed(1), "remains of one");
  EXPECT_THAT(room.state().missing, IsEmpty());
  EXPECT_TRUE(room.state().outdated);
  room.write("keys/journal.key", "another signing key");
  EXPECT_THAT(room.state().missing, ElementsAre("keys/journal.key"));
}

TEST(KeyBackup, a_note_cannot_be_made_of_a_backup_that_is_not_what_its_manifest_says) {
  Room room;
  ASSERT_TRUE(backup_keys(room.files, kData, "elsewhere"));
  ASSERT_TRUE(write_atomic(room.files, "elsewhere/keys/master.key", "another"));
  EXPECT_EQ(note_key_backup(room.files, kData, "elsewhere", kNow).error().code, Code::kCorrupt);
  EXPECT_FALSE(room.state().backed_up);
}

TEST(KeyBackup, is_not_written_where_the_place_is_not_there) {
  Room room;
  EXPECT_EQ(renew_key_backup(room.files, kData, "not-mounted", kNow).error().code, Code::kNotFound);
  EXPECT_FALSE(room.files.list("not-mounted"));
}

TEST(KeyBackup, that_has_a_key_which_is_gone_is_kept_for_a_week) {
  Room room;
  room.write(Room::seed(1), "one");
  room.write(Room::seed(2), "two");
  room.renew(kNow);
  ASSERT_TRUE(room.files.remove(std::string(kData) + "/" + Room::seed(1)));
  room.renew(kNow + kDay);
  EXPECT_EQ(room.folders(), 2u);
  room.renew(kNow + kKeepReplaced + 2 * kDay);
  EXPECT_EQ(room.folders(), 1u);
}

// New epochs, erasures, a renewal after each: the newest backup is all of the keys, and no older one outlives it.
TEST(KeyBackup, kept_up_holds_every_key_as_it_is_and_nothing_that_was_erased) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Room room;
    std::mt19937 random(seed);
    std::map<int, std::string> epochs;
    Time now = kNow;
    for (int step = 0; step < 15; ++step) {
      const int epoch = epochs.empty() || random() % 2 == 0 ? static_cast<int>(epochs.size()) + 1 : static_cast<int>(random() % epochs.size()) + 1;
      epochs[epoch] = fmt::format("epoch {} at step {}", epoch, step);
      room.write(Room::seed(epoch), epochs[epoch]);
      const KeyState before = room.state();
      ASSERT_TRUE(before.outdated || !before.missing.empty()) << "seed " << seed << " step " << step;
      const std::string folder = room.renew(now = now + kHour);
      ASSERT_EQ(room.folders(), 1u) << "seed " << seed << " step " << step;
      for (const auto& [number, content] : epochs) ASSERT_EQ(*read_all(room.files, folder + "/" + Room::seed(number)), content);
      ASSERT_FALSE(room.state().outdated);
      ASSERT_THAT(room.state().missing, IsEmpty());
    }
  }
}

}  // namespace
}  // namespace firebreak::offsite
