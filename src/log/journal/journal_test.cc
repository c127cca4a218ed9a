#include "log/journal/journal.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <thread>

#include "base/simulated_files.h"
#include "log/journal/toy_fold.h"
#include "log/ledger/log.h"
#include "types/command.h"

namespace firebreak::journal {
namespace {

using toy::draft;
using toy::Toy;

// One data folder and the journals that are opened on it, one after the other.
class Home {
 public:
  explicit Home(std::uint64_t seed = 1) : files(seed), random(7), clock(Time{1'000'000'000}) {}

  Result<std::unique_ptr<Journal>> try_open(Options options = {}, int version = 1, bool changed = false) {
    ledger::Options log_options{*ledger::SigningKey::load_or_create(files, "keys/journal.key", "test/journal", random)};
    FIREBREAK_ASSIGN(auto log, ledger::Log::open(files, clock, "logs/journal", std::move(log_options)));
    return Journal::open(std::move(log), files, clock, "snapshots", options, toy::folds(version, changed));
  }
  std::unique_ptr<Journal> open(Options options = {}, int version = 1, bool changed = false) {
    auto opened = try_open(options, version, changed);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }

  SimulatedFiles files;
  SeededRandom random;
  FedClock clock;
};

std::int64_t sum_of(const Journal& journal) {
  std::int64_t sum = 0;
  journal.with_state([&](const View& view) { sum = view.state<Toy>("toy").sum; });
  return sum;
}

std::vector<std::string> kinds_of(const Group& group) {
  std::vector<std::string> kinds;
  for (const Entry& entry : group.entries) kinds.push_back(entry.kind);
  return kinds;
}

TEST(Journal, answers_with_the_input_and_all_that_follows_from_it) {
  Home home;
  auto journal = home.open();
  auto group = journal->submit_wait(draft("chain", {{"n", 2}}));
  ASSERT_TRUE(group) << group.error().message;
  EXPECT_EQ(kinds_of(*group), (std::vector<std::string>{"chain", "chain", "chain"}));
  EXPECT_EQ(group->entries[0].cause, "");
  EXPECT_EQ(group->entries[1].cause, "journal:0");
  EXPECT_EQ(group->entries[2].cause, "journal:0");
  EXPECT_EQ(journal->size(), 3u);
}

TEST(Journal, decides_each_input_on_the_state_that_the_one_before_left) {
  Home home;
  auto journal = home.open();
  for (int n = 1; n <= 50; ++n) journal->submit(draft("add", {{"n", n}}), {});
  auto last = journal->submit_wait(draft("add", {{"n", 0}}));
  ASSERT_TRUE(last);
  EXPECT_EQ(int_or(last->entries[1].body, "sum"), 50 * 51 / 2);
}

TEST(Journal, refuses_a_source_that_is_not_above_its_producers_mark) {
  Home home;
  auto journal = home.open();
  Draft input = draft("add", {{"n", 1}});
  input.source = {"detect:a", 1, 10, 0};
  ASSERT_TRUE(journal->submit_wait(input));
  auto again = journal->submit_wait(input);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::kConflict);
  EXPECT_NE(again.error().message.find("already taken"), std::string::npos);
  input.source = {"detect:a", 1, 10, 1};
  EXPECT_TRUE(journal->submit_wait(input));
  journal = nullptr;
  journal = home.open();
  EXPECT_FALSE(journal->submit_wait(input)) << "the mark survives a restart";
  EXPECT_EQ(journal->mark("detect:a"), (Source{"detect:a", 1, 10, 1}));
  EXPECT_EQ(sum_of(*journal), 2);
}

TEST(Journal, a_tick_that_decides_nothing_leaves_no_trace) {
  Home home;
  auto journal = home.open();
  const Digest before = journal->state_digest();
  home.clock.feed({2'000'000'000});
  auto group = journal->submit_wait(draft("tick"));
  ASSERT_TRUE(group);
  EXPECT_TRUE(group->entries.empty());
  EXPECT_EQ(journal->size(), 0u);
  EXPECT_EQ(journal->state_digest(), before);
}

TEST(Journal, a_tick_that_decides_something_is_the_input_of_its_group) {
  Home home;
  auto journal = home.open();
  ASSERT_TRUE(journal->submit_wait(draft("add", {{"n", 1}})));
  auto group = journal->submit_wait(draft("tick"));
  ASSERT_TRUE(group);
  EXPECT_EQ(kinds_of(*group), (std::vector<std::string>{"tick", "add", "total"}));
  EXPECT_TRUE(journal->check_decide());
}

TEST(Journal, entry_time_never_goes_back) {
  Home home;
  home.clock.feed({5'000'000'000});
  auto journal = home.open();
  ASSERT_TRUE(journal->submit_wait(draft("add")));
  journal = nullptr;
  Home earlier;  // a clock that was set back
  ledger::Options log_options{
      *ledger::SigningKey::load_or_create(home.files, "keys/journal.key", "test/journal", home.random)};
  auto log = ledger::Log::open(home.files, home.clock, "logs/journal", std::move(log_options));
  ASSERT_TRUE(log);
  auto reopened = Journal::open(std::move(*log), home.files, earlier.clock, "snapshots", {}, toy::folds());
  ASSERT_TRUE(reopened);
  auto group = (*reopened)->submit_wait(draft("add"));
  ASSERT_TRUE(group);
  EXPECT_EQ(group->entries[0].time, Time{5'000'000'000});
}

class Spoilt : public testing::TestWithParam<const char*> {};

TEST_P(Spoilt, an_input_whose_decisions_cannot_stand_leaves_nothing_behind) {
  Home home;
  auto journal = home.open();
  ASSERT_TRUE(journal->submit_wait(draft("add", {{"n", 3}})));
  const Digest before = journal->state_digest();
  auto group = journal->submit_wait(draft(GetParam()));
  ASSERT_FALSE(group);
  EXPECT_EQ(group.error().code, Code::kInternal);
  EXPECT_EQ(journal->size(), 2u);
  EXPECT_EQ(journal->state_digest(), before);
  EXPECT_TRUE(journal->submit_wait(draft("add", {{"n", 4}})));
  EXPECT_EQ(sum_of(*journal), 7);
}
INSTANTIATE_TEST_SUITE_P(Journal, Spoilt, testing::Values("flood", "huge", "throw"));

TEST(Journal, refuses_an_input_that_is_too_large) {
  Home home;
  auto journal = home.open();
  auto group = journal->submit_wait(draft("add", {{"text", std::string(32'000, 'x')}}));
  ASSERT_FALSE(group);
  EXPECT_EQ(group.error().code, Code::kTooLarge);
  EXPECT_EQ(journal->size(), 0u);
}

TEST(Journal, a_replay_gives_the_live_state) {
  Home home;
  auto journal = home.open();
  for (int n = 0; n < 30; ++n) ASSERT_TRUE(journal->submit_wait(draft(n % 3 == 0 ? "chain" : "add", {{"n", n}})));
  const Digest live = journal->state_digest();
  EXPECT_EQ(*journal->replay_digest(), live);
  EXPECT_TRUE(journal->check_decide());
  journal = nullptr;
  journal = home.open();
  EXPECT_EQ(journal->state_digest(), live);
}

TEST(Journal, deciding_anew_names_the_entry_that_differs) {
  Home home;
  auto journal = home.open();
  ASSERT_TRUE(journal->submit_wait(draft("chain", {{"n", 1}})));
  ASSERT_TRUE(journal->submit_wait(draft("add", {{"n", 1}})));
  journal = nullptr;
  journal = home.open({}, 1, true);
  EXPECT_EQ(sum_of(*journal), 1) << "a changed decide() does not change what was decided";
  auto checked = journal->check_decide();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, Code::kConflict);
  EXPECT_NE(checked.error().message.find("entry 3"), std::string::npos) << checked.error().message;
}

TEST(Journal, starts_from_a_snapshot_and_replays_the_rest) {
  Home home;
  auto journal = home.open();
  ASSERT_TRUE(journal->submit_wait(draft("add", {{"n", 5}})));
  ASSERT_TRUE(journal->snapshot_now());
  ASSERT_TRUE(journal->submit_wait(draft("add", {{"n", 6}})));
  const Digest live = journal->state_digest();
  journal = nullptr;
  EXPECT_EQ(home.files.list("snapshots")->size(), 1u);
  journal = home.open();
  EXPECT_EQ(journal->state_digest(), live);
  EXPECT_EQ(sum_of(*journal), 11);
}

TEST(Journal, discards_a_snapshot_that_is_damaged_or_of_another_schema) {
  Home home;
  auto journal = home.open();
  ASSERT_TRUE(journal->submit_wait(draft("add", {{"n", 5}})));
  ASSERT_TRUE(journal->snapshot_now());
  const Digest live = journal->state_digest();
  journal = nullptr;
  EXPECT_EQ(home.open({}, 2)->state_digest(), live);
  const std::string name = "snapshots/" + home.files.list("snapshots")->front();
  Bytes octets = *read_all(home.files, name);
  octets.replace(octets.find("\"sum\":5"), 7, "\"sum\":9");
  ASSERT_TRUE(write_atomic(home.files, name, octets));
  journal = home.open();
  EXPECT_EQ(sum_of(*journal), 5);
}

TEST(Journal, has_one_snapshot_of_now_and_no_other_when_they_are_renewed) {
  Home home;
  Options options;
  options.snapshot_every = 10;
  auto journal = home.open(options);
  ASSERT_TRUE(journal->renew_snapshots());
  EXPECT_TRUE(home.files.list("snapshots")->empty()) << "where there is none, none is made";
  for (int n = 0; n < 45; ++n) ASSERT_TRUE(journal->submit_wait(draft("add", {{"n", 1}})));
  ASSERT_TRUE(journal->snapshot_now());
  const std::string before = home.files.list("snapshots")->back();
  ASSERT_TRUE(journal->submit_wait(draft("add", {{"n", 1}})));
  ASSERT_TRUE(journal->renew_snapshots());
  ASSERT_TRUE(journal->renew_snapshots()) << "at the same entry again";
  const auto names = home.files.list("snapshots").value();
  ASSERT_EQ(names.size(), 1u);
  EXPECT_GT(names.front(), before);
  const Digest live = journal->state_digest();
  journal = nullptr;
  EXPECT_EQ(home.open(options)->state_digest(), live);
}

TEST(Journal, keeps_two_snapshots_made_on_the_way) {
  Home home;
  Options options;
  options.snapshot_every = 10;
  auto journal = home.open(options);
  for (int n = 0; n < 40; ++n) ASSERT_TRUE(journal->submit_wait(draft("add", {{"n", 1}})));
  journal = nullptr;
  EXPECT_EQ(home.files.list("snapshots")->size(), 2u);
}

TEST(Journal, a_subscriber_from_the_past_gets_everything_once_and_in_order) {
  Home home;
  auto journal = home.open();
  for (int n = 0; n < 20; ++n) ASSERT_TRUE(journal->submit_wait(draft("add", {{"n", 1}})));
  for (int n = 0; n < 500; ++n) journal->submit(draft("add", {{"n", 1}}), {});
  std::vector<std::uint64_t> seen;
  auto id = journal->subscribe(
      [&](const Group& group) {
        for (const Entry& entry : group.entries) seen.push_back(entry.index);
      },
      5);
  ASSERT_TRUE(id);
  journal->wait_idle();
  journal->unsubscribe(*id);
  ASSERT_EQ(seen.size(), 1040u - 5u);
  for (std::size_t i = 0; i < seen.size(); ++i) ASSERT_EQ(seen[i], i + 5);
}

TEST(Journal, a_subscriber_may_end_itself) {
  Home home;
  auto journal = home.open();
  std::atomic<std::uint64_t> id{0};
  std::atomic<int> calls{0};
  auto subscribed = journal->subscribe([&](const Group&) {
    ++calls;
    journal->unsubscribe(id);
  });
  ASSERT_TRUE(subscribed);
  id = *subscribed;
  for (int n = 0; n < 5; ++n) ASSERT_TRUE(journal->submit_wait(draft("add")));
  journal->wait_idle();
  EXPECT_EQ(calls, 1);
}

TEST(Journal, an_answer_may_read_the_state_and_submit) {
  Home home;
  auto journal = home.open();
  std::atomic<std::int64_t> seen{0};
  journal->submit(draft("add", {{"n", 4}}), [&](Result<Group> group) {
    ASSERT_TRUE(group);
    seen = sum_of(*journal);
    EXPECT_FALSE(journal->submit_wait(draft("add"))) << "it would wait for itself";
    journal->submit(draft("add", {{"n", 1}}), {});
  });
  journal->wait_idle();
  EXPECT_EQ(seen, 4);
  EXPECT_EQ(sum_of(*journal), 5);
  EXPECT_TRUE(journal->idle());
}

TEST(Journal, says_busy_when_its_queue_is_full) {
  Home home;
  Options options;
  options.max_queued = 4;
  auto journal = home.open(options);
  std::atomic<int> busy{0};
  journal->with_state([&](const View&) {  // holds up the sequencer
    for (int n = 0; n < 100; ++n)
      journal->submit(draft("add", {{"n", 1}}), [&](Result<Group> group) {
        if (!group && group.error().code == Code::kBusy) ++busy;
      });
  });
  journal->wait_idle();
  EXPECT_GT(busy, 0);
  EXPECT_EQ(sum_of(*journal), 100 - busy);
}

TEST(Journal, stops_after_a_failed_sync_and_goes_back_to_what_is_durable) {
  Home home;
  auto journal = home.open();
  ASSERT_TRUE(journal->submit_wait(draft("add", {{"n", 1}})));
  const Digest before = journal->state_digest();
  home.files.fail_syncs(true);
  std::atomic<int> failed{0};
  for (int n = 0; n < 20; ++n)
    journal->submit(draft("add", {{"n", 1}}), [&](Result<Group> group) { failed += group ? 0 : 1; });
  journal->wait_idle();
  EXPECT_EQ(failed, 20);
  EXPECT_EQ(journal->state_digest(), before);
  EXPECT_FALSE(journal->healthy());
  auto refused = journal->submit_wait(draft("add"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
}

TEST(Journal, goes_on_when_a_full_disk_has_room_again) {
  Home home;
  auto journal = home.open();
  ASSERT_TRUE(journal->submit_wait(draft("add", {{"n", 1}})));
  home.files.set_capacity(home.files.used() + 2'000);
  int failed = 0;
  std::int64_t kept = 1;
  // The ledger has taken blocks ahead: large entries use them up.
  const std::string filling(20'000, 'x');
  for (int n = 0; n < 400 && failed < 3; ++n) {
    auto group = journal->submit_wait(draft("add", {{"n", 1}, {"filling", filling}}));
    if (group) ++kept;
    else ++failed;
    ASSERT_EQ(sum_of(*journal), kept);
  }
  EXPECT_EQ(failed, 3);
  home.files.set_capacity(home.files.used() + 10'000'000);
  ASSERT_TRUE(journal->submit_wait(draft("add", {{"n", 1}}))) << journal->healthy().error().message;
  EXPECT_EQ(sum_of(*journal), kept + 1);
  EXPECT_EQ(*journal->replay_digest(), journal->state_digest());
}

TEST(Journal, many_threads_get_each_its_own_answer) {
  Home home;
  auto journal = home.open();
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int n = 0; n < 50; ++n) {
        auto group = journal->submit_wait(draft("add", {{"n", t}}));
        if (group && int_or(group->entries[0].body, "n") == t) ++right;
        sum_of(*journal);
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 200);
  EXPECT_EQ(sum_of(*journal), 50 * (0 + 1 + 2 + 3));
}

RC_GTEST_PROP(JournalCrash, loses_no_acknowledged_group_and_keeps_none_in_part, ()) {
  Home home(*rc::gen::arbitrary<std::uint64_t>());
  const auto inputs = *rc::gen::inRange(1, 30);
  const auto crash_after = *rc::gen::inRange(1, 60);
  std::atomic<int> acknowledged{0};
  {
    auto opened = home.try_open();
    RC_ASSERT(opened.has_value());
    home.files.fail_call(static_cast<std::uint64_t>(crash_after), true);
    for (int n = 0; n < inputs; ++n)
      (*opened)->submit(draft("chain", {{"n", 3}}), [&](Result<Group> group) { acknowledged += group ? 1 : 0; });
    (*opened)->wait_idle();
    home.files.crash();
  }
  home.files.fail_call(0);
  auto again = home.try_open();
  RC_ASSERT(again.has_value());
  RC_ASSERT((*again)->size() % 4 == 0);
  RC_ASSERT((*again)->size() >= static_cast<std::uint64_t>(acknowledged) * 4);
  RC_ASSERT((*again)->check_decide().has_value());
}

TEST(CommandOutcome, is_the_refusal_when_there_is_one) {
  Group group;
  group.entries.resize(3);
  group.entries[1].kind = "command_accepted";
  EXPECT_TRUE(command_outcome(group));
  group.entries[2].kind = "command_refused";
  group.entries[2].body = JsonObject{{"code", "conflict"}, {"reason", "done already"}, {"pointer", "/user"}};
  auto outcome = command_outcome(group);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::kConflict);
  EXPECT_EQ(outcome.error().message, "done already");
  EXPECT_EQ(outcome.error().pointer, "/user");
}

TEST(Journal, keeps_what_was_typed_outside_and_takes_no_command_whose_text_could_not_be_kept) {
  Home home;
  bool full = true;
  std::vector<std::string> kept;
  Options options;
  options.keep_text = [&](std::string_view text) -> Result<std::string> {
    if (full) return fail(Code::kIo, "no space left");
    kept.emplace_back(text);
    return text_reference(sha256(text));
  };
  auto journal = home.open(options);
  const Json args = JsonObject{{"reason", "Erika M. is in danger"}};
  EXPECT_EQ(give_command(*journal, "freeze", args, "user:ana").error().code, Code::kIo);
  EXPECT_EQ(journal->size(), 0U);
  EXPECT_EQ(give_command(*journal, "no.such", args, "user:ana").error().code, Code::kNotFound);
  full = false;
  EXPECT_FALSE(give_command(*journal, "freeze", args, "user:ana")) << "the toy accepts no commands, and yet it was given";
  const auto entries = journal->entries(0, 10);
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 1U);
  EXPECT_EQ(string_or(command_args(entries->front()), "reason"), text_reference(sha256("Erika M. is in danger")));
  EXPECT_EQ(kept, std::vector<std::string>{"Erika M. is in danger"});
}

}  // namespace
}  // namespace firebreak::journal
