// Two other implementations (test/counterpart/fsck) judge what we export: good logs of many sizes pass, and
// flipped bits are refused by them as they are by us.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "log/ledger/export.h"
#include "log/ledger/log.h"
#include "log/ledger/verify.h"

namespace firebreak::ledger {
namespace {

namespace fs = std::filesystem;

int exit_code(const std::string& command) {
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class LedgerFsck : public ::testing::Test {
 protected:
  void SetUp() override {
    work_ = fs::temp_directory_path() / ("firebreak-fsck-" + std::to_string(::getpid()));
    fs::remove_all(work_);
    fs::create_directories(work_);
    checker_ = (work_ / "fsck").string();
    const int code =
        exit_code("INSTALL=0 '" FIREBREAK_SOURCE_DIR "/test/counterpart/fsck/build.sh' '" + checker_ + "'");
    if (code == 77) GTEST_SKIP() << "no Go here: Tessera's fsck cannot be built";
    ASSERT_EQ(code, 0) << "building the checker failed";
  }
  void TearDown() override { fs::remove_all(work_); }

  bool accepted(const std::string& dir) {
    return exit_code("'" + checker_ + "' '" + dir + "' >/dev/null 2>&1") == 0;
  }

  // A log of `size` entries of all lengths, in batches, exported.
  std::string exported(std::uint64_t size) {
    const std::string dir = work_ / std::to_string(size) / "logs/a",
                      out = work_ / std::to_string(size) / "out";
    SystemRandom random;
    {
      Options options{.key = SigningKey::generate("firebreak.test/fsck", random).value()};
      options.segment_bytes = 1024 * 1024;
      const auto log = Log::open(files_, clock_, dir, std::move(options)).value();
      Batch batch;
      for (std::uint64_t i = 0; i < size; ++i) {
        batch.add("entry " + std::to_string(i) + std::string(i * 37 % 500 + (i == 5 ? 65'000 : 0), 'x'));
        if (batch.lengths.size() < 1 + i % 97 && i + 1 < size) continue;
        batch.payload = std::string(i % 300, 'p');
        EXPECT_TRUE(log->append_wait(std::move(batch)));
        batch = {};
      }
      EXPECT_TRUE(log->close());
    }
    EXPECT_EQ(verify(files_, dir)->verdict, Verdict::kConsistent);
    EXPECT_TRUE(export_tiles(files_, dir, out));
    return out;
  }

  PosixFiles files_;
  SystemClock clock_;
  fs::path work_;
  std::string checker_;
};

TEST_F(LedgerFsck, accepts_our_logs_of_many_sizes) {
  for (const std::uint64_t size : {1, 2, 3, 255, 256, 257, 511, 1'000, 65'536, 70'000})
    EXPECT_TRUE(accepted(exported(size))) << size << " entries";
}

TEST_F(LedgerFsck, refuses_a_flipped_bit_in_any_exported_file) {
  const std::string out = exported(600);
  ASSERT_TRUE(accepted(out));
  std::uint64_t flips = 0;
  std::vector<std::string> paths;
  for (const auto& entry : fs::recursive_directory_iterator(out)) {
    if (entry.is_regular_file() && entry.path().filename() != "origin") paths.push_back(entry.path());
  }
  for (const std::string& path : paths) {
    const Bytes good = read_all(files_, path).value();
    // The vkey's final line feed is white space to the others.
    const std::size_t size = path.ends_with("vkey") ? good.size() - 1 : good.size();
    for (std::size_t part = 0; part < 6; ++part, ++flips) {
      Bytes bad = good;
      const std::size_t at = (size - 1) * part / 5;
      bad[at] = static_cast<char>(bad[at] ^ (1 << (part + 1)));
      ASSERT_TRUE(write_plain(files_, path, bad));
      EXPECT_FALSE(accepted(out)) << path << " octet " << at;
    }
    ASSERT_TRUE(write_plain(files_, path, good));
  }
  EXPECT_TRUE(accepted(out));
  EXPECT_GT(flips, 40U);
}

}  // namespace
}  // namespace firebreak::ledger
