// Retention: what is past its time is gone for good unless it is held, what is not past it stays, every proof holds.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "log/ledger/log.h"
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

std::set<std::string> readable(Stream& stream) {
  std::set<std::string> ids;
  EXPECT_TRUE(stream.read_from(0, 1'000'000, [&](const Record& record) {
    if (record.kind != Kind::kControl) ids.insert(string_or(record.fields(), "id"));
  }));
  return ids;
}

void pass(Room& room, std::int64_t days) { room.clock.feed(room.clock.now() + days * kDay); }

Result<Erasure> sweep(Room& room, std::int64_t days, const std::function<bool(std::string_view)>& held = {}) {
  const Time now = room.clock.now();
  return room.stream().expire(now - days * kDay, now - kDay, held);
}

bool seed_is_there(Room& room, std::uint32_t epoch) {
  return vault::Vault::open(room.files, room.random, "data").value()->open_epoch("fraud-api", epoch).has_value();
}

TEST(Expire, takes_what_is_past_its_time_and_its_keys_and_leaves_the_rest_and_every_proof) {
  Room room;
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(admit(room.stream(), of("ada", i) + of("ben", 10 + i)));
  pass(room, 2);
  ASSERT_EQ(sweep(room, 90)->records, 0U) << "the epoch ends";
  ASSERT_TRUE(admit(room.stream(), of("ada", 20)));
  pass(room, 89);
  const auto gone = sweep(room, 90);
  ASSERT_TRUE(gone) << gone.error().message;
  EXPECT_EQ(gone->records, 8U);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(readable(room.stream()), std::set<std::string>{"e20"});
    EXPECT_FALSE(seed_is_there(room, 1));
    EXPECT_NE(ledger::verify(room.files, "data/logs/fraud-api")->verdict, ledger::Verdict::kDamaged);
    EXPECT_EQ(sweep(room, 90)->records, 0U) << "what is gone is not counted again";
    room.reopen();
  }
}

TEST(Expire, keeps_the_rows_of_who_is_held_until_the_hold_is_lifted) {
  Room room;
  ASSERT_TRUE(admit(room.stream(), of("ada", 1) + of("ben", 2) + of("cid", 3)));
  pass(room, 100);
  const auto held = [](std::string_view subject) { return subject == "ben"; };
  EXPECT_EQ(sweep(room, 90, held)->records, 2U);
  room.reopen();
  EXPECT_EQ(readable(room.stream()), std::set<std::string>{"e2"});
  EXPECT_EQ(sweep(room, 90, held)->records, 0U);
  EXPECT_TRUE(seed_is_there(room, 1)) << "what remains of it";
  EXPECT_EQ(sweep(room, 90)->records, 1U);
  EXPECT_TRUE(readable(room.stream()).empty());
  EXPECT_FALSE(seed_is_there(room, 1));
}

// Any order of recording, holding, erasing, expiring, starting again and days that pass: a hold beats an erasure, an erasure
// beats retention, and nothing else changes. Who is held is not erased (fold/keeping sees to it; so does this test).
RC_GTEST_PROP(Expire, hold_beats_erasure_beats_retention_in_any_order, ()) {
  constexpr std::int64_t kDays = 20;
  const std::vector<std::string> persons{"ada", "ben", "cid"};
  struct Kept {
    std::string person;
    Time admitted;
  };
  Room room;
  room.options.records_per_epoch = 6;
  room.reopen();
  std::map<std::string, Kept> model;
  std::set<std::string> holds;
  int next = 0;
  for (int step = 0; step < 40; ++step) {
    const int what = *rc::gen::inRange(0, 12);
    const std::string& person = persons[*rc::gen::inRange<std::size_t>(0, persons.size())];
    if (what < 5) {
      RC_ASSERT(admit(room.stream(), of(person, next)).has_value());
      model["e" + std::to_string(next++)] = {person, room.clock.now()};
    } else if (what < 7) {
      pass(room, *rc::gen::inRange(1, 9));
    } else if (what == 7) {
      holds.contains(person) ? holds.erase(person) : holds.insert(person).first->size();
    } else if (what == 8 && !holds.contains(person)) {
      RC_ASSERT(room.stream().erase(person, static_cast<std::uint64_t>(1000 + step)).has_value());
      std::erase_if(model, [&](const auto& one) { return one.second.person == person; });
    } else if (what == 9) {
      room.reopen();
    } else {
      const Time cutoff = room.clock.now() - kDays * kDay;
      const auto gone = sweep(room, kDays, [&](std::string_view subject) { return holds.contains(std::string(subject)); });
      RC_ASSERT(gone.has_value());
      const std::set<std::string> now = readable(room.stream());
      std::uint64_t went = 0;
      for (auto it = model.begin(); it != model.end();) {
        const bool there = now.contains(it->first), held = holds.contains(it->second.person);
        const bool young = cutoff < it->second.admitted;
        RC_ASSERT(there || (!young && !held));
        went += there ? 0 : 1;
        it = there ? std::next(it) : model.erase(it);
      }
      RC_ASSERT(gone->records == went);
    }
    std::set<std::string> expected;
    for (const auto& [id, kept] : model) expected.insert(id);
    RC_ASSERT(readable(room.stream()) == expected);
  }
  // At the end everything is old and nobody held: nothing is left.
  pass(room, 2);
  RC_ASSERT(sweep(room, kDays).has_value());
  pass(room, kDays + 1);
  RC_ASSERT(sweep(room, kDays).has_value());
  RC_ASSERT(readable(room.stream()).empty());
}

// The disk fails at the k-th call of a sweep, for every k, and the power goes: the next sweep finishes it, and who is held is
// readable at any time.
TEST(Expire, is_finished_by_the_next_sweep_wherever_it_was_cut_short) {
  const auto held = [](std::string_view subject) { return subject == "ben"; };
  std::uint64_t runs = 0;
  for (std::uint64_t k = 1;; ++k, ++runs) {
    Room room(k);
    ASSERT_TRUE(admit(room.stream(), of("ada", 1) + of("ben", 2)));
    pass(room, 100);
    const std::uint64_t before = room.files.calls();
    room.files.fail_call(k, true);
    (void)sweep(room, 90, held);
    const bool untouched = room.files.calls() - before < k;
    room.files.fail_call(0);
    room.streams.reset();
    room.crash();
    ASSERT_TRUE(readable(room.stream()).contains("e2")) << "call " << k;
    ASSERT_TRUE(sweep(room, 90, held)) << "call " << k;
    ASSERT_EQ(readable(room.stream()), std::set<std::string>{"e2"}) << "call " << k;
    const auto vault = vault::Vault::open(room.files, room.random, "data").value();
    ASSERT_FALSE(vault->open_epoch("fraud-api", 1)->has_seed()) << "call " << k;
    ASSERT_TRUE(sweep(room, 90)) << "call " << k;
    ASSERT_FALSE(seed_is_there(room, 1)) << "call " << k;
    if (untouched) break;
  }
  EXPECT_GT(runs, 10U);
}

}  // namespace
}  // namespace firebreak::record
