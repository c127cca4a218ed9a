#include "run/offsite/restorer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "base/simulated_files.h"
#include "run/offsite/bucket_layout.h"
#include "run/offsite/shipper.h"
#include "world/store/store_testing.h"

namespace firebreak::offsite {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A log in a bucket, and what somebody vouched for beside it.
class RestorerTest : public ::testing::Test, public store::testing::ServedStore {
 protected:
  RestorerTest() {
    SeededRandom random(1);
    log_ = ledger::Log::open(files_, clock_, dir_, {.key = *ledger::SigningKey::generate("example.com/s", random)}).value();
    EXPECT_TRUE(files_.make_dir(dir_ + "/witness"));
    EXPECT_TRUE(files_.make_dir(dir_ + "/timestamps/tsa"));
    PosixFiles real;
    stamp_ = *read_all(real, FIREBREAK_SOURCE_DIR "/test/fuzz/corpus/receipt_fuzz/stamp.tsr");
  }
  void grow(int entries) {
    for (int i = 0; i < entries; ++i) {
      ledger::Batch batch;
      batch.add("entry");
      ASSERT_TRUE(log_->append_wait(std::move(batch)));
    }
  }
  void ship() {
    Shipper shipper(files_, clock_, store_, kDay);
    ASSERT_TRUE(shipper.learn());
    ASSERT_TRUE(shipper.survey("s", dir_, log_->checkpoint()));
    const auto done = shipper.ship("s");
    ASSERT_TRUE(done) << done.error().message;
  }
  void vouch(const std::string& path, const std::string& content) { ASSERT_TRUE(write_atomic(files_, dir_ + "/" + path, content)); }
  Restored restored() {
    auto done = restore(files_, store_, "", "out");
    EXPECT_TRUE(done) << done.error().message;
    return done ? std::move(*done) : Restored();
  }
  Bytes there(const std::string& path) { return read_all(files_, "out/logs/s/" + path).value_or("nothing"); }

  const Path dir_ = "data/logs/s";
  SimulatedFiles files_;
  std::unique_ptr<ledger::Log> log_;
  Bytes stamp_;
};

TEST_F(RestorerTest, brings_back_the_newest_word_of_each_witness_and_every_time_stamp) {
  grow(5);
  const std::string first = log_->checkpoint().text();
  vouch("witness/w1", first);
  vouch("timestamps/tsa/5.checkpoint", first);
  vouch("timestamps/tsa/5.tsr", stamp_);
  ship();
  grow(5);
  const std::string second = log_->checkpoint().text();
  vouch("cosigned", second);
  vouch("witness/w1", second);
  vouch("timestamps/tsa/10.checkpoint", second);
  vouch("timestamps/tsa/10.tsr", stamp_);
  ship();
  const Restored done = restored();
  EXPECT_TRUE(done.whole()) << done.missing.size();
  EXPECT_THAT(done.foreign, IsEmpty());
  EXPECT_EQ(there("cosigned"), second);
  EXPECT_EQ(there("witness/w1"), second);
  EXPECT_EQ(there("timestamps/tsa/5.checkpoint"), first);
  EXPECT_EQ(there("timestamps/tsa/5.tsr"), stamp_);
  EXPECT_EQ(there("timestamps/tsa/10.tsr"), stamp_);
  ASSERT_EQ(done.logs.size(), 1u);
  EXPECT_EQ(done.logs[0].report.kept.size(), 4u) << "and holds them against the log";
}

TEST_F(RestorerTest, passes_over_a_cosigned_checkpoint_that_the_log_did_not_sign) {
  grow(5);
  vouch("witness/w1", log_->checkpoint().text());
  ship();
  SeededRandom random(2);
  SimulatedFiles others;
  const auto another = ledger::Log::open(others, clock_, "s", {.key = *ledger::SigningKey::generate("example.com/s", random)}).value();
  for (int i = 0; i < 9; ++i) {
    ledger::Batch batch;
    batch.add("another");
    ASSERT_TRUE(another->append_wait(std::move(batch)));
  }
  const std::string forged = another->checkpoint().text();
  const std::string key = vouched_key("s", "witness/w1", 9, sha256(forged).hex());
  ASSERT_TRUE(store_.put(key, forged, {}));
  ASSERT_TRUE(store_.put(vouched_key("s", "witness/w1", 8, sha256("x").hex()), "another digest", {}));
  const Restored done = restored();
  EXPECT_TRUE(done.whole());
  EXPECT_THAT(done.foreign, ElementsAre(HasSubstr(key), HasSubstr("00000000000000000008-")));
  EXPECT_EQ(there("witness/w1"), log_->checkpoint().text());
}

TEST_F(RestorerTest, tells_a_hole_from_a_piece_that_somebody_else_put_behind_the_end) {
  grow(5);
  ship();
  ASSERT_TRUE(store_.put(piece_key("s", 1, 1'000'000), "somebody's", {}));
  const Restored done = restored();
  EXPECT_TRUE(done.whole()) << "the log is whole as far as its newest checkpoint goes";
  EXPECT_THAT(done.foreign, ElementsAre(HasSubstr("before " + piece_key("s", 1, 1'000'000))));
  // A signed checkpoint that nothing reaches makes the same hole a loss.
  grow(5);
  ASSERT_TRUE(store_.put(checkpoint_key("s", 10), log_->checkpoint().text(), {}));
  auto again = restore(files_, store_, "", "out-2");
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->whole());
  EXPECT_THAT(again->missing, ElementsAre(HasSubstr("before " + piece_key("s", 1, 1'000'000))));
}

}  // namespace
}  // namespace firebreak::offsite
