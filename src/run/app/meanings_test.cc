#include "run/app/meanings.h"

#include <gtest/gtest.h>

#include <set>

#include "base/simulated_files.h"
#include "run/app/content.h"
#include "run/app/rule_files.h"
#include "types/finding.h"

namespace firebreak::app {
namespace {

std::string ids(const std::vector<events::Meaning>& means) {
  std::string out;
  for (const events::Meaning& one : means) out += one.framework + " " + one.version + " " + one.id + "; ";
  return out;
}

TEST(Meanings, of_kinds_are_those_of_the_taxonomy_that_the_program_brings_along) {
  SimulatedFiles files(1);
  const auto blobs = evidence::BlobStore::open(files, "blobs");
  const events::Meanings meanings = shipped_meanings(*blobs);
  ASSERT_GE(meanings.of_kind.size(), 25u);
  EXPECT_EQ(ids(meanings.of_kind.at("outlier_burst")), "OWASP Machine Learning Security Top 10 2023 ML01:2023; MITRE ATLAS 5.6.0 AML.T0043; ");
  EXPECT_EQ(ids(meanings.of_kind.at("unit_change")), "");
  for (const auto& [kind, means] : meanings.of_kind)
    for (const events::Meaning& one : means) EXPECT_TRUE(one.framework == events::kAtlas ? one.id.starts_with("AML.T") : one.id.starts_with("ML")) << kind;
}

TEST(Meanings, are_given_for_every_kind_of_finding_and_for_no_other) {
  SimulatedFiles files(1);
  const auto blobs = evidence::BlobStore::open(files, "blobs");
  std::set<std::string> meant, known(finding_kinds().begin(), finding_kinds().end());
  for (const auto& [kind, means] : shipped_meanings(*blobs).of_kind) meant.insert(kind);
  EXPECT_EQ(meant, known);
}

TEST(Meanings, of_a_rule_are_its_own_and_nothing_when_its_set_is_gone) {
  SimulatedFiles files(1);
  auto blobs = evidence::BlobStore::open(files, "blobs");
  PosixFiles shipped;
  const auto read = read_rule_files(shipped, "");
  const auto digest = blobs->put(canonical_json(to_json(read->sources)));
  ASSERT_TRUE(digest);
  const events::Meanings meanings = shipped_meanings(*blobs);
  EXPECT_NE(ids(meanings.of_rule(digest->hex(), "endpoint_caller_tries_schema")).find("MITRE ATLAS 5.6.0 AML.T0043"), std::string::npos);
  EXPECT_EQ(ids(meanings.of_rule(digest->hex(), "no such rule")), "");
  EXPECT_EQ(ids(meanings.of_rule(std::string(64, 'a'), "endpoint_caller_tries_schema")), "");
  EXPECT_EQ(ids(meanings.of_rule("", "endpoint_caller_tries_schema")), "");
}

TEST(Meanings, a_taxonomy_that_leaves_a_framework_out_is_refused) {
  const auto parsed = [](std::string_view text) { return meanings_from_json(*parse_json(text)); };
  EXPECT_TRUE(parsed(R"({"frameworks":{"a":{"name":"A","version":"1"}},"findings":{"k":{"a":[]}}})"));
  EXPECT_FALSE(parsed(R"({"frameworks":{"a":{"name":"A","version":"1"}},"findings":{"k":{}}})"));
  EXPECT_FALSE(parsed(R"({"frameworks":{"a":{"name":"A"}},"findings":{"k":{"a":[{"id":"i","name":"n"}]}}})"));
  EXPECT_FALSE(parsed(R"({"frameworks":{"a":{"name":"A","version":"1"}},"findings":{"k":{"a":[{"id":"i"}]}}})"));
  EXPECT_FALSE(parsed(R"([])"));
}

}  // namespace
}  // namespace firebreak::app
