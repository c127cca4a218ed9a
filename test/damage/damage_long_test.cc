// Every bit and every length: damage_test.cc as a whole.
#include "damage/judges.h"
#include "read/archive/child.h"

namespace firebreak::damage {
namespace {

constexpr testing::Form kForm = testing::Form::kLong;

const World& world() {
  static const World made;
  return made;
}

TEST(DamageTableLong, of_logs) { judge_logs(world(), kForm); }
TEST(DamageTableLong, of_what_is_derived_and_of_keys) { judge_starts(world(), kForm); }
TEST(DamageTableLong, of_evidence) { judge_blobs(world(), kForm); }
TEST(DamageTableLong, of_exports) {
  if (!testing::has_python()) GTEST_SKIP() << "no python3 here";
  judge_exports(world(), kForm);
}
TEST(DamageTableLong, of_the_archive) {
  if (const auto library = archive::find_library(); !library) GTEST_SKIP() << library.error().message;
  judge_archive(world(), kForm);
}

}  // namespace
}  // namespace firebreak::damage
