// Erasing a subject: its rows are gone for good, everybody else's are there, every proof holds, whatever happens meanwhile.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <thread>

#include "log/ledger/log.h"
#include "log/ledger/proof.h"
#include "log/ledger/verify.h"
#include "log/record/record_testing.h"
#include "log/vault/vault.h"

namespace firebreak::record {
namespace {

using testing::admit;
using testing::Room;

std::string of(const std::string& person, int i) {
  return R"({"id":"e)" + std::to_string(i) + R"(","time":"2026-03-07T03:27:37Z","caller":")" + person +
         R"(","features":{"secret":")" + person + "-secret-" + std::to_string(i) + "\"}}\n";
}

// Persons of one bucket: the hard case, because the bucket's key goes and the others must stay.
std::vector<std::string> persons_of_one_bucket(std::size_t count) {
  std::vector<std::string> found;
  for (int i = 0; found.size() < count; ++i) {
    const std::string name = "person-" + std::to_string(i);
    if (vault::bucket_of(name) == 7) found.push_back(name);
  }
  return found;
}

struct Found {
  std::map<std::string, int> readable;
  int erased = 0;
};

Found look(Stream& stream) {
  Found found;
  EXPECT_TRUE(stream.read_from(
      0, 1'000'000,
      [&](const Record& record) {
        if (record.kind == Kind::kControl) return;
        if (record.erased) {
          ++found.erased;
          EXPECT_TRUE(record.row.empty() && record.salt.empty());
        } else {
          ++found.readable[string_or(record.fields(), "caller")];
        }
      },
      Erased::kDeliver));
  return found;
}

void expect_provable(Room& room, Stream& stream) {
  const auto report = ledger::verify(room.files, "data/logs/fraud-api");
  ASSERT_TRUE(report);
  EXPECT_NE(report->verdict, ledger::Verdict::kDamaged);
  for (std::uint64_t i = 0; i < stream.size(); i += 5) {
    const RecordProof proof = stream.prove(i).value();
    EXPECT_TRUE(ledger::verify_inclusion(proof.leaf_hash, i, proof.tree_size, proof.proof,
                                         *stream.log().root_at(proof.tree_size)));
  }
}

TEST(Erase, takes_the_rows_of_one_person_and_leaves_the_others_and_every_proof) {
  Room room;
  const auto persons = persons_of_one_bucket(3);
  Stream* stream = &room.stream();
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(admit(*stream, of(persons[static_cast<std::size_t>(i % 3)], i)));
  const auto done = stream->erase(persons[0], 77);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->records, 10U);
  for (int round = 0; round < 2; ++round) {
    const Found found = look(*stream);
    EXPECT_EQ(found.erased, 10);
    EXPECT_EQ(found.readable, (std::map<std::string, int>{{persons[1], 10}, {persons[2], 10}}));
    expect_provable(room, *stream);
    room.reopen();
    stream = &room.stream();
  }
  // The same person again, and the next one of the same bucket.
  ASSERT_TRUE(admit(*stream, of(persons[0], 100)));
  EXPECT_EQ(look(*stream).readable[persons[0]], 1);
  EXPECT_EQ(stream->erase(persons[1], 78)->records, 10U);
  EXPECT_EQ(look(*stream).readable, (std::map<std::string, int>{{persons[0], 1}, {persons[2], 10}}));
  EXPECT_EQ(stream->erase(persons[0], 79)->records, 1U) << "what was erased before is not counted again";
  EXPECT_EQ(stream->erase("nobody", 80)->records, 0U);
  EXPECT_EQ(look(*stream).readable, (std::map<std::string, int>{{persons[2], 10}}));
}

// Whoever has all files and the master key cannot open what was erased.
TEST(Erase, leaves_no_key_in_any_file) {
  Room room;
  const auto persons = persons_of_one_bucket(2);
  Stream& stream = room.stream();
  ASSERT_TRUE(admit(stream, of(persons[0], 1) + of(persons[1], 2)));
  const auto vault = vault::Vault::open(room.files, room.random, "data").value();
  const vault::EpochKeys before = vault->open_epoch("fraud-api", 1).value();
  const vault::SubjectKey key = before.subject_key(persons[0]);
  ASSERT_TRUE(stream.erase(persons[0], 1));
  const vault::EpochKeys after = vault->open_epoch("fraud-api", 1).value();
  EXPECT_FALSE(after.has_seed());
  EXPECT_EQ(after.open_entry(key.entry).error().code, Code::kNotFound);
  EXPECT_TRUE(after.open_entry(before.subject_key(persons[1]).entry));
  EXPECT_EQ(after.check(), before.check());
  const auto remains = after.without(7, {}, {}).value();
  for (const auto& bucket : remains.buckets) {
    EXPECT_NE(bucket.id, key.key);
    EXPECT_FALSE(bucket.wrap && *bucket.wrap == key.key);
    for (const auto& [id, kept] : bucket.kept) EXPECT_NE(kept, key.key);
  }
}

// Any order of recording, erasing and starting again, with few buckets hit and short epochs.
RC_GTEST_PROP(Erase, erased_is_erased_and_nothing_else_in_any_order, ()) {
  static const std::vector<std::string> persons = [] {
    auto some = persons_of_one_bucket(3);
    some.push_back("another");
    return some;
  }();
  Room room;
  room.options.records_per_epoch = 6;
  room.reopen();
  std::map<std::string, int> expected;
  int erased = 0, next = 0;
  for (int step = 0; step < 25; ++step) {
    const auto what = *rc::gen::inRange(0, 10);
    const std::string& person = persons[*rc::gen::inRange<std::size_t>(0, persons.size())];
    if (what < 6) {
      RC_ASSERT(admit(room.stream(), of(person, next++)).has_value());
      ++expected[person];
    } else if (what < 8) {
      RC_ASSERT(room.stream().erase(person, static_cast<std::uint64_t>(1000 + step)).has_value());
      erased += expected[person];
      expected.erase(person);
    } else {
      room.reopen();
    }
  }
  std::erase_if(expected, [](const auto& one) { return one.second == 0; });
  const Found found = look(room.stream());
  RC_ASSERT(found.readable == expected);
  RC_ASSERT(found.erased == erased);
}

// The disk fails at the k-th call of an erasure, for every k, and the power goes: erasing again for the same order
// finishes it; nobody else's rows are lost at any time.
TEST(Erase, is_finished_by_erasing_again_wherever_it_was_cut_short) {
  const auto persons = persons_of_one_bucket(2);
  std::uint64_t runs = 0;
  for (std::uint64_t k = 1;; ++k, ++runs) {
    Room room(k);
    ASSERT_TRUE(admit(room.stream(), of(persons[0], 1) + of(persons[1], 2) + of("else", 3)));
    const std::uint64_t before = room.files.calls();
    room.files.fail_call(k, true);
    (void)room.stream().erase(persons[0], 5);
    const bool untouched = room.files.calls() - before < k;
    room.files.fail_call(0);
    room.streams.reset();
    room.crash();
    Found found = look(room.stream());
    ASSERT_EQ(found.readable[persons[1]] + found.readable["else"], 2) << "call " << k;
    const auto again = room.stream().erase(persons[0], 5);
    ASSERT_TRUE(again) << again.error().message;
    found = look(room.stream());
    ASSERT_EQ(found.readable, (std::map<std::string, int>{{persons[1], 1}, {"else", 1}})) << "call " << k;
    ASSERT_EQ(found.erased, 1);
    const auto vault = vault::Vault::open(room.files, room.random, "data").value();
    ASSERT_FALSE(vault->open_epoch("fraud-api", 1)->has_seed());
    if (untouched) break;
  }
  EXPECT_GT(runs, 15U);
}

// The person comes again while the erasure runs: the epoch in use stays whole, for everybody.
TEST(Erase, leaves_the_epoch_in_use_alone_when_the_person_is_recorded_meanwhile) {
  Room room;
  const auto persons = persons_of_one_bucket(3);
  Stream& stream = room.stream();
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(admit(stream, of(persons[0], i)));
  std::atomic<bool> stop = false;
  std::atomic<int> others = 0;
  std::thread producer([&] {
    for (int i = 0; !stop; ++i) {
      EXPECT_TRUE(admit(stream, of(persons[0], i)));
      if (admit(stream, of(persons[1 + static_cast<std::size_t>(i % 2)], i))) ++others;
    }
  });
  std::thread reader([&] {
    while (!stop) look(stream);  // no erasure makes reading fail
  });
  for (std::uint64_t order = 1; order <= 8; ++order) EXPECT_TRUE(stream.erase(persons[0], order));
  stop = true;
  producer.join();
  reader.join();
  const Found found = look(stream);
  EXPECT_EQ(found.readable.at(persons[1]) + (found.readable.contains(persons[2]) ? found.readable.at(persons[2]) : 0), others);
  EXPECT_GE(found.erased, 300);
}

// A first try that fails after the log was told; the person comes again; the second try, for the same order, tells of
// what it destroys too.
TEST(Erase, a_second_try_tells_of_every_key_that_it_destroys) {
  Room room;
  Stream& stream = room.stream();
  ASSERT_TRUE(admit(stream, of("p", 1)));
  ASSERT_TRUE(stream.erase("p", 5));
  ASSERT_TRUE(admit(stream, of("p", 2)));
  ASSERT_TRUE(stream.erase("p", 5));
  const Found found = look(stream);
  EXPECT_EQ(found.erased, 2);
  EXPECT_TRUE(found.readable.empty());
}

TEST(Erase, goes_on_while_others_are_recorded_and_loses_none_of_them) {
  Room room;
  const auto persons = persons_of_one_bucket(3);
  Stream& stream = room.stream();
  std::atomic<bool> stop = false;
  std::atomic<int> recorded = 0;
  std::vector<std::thread> producers;
  for (std::size_t t = 1; t < 3; ++t)
    producers.emplace_back([&, t] {
      for (int i = 0; !stop; ++i)
        if (admit(stream, of(persons[t], i))) ++recorded;
    });
  while (recorded < 20) std::this_thread::yield();
  for (std::uint64_t order = 1; order <= 5; ++order) {
    ASSERT_TRUE(admit(stream, of(persons[0], 0)));
    EXPECT_GE(stream.erase(persons[0], order)->records, 1U);
  }
  stop = true;
  for (std::thread& producer : producers) producer.join();
  const Found found = look(stream);
  EXPECT_EQ(found.erased, 5);
  EXPECT_EQ(found.readable.at(persons[1]) + found.readable.at(persons[2]), recorded);
}

}  // namespace
}  // namespace firebreak::record
