// Sigma rules are read and evaluated as pySigma reads them: sigma/cases.json, made by sigma/make.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "fold/rules/engine.h"

namespace firebreak {
namespace {

const Json& cases() {
  static const Json document = [] {
    std::ifstream file(std::string(FIREBREAK_SOURCE_DIR) + "/test/conformance/sigma/cases.json");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    return parse_json(text).value();
  }();
  return document;
}

std::vector<std::int64_t> found_by(const std::shared_ptr<const rules::RuleSet>& set) {
  rules::Event event;
  rules::Matcher::Scratch scratch;
  std::vector<std::uint32_t> matches;
  std::vector<std::int64_t> out;
  const JsonArray& events = cases().at("events").as_array();
  for (std::size_t i = 0; i < events.size(); ++i) {
    const rules::Matcher& matcher = set->matcher();
    rules::fill(event, matcher.fields(), matcher.fields().size(), events[i], {"test", "test", ""}, Time{0}, matcher.words());
    matcher.match(event, scratch, matches);
    if (!matches.empty()) out.push_back(static_cast<std::int64_t>(i));
  }
  return out;
}

TEST(Sigma, rules_match_the_events_that_pysigma_says) {
  const JsonArray& list = cases().at("cases").as_array();
  ASSERT_GE(list.size(), 200U);
  for (const Json& one : list) {
    std::vector<rules::Refused> refused;
    const auto set = rules::RuleSet::load({{"case", one.at("rule"), {}}}, refused);
    ASSERT_TRUE(refused.empty()) << refused.front().reason << "\n" << canonical_json(one.at("rule"));
    std::vector<std::int64_t> expected;
    for (const Json& index : one.at("matches").as_array()) expected.push_back(index.as_int64());
    EXPECT_EQ(found_by(set), expected) << canonical_json(one.at("rule"));
  }
}

TEST(Sigma, all_rules_in_one_pass_match_what_each_matches_alone) {
  std::vector<rules::RuleSource> sources;
  for (const Json& one : cases().at("cases").as_array()) sources.push_back({"case", one.at("rule"), {}});
  std::vector<rules::Refused> refused;
  const auto set = rules::RuleSet::load(sources, refused);
  ASSERT_TRUE(refused.empty());
  rules::Event event;
  rules::Matcher::Scratch scratch;
  std::vector<std::uint32_t> matches;
  const JsonArray& events = cases().at("events").as_array();
  for (std::size_t i = 0; i < events.size(); ++i) {
    const rules::Matcher& matcher = set->matcher();
    rules::fill(event, matcher.fields(), matcher.fields().size(), events[i], {"test", "test", ""}, Time{0}, matcher.words());
    matcher.match(event, scratch, matches);
    std::vector<std::uint32_t> expected;
    for (std::uint32_t rule = 0; rule < sources.size(); ++rule)
      for (const Json& index : cases().at("cases").at(rule).at("matches").as_array())
        if (index.as_int64() == static_cast<std::int64_t>(i)) expected.push_back(rule);
    EXPECT_EQ(matches, expected) << "event " << i;
  }
}

// pySigma leaves the expression to the target system, and reads a missing condition as none: there we are stricter.
TEST(Sigma, what_pysigma_refuses_is_refused) {
  for (const Json& one : cases().at("refused").as_array()) {
    std::vector<rules::Refused> refused;
    (void)rules::RuleSet::load({{"case", one.at("rule"), {}}}, refused);
    EXPECT_EQ(refused.size(), 1U) << canonical_json(one);
  }
}

}  // namespace
}  // namespace firebreak
