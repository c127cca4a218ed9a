// firebreak detect over recorded streams whose truth is known: where a fault was put in, what it was, or that there is none.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "conformance/comparison.h"
#include "support/process.h"

namespace firebreak::conformance {
namespace {

JsonArray findings_in(const std::string& file, std::vector<std::string> more = {}) {
  std::vector<std::string> words = {FIREBREAK_BINARY, "detect", data_file("drift/" + file + ".csv.zst"), "--json"};
  words.insert(words.end(), more.begin(), more.end());
  const auto finished = testing::run(words);
  EXPECT_EQ(finished.code, 0) << finished.out;
  const auto json = parse_json(finished.out);
  EXPECT_TRUE(json.has_value());
  return json ? json->at("findings").as_array() : JsonArray();
}

const Json* first_about(const JsonArray& findings, const std::string& feature, const std::string& detector) {
  for (const Json& one : findings)
    if (string_or(one, "detector") == detector && (feature.empty() || string_or(one, "feature") == feature)) return &one;
  return nullptr;
}

std::int64_t row_of(const Json& finding, const char* key) { return finding.at(key).to_number<std::int64_t>(); }

struct Fault {
  const char *file, *feature, *detector;
  std::int64_t onset, latest;  // rows: where it begins, by when it must have been told
  bool held;                   // the interval holds the onset (it cannot for one that creeps in)
};

constexpr Fault kFaults[] = {
    {"credit_mean_shift", "bill_1", "feature_drift", 6029, 6400, true},
    {"credit_unit_change", "limit_bal", "unit_change", 7508, 7600, true},
    {"credit_null_spike", "paid_1", "missing_values", 5192, 5300, true},
    {"credit_stale", "bill_1", "stale_feature", 6285, 6400, true},
    {"credit_unseen_category", "education", "unseen_category", 5188, 5500, true},
    {"credit_gradual_shift", "limit_bal", "feature_drift", 5367, 6500, false},
    {"credit_variance", "bill_1", "feature_range", 6324, 6600, true},
    {"credit_covariate_selection", "limit_bal", "feature_drift", 6024, 6600, true},
    {"credit_replayed_block", "", "duplicate_requests", 7189, 7300, false},
    {"credit_out_of_range", "limit_bal", "feature_range", 7400, 8300, true},
    {"credit_encoding_change", "marriage", "unseen_category", 7479, 7600, true},
    {"credit_short_episode", "paid_1", "feature_drift", 6629, 6900, true},
};

class DetectFault : public ::testing::TestWithParam<Fault> {};

TEST_P(DetectFault, is_told_after_it_began_and_nothing_before) {
  const Fault& fault = GetParam();
  const JsonArray findings = findings_in(fault.file);
  for (const Json& one : findings) EXPECT_GE(row_of(one, "row"), fault.onset) << string_or(one, "summary");
  const Json* const found = first_about(findings, fault.feature, fault.detector);
  ASSERT_NE(found, nullptr);
  EXPECT_LE(row_of(*found, "row"), fault.latest);
  if (!fault.held) return;
  EXPECT_LE(found->at("onset").at(0).to_number<std::int64_t>(), fault.onset);
  EXPECT_GE(found->at("onset").at(1).to_number<std::int64_t>(), fault.onset);
}

INSTANTIATE_TEST_SUITE_P(credit, DetectFault, ::testing::ValuesIn(kFaults), [](const auto& one) { return std::string(one.param.file + 7); });

// A shift that 12,000 rows hardly prove: a smaller run length tells it, the default one does not, and neither says anything else before.
TEST(Detect, a_weak_shift_is_told_with_a_smaller_run_length) {
  std::ifstream in(FIREBREAK_SOURCE_DIR "/content/detectors/default.yaml");
  std::string config{std::istreambuf_iterator<char>(in), {}};
  const std::string usual = "arl_records: 1.0e6";
  ASSERT_NE(config.find(usual), std::string::npos);
  const testing::Folder folder;
  std::ofstream(folder / "detectors.yaml") << config.replace(config.find(usual), usual.size(), "arl_records: 1.0e5");
  const JsonArray findings = findings_in("credit_category_mix", {"--config", folder / "detectors.yaml"});
  for (const Json& one : findings) EXPECT_GE(row_of(one, "row"), 7583) << string_or(one, "summary");
  const Json* const found = first_about(findings, "marriage", "feature_drift");
  ASSERT_NE(found, nullptr);
  EXPECT_LE(row_of(*found, "row"), 9000);
  EXPECT_LE(found->at("onset").at(0).to_number<int>(), 7583);
  EXPECT_GE(found->at("onset").at(1).to_number<int>(), 7583);
}

TEST(Detect, says_nothing_of_streams_in_which_nothing_happens) {
  for (const char* file : {"credit_none", "sea_stationary"}) {
    const JsonArray findings = findings_in(file);
    EXPECT_TRUE(findings.empty()) << file << ": " << string_or(findings.empty() ? Json(JsonObject()) : findings.front(), "summary");
  }
}

TEST(Detect, an_episode_that_passes_is_ended) {
  const JsonArray findings = findings_in("credit_short_episode");
  const Json* const found = first_about(findings, "paid_1", "feature_drift");
  ASSERT_NE(found, nullptr);
  EXPECT_GE(row_of(*found, "closed_row"), 7829);
}

TEST(Detect, elec2_has_its_onset_to_the_row_and_its_clock_stays_silent) {
  for (const std::vector<std::string>& more : {std::vector<std::string>{}, {"--reference-rows", "0:17000"}}) {
    const JsonArray findings = findings_in("elec2", more);
    for (const char* feature : {"vicprice", "vicdemand", "transfer"}) {
      const Json* const found = first_about(findings, feature, "feature_range");
      ASSERT_NE(found, nullptr) << feature;
      EXPECT_GE(row_of(*found, "row"), 17'424);
      EXPECT_LE(row_of(*found, "row"), 17'500);
      EXPECT_LE(found->at("onset").at(0).to_number<int>(), 17'424);
      EXPECT_GE(found->at("onset").at(1).to_number<int>(), 17'424);
    }
    for (const Json& one : findings) EXPECT_NE(string_or(one, "feature"), "period");
  }
}

TEST(Detect, the_same_file_gives_the_same_answer_and_bad_ones_are_refused_with_what_to_do) {
  EXPECT_EQ(findings_in("credit_stale"), findings_in("credit_stale"));
  const auto few = testing::run({FIREBREAK_BINARY, "detect", data_file("drift/credit_none.csv.zst"), "--reference-rows", "0:50", "--json"});
  EXPECT_NE(few.code, 0);
  EXPECT_NE(few.out.find("--reference-rows"), std::string::npos) << few.out;
  const auto column = testing::run({FIREBREAK_BINARY, "detect", data_file("drift/credit_none.csv.zst"), "--label", "truth", "--json"});
  EXPECT_NE(column.code, 0);
  EXPECT_NE(column.out.find("bill_1"), std::string::npos) << column.out;
}

}  // namespace
}  // namespace firebreak::conformance
