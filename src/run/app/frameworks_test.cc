#include "run/app/frameworks.h"

#include <gtest/gtest.h>

#include "base/simulated_files.h"
#include "run/app/meanings.h"

namespace firebreak::app {
namespace {

std::size_t count(const Frameworks& known, const std::string& key, const std::string& version, const std::string& kind) {
  const auto items = known.ids(key, version, kind);
  return items ? items->at("items").as_array().size() : 0;
}

// The figures of the release: 16 tactics, 101 techniques and 69 below them, 35 mitigations, 57 case studies. The file was written from the ids and
// names of that release's matrix and case studies; that none is missing or twice, these counts show.
TEST(Frameworks, of_atlas_5_6_0_are_whole_and_so_are_both_lists_of_owasp) {
  SimulatedFiles files(1);
  const auto known = Frameworks::load(files, {});
  ASSERT_TRUE(known) << known.error().message;
  for (const auto& [kind, how_many] : {std::pair("tactic", 16u), {"technique", 101u}, {"sub_technique", 69u}, {"mitigation", 35u}, {"case_study", 57u}})
    EXPECT_EQ(count(*known, "atlas", "5.6.0", kind), how_many) << kind;
  EXPECT_EQ(count(*known, "owasp_ml", "2023", "risk"), 10u);
  EXPECT_EQ(count(*known, "owasp_llm", "2025", "risk"), 10u);
  EXPECT_EQ(known->name_of("atlas", "5.6.0", "AML.T0043.001"), "Craft Adversarial Data: Black-Box Optimization");
  EXPECT_EQ(known->name_of("atlas", "5.6.0", "AML.CS0056"), "Model Distillation Campaigns Targeting Anthropic Claude");
  EXPECT_EQ(known->list().as_array().size(), 3u);
}

TEST(Frameworks, refuse_an_id_that_a_known_version_has_not_and_name_the_nearest) {
  SimulatedFiles files(1);
  const auto known = Frameworks::load(files, {});
  ASSERT_TRUE(known);
  EXPECT_TRUE(known->check("atlas", "5.6.0", "AML.T0020"));
  const auto refused = known->check("atlas", "5.6.0", "AML.T0043.009");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().pointer, "/id");
  EXPECT_NE(refused.error().message.find("the nearest is AML.T0043"), std::string::npos) << refused.error().message;
  EXPECT_FALSE(known->check("atlas", "5.6.0", "AML.CS0057")) << "of a later version";
  EXPECT_FALSE(known->check("owasp_llm", "2025", "LLM01:2026"));
}

TEST(Frameworks, refuse_a_version_that_nobody_has_loaded_and_name_those_that_are) {
  SimulatedFiles files(1);
  const auto known = Frameworks::load(files, {});
  ASSERT_TRUE(known);
  for (const char* slip : {"9.9", "v5.6.0", "5.6", ""}) {
    const auto refused = known->check("atlas", slip, "AML.T0020");
    ASSERT_FALSE(refused) << slip;
    EXPECT_EQ(refused.error().pointer, "/version");
    EXPECT_NE(refused.error().message.find("known: 5.6.0"), std::string::npos) << refused.error().message;
  }
  const auto shown = known->ids("atlas", "1", ""), nowhere = known->ids("vibes", "1", "");
  ASSERT_FALSE(shown);
  EXPECT_EQ(shown.error().message, "no version '1' of atlas is known; known: 5.6.0");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().pointer, "/framework");
}

TEST(Frameworks, take_an_id_in_small_letters_for_the_one_in_large_when_they_name_the_nearest) {
  SimulatedFiles files(1);
  const auto known = Frameworks::load(files, {});
  ASSERT_TRUE(known);
  const auto refused = known->check("atlas", "5.6.0", "aml.t0020");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("the nearest is AML.T0020 ("), std::string::npos) << refused.error().message;
}

