// Repeated batches, missing numbers, crashes.
#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "log/record/producers.h"
#include "log/record/record_testing.h"

namespace firebreak::record {
namespace {

using testing::admit;
using testing::inference;
using testing::Room;

std::vector<std::string> gap_records(Stream& stream) {
  std::vector<std::string> found;
  EXPECT_TRUE(stream.read_from(0, 100'000, [&](const Record& record) {
    if (record.kind != Kind::kControl) return;
    const Json fields = record.fields();
    if (string_or(fields, "control").starts_with("gap")) found.push_back(canonical_json(fields));
  }));
  return found;
}

// id -> how often it stands in the stream.
std::map<std::string, int> ids(Stream& stream) {
  std::map<std::string, int> seen;
  EXPECT_TRUE(stream.read_from(0, 100'000, [&](const Record& record) {
    if (record.kind == Kind::kInference) ++seen[string_or(record.fields(), "id")];
  }));
  return seen;
}

TEST(Producer, repeating_a_batch_gets_the_first_receipt) {
  Room room;
  Stream& stream = room.stream();
  const auto first = admit(stream, inference("a"), {"gw", 5}).value();
  const std::uint64_t size = stream.size();
  const auto again = admit(stream, inference("a"), {"gw", 5}).value();
  EXPECT_EQ(canonical_json(to_json(again)), canonical_json(to_json(first)));
  EXPECT_EQ(stream.size(), size);
  EXPECT_EQ(stream.counters().repeated, 1U);
}

TEST(Producer, is_recognised_after_a_restart) {
  Room room;
  const auto first = admit(room.stream(), inference("a") + inference("b"), {"gw", 5}).value();
  room.reopen();
  const auto again = admit(room.stream(), inference("a") + inference("b"), {"gw", 5}).value();
  EXPECT_EQ(again.first, first.first);
  EXPECT_EQ(again.last, first.last);
  EXPECT_EQ(again.leaf_hash, first.leaf_hash);
  EXPECT_EQ(ids(room.stream()), (std::map<std::string, int>{{"a", 1}, {"b", 1}}));
}

TEST(Producer, that_skips_numbers_leaves_a_gap_record_before_the_batch) {
  Room room;
  Stream& stream = room.stream();
  ASSERT_TRUE(admit(stream, inference("a"), {"gw", 1}));
  const auto receipt = admit(stream, inference("b"), {"gw", 4}).value();
  EXPECT_EQ(string_or(stream.read(receipt.first)->fields(), "id"), "b");
  EXPECT_EQ(gap_records(stream),
            std::vector<std::string>{
                R"({"control":"gap","from":2,"producer":"gw","reason":"missing sequence numbers","to":3})"});
}

TEST(Producer, that_sends_a_missing_number_later_fills_the_gap_once) {
  Room room;
  ASSERT_TRUE(admit(room.stream(), inference("a"), {"gw", 1}));
  ASSERT_TRUE(admit(room.stream(), inference("c"), {"gw", 3}));
  room.reopen();
  ASSERT_TRUE(admit(room.stream(), inference("b"), {"gw", 2}));
  ASSERT_TRUE(admit(room.stream(), inference("b"), {"gw", 2}));
  EXPECT_EQ(gap_records(room.stream()).back(), R"({"control":"gap_filled","producer":"gw","sequence":2})");
  EXPECT_EQ(ids(room.stream())["b"], 1);
}

TEST(Producer, that_tells_of_its_gap_gets_no_second_record) {
  Room room;
  Stream& stream = room.stream();
  ASSERT_TRUE(admit(stream, inference("a"), {"gw", 1}));
  const auto receipt = admit(stream,
                             R"({"type":"gap","producer":"gw","from":2,"upper_bound":99,"reason":"crash"})"
                             "\n" + inference("b"),
                             {"gw", 100})
                           .value();
  EXPECT_EQ(receipt.last, receipt.first + 1);
  EXPECT_EQ(gap_records(stream),
            std::vector<std::string>{
                R"({"control":"gap","from":2,"producer":"gw","reason":"crash","upper_bound":99})"});
}

TEST(Producer, of_a_number_below_its_window_is_refused) {
  Room room;
  room.streams = nullptr;
  room.streams = Streams::open(room.files, room.clock, room.random, "data", {.sequences_kept = 2}).value();
  Stream& stream = room.stream();
  for (std::uint64_t n = 1; n <= 4; ++n) ASSERT_TRUE(admit(stream, inference("a"), {"gw", n}));
  EXPECT_TRUE(admit(stream, inference("a"), {"gw", 3}));
  EXPECT_EQ(admit(stream, inference("a"), {"gw", 1}).error().code, Code::kConflict);
}

