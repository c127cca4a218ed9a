#include "run/offsite/shipper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "base/simulated_files.h"
#include "log/ledger/segment.h"
#include "run/offsite/bucket_layout.h"
#include "world/store/store_testing.h"

namespace firebreak::offsite {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kRetention = 30 * kDay;
constexpr std::uint64_t kPiece = 1'000;

class ShipperTest : public ::testing::Test, public store::testing::ServedStore {
 protected:
  std::unique_ptr<ledger::Log> open(std::uint64_t seed = 1) {
    SeededRandom random(seed);
    ledger::Options options{.key = *ledger::SigningKey::generate("example.com/s", random)};
    options.segment_bytes = 4'000;
    return ledger::Log::open(files_, clock_, dir_, std::move(options)).value();
  }
  static void grow(ledger::Log& log, int batches, char letter = 'x') {
    for (int i = 0; i < batches; ++i) {
      ledger::Batch batch;
      batch.add(std::string(100, letter));
      ASSERT_TRUE(log.append_wait(std::move(batch)));
    }
  }
  std::unique_ptr<Shipper> shipper() { return std::make_unique<Shipper>(files_, clock_, store_, kRetention, kPiece); }
  Result<void> ship(Shipper& shipper, ledger::Log& log) {
    FIREBREAK_TRY(shipper.learn());
    FIREBREAK_TRY(shipper.survey("s", dir_, log.checkpoint()));
    return shipper.ship("s");
  }
  // The octets of a segment, as anybody would put its pieces together.
  Bytes together(std::uint64_t segment) const {
    Bytes octets;
    for (const std::string& key : bucket_.keys()) {
      const auto named = parse_key(key);
      if (!named || named->kind != Named::kPiece || named->segment != segment) continue;
      EXPECT_EQ(named->number, octets.size()) << key << ": out of order, or twice";
      octets += bucket_.content(key);
    }
    return octets;
  }
  void expect_whole(const ledger::Log& log) const {
    ledger::FrameWalk walk(files_, dir_);
    const auto spans = walk.upto(log.size());
    ASSERT_TRUE(spans) << spans.error().message;
    for (const ledger::SegmentSpan& span : *spans) {
      const Bytes file = *read_all(files_, dir_ + "/" + ledger::segment_name(span.number));
      EXPECT_TRUE(together(span.number) == file.substr(0, span.octets)) << "segment " << span.number;
    }
  }

  Path dir_ = "data/logs/s";
  mutable SimulatedFiles files_;
};

TEST_F(ShipperTest, brings_a_log_there_piece_by_piece_and_its_checkpoint_last) {
  const auto log = open();
  grow(*log, 60);
  const auto one = shipper();
  const auto done = ship(*one, *log);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(one->lag(), 0u);
  EXPECT_THAT(one->unlocked(), IsEmpty());
  expect_whole(*log);
  const auto keys = bucket_.keys();
  EXPECT_GT(keys.size(), 12u);
  EXPECT_EQ(keys[0], "FORMAT");
  EXPECT_EQ(keys[1], "logs/s/vkey");
  EXPECT_EQ(keys.back(), checkpoint_key("s", 60));
  EXPECT_EQ(ledger::parse_checkpoint(bucket_.content(keys.back()))->size, 60u);
}

TEST_F(ShipperTest, sends_only_what_is_new_also_after_a_restart) {
  const auto log = open();
  grow(*log, 10);
  ASSERT_TRUE(ship(*shipper(), *log));
  const std::size_t before = bucket_.keys().size();
  const auto idle = shipper();
  ASSERT_TRUE(ship(*idle, *log));
  EXPECT_EQ(idle->written(), 0u);
  grow(*log, 3);
  const auto again = shipper();
  ASSERT_TRUE(ship(*again, *log));
  EXPECT_EQ(bucket_.keys().size(), before + 2);  // a piece, a checkpoint
  expect_whole(*log);
}

TEST_F(ShipperTest, goes_on_in_order_after_an_outage) {
  const auto log = open();
  grow(*log, 5);
  const auto one = shipper();
  ASSERT_TRUE(ship(*one, *log));
  bucket_.set_away(true);
  grow(*log, 40);
  ASSERT_TRUE(one->survey("s", dir_, log->checkpoint()));
  const std::uint64_t waiting = one->lag();
  EXPECT_GT(waiting, 40u * 100);
  const auto refused = one->ship("s");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
  EXPECT_EQ(one->lag(), waiting);
  bucket_.set_away(false);
  ASSERT_TRUE(ship(*one, *log));
  EXPECT_EQ(one->lag(), 0u);
  expect_whole(*log);
}

TEST_F(ShipperTest, sends_nothing_twice_when_answers_are_lost_and_the_log_grew_meanwhile) {
  const auto log = open();
  grow(*log, 5);
  const auto one = shipper();
  int failures = 0;
  for (int round = 0; round < 8; ++round) {
    if (round < 6) bucket_.lose_answers(1);
    if (!ship(*one, *log)) ++failures;
    grow(*log, 2);
  }
  EXPECT_EQ(failures, 6);
  const auto done = ship(*one, *log);
  ASSERT_TRUE(done) << done.error().message;
  expect_whole(*log);
}

TEST_F(ShipperTest, finds_that_a_log_was_cut_back) {
  {
    const auto log = open();
    grow(*log, 30);
    ASSERT_TRUE(ship(*shipper(), *log));
  }
  dir_ = "another/logs/s";
  const auto log = open();
  grow(*log, 20);
  const auto done = ship(*shipper(), *log);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::kCorrupt);
  EXPECT_THAT(done.error().message, HasSubstr("it was cut back"));
}

