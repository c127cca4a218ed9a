// What a measurement of the machine means, at its borders. The rest of the doctor is tested on real
// installations: test/e2e/doctor_test.cc.
#include "run/main/doctor.h"

#include <gtest/gtest.h>

namespace firebreak::cli {
namespace {

constexpr double kGiB = 1024.0 * 1024 * 1024;

TEST(Doctor, finds_space_red_below_one_gib_and_warns_below_ten_or_a_tenth) {
  EXPECT_EQ(judge_space(0.99 * kGiB, 100 * kGiB).health, Health::kRed);
  EXPECT_EQ(judge_space(1.01 * kGiB, 2 * kGiB).health, Health::kWarn);
  EXPECT_EQ(judge_space(20 * kGiB, 300 * kGiB).health, Health::kWarn);
  EXPECT_EQ(judge_space(40 * kGiB, 300 * kGiB).health, Health::kOk);
  EXPECT_EQ(judge_space(0, 0).health, Health::kRed);
}

TEST(Doctor, says_whose_approval_of_a_message_the_gate_would_refuse) {
  const auto judged = [](JsonArray approves) { return judge_plan(JsonObject{{"audiences", JsonObject{{"press", JsonObject{{"approves", std::move(approves)}}}}}}); };
  EXPECT_TRUE(judged({"approver"}).empty());
  EXPECT_TRUE(judged({"communications", "legal"}).empty()) << "a role in the incident says nothing of the account's";
  bool warned = false;
  for (const Diagnosis& one : judged({"commander", "approver"})) {
    EXPECT_EQ(one.health, Health::kWarn) << one.what;
    warned = warned || (one.what.find("preset enterprise") != std::string::npos && one.what.find("press (commander)") != std::string::npos);
  }
  EXPECT_TRUE(warned);
  bool red = false;
  for (const Diagnosis& one : judged({"commander"})) red = red || (one.health == Health::kRed && one.what.find("preset enterprise nobody") != std::string::npos);
  EXPECT_TRUE(red);
  EXPECT_TRUE(judge_plan(JsonObject{}).empty());
}

TEST(Doctor, warns_of_a_slow_disk_and_finds_one_red_that_cannot_be_written) {
  EXPECT_EQ(judge_disk("/srv", 0.2).health, Health::kOk);
  EXPECT_EQ(judge_disk("/srv", 21).health, Health::kWarn);
  EXPECT_EQ(judge_disk("/srv", -1).health, Health::kRed);
}

TEST(Doctor, warns_of_a_clock_that_nobody_keeps_and_of_few_descriptors) {
  EXPECT_EQ(judge_clock(true, 1'500).health, Health::kOk);
  EXPECT_EQ(judge_clock(false, 0).health, Health::kWarn);
  EXPECT_EQ(judge_descriptors(1'024).health, Health::kWarn);
  EXPECT_EQ(judge_descriptors(16'384).health, Health::kOk);
}

TEST(Doctor, says_what_mends_each_line_that_is_not_ok_and_nothing_else) {
  for (const Diagnosis& each :
       {judge_space(0, 1), judge_space(2 * kGiB, 3 * kGiB), judge_space(90 * kGiB, 100 * kGiB),
        judge_disk("/srv", -1), judge_disk("/srv", 50), judge_disk("/srv", 1), judge_clock(false, 0),
        judge_clock(true, 0), judge_descriptors(1), judge_descriptors(99'999)})
    EXPECT_EQ(each.mend.empty(), each.health == Health::kOk) << each.what;
}

}  // namespace
}  // namespace firebreak::cli
