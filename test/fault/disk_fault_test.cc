// Log, stream and blob store together on a bad disk: what was told is there, or somebody notices. The whole of it runs in
// disk_fault_long_test.cc.
#include "fault/disk_faults.h"
#include "support/scenario.h"

namespace firebreak::scenario {
namespace {

constexpr testing::Form kForm = testing::Form::kShort;

TEST(DiskFault, harms_nothing_when_one_call_fails_wherever_it_is) { fail_every_call(Failing::kOnce, kForm); }
TEST(DiskFault, harms_nothing_when_a_disk_fails_from_some_call_on) { fail_every_call(Failing::kForEver, kForm); }
TEST(DiskFault, harms_nothing_when_the_power_is_cut_at_a_call) { fail_every_call(Failing::kPowerCut, kForm); }
TEST(DiskFault, harms_nothing_when_the_disk_is_full_at_any_size) { fill(kForm); }
TEST(DiskFault, hides_no_write_that_was_lost) { lie_about_every_write(Lie::kLost, kForm); }
TEST(DiskFault, hides_no_write_that_landed_at_another_place) { lie_about_every_write(Lie::kMisplaced, kForm); }
TEST(DiskFault, hides_no_write_that_landed_in_another_file) { lie_about_every_write(Lie::kMisfiled, kForm); }
TEST(DiskFault, hides_no_bit_that_changed) { rot(kForm); }

// The judge of all of the above is asked about worlds of which the answer is known.
TEST(DiskFault, is_judged_by_somebody_who_sees_what_is_gone) {
  SimulatedFiles files;
  Told told;
  ASSERT_TRUE(play(files, "data", 1, told));
  ASSERT_EQ(judge(files, "data", told).outcome, Outcome::kUnharmed);
  Told elsewhere = told;
  elsewhere.receipts[2].first += 1;
  EXPECT_EQ(judge(files, "data", elsewhere).outcome, Outcome::kUnnoticed) << "its receipt still holds";
  Told more = told;
  more.blobs.push_back(sha256("never put"));
  EXPECT_EQ(judge(files, "data", more).outcome, Outcome::kFoundAtReading);
  Told longer = told;  // as after a roll back of the whole folder
  longer.entries.push_back(longer.entries.back());
  longer.entries.back().last = longer.entries.back().size++;
  EXPECT_EQ(judge(files, "data", longer).outcome, Outcome::kFoundByReceipt);
  for (const Path& path : files.paths())
    if (path.ends_with("shop/000001.seg")) files.flip_bit(path, 200, 1);
  EXPECT_EQ(judge(files, "data", told).outcome, Outcome::kFoundByVerify);
}

}  // namespace
}  // namespace firebreak::scenario