TEST_F(ShipperTest, finds_that_a_log_was_written_anew) {
  {
    const auto log = open();
    grow(*log, 20);
    ASSERT_TRUE(ship(*shipper(), *log));
  }
  dir_ = "another/logs/s";
  const auto log = open();
  grow(*log, 40, 'y');
  const auto done = ship(*shipper(), *log);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::kCorrupt);
  EXPECT_THAT(done.error().message, HasSubstr("written anew"));
}

// A checkpoint that the log's key signed is no stranger's: the log had these entries once.
TEST_F(ShipperTest, a_signed_checkpoint_alone_tells_that_a_log_was_cut_back_and_an_unsigned_one_is_passed_over) {
  std::string later;
  {
    const auto log = open();
    grow(*log, 30);
    later = log->checkpoint().text();
  }
  dir_ = "another/logs/s";
  const auto log = open();
  grow(*log, 20);
  ASSERT_TRUE(store_.put(checkpoint_key("s", 25), "s\n25\nAAAA\n\n", {}));
  const auto passed = shipper();
  const auto done = ship(*passed, *log);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(passed->foreign(), ElementsAre(checkpoint_key("s", 25)));
  expect_whole(*log);
  ASSERT_TRUE(store_.put(checkpoint_key("s", 30), later, {}));
  const auto refused = ship(*shipper(), *log);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("it was cut back"));
}

