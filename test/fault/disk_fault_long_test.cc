// Every call, every write, more seeds: disk_fault_test.cc as a whole.
#include "fault/disk_faults.h"

namespace firebreak::scenario {
namespace {

constexpr testing::Form kForm = testing::Form::kLong;

TEST(DiskFaultLong, harms_nothing_when_one_call_fails_wherever_it_is) { fail_every_call(Failing::kOnce, kForm); }
TEST(DiskFaultLong, harms_nothing_when_a_disk_fails_from_some_call_on) { fail_every_call(Failing::kForEver, kForm); }
TEST(DiskFaultLong, harms_nothing_when_the_power_is_cut_at_a_call) { fail_every_call(Failing::kPowerCut, kForm); }
TEST(DiskFaultLong, harms_nothing_when_the_disk_is_full_at_any_size) { fill(kForm); }
TEST(DiskFaultLong, hides_no_write_that_was_lost) { lie_about_every_write(Lie::kLost, kForm); }
TEST(DiskFaultLong, hides_no_write_that_landed_at_another_place) { lie_about_every_write(Lie::kMisplaced, kForm); }
TEST(DiskFaultLong, hides_no_write_that_landed_in_another_file) { lie_about_every_write(Lie::kMisfiled, kForm); }
TEST(DiskFaultLong, hides_no_bit_that_changed) { rot(kForm); }

}  // namespace
}  // namespace firebreak::scenario
