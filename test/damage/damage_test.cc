// Every file that an installation keeps, changed in every way: somebody finds it, or there is a reason why it may stay. A sample;
// damage_long_test.cc takes every bit.
#include "damage/judges.h"
#include "read/archive/child.h"

namespace firebreak::damage {
namespace {

constexpr testing::Form kForm = testing::Form::kShort;

const World& world() {
  static const World made;
  return made;
}

TEST(DamageTable, of_logs) { judge_logs(world(), kForm); }
TEST(DamageTable, of_what_is_derived_and_of_keys) { judge_starts(world(), kForm); }
TEST(DamageTable, of_evidence) { judge_blobs(world(), kForm); }
TEST(DamageTable, of_exports) {
  if (!testing::has_python()) GTEST_SKIP() << "no python3 here";
  judge_exports(world(), kForm);
}
TEST(DamageTable, of_the_archive) {
  if (const auto library = archive::find_library(); !library) GTEST_SKIP() << library.error().message;
  judge_archive(world(), kForm);
}

}  // namespace
}  // namespace firebreak::damage
