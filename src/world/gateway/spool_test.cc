#include "world/gateway/spool.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/json.h"
#include "base/random.h"
#include "base/simulated_files.h"

namespace firebreak::gateway {
namespace {

SpoolOptions small() {
  SpoolOptions options;
  options.dir = "/spool";
  options.producer = "gateway:test";
  options.batch_wait_us = 500;
  options.sync_us = 1'000;
  options.lease = 64;
  options.segment_bytes = 600;
  return options;
}

// What a server does with batches: keeps each sequence once, and insists that a repetition says the same.
struct Receiver {
  std::map<std::uint64_t, SpoolBatch> batches;
  bool take(const SpoolBatch& batch) {
    const auto [it, is_new] = batches.emplace(batch.sequence, batch);
    EXPECT_TRUE(is_new || it->second.lines == batch.lines) << "sequence " << batch.sequence << " changed its meaning";
    return is_new;
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> out;
    for (const auto& [sequence, batch] : batches) out.insert(out.end(), batch.lines.begin(), batch.lines.end());
    return out;
  }
};

bool is_gap(const std::string& line) { return line.starts_with("{\"type\":\"gap\""); }

struct SpoolTest : ::testing::Test {
  SimulatedFiles files{7};
  FedClock clock;
  SpoolOptions options = small();
  std::unique_ptr<Spool> spool;
  Receiver receiver;