// A producer that lost its counter would otherwise be told "recorded" of what nobody wrote.
TEST(Producer, that_uses_a_number_for_another_batch_is_refused_and_told_the_newest) {
  Room room;
  ASSERT_TRUE(admit(room.stream(), inference("a"), {"gw", 1}));
  ASSERT_TRUE(admit(room.stream(), inference("b"), {"gw", 2}));
  for (int start = 0; start < 3; ++start) {  // from memory, from the log, from what was remembered
    const auto other = admit(room.stream(), inference("c"), {"gw", 1});
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, Code::kConflict);
    EXPECT_NE(other.error().message.find("the newest is 2"), std::string::npos) << other.error().message;
    EXPECT_TRUE(admit(room.stream(), inference("a"), {"gw", 1}));
    room.reopen();
  }
  EXPECT_EQ(ids(room.stream()), (std::map<std::string, int>{{"a", 1}, {"b", 1}}));
}

TEST(Producer, of_one_owner_does_not_touch_the_numbers_of_another) {
  Room room;
  ASSERT_TRUE(admit(room.stream(), inference("a"), {"gw", 1, "service:a"}));
  ASSERT_TRUE(admit(room.stream(), inference("x"), {"gw", 900, "service:mallory"}));
  ASSERT_TRUE(admit(room.stream(), inference("y"), {"gw", 1, "service:mallory"}).has_value() == false);
  for (int start = 0; start < 2; ++start) {
    EXPECT_TRUE(admit(room.stream(), inference("a"), {"gw", 1, "service:a"}));
    EXPECT_TRUE(admit(room.stream(), inference(start == 0 ? "b" : "c"), {"gw", start == 0 ? 2U : 3U, "service:a"}));
    room.reopen();
  }
  EXPECT_EQ(ids(room.stream()), (std::map<std::string, int>{{"a", 1}, {"b", 1}, {"c", 1}, {"x", 1}}));
}

TEST(Producer, of_one_owner_cannot_take_the_room_of_all) {
  Room room;
  room.streams = nullptr;
  room.streams = Streams::open(room.files, room.clock, room.random, "data", {.producers = 8}).value();
  Stream& stream = room.stream();
  EXPECT_TRUE(admit(stream, inference("a"), {"1", 1, "service:mallory"}));
  EXPECT_TRUE(admit(stream, inference("a"), {"2", 1, "service:mallory"}));
  EXPECT_TRUE(admit(stream, inference("a"), {"1", 1, "service:a"}));
  for (int name = 3; name < 100; ++name)
    EXPECT_TRUE(admit(stream, inference("a"), {std::to_string(name), 1, "service:mallory"}));
  const std::uint64_t size = stream.size();
  EXPECT_TRUE(admit(stream, inference("a"), {"1", 1, "service:a"}));
  EXPECT_EQ(stream.size(), size) << "the other owner's number was forgotten";
  EXPECT_TRUE(admit(stream, inference("a"), {"99", 1, "service:mallory"}));
  EXPECT_EQ(stream.size(), size);
}

// Its log was written before producers had owners: the next batch of the same name goes on in its numbers.
TEST(Producers, without_an_owner_go_to_the_first_owner_of_the_name) {
  Producers producers(8, 8);
  producers.replay({"", "gw", 7, 0}, {0, 4});
  Producers::Done done = [](const Result<Receipt>&) {};
  EXPECT_EQ(producers.begin({"service:a", "gw", 7, 99}, done, {})->kind, Producers::Decision::kRepeated);
  EXPECT_EQ(producers.begin({"service:b", "gw", 7, 99}, done, {})->kind, Producers::Decision::kNew);
}

// More than the blocks that the log has taken ahead: on a full disk it cannot fit.
std::string large_batch() {
  std::string batch = inference("b");
  for (int i = 0; i < 4'000; ++i) batch += inference("f", R"({"text":")" + std::string(1'000, 'x') + R"("})");
  return batch;
}

TEST(Producer, may_repeat_a_batch_that_failed_on_a_full_disk) {
  Room room;
  Stream& stream = room.stream();
  ASSERT_TRUE(admit(stream, inference("a"), {"gw", 1}));
  room.files.set_capacity(room.files.used());
  const auto failed = admit(stream, large_batch(), {"gw", 2});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::kIo) << failed.error().message;
  room.files.set_capacity(1ULL << 40);
  ASSERT_TRUE(admit(stream, large_batch(), {"gw", 2}));
  ASSERT_TRUE(admit(stream, inference("c"), {"gw", 3}));
  EXPECT_TRUE(gap_records(stream).empty());
  auto seen = ids(stream);
  seen.erase("f");
  EXPECT_EQ(seen, (std::map<std::string, int>{{"a", 1}, {"b", 1}, {"c", 1}}));
}

TEST(Producer, that_gives_up_a_failed_batch_leaves_a_gap_record) {
  Room room;
  Stream& stream = room.stream();
  ASSERT_TRUE(admit(stream, inference("a"), {"gw", 1}));
  room.files.set_capacity(room.files.used());
  ASSERT_FALSE(admit(stream, large_batch(), {"gw", 2}));
  room.files.set_capacity(1ULL << 40);
  ASSERT_TRUE(admit(stream, inference("c"), {"gw", 3}));
  EXPECT_EQ(gap_records(stream).size(), 1U);
}

