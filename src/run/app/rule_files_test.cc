// The rules that the program brings along: they load, lack nothing, and their own tests hold. Files: lines of what is refused.
#include "run/app/rule_files.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/simulated_files.h"
#include "fold/rules/review.h"

namespace firebreak::app {
namespace {

TEST(ShippedRules, load_lack_nothing_and_hold_their_own_tests) {
  PosixFiles files;
  auto read = read_rule_files(files, "");
  ASSERT_TRUE(read);
  const LoadedRules loaded = load_rules(std::move(*read));
  for (const rules::Refused& one : loaded.refused) ADD_FAILURE() << rules::to_text(one);
  EXPECT_GE(loaded.set->rules().size(), 25U);
  EXPECT_GE(loaded.set->correlations().size(), 8U);
  for (const rules::Note& note : rules::lint(loaded.set)) ADD_FAILURE() << loaded.set->rules()[note.rule].title << ": " << note.what;
  std::size_t tests = 0;
  for (std::uint32_t i = 0; i < loaded.set->rules().size(); ++i)
    for (const rules::TestResult& result : rules::run_tests(loaded.set, i)) {
      EXPECT_TRUE(result.passed()) << loaded.set->rules()[i].title << ": " << result.name;
      ++tests;
    }
  EXPECT_GE(tests, 2 * loaded.set->rules().size());
}

TEST(ShippedRules, are_what_stands_in_the_source_folder) {
  PosixFiles files;
  const auto embedded = read_rule_files(files, "");
  const auto from_folder = read_rule_files(files, std::string(FIREBREAK_SOURCE_DIR) + "/content/rules/sigma");
  ASSERT_TRUE(embedded && from_folder);
  EXPECT_EQ(canonical_json(to_json(embedded->sources)), canonical_json(to_json(from_folder->sources)));
}

TEST(RuleFiles, an_error_names_file_and_line_and_the_rest_loads) {
  SimulatedFiles files(1);
  ASSERT_TRUE(files.make_dir("rules/deep"));
  const std::string good = "title: good\nlogsource: {category: inference}\ndetection:\n  s:\n    a: 1\n  condition: s\n";
  ASSERT_TRUE(write_plain(files, "rules/a.yml", good));
  ASSERT_TRUE(write_plain(files, "rules/deep/b.yml", "title: bad\nlogsource: {category: inference}\ndetection:\n  s:\n    a: 1\n    b|expand:\n      - '%x%'\n  condition: s\n---\n" + good));
  ASSERT_TRUE(write_plain(files, "rules/c.yml", "title: [x\n"));
  ASSERT_TRUE(write_plain(files, "rules/d.json", R"({"title": "j", "logsource": {"category": "label"}, "detection": {"s": {"a": 1}, "condition": "t"}})"));
  ASSERT_TRUE(write_plain(files, "rules/readme.txt", "no rule"));
  auto read = read_rule_files(files, "rules");
  ASSERT_TRUE(read);
  const LoadedRules loaded = load_rules(std::move(*read));
  EXPECT_EQ(loaded.set->rules().size(), 2U);
  std::vector<std::string> refused;
  for (const rules::Refused& one : loaded.refused) refused.push_back(rules::to_text(one));
  EXPECT_THAT(refused, testing::UnorderedElementsAre(testing::StartsWith("deep/b.yml:6: 'expand' is not supported"), testing::StartsWith("c.yml:2: "),
                                                     testing::StartsWith("d.json: the condition cannot be read")));
  EXPECT_FALSE(read_rule_files(files, "nothing"));
}

TEST(RuleFiles, a_set_is_the_same_after_it_was_a_blob) {
  PosixFiles files;
  const auto read = read_rule_files(files, "");
  ASSERT_TRUE(read);
  const std::string text = canonical_json(to_json(read->sources));
  const auto again = rule_sources_from_json(parse_json(text).value());
  ASSERT_TRUE(again);
  EXPECT_EQ(canonical_json(to_json(*again)), text);
}

}  // namespace
}  // namespace firebreak::app
