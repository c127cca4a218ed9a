#include "base/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/simulated_files.h"

namespace firebreak {
namespace {

// What both siblings promise.
class FilesTest : public ::testing::TestWithParam<bool> {
 protected:
  FilesTest() {
    if (GetParam()) {
      files_ = std::make_unique<PosixFiles>();
      dir_ = std::filesystem::temp_directory_path() / ("firebreak-files-" + std::to_string(::getpid()));
      std::filesystem::remove_all(dir_);
    } else {
      files_ = std::make_unique<SimulatedFiles>();
      dir_ = "data";
    }
    EXPECT_TRUE(files_->make_dir(dir_ + "/a/b"));
  }
  ~FilesTest() override {
    if (GetParam()) std::filesystem::remove_all(dir_);
  }

  std::unique_ptr<Files> files_;
  Path dir_;
};

TEST_P(FilesTest, writes_and_reads_at_offsets_with_zeros_in_between) {
  const auto file = files_->open(dir_ + "/f", OpenMode::kWrite).value();
  ASSERT_TRUE(file->write_at(4, "tail"));
  ASSERT_TRUE(file->sync());
  EXPECT_EQ(*file->size(), 8U);
  EXPECT_EQ(*file->read_at(2, 4), Bytes("\0\0ta", 4));
  EXPECT_EQ(*file->read_at(6, 100), "il");
  EXPECT_EQ(*file->read_at(50, 1), "");
  ASSERT_TRUE(file->truncate(5));
  EXPECT_EQ(*read_all(*files_, dir_ + "/f"), Bytes("\0\0\0\0t", 5));
  ASSERT_TRUE(file->allocate(100));
  EXPECT_EQ(*file->size(), 100U);
}

TEST_P(FilesTest, lists_sorted_names_and_marks_folders) {
  ASSERT_TRUE(write_plain(*files_, dir_ + "/z", "1"));
  ASSERT_TRUE(write_plain(*files_, dir_ + "/b", "2"));
  EXPECT_EQ(*files_->list(dir_), (std::vector<std::string>{"a/", "b", "z"}));
  EXPECT_EQ(files_->list(dir_ + "/none").error().code, Code::kNotFound);
}

TEST_P(FilesTest, replaces_a_file_atomically) {
  ASSERT_TRUE(write_atomic(*files_, dir_ + "/f", "a longer first content"));
  ASSERT_TRUE(write_atomic(*files_, dir_ + "/f", "second"));
  EXPECT_EQ(*read_all(*files_, dir_ + "/f"), "second");
  EXPECT_FALSE(exists(*files_, dir_ + "/f.tmp"));
}

TEST_P(FilesTest, says_not_found_and_removes) {
  EXPECT_EQ(files_->open(dir_ + "/f", OpenMode::kRead).error().code, Code::kNotFound);
  EXPECT_EQ(files_->remove(dir_ + "/f").error().code, Code::kNotFound);
  ASSERT_TRUE(write_plain(*files_, dir_ + "/f", "x"));
  EXPECT_TRUE(files_->remove(dir_ + "/f"));
  EXPECT_TRUE(files_->remove(dir_ + "/a/b"));
  EXPECT_FALSE(exists(*files_, dir_ + "/f"));
}

TEST_P(FilesTest, locks_against_a_second_holder_until_released) {
  auto lock = files_->lock(dir_ + "/LOCK").value();
  const auto second = files_->lock(dir_ + "/LOCK");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kBusy);
  lock.reset();
  EXPECT_TRUE(files_->lock(dir_ + "/LOCK"));
}

INSTANTIATE_TEST_SUITE_P(Both, FilesTest, ::testing::Values(true, false),
                         [](const auto& posix) { return posix.param ? "posix" : "simulated"; });

TEST(PosixFilesTest, keeps_private_files_private) {
  PosixFiles files;
  const Path path = std::filesystem::temp_directory_path() / ("firebreak-key-" + std::to_string(::getpid()));
  ASSERT_TRUE(write_atomic(files, path, "secret"));
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_TRUE(files.remove(path));
}

TEST(SimulatedFilesTest, a_crash_keeps_what_was_synced_and_never_more_than_was_written) {
  for (std::uint64_t seed = 1; seed < 200; ++seed) {
    SimulatedFiles files(seed);
    ASSERT_TRUE(files.make_dir("d"));
    auto file = files.open("d/f", OpenMode::kWrite).value();
    ASSERT_TRUE(file->write_at(0, "synced") && file->sync() && files.sync_dir("d"));
    ASSERT_TRUE(file->write_at(6, std::string(3'000, 'x')));
    files.crash();
    EXPECT_EQ(file->read_at(0, 1).error().code, Code::kIo) << "handles die with the machine";
    const Bytes left = *read_all(files, "d/f");
    EXPECT_EQ(left.substr(0, 6), "synced");
    for (const char c : left.substr(6)) EXPECT_TRUE(c == 'x' || c == '\0');
  }
}

// Against a file that is written through the page cache: any sizes and places of writes that follow one another.
TEST(PosixFilesTest, direct_writes_leave_the_octets_that_buffered_ones_leave) {
  const std::string dir = ::testing::TempDir() + "firebreak-direct-" + std::to_string(::getpid());
  PosixFiles files;
  ASSERT_TRUE(files.make_dir(dir));
  SeededRandom random(17);
  for (int round = 0; round < 20; ++round) {
    const auto direct = files.open(dir + "/direct", OpenMode::kAppendDirect).value();
    const auto plain = files.open(dir + "/plain", OpenMode::kWrite).value();
    ASSERT_TRUE(direct->truncate(0) && plain->truncate(0));
    std::uint64_t end = 0;
    for (int i = 0; i < 30; ++i) {
      if (i % 7 == 3) {
        EXPECT_TRUE(direct->allocate(end + random.next() % 100'000));
      } else if (i % 11 == 5) {
        EXPECT_TRUE(direct->truncate(end));
      }
      const Bytes first = random.bytes(random.next() % 9'000);
      const Bytes second = random.bytes(i == 9 ? 1'500'000 : random.next() % 5'000);
      const std::vector<ByteView> parts = {first, second};
      ASSERT_TRUE(direct->write_parts_at(end, parts) && plain->write_parts_at(end, parts));
      end += first.size() + second.size();
    }
    ASSERT_TRUE(direct->sync());
    const Bytes written = direct->read_at(0, end + 10'000).value();
    ASSERT_GE(written.size(), end);
    ASSERT_EQ(written.substr(0, end), plain->read_at(0, end).value());
    ASSERT_EQ(written.find_first_not_of('\0', end), Bytes::npos) << "zeros behind the last write";
  }
  for (const char* name : {"/direct", "/plain", ""}) ASSERT_TRUE(files.remove(dir + name));
}

TEST(SimulatedFilesTest, a_name_that_was_not_made_durable_may_be_gone) {
  int gone = 0, there = 0;
  for (std::uint64_t seed = 1; seed < 50; ++seed) {
    SimulatedFiles files(seed);
    ASSERT_TRUE(files.make_dir("d"));
    ASSERT_TRUE(files.open("d/f", OpenMode::kWrite).value()->sync());
    files.crash();
    (exists(files, "d/f") ? there : gone)++;
  }
  EXPECT_GT(gone, 0);
  EXPECT_GT(there, 0);
}

TEST(SimulatedFilesTest, fails_the_chosen_call_once_or_for_good) {
  SimulatedFiles files;
  files.fail_call(2);
  EXPECT_TRUE(files.make_dir("d"));
  EXPECT_FALSE(files.make_dir("d"));
  EXPECT_TRUE(files.make_dir("d"));
  files.fail_call(1, true);
  EXPECT_FALSE(files.make_dir("d"));
  EXPECT_FALSE(files.make_dir("d"));
  files.fail_call(0);
  EXPECT_TRUE(files.make_dir("d"));
}

// Two files of two sectors each; the write of 'w' into the first sector of "d/a" is the one about which the disk lies.
struct LyingDisk {
  explicit LyingDisk(std::uint64_t seed, Lie lie, OpenMode mode = OpenMode::kWrite) : files(seed) {
    EXPECT_TRUE(files.make_dir("d"));
    for (const char* name : {"d/a", "d/b"}) EXPECT_TRUE(write_atomic(files, name, std::string(1'024, '.')));
    const auto file = files.open("d/a", mode).value();
    files.lie_at_write(1, lie);
    EXPECT_FALSE(files.lied());
    EXPECT_TRUE(file->write_at(0, std::string(512, 'w')) && file->sync()) << "it is acknowledged";
    EXPECT_TRUE(files.lied());
  }
  Bytes sector(const char* name, std::size_t n) { return read_all(files, name)->substr(n * 512, 512); }

  SimulatedFiles files;
  const Bytes before = std::string(512, '.'), written = std::string(512, 'w');
};

TEST(SimulatedFilesTest, a_lost_write_is_read_back_until_the_crash_and_at_once_past_the_page_cache) {
  LyingDisk cached(1, Lie::kLost), direct(1, Lie::kLost, OpenMode::kAppendDirect);
  EXPECT_EQ(cached.sector("d/a", 0), cached.written);
  EXPECT_EQ(direct.sector("d/a", 0), direct.before);
  cached.files.crash();
  EXPECT_EQ(cached.sector("d/a", 0), cached.before);
}

TEST(SimulatedFilesTest, a_misdirected_write_leaves_its_place_and_hits_another) {
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    LyingDisk misfiled(seed, Lie::kMisfiled), misplaced(seed, Lie::kMisplaced);
    EXPECT_NE(misfiled.files.paths(), std::vector<Path>()) << "the folder is there";
    EXPECT_EQ(read_all(misfiled.files, "d/b")->find(misfiled.written) % 512, 0U) << "at once";
    misfiled.files.crash();
    EXPECT_EQ(misfiled.sector("d/a", 0), misfiled.before);
    EXPECT_NE(read_all(misfiled.files, "d/b")->find(misfiled.written), Bytes::npos);
    misplaced.files.crash();
    EXPECT_EQ(read_all(misplaced.files, "d/b").value(), misplaced.before + misplaced.before);
    EXPECT_EQ(read_all(misplaced.files, "d/a")->find(misplaced.written) % 512, 0U);
  }
}

TEST(SimulatedFilesTest, is_full_at_its_capacity) {
  SimulatedFiles files;
  ASSERT_TRUE(files.make_dir("d"));
  files.set_capacity(10);
  const auto file = files.open("d/f", OpenMode::kWrite).value();
  EXPECT_TRUE(file->write_at(0, "12345"));
  const Result<void> full = file->write_at(5, "678901");
  ASSERT_FALSE(full);
  EXPECT_TRUE(is_disk_full(full.error()));
  EXPECT_TRUE(file->write_at(0, "54321")) << "overwriting takes no room";
}

}  // namespace
}  // namespace firebreak
