#include "log/ledger/frame_walk.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/simulated_files.h"
#include "log/ledger/log.h"
#include "log/ledger/segment.h"
#include "log/ledger/segment_index.h"
#include "log/ledger/verify.h"

namespace firebreak::ledger {
namespace {

constexpr const char* kDir = "data/logs/log";

class FrameWalkTest : public ::testing::Test {
 protected:
  std::unique_ptr<Log> open() {
    SeededRandom random(1);
    Options options{.key = *SigningKey::generate("example.com/log", random)};
    options.segment_bytes = 4'000;
    return Log::open(files_, clock_, kDir, std::move(options)).value();
  }
  static void grow(Log& log, int batches) {
    for (int i = 0; i < batches; ++i) {
      Batch batch;
      batch.add("entry " + std::to_string(log.size()));
      batch.add(std::string(100, 'x'));
      ASSERT_TRUE(log.append_wait(std::move(batch)));
    }
  }
  // A folder that has of each segment what the walk says, and the checkpoint.
  void copy(const std::vector<SegmentSpan>& spans, const Checkpoint& checkpoint) {
    for (const SegmentSpan& span : spans) {
      const std::string name = segment_name(span.number);
      const Bytes octets = files_.open(std::string(kDir) + "/" + name, OpenMode::kRead).value()->read_at(0, span.octets).value();
      ASSERT_EQ(octets.size(), span.octets);
      ASSERT_TRUE(write_atomic(files_, "copy/logs/log/" + name, octets));
    }
    ASSERT_TRUE(write_atomic(files_, "copy/logs/log/vkey", *read_all(files_, std::string(kDir) + "/vkey")));
    ASSERT_TRUE(write_atomic(files_, "copy/logs/log/checkpoint", checkpoint.text()));
  }

  SimulatedFiles files_;
  SystemClock clock_;
};

TEST_F(FrameWalkTest, what_it_says_is_durable_makes_a_whole_log) {
  const auto log = open();
  FrameWalk walk(files_, kDir);
  std::uint64_t segments = 0;
  for (int round = 0; round < 6; ++round) {
    grow(*log, 7);
    const Checkpoint checkpoint = log->checkpoint();
    const auto spans = walk.upto(checkpoint.size);
    ASSERT_TRUE(spans) << spans.error().message;
    EXPECT_EQ(spans->back().size, checkpoint.size);
    segments = spans->size();
    ASSERT_TRUE(files_.make_dir("copy/logs/log"));
    copy(*spans, checkpoint);
    const auto report = verify(files_, "copy/logs/log");
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->verdict, Verdict::kConsistent) << (report->damage ? report->damage->reason : "");
    EXPECT_EQ(report->checkpoint_size, checkpoint.size);
  }
  EXPECT_GT(segments, 2u);
}

TEST_F(FrameWalkTest, gives_the_same_with_and_without_the_indexes_of_closed_segments) {
  const auto log = open();
  grow(*log, 60);
  const auto with = FrameWalk(files_, kDir).upto(log->size()).value();
  ASSERT_GT(with.size(), 2u);
  const auto names = files_.list(kDir).value();
  for (const std::string& name : names)
    if (name.ends_with(".idx")) {
      ASSERT_TRUE(files_.remove(std::string(kDir) + "/" + name));
    }
  const auto without = FrameWalk(files_, kDir).upto(log->size()).value();
  ASSERT_EQ(with.size(), without.size());
  for (std::size_t i = 0; i < with.size(); ++i) {
    EXPECT_EQ(with[i].octets, without[i].octets);
    EXPECT_EQ(with[i].size, without[i].size);
  }
}

TEST_F(FrameWalkTest, says_where_a_log_ends_before_its_time) {
  const auto log = open();
  grow(*log, 3);
  const auto spans = FrameWalk(files_, kDir).upto(1'000);
  ASSERT_FALSE(spans);
  EXPECT_EQ(spans.error().code, Code::kCorrupt);
  EXPECT_NE(spans.error().message.find("no frame with entry 6"), std::string::npos) << spans.error().message;
}

}  // namespace
}  // namespace firebreak::ledger
