// Files that the tools themselves wrote (test/counterpart/imports) as profiles and findings.
#include "read/imports/imports.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/files.h"
#include "profile/diff.h"
#include "profile/profile_json.h"

namespace firebreak::imports {
namespace {

std::string file(const std::string& name) {
  PosixFiles files;
  const auto octets = read_all(files, std::string(FIREBREAK_SOURCE_DIR) + "/test/data/imports/" + name);
  EXPECT_TRUE(octets) << name;
  return octets ? *octets : std::string();
}

Imported must_read(Tool tool, const std::string& name) {
  auto read = imports::read(tool, file(name), "shop", Time{});
  EXPECT_TRUE(read) << name << ": " << read.error().message << " " << read.error().pointer;
  return read ? std::move(*read) : Imported();
}

// reference.csv: 400 rows, 394 amounts of mean 25.934 from 2.11 to 187.75, ages of mean 49.295, three channels.
void expect_the_reference(const profile::DataProfile& profile, bool names_channels) {
  const auto *amount = profile.find("amount"), *age = profile.find("age"), *channel = profile.find("channel");
  ASSERT_TRUE(amount != nullptr && age != nullptr && channel != nullptr);
  EXPECT_EQ(profile.rows, 400u);
  EXPECT_EQ(amount->missing, 6u);
  EXPECT_EQ(amount->type, profile::FeatureType::kNumeric);
  EXPECT_EQ(age->type, profile::FeatureType::kIntegral);
  EXPECT_EQ(channel->type, profile::FeatureType::kCategorical);
  EXPECT_NEAR(amount->numeric.moments.mean(), 25.9344923857868, 1e-6);
  EXPECT_NEAR(amount->numeric.moments.std_population(), 24.2, 0.1);
  EXPECT_EQ(amount->numeric.moments.max(), 187.75);
  EXPECT_EQ(amount->numeric.moments.n(), 394u);
  EXPECT_EQ(stats::total(amount->numeric.bins), 394u);
  EXPECT_GE(amount->numeric.edges.size(), 8u);
  if (names_channels) {
    EXPECT_EQ(channel->categorical.top.size(), 3u);
    EXPECT_EQ(channel->categorical.other, 0u);
  }
  // A profile like any other: it is written, read, and compared.
  const auto back = profile::profile_from_json(profile::to_json(profile));
  ASSERT_TRUE(back) << back.error().message << back.error().pointer;
  EXPECT_EQ(profile::diff(profile, *back).changed(), 0u);
}

TEST(Imports, profiles_of_tfdv_as_protobuf_and_as_json_are_one) {
  const auto wire = must_read(Tool::kTfdv, "tfdv_statistics.pb"), json = must_read(Tool::kTfdv, "tfdv_statistics.json");
  expect_the_reference(wire.profile, true);
  EXPECT_EQ(canonical_json(profile::to_json(wire.profile)), canonical_json(profile::to_json(json.profile)));
  Bytes record;  // as a TFRecord has it
  const std::string octets = file("tfdv_statistics.pb");
  put_le(record, static_cast<std::uint64_t>(octets.size()));
  record += "crc1" + octets + "crc2";
  EXPECT_EQ(imports::read(Tool::kTfdv, record, "shop", Time{})->profile.rows, 400u);
}

TEST(Imports, profiles_of_sagemaker_and_whylogs) {
  expect_the_reference(must_read(Tool::kSageMaker, "sagemaker_statistics.json").profile, true);
  expect_the_reference(must_read(Tool::kWhylogs, "whylogs_view.json").profile, true);
  expect_the_reference(must_read(Tool::kWhylogs, "whylogs_dict.json").profile, false);
}

TEST(Imports, constraints_name_what_may_come) {
  auto statistics = must_read(Tool::kSageMaker, "sagemaker_statistics.json");
  ASSERT_TRUE(apply_sagemaker_constraints(statistics.profile, file("sagemaker_constraints.json")));
  const auto& top = statistics.profile.find("channel")->categorical.top;
  EXPECT_EQ(top.back(), (std::pair<std::string, std::uint64_t>("branch", 0)));
  EXPECT_FALSE(apply_sagemaker_constraints(statistics.profile, file("sagemaker_violations.json")));
}

// The reports are over the reference and rows that have moved: amount and channel drifted, age did not.
TEST(Imports, results_of_evidently_are_findings) {
  for (const char* name : {"evidently_report.json", "evidently_old_report.json", "evidently_tests.json"}) {
    const Imported read = must_read(Tool::kEvidently, name);
    EXPECT_TRUE(read.is_results);
    ASSERT_EQ(read.findings.size(), 3u) << name;
    bool amount = false, channel = false, whole = false;
    for (const FindingUpdate& finding : read.findings) {
      EXPECT_EQ(finding.kind, "imported_result");
      EXPECT_EQ(finding.origin, "evidently");
      EXPECT_EQ(finding.endpoint, "shop");
      amount = amount || finding.feature == "amount";
      channel = channel || finding.feature == "channel";
      whole = whole || finding.feature.empty();
    }
    EXPECT_TRUE(amount && channel && whole) << name;
    EXPECT_EQ(must_read(Tool::kEvidently, name).findings, read.findings);
  }
  const Imported report = must_read(Tool::kEvidently, "evidently_report.json");
  EXPECT_EQ(report.checks, 4u);
  EXPECT_EQ(report.findings[1].numbers.at("threshold"), 0.05);
  EXPECT_LT(report.findings[1].numbers.at("score"), 1e-30);
}

TEST(Imports, violations_of_sagemaker_are_findings) {
  const Imported read = must_read(Tool::kSageMaker, "sagemaker_violations.json");
  ASSERT_EQ(read.findings.size(), 3u);
  EXPECT_EQ(read.findings[0].feature, "channel");
  EXPECT_NE(read.findings[0].summary.find("phone"), std::string::npos);
  EXPECT_NE(read.findings[1].episode, read.findings[2].episode);
}

TEST(Imports, refuse_what_is_something_else) {
  for (const auto tool : {Tool::kEvidently, Tool::kSageMaker, Tool::kTfdv, Tool::kWhylogs})
    for (const char* text : {"", "{}", "[]", "[1]", "{\"features\":7}", "{\"metrics\":[]}", "\x0a\xff\xff\xff\xff\x0f"})
      EXPECT_FALSE(imports::read(tool, text, "shop", Time{})) << tool_name(tool) << " " << text;
  EXPECT_FALSE(parse_tool("deequ"));
}

}  // namespace
}  // namespace firebreak::imports