constexpr std::string_view kFive = R"(id: ATLAS
name: Adversarial Threat Landscape for AI Systems
version: 5.5.0
matrices:
- id: ATLAS
  name: ATLAS Matrix
  tactics:
  - {id: AML.TA0002, name: Reconnaissance, object-type: tactic}
  techniques:
  - id: AML.T0010
    name: AI Supply Chain Compromise
    description: 'Adversaries may, see [Model](/techniques/AML.T0010.003).'
    tactics: [AML.TA0004]
  - {id: AML.T0010.003, name: Model, subtechnique-of: AML.T0010}
  mitigations:
  - id: AML.M0018
    name: User Training
    techniques: [{id: AML.T0010, use: teach}]
    ml-lifecycle: [{id: AML.T0011, use: misplaced}]
case-studies:
- {id: AML.CS0015, name: Compromised PyTorch Dependency Chain, procedure: [{tactic: AML.TA0004, technique: AML.T0010.003, description: x}]}
)";

constexpr std::string_view kSix = R"(format-version: 6.0.0
collection: {id: atlas, name: ATLAS, version: '2026.05'}
tactics: {AML.TA0002: {name: Reconnaissance}}
techniques:
  AML.T0010: {name: AI Supply Chain Compromise, platforms: [Predictive AI]}
  AML.T0010.003: {name: Model}
case-studies:
  AML.CS0057: {name: A later one}
relationships:
- {source: AML.CS0057, target: AML.T0010, relationship-type: employs}
)";

TEST(Frameworks, read_both_formats_that_atlas_publishes) {
  const auto five = read_framework(kFive, "ATLAS.yaml"), six = read_framework(kSix, "ATLAS-2026.05.yaml");
  ASSERT_TRUE(five) << five.error().message;
  ASSERT_TRUE(six) << six.error().message;
  EXPECT_EQ(five->version, "5.5.0");
  EXPECT_EQ(six->version, "2026.05");
  EXPECT_EQ(five->ids.size(), 5u) << "what only refers to an id has no name there";
  EXPECT_EQ(five->ids.at("AML.T0010.003"), "AI Supply Chain Compromise: Model");
  EXPECT_EQ(six->ids.at("AML.T0010.003"), "AI Supply Chain Compromise: Model");
  EXPECT_EQ(six->ids.at("AML.CS0057"), "A later one");
  for (const char* wrong : {"", "[]", "a: [", "framework: attack\ncontent: '1'\nids: {T1: x}", "framework: atlas\ncontent: '1'\nids: {T1: x}", "id: ATLAS\nversion: 1"})
    EXPECT_FALSE(read_framework(wrong, "f")) << wrong;
}

TEST(Frameworks, a_file_of_the_configuration_adds_its_version) {
  SimulatedFiles files(1);
  ASSERT_TRUE(write_atomic(files, "six.yaml", kSix));
  const auto known = Frameworks::load(files, {"six.yaml"});
  ASSERT_TRUE(known) << known.error().message;
  EXPECT_FALSE(known->check("atlas", "2026.05", "AML.T0020"));
  EXPECT_TRUE(known->check("atlas", "2026.05", "AML.CS0057"));
  EXPECT_TRUE(known->check("atlas", "5.6.0", "AML.T0020"));
  EXPECT_FALSE(Frameworks::load(files, {"none.yaml"}));
}

TEST(Frameworks, know_every_id_that_findings_mean_by_the_same_name) {
  SimulatedFiles files(1);
  const auto blobs = evidence::BlobStore::open(files, "blobs");
  const auto known = Frameworks::load(files, {});
  ASSERT_TRUE(known);
  for (const auto& [kind, means] : shipped_meanings(*blobs).of_kind)
    for (const events::Meaning& one : means) EXPECT_EQ(known->name_of(one.framework == events::kAtlas ? "atlas" : "owasp_ml", one.version, one.id), one.name) << kind;
}

}  // namespace
}  // namespace firebreak::app