// A producer that repeats what was not acknowledged, a computer that loses power at any call.
TEST(Crash, loses_and_doubles_no_acknowledged_record) {
  std::uint64_t all_acknowledged = 0, all_seen = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Room room(seed);
    ASSERT_TRUE(room.streams->create({.name = "fraud-api"}));
    std::uint64_t acknowledged = 0;
    for (int life = 0; life < 3; ++life) {
      SeededRandom dice(seed * 10 + static_cast<std::uint64_t>(life));
      room.files.fail_call(5 + dice.next() % 40, true);
      for (int tries = 0; tries < 12; ++tries) {
        const std::uint64_t number = acknowledged + 1;
        Stream* stream = room.streams->get("fraud-api");
        const auto answer = admit(*stream, inference(std::to_string(number) + "a") + inference(std::to_string(number) + "b"),
                                  {"gw", number});
        if (!answer) break;
        acknowledged = number;
      }
      room.files.fail_call(0);
      room.crash();
    }
    Stream& stream = *room.streams->get("fraud-api");
    const auto seen = ids(stream);
    for (std::uint64_t n = 1; n <= acknowledged; ++n)
      for (const char* part : {"a", "b"}) EXPECT_TRUE(seen.contains(std::to_string(n) + part)) << "seed " << seed;
    for (const auto& [id, times] : seen) EXPECT_EQ(times, 1) << "seed " << seed << " id " << id;
    EXPECT_EQ(seen.size() % 2, 0U) << "half a batch, seed " << seed;
    EXPECT_TRUE(gap_records(stream).empty()) << "seed " << seed;
    all_acknowledged += acknowledged;
    all_seen += seen.size() / 2;
  }
  EXPECT_GT(all_acknowledged, 100U);  // the test tests something …
  EXPECT_GE(all_seen, all_acknowledged);
}

TEST(Corruption, of_a_stored_row_is_named_with_its_record) {
  Room room;
  const auto receipt = admit(room.stream(), inference("a") + inference("b")).value();
  room.streams.reset();
  const std::vector<std::string> names = room.files.list("data/logs/fraud-api").value();
  std::string segment;
  for (const std::string& name : names)
    if (name.ends_with(".seg")) segment = "data/logs/fraud-api/" + name;
  const Bytes octets = read_all(room.files, segment).value();
  std::uint64_t end = octets.size();
  while (end > 0 && octets[end - 1] == '\0') --end;
  room.files.flip_bit(segment, end - 60, 2);
  const auto opened = Streams::open(room.files, room.clock, room.random, "data");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kCorrupt);
  EXPECT_NE(opened.error().message.find("fraud-api"), std::string::npos);
  EXPECT_NE(opened.error().message.find("record " + std::to_string(receipt.first)), std::string::npos)
      << opened.error().message;
}

TEST(Corruption, under_an_open_stream_is_an_error_of_the_read) {
  Room room;
  Stream& stream = room.stream();
  const auto receipt = admit(stream, inference("a")).value();
  const std::vector<std::string> names = room.files.list("data/logs/fraud-api").value();
  for (const std::string& name : names) {
    if (!name.ends_with(".seg")) continue;
    const std::string segment = "data/logs/fraud-api/" + name;
    std::uint64_t end = read_all(room.files, segment)->find_last_not_of('\0') + 1;
    room.files.flip_bit(segment, end - 60, 2);
  }
  const auto read = stream.read(receipt.first);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::kCorrupt);
  EXPECT_NE(read.error().message.find("record " + std::to_string(receipt.first)), std::string::npos)
      << read.error().message;
}

// Several connections at once, each bringing fields and releases that the others lack, each repeating a batch.
TEST(Producers, may_send_at_the_same_time) {
  Room room;
  Stream& stream = room.stream();
  constexpr int kThreads = 4, kBatches = 25;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      const std::string producer = "p" + std::to_string(t);
      for (std::uint64_t n = 1; n <= kBatches; ++n) {
        const std::string id = producer + "-" + std::to_string(n);
        const std::string line = inference(id, R"({"f)" + std::to_string((n * 7 + static_cast<unsigned>(t)) % 12) + R"(":1})");
        const auto first = admit(stream, line, {producer, n});
        const auto again = admit(stream, line, {producer, n});
        EXPECT_TRUE(first && again);
        if (first && again) {
          EXPECT_EQ(first->first, again->first);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto seen = ids(stream);
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(kThreads * kBatches));
  for (const auto& [id, times] : seen) EXPECT_EQ(times, 1) << id;
  EXPECT_TRUE(gap_records(stream).empty());
  room.reopen();
  EXPECT_EQ(ids(*room.streams->get("fraud-api")), seen);
}

TEST(NumberSet, joins_splits_and_cuts) {
  NumberSet set;
  set.add(1, 3);
  set.add(7, 9);
  set.add(4, 6);
  EXPECT_EQ(set.below(100), (std::vector<std::pair<std::uint64_t, std::uint64_t>>{{1, 9}}));
  EXPECT_TRUE(set.remove(5));
  EXPECT_FALSE(set.remove(5));
  set.cut_below(3);
  EXPECT_EQ(set.below(100), (std::vector<std::pair<std::uint64_t, std::uint64_t>>{{3, 4}, {6, 9}}));
}

}  // namespace
}  // namespace firebreak::record