TEST_F(ShipperTest, pieces_that_follow_no_piece_are_passed_over_and_the_copy_is_whole) {
  const auto log = open();
  grow(*log, 5);
  ASSERT_TRUE(ship(*shipper(), *log));
  const std::vector<std::string> strange{piece_key("s", 1, 3), piece_key("s", 1, 2'500), piece_key("s", 7, 0)};
  for (const std::string& key : strange) ASSERT_TRUE(store_.put(key, std::string(5'000, 'z'), {}));
  grow(*log, 60);
  const auto one = shipper();
  const auto done = ship(*one, *log);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(one->foreign(), testing::UnorderedElementsAreArray(strange));
  const Bytes file = *read_all(files_, dir_ + "/" + ledger::segment_name(1));
  Bytes octets;
  for (std::size_t next = 0; octets.size() < file.size(); next = octets.size()) {
    const Bytes piece = bucket_.content(piece_key("s", 1, next));
    if (piece.empty()) break;
    octets += piece;
  }
  EXPECT_FALSE(octets.empty());
  EXPECT_TRUE(file.starts_with(octets));
}

TEST_F(ShipperTest, what_vouches_for_a_log_goes_behind_its_checkpoint_and_each_new_word_as_well) {
  const auto log = open();
  grow(*log, 10);
  const std::string note = log->checkpoint().text();
  ASSERT_TRUE(files_.make_dir(dir_ + "/witness"));
  ASSERT_TRUE(files_.make_dir(dir_ + "/timestamps/tsa"));
  for (const char* name : {"/cosigned", "/witness/w1", "/timestamps/tsa/10.checkpoint"}) ASSERT_TRUE(write_atomic(files_, dir_ + name, note));
  ASSERT_TRUE(write_atomic(files_, dir_ + "/timestamps/tsa/10.tsr", "stamp"));
  ASSERT_TRUE(write_atomic(files_, dir_ + "/timestamps/tsa/12.tsr", "of more than is there"));
  ASSERT_TRUE(write_atomic(files_, dir_ + "/witness/w1.tmp", note));
  const auto one = shipper();
  ASSERT_TRUE(ship(*one, *log));
  const std::string hex = sha256(note).hex();
  const auto keys = bucket_.keys();
  const auto checkpoint = std::find(keys.begin(), keys.end(), checkpoint_key("s", 10));
  EXPECT_THAT(std::vector<std::string>(checkpoint + 1, keys.end()),
              ElementsAre(vouched_key("s", "cosigned", 10, hex), vouched_key("s", "witness/w1", 10, hex), vouched_key("s", "timestamps/tsa/10.checkpoint", 10, hex),
                          vouched_key("s", "timestamps/tsa/10.tsr", 10, sha256("stamp").hex())));
  ASSERT_TRUE(write_atomic(files_, dir_ + "/witness/w1", note + "\n"));  // no checkpoint: not sent
  ASSERT_TRUE(ship(*shipper(), *log));
  EXPECT_EQ(bucket_.keys().size(), keys.size());
  grow(*log, 2);
  ASSERT_TRUE(write_atomic(files_, dir_ + "/witness/w1", log->checkpoint().text()));
  ASSERT_TRUE(ship(*one, *log));
  EXPECT_THAT(bucket_.keys(), Contains(vouched_key("s", "witness/w1", 12, sha256(log->checkpoint().text()).hex())));
  EXPECT_THAT(bucket_.keys(), Contains(vouched_key("s", "timestamps/tsa/12.tsr", 12, sha256("of more than is there").hex())));
}

TEST_F(ShipperTest, notes_objects_that_the_store_does_not_lock) {
  bucket_.have(store::Weakness::kForgetsLock);
  const auto log = open();
  grow(*log, 1);
  const auto one = shipper();
  ASSERT_TRUE(ship(*one, *log));
  EXPECT_THAT(one->unlocked(), Contains("logs/s/vkey"));
}

TEST_F(ShipperTest, a_blob_goes_there_once) {
  const auto one = shipper();
  ASSERT_TRUE(one->learn());
  const std::string hex = sha256("evidence").hex();
  ASSERT_TRUE(one->ship_blob(hex, "evidence"));
  ASSERT_TRUE(one->ship_blob(hex, "evidence"));
  const auto later = shipper();
  ASSERT_TRUE(later->learn());
  EXPECT_TRUE(later->has_blob(hex));
  EXPECT_THAT(bucket_.keys(), ElementsAre(blob_key(hex)));
}

TEST(BucketLayout, reads_the_names_that_it_writes_and_no_others) {
  const std::string hex = sha256("x").hex();
  EXPECT_EQ(parse_key(piece_key("a.b", 12, 345))->number, 345u);
  EXPECT_EQ(parse_key(piece_key("a.b", 12, 345))->segment, 12u);
  EXPECT_EQ(parse_key(piece_key("a.b", 12, 345))->log, "a.b");
  EXPECT_EQ(parse_key(checkpoint_key("s", 7))->number, 7u);
  EXPECT_EQ(parse_key(blob_key(hex))->log, hex);
  EXPECT_EQ(parse_key(vkey_key("s"))->kind, Named::kVkey);
  for (const std::string path : {"cosigned", "witness/w.1", "timestamps/tsa/12.tsr", "timestamps/tsa/12.checkpoint"}) {
    const auto named = parse_key(vouched_key("a.b", path, 7, hex));
    ASSERT_TRUE(named) << path;
    EXPECT_EQ(named->kind, Named::kVouched);
    EXPECT_EQ(named->log, "a.b");
    EXPECT_EQ(named->path, path);
    EXPECT_EQ(named->number, 7u);
    EXPECT_EQ(named->hex, hex);
  }
  for (const std::string path : {"vkey", "witness", "witness/..", "witness/a/b", "witness/w.tmp", "timestamps/tsa/x.tsr", "timestamps/tsa/1.txt", "timestamps/../1.tsr"})
    EXPECT_FALSE(parse_key(vouched_key("s", path, 7, hex))) << path;
  for (const std::string& bad : {std::string("FORMAT"), std::string("probe/00"), std::string("logs/s"), std::string("logs/../vkey"), std::string("logs/s/000001.seg/1"),
                                 "logs/s/000001.seg/" + std::string(20, '9'), "blobs/xx/" + hex, std::string("logs/s/000001.idx/00000000000000000000"), "a/" + vkey_key("s")})
    EXPECT_FALSE(parse_key(bad)) << bad;
}

}  // namespace
}  // namespace firebreak::offsite
