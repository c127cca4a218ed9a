#include "fault/disk_faults.h"

#include <array>

#include "support/scenario.h"

namespace firebreak::scenario {
namespace {

using testing::Form;

const Path kData = "data";

// What became of the runs of one kind of fault.
class Outcomes {
 public:
  void take(const Finding& finding, const std::string& run) {
    ++of_[static_cast<std::size_t>(finding.outcome)];
    EXPECT_NE(finding.outcome, Outcome::kUnnoticed) << run << ": " << finding.why;
  }
  std::uint64_t runs() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : of_) sum += count;
    return sum;
  }
  std::uint64_t of(Outcome outcome) const { return of_[static_cast<std::size_t>(outcome)]; }
  JsonObject counts() const {
    JsonObject out{{"runs", runs()}};
    for (int i = 0; i < kOutcomes; ++i) out[name_of(static_cast<Outcome>(i))] = of_[static_cast<std::size_t>(i)];
    return out;
  }

 private:
  std::array<std::uint64_t, kOutcomes> of_{};
};

// A fault that the disk admits may refuse, never harm: everything told is there at once, and the scenario can be ended.
void expect_unharmed_and_going_on(SimulatedFiles& files, Told& told, const std::string& run, Outcomes& outcomes) {
  const Finding finding = judge(files, kData, told);
  outcomes.take(finding, run);
  EXPECT_EQ(finding.outcome, Outcome::kUnharmed) << run << ": " << finding.why;
  const auto ended = play(files, kData, 99, told);
  EXPECT_TRUE(ended) << run << ": " << (ended ? "" : ended.error().message);
  const Finding after = judge(files, kData, told);
  EXPECT_EQ(after.outcome, Outcome::kUnharmed) << run << ", gone on: " << after.why;
}

}  // namespace

void fail_every_call(Failing failing, Form form) {
  Outcomes outcomes;
  std::uint64_t told_in_all = 0, refused = 0;
  for (std::uint64_t k = 1;; k += form == Form::kLong ? 1 : 9) {
    SimulatedFiles files(k * 31 + 7);
    Told told;
    files.fail_call(k, failing != Failing::kOnce);
    refused += play(files, kData, k, told) ? 0 : 1;
    const bool untouched = files.calls() < k;
    files.fail_call(0);
    if (failing == Failing::kPowerCut) files.crash();
    told_in_all += told.count();
    expect_unharmed_and_going_on(files, told, "call " + std::to_string(k) + " fails", outcomes);
    if (::testing::Test::HasFailure()) return;
    if (untouched) break;
  }
  EXPECT_GT(outcomes.runs(), form == Form::kLong ? 300U : 30U);
  EXPECT_GT(refused, 10U) << "no run was touched: the test does not test";
  constexpr const char* kNames[] = {"call_fails_once", "calls_fail_for_ever", "power_cut_at_a_call"};
  JsonObject counts = outcomes.counts();
  counts["acknowledgements"] = told_in_all;
  testing::publish("disk", form, kNames[static_cast<int>(failing)], std::move(counts));
}

void lie_about_every_write(Lie lie, Form form) {
  Outcomes outcomes;
  std::uint64_t during = 0, writes = 0, calls = 0;
  {
    SimulatedFiles files;
    Told told;
    ASSERT_TRUE(play(files, kData, 1, told));
    writes = files.writes();
    calls = files.calls();
  }
  SeededRandom random(7);
  const std::uint64_t rounds = form == Form::kLong ? 24 : 2;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    for (std::uint64_t k = 1 + round % 2; k <= writes; k += form == Form::kLong ? 1 : 4) {
      const std::string run = "seed " + std::to_string(round) + ", write " + std::to_string(k);
      SimulatedFiles files(round * 100'003 + k);
      Told told;
      files.lie_at_write(k, lie);
      // In every second round the power is cut on the way, else at the end, or (every sixth) not at all: then what a
      // reader sees is what the page cache holds.
      const bool on_the_way = round % 2 == 1;
      if (on_the_way) files.fail_call(1 + random.next() % calls, true);
      const bool ended = play(files, kData, k, told).has_value();
      if (!files.lied()) continue;
      during += ended || on_the_way ? 0 : 1;
      files.lie_at_write(0, lie);
      files.fail_call(0);
      if (round % 6 != 4) files.crash();
      outcomes.take(judge(files, kData, told), run);
      if (::testing::Test::HasFailure()) return;
    }
  }
  EXPECT_GT(outcomes.runs() - outcomes.of(Outcome::kUnharmed), outcomes.runs() / 10) << "nothing was hit";
  JsonObject counts = outcomes.counts();
  counts["noticed_while_running"] = during;
  constexpr const char* kNames[] = {"lost_writes", "writes_at_another_place", "writes_into_another_file"};
  testing::publish("disk", form, kNames[static_cast<int>(lie)], std::move(counts));
}

void rot(Form form) {
  Outcomes outcomes;
  SeededRandom random(form == Form::kLong ? 2 : 1);
  for (std::uint64_t seed = 1; seed <= (form == Form::kLong ? 3'000U : 60U); ++seed) {
    SimulatedFiles files(seed);
    Told told;
    ASSERT_TRUE(play(files, kData, seed, told));
    const std::vector<Path> paths = files.paths();
    std::string run = "seed " + std::to_string(seed);
    for (std::uint64_t flips = 1 + random.next() % 3; flips > 0; --flips) {
      const Path& path = paths[random.next() % paths.size()];
      const std::size_t size = read_all(files, path)->size();
      if (size == 0) continue;
      const std::uint64_t offset = random.next() % size;
      files.flip_bit(path, offset, static_cast<unsigned>(random.next() % 8));
      run += ", " + path + " at " + std::to_string(offset);
    }
    outcomes.take(judge(files, kData, told), run);
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(outcomes.of(Outcome::kFoundByVerify), 0U);
  testing::publish("disk", form, "bit_rot", outcomes.counts());
}

void fill(Form form) {
  Outcomes outcomes;
  std::uint64_t refused = 0;
  std::uint64_t needed = 0;
  {
    SimulatedFiles files;
    Told told;
    ASSERT_TRUE(play(files, kData, 1, told));
    needed = files.used();
  }
  const std::uint64_t step = needed / (form == Form::kLong ? 500 : 25) + 1;
  for (std::uint64_t room = 0; room < needed; room += step) {
    SimulatedFiles files(room + 1);
    files.set_capacity(room);
    Told told;
    refused += play(files, kData, room, told) ? 0 : 1;
    if (room / step % 2 == 0) files.crash();
    files.set_capacity(1 << 30);
    expect_unharmed_and_going_on(files, told, "room for " + std::to_string(room) + " octets", outcomes);
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(refused, 10U);
  testing::publish("disk", form, "full_disk", outcomes.counts());
}

}  // namespace firebreak::scenario
