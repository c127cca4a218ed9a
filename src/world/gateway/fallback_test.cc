#include "world/gateway/fallback.h"

#include <gtest/gtest.h>

#include <limits>

namespace firebreak::gateway {
namespace {

Endpoint endpoint(const std::string& rules) {
  Endpoint out;
  out.features.numeric = {"amount", "delay"};
  out.features.categorical = {"country"};
  out.fallback = *parse_json(rules);
  return out;
}

constexpr const char* kRules = R"({"version":1,"rules":[
  {"name":"late and large","when":[{"feature":"delay","op":">=","value":2},{"feature":"amount","op":">","value":100}],"label":"decline","score":0.9},
  {"name":"abroad","when":[{"feature":"country","op":"in","value":["x","y"]}],"label":"decline","score":0.7}],
  "default":{"label":"approve","score":0.2}})";

TEST(Fallback, answers_with_the_first_rule_whose_conditions_all_hold) {
  const auto rules = Fallback::compile(endpoint(kRules));
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ("late and large", rules->evaluate({{101, 2}, {"x"}}).rule);
  EXPECT_EQ("abroad", rules->evaluate({{100, 2}, {"x"}}).rule);
  const auto otherwise = rules->evaluate({{100, 2}, {"de"}});
  EXPECT_EQ("default", otherwise.rule);
  EXPECT_EQ("approve", otherwise.label);
  EXPECT_EQ(0.2, otherwise.score);
}

TEST(Fallback, a_condition_on_an_absent_value_does_not_hold) {
  const auto rules = Fallback::compile(endpoint(
      R"({"version":1,"rules":[{"when":[{"feature":"amount","op":"!=","value":1}],"label":"decline","score":1},
         {"when":[{"feature":"country","op":"!=","value":"x"}],"label":"decline","score":1}],"default":{"label":"approve","score":0}})"));
  ASSERT_TRUE(rules);
  EXPECT_EQ("default", rules->evaluate({{std::numeric_limits<double>::quiet_NaN(), 0}, {""}}).rule);
}

TEST(Fallback, an_empty_document_is_no_fallback) {
  EXPECT_TRUE(Fallback::compile(endpoint("{}"))->empty());
}

TEST(Fallback, refuses_what_it_does_not_understand_and_names_the_place) {
  const auto pointer = [](const std::string& rules) {
    const auto compiled = Fallback::compile(endpoint(rules));
    EXPECT_FALSE(compiled) << rules;
    return compiled ? std::string() : compiled.error().pointer;
  };
  const auto with_rule = [](const std::string& rule) {
    return R"({"version":1,"rules":[)" + rule + R"(],"default":{"label":"approve","score":0}})";
  };
  EXPECT_EQ("/fallback/version", pointer(R"({"version":2,"rules":[],"default":{"label":"approve","score":0}})"));
  EXPECT_EQ("/fallback/default", pointer(R"({"version":1,"rules":[]})"));
  EXPECT_EQ("/fallback/rules/0/label", pointer(with_rule(R"({"when":[{"feature":"amount","op":"<","value":1}],"label":"maybe","score":0})")));
  EXPECT_EQ("/fallback/rules/0/when", pointer(with_rule(R"({"when":[],"label":"approve","score":0})")));
  EXPECT_EQ("/fallback/rules/0/when/0/feature", pointer(with_rule(R"({"when":[{"feature":"age","op":"<","value":1}],"label":"approve","score":0})")));
  EXPECT_EQ("/fallback/rules/0/when/0/op", pointer(with_rule(R"({"when":[{"feature":"amount","op":"~","value":1}],"label":"approve","score":0})")));
  EXPECT_EQ("/fallback/rules/0/when/0/op", pointer(with_rule(R"({"when":[{"feature":"country","op":"<","value":"x"}],"label":"approve","score":0})")));
  EXPECT_EQ("/fallback/rules/0/when/0/value", pointer(with_rule(R"({"when":[{"feature":"amount","op":"<","value":"x"}],"label":"approve","score":0})")));
  EXPECT_NE("", pointer(with_rule(R"({"when":[{"feature":"amount","op":"<","value":1}],"label":"approve","score":0,"note":"x"})")));
}

}  // namespace
}  // namespace firebreak::gateway