  void open() {
    auto opened = Spool::open(files, clock, options);
    ASSERT_TRUE(opened) << opened.error().message;
    spool = std::move(*opened);
  }
  void deliver_one(bool acknowledge = true) {
    const auto batch = spool->next();
    ASSERT_TRUE(batch);
    receiver.take(*batch);
    if (!acknowledge) return;
    ASSERT_TRUE(spool->acknowledged(*batch));
  }
  void deliver_all() {
    while (spool->stats().waiting > 0) ASSERT_NO_FATAL_FAILURE(deliver_one());
  }
};

TEST_F(SpoolTest, hands_out_in_order_what_was_pushed) {
  open();
  std::vector<std::string> pushed;
  for (int i = 0; i < 50; ++i) {
    pushed.push_back("line " + std::to_string(i));
    ASSERT_TRUE(spool->push(pushed.back(), 1'000'000));
  }
  deliver_all();
  EXPECT_EQ(pushed, receiver.lines());
  EXPECT_EQ(0u, spool->stats().waiting);
}

TEST_F(SpoolTest, an_orderly_end_leaves_no_gap) {
  open();
  ASSERT_TRUE(spool->push("a"));
  spool.reset();
  open();
  ASSERT_TRUE(spool->push("b"));
  deliver_all();
  EXPECT_EQ((std::vector<std::string>{"a", "b"}), receiver.lines());
}

TEST_F(SpoolTest, repeats_an_unacknowledged_batch_under_the_same_sequence) {
  open();
  ASSERT_TRUE(spool->push("a"));
  deliver_one(false);
  spool.reset();
  open();
  ASSERT_TRUE(spool->push("b"));
  deliver_all();
  EXPECT_EQ((std::vector<std::string>{"a", "b"}), receiver.lines());
  EXPECT_EQ(2u, receiver.batches.size());
}

TEST_F(SpoolTest, a_renumbered_batch_keeps_its_new_number_and_its_lines_over_a_restart) {
  open();
  ASSERT_TRUE(spool->push("a"));
  auto batch = spool->next();
  ASSERT_TRUE(batch);
  ASSERT_TRUE(spool->renumber(*batch, 5'000));
  EXPECT_EQ(5'000u, batch->sequence);
  spool.reset();
  open();
  ASSERT_TRUE(spool->push("b"));
  const auto again = spool->next();
  ASSERT_TRUE(again);
  EXPECT_EQ(5'000u, again->sequence);
  EXPECT_EQ(std::vector<std::string>{"a"}, again->lines);
  ASSERT_TRUE(spool->acknowledged(*again));
  const auto next = spool->next();
  ASSERT_TRUE(next);
  EXPECT_EQ(5'001u, next->sequence);
  EXPECT_EQ(std::vector<std::string>{"b"}, next->lines);
}

TEST_F(SpoolTest, a_power_cut_is_told_as_a_gap_with_an_upper_bound) {
  open();
  ASSERT_TRUE(spool->push("a"));
  deliver_all();
  ASSERT_TRUE(spool->push("b"));
  files.crash();
  spool.reset();
  open();
  deliver_all();
  const auto lines = receiver.lines();
  ASSERT_GE(lines.size(), 2u);
  EXPECT_TRUE(is_gap(lines.back()));
  EXPECT_NE(std::string::npos, lines.back().find("upper_bound"));
}

TEST_F(SpoolTest, a_full_spool_drops_and_says_exactly_what) {
  options.max_bytes = 60;  // the mark of a batch takes 33
  open();
  ASSERT_TRUE(spool->push(std::string(60, 'a')));
  while (spool->has_room()) std::this_thread::yield();  // until the writer has put it on disk
  EXPECT_FALSE(spool->push("b"));
  EXPECT_FALSE(spool->push("c"));
  EXPECT_FALSE(spool->has_room());
  deliver_one();
  ASSERT_TRUE(spool->push("d", 1'000'000));
  deliver_all();
  const auto lines = receiver.lines();
  ASSERT_EQ(3u, lines.size());
  EXPECT_NE(std::string::npos, lines[1].find("\"from\":2,\"to\":3"));
  EXPECT_EQ("d", lines[2]);
  EXPECT_EQ(2u, spool->stats().dropped);
}

TEST_F(SpoolTest, a_disk_that_fails_is_told_and_serving_goes_on) {
  open();
  ASSERT_TRUE(spool->push("a"));
  deliver_all();
  files.set_capacity(0);
  ASSERT_TRUE(spool->push("b"));
  while (spool->stats().error.empty()) std::this_thread::yield();
  files.set_capacity(1u << 30);
  ASSERT_TRUE(spool->push("c", 1'000'000));
  deliver_all();
  const auto lines = receiver.lines();
  ASSERT_EQ(3u, lines.size());
  EXPECT_NE(std::string::npos, lines[1].find("\"from\":2,\"to\":2"));
  EXPECT_EQ("c", lines[2]);
}

TEST_F(SpoolTest, flush_waits_for_acknowledgements_and_says_what_is_missing) {
  open();
  EXPECT_TRUE(spool->flush(1));
  ASSERT_TRUE(spool->push("a"));
  const auto late = spool->flush(1);
  ASSERT_FALSE(late);
  EXPECT_EQ(Code::kTimeout, late.error().code);
  deliver_one();
  EXPECT_TRUE(spool->flush(1));
}

// Every record number is delivered or inside a gap, whatever the moment of the power cut.
TEST(SpoolCrash, every_number_is_delivered_or_inside_a_gap) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SimulatedFiles files(seed);
    SeededRandom random(seed);
    FedClock clock;
    SpoolOptions options = small();
    options.batch_lines = 1;  // so that a batch's number is its line's
    Receiver receiver;
    int made = 0;
    for (int life = 0; life < 5; ++life) {
      auto opened = Spool::open(files, clock, options);
      ASSERT_TRUE(opened) << "seed " << seed << ": " << opened.error().message;
      auto spool = std::move(*opened);
      const std::uint64_t steps = random.next() % 40;
      for (std::uint64_t step = 0; step < steps; ++step) {
        if (random.next() % 3 != 0) {
          ASSERT_TRUE(spool->push("{\"made\":" + std::to_string(made++) + "}", 1'000'000));
        } else if (spool->stats().waiting > 0) {
          const auto batch = spool->next();
          ASSERT_TRUE(batch);
          receiver.take(*batch);
          if (life < 4 && random.next() % 4 == 0) break;  // the server has it; we never heard so
          ASSERT_TRUE(spool->acknowledged(*batch));
        }
      }
      if (life < 4) {
        files.crash();
        continue;
      }
      while (spool->stats().waiting > 0) {
        const auto batch = spool->next();
        ASSERT_TRUE(batch);
        receiver.take(*batch);
        ASSERT_TRUE(spool->acknowledged(*batch));
      }
    }
    std::set<std::uint64_t> covered;
    std::set<std::string> texts;
    std::uint64_t highest = 0;
    for (const auto& [sequence, batch] : receiver.batches) {
      highest = std::max(highest, batch.last);
      covered.insert(batch.first);
      if (!is_gap(batch.lines[0])) {
        EXPECT_TRUE(texts.insert(batch.lines[0]).second) << "seed " << seed << " doubled " << batch.lines[0];
        continue;
      }
      const auto gap = parse_json(batch.lines[0]);
      ASSERT_TRUE(gap);
      const auto to = static_cast<std::uint64_t>(int_or(*gap, "to", int_or(*gap, "upper_bound")));
      for (auto n = static_cast<std::uint64_t>(int_or(*gap, "from")); n <= to; ++n) covered.insert(n);
    }
    for (std::uint64_t n = 1; n <= highest; ++n) EXPECT_TRUE(covered.contains(n)) << "seed " << seed << " number " << n;
  }
}

TEST(SpoolFile, a_damaged_segment_is_cut_and_told) {
  SimulatedFiles files(3);
  FedClock clock;
  const SpoolOptions options = small();
  for (int life = 0; life < 2; ++life) {  // the second one finds the first segment full and starts another
    auto spool = std::move(*Spool::open(files, clock, options));
    for (int i = 0; i < 40; ++i) ASSERT_TRUE(spool->push("line " + std::to_string(i), 1'000'000));
  }
  files.flip_bit("/spool/0000000000000001.spool", 30, 1);
  auto spool = std::move(*Spool::open(files, clock, options));
  Receiver receiver;
  while (spool->stats().waiting > 0) {
    const auto batch = spool->next();
    ASSERT_TRUE(batch);
    receiver.take(*batch);
    ASSERT_TRUE(spool->acknowledged(*batch));
  }
  const auto lines = receiver.lines();
  EXPECT_NE(std::string::npos, lines.back().find("damaged")) << lines.back();
  EXPECT_NE(std::string::npos, lines.back().find("\"from\":2"));
}

}  // namespace
}  // namespace firebreak::gateway
