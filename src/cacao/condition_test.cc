// The grammar of conditions, and what holds: one row, one case.
#include "cacao/condition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

namespace firebreak::cacao {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::map<std::string, Value, std::less<>> kVariables = {
    {"__count__", {"integer", "10"}}, {"__big__", {"long", "9007199254740993"}}, {"__score__", {"float", "0.75"}}, {"__on__", {"bool", "true"}},
    {"__name__", {"string", "fraud"}}, {"__digits__", {"string", "10"}}, {"__city__", {"string", "Köln"}}, {"__empty__", {"string", ""}},
    {"__quote__", {"string", "it's"}}, {"__host__", {"ipv4-addr", "10.1.2.3"}}, {"__six__", {"ipv6-addr", "2001:db8::1"}}, {"__net__", {"string", "10.0.0.0/8"}},
    {"__hex__", {"hexstring", "0AfF"}}, {"__time__", {"string", "2026-03-01T10:00:00+01:00"}}, {"__kinds__", {"string", "drift,performance_drop,missing"}},
    {"__pattern__", {"string", "^fr"}}, {"__broken__", {"string", "("}}, {"__like__", {"string", "fr%"}}, {"__long__", {"string", std::string(70'000, 'a')}},
    {"__wrong__", {"integer", "abc"}}, {"__markup__", {"string", "x' OR 'a' = 'a"}},
};

std::optional<Value> look(std::string_view name) {
  const auto at = kVariables.find(name);
  return at == kVariables.end() ? std::nullopt : std::optional(at->second);
}

// "true", "false", or what is wrong.
std::string told(std::string_view text) {
  const auto condition = Condition::parse(text);
  if (!condition) return "parse: " + condition.error().message;
  const auto holds = condition->holds(look);
  if (!holds) {
    EXPECT_EQ(holds.error().code, Code::kInvalid);
    return "holds: " + holds.error().message;
  }
  return *holds ? "true" : "false";
}

TEST(Condition, compares_by_type) {
  const std::pair<const char*, const char*> rows[] = {
      {"__count__:value = 10", "true"}, {"__count__:value = 10.0", "true"}, {"__count__:value > 9", "true"}, {"9 < __count__:value", "true"},
      {"__count__:value > '9'", "true"}, {"__digits__:value > 9", "true"}, {"__digits__:value = '10'", "true"}, {"__digits__:value > '9'", "false"},
      {"__big__:value = 9007199254740993", "true"}, {"__big__:value = 9007199254740992", "false"}, {"__big__:value > 9007199254740992.0", "true"},
      {"__score__:value >= 0.75", "true"}, {"__score__:value < +1", "true"}, {"__score__:value > -0.5", "true"}, {"__count__:value != 10", "false"},
      {"__on__:value = true", "true"}, {"__on__:value = 'true'", "true"}, {"false = __on__:value", "false"}, {"__on__:value != false", "true"},
      {"__name__:value = 'fraud'", "true"}, {"__name__:value = 'Fraud'", "false"}, {"'fraud' = __name__:value", "true"}, {"__name__:value < 'g'", "true"},
      {"__empty__:value = ''", "true"}, {"__quote__:value = 'it\\'s'", "true"}, {"'a\\\\b' = 'a\\b'", "true"},
      {"__hex__:value = h'0aff'", "true"}, {"__hex__:value = b'Cv8='", "true"}, {"__hex__:value = '0aff'", "false"}, {"__name__:value = b'ZnJhdWQ='", "true"},
      {"__time__:value = t'2026-03-01T09:00:00Z'", "true"}, {"__time__:value < t'2026-03-01T09:00:00.001Z'", "true"},
      {"__six__:value = '2001:DB8:0::1'", "true"}, {"__host__:value = '10.1.2.3'", "true"}, {"__host__:value = '::ffff:10.1.2.3'", "true"},
  };
  for (const auto& [text, expected] : rows) EXPECT_EQ(told(text), expected) << text;
}

TEST(Condition, knows_sets_patterns_and_networks) {
  const std::pair<const char*, const char*> rows[] = {
      {"__name__:value IN ('credit', 'fraud')", "true"}, {"__name__:value NOT IN ('credit','fraud')", "false"}, {"__count__:value IN (9, 10)", "true"},
      {"__name__:value IN (__like__:value, __name__:value)", "true"}, {"'x' IN ('y')", "false"},
      {"__kinds__:value LIKE '%performance_drop%'", "true"}, {"__kinds__:value LIKE 'performance_drop%'", "false"}, {"__city__:value LIKE 'K_ln'", "true"},
      {"__city__:value LIKE 'K__ln'", "false"}, {"__name__:value LIKE 'f%a_d'", "true"}, {"__empty__:value LIKE '%'", "true"}, {"__empty__:value LIKE '_'", "false"},
      {"__name__:value LIKE 'FRAUD'", "false"}, {"__name__:value LIKE __like__:value", "true"}, {"__name__:value NOT LIKE 'x%'", "true"}, {"__count__:value LIKE '1%'", "true"},
      {"__name__:value MATCHES '^f.*d$'", "true"}, {"__name__:value MATCHES 'rau'", "true"}, {"__name__:value MATCHES '\\\\d'", "false"}, {"__count__:value MATCHES '^\\d+$'", "true"},
      {"__name__:value MATCHES __pattern__:value", "true"}, {"__name__:value NOT MATCHES 'x'", "true"},
      {"__host__:value ISSUBSET '10.0.0.0/8'", "true"}, {"__host__:value ISSUBSET '10.1.2.4/32'", "false"}, {"__host__:value ISSUBSET __net__:value", "true"},
      {"'10.0.0.0/8' ISSUPERSET __host__:value", "true"}, {"__host__:value ISSUPERSET '10.0.0.0/8'", "false"}, {"__net__:value ISSUPERSET '10.200.0.0/16'", "true"},
      {"__six__:value ISSUBSET '2001:db8::/32'", "true"}, {"__six__:value ISSUBSET '10.0.0.0/8'", "false"}, {"__host__:value ISSUBSET '::ffff:10.0.0.0/104'", "true"},
      {"__host__:value NOT ISSUBSET '192.168.0.0/16'", "true"}, {"__host__:value ISSUBSET '0.0.0.0/0'", "true"},
  };
  for (const auto& [text, expected] : rows) EXPECT_EQ(told(text), expected) << text;
}

TEST(Condition, binds_and_before_or_and_turns_round_by_not) {
  const std::pair<const char*, const char*> rows[] = {
      {"true = true OR true = true AND true = false", "true"}, {"(true = true OR true = true) AND true = false", "false"}, {"NOT (true = true)", "false"},
      {"NOT (true = false) AND NOT (true = false OR false = true)", "true"}, {"NOT NOT (true = true)", "true"}, {"[__count__:value = 10]", "true"},
      {" [ ( ( __count__:value=10 ) ) ] ", "true"}, {"__count__:value=10 AND\n\t__name__:value='fraud'", "true"}, {"__name__:value = 'a OR b' OR 1 = 1", "true"},
      {"__markup__:value = 'a'", "false"},
  };
  for (const auto& [text, expected] : rows) EXPECT_EQ(told(text), expected) << text;
}

TEST(Condition, stops_at_the_first_part_that_decides) {
  EXPECT_EQ(told("false = true AND __unknown__:value = 'a'"), "false");
  EXPECT_EQ(told("true = true OR __unknown__:value = 'a'"), "true");
  EXPECT_EQ(told("'a' IN ('a', __unknown__:value)"), "true");
}

TEST(Condition, refuses_to_guess_what_holds) {
  const std::pair<const char*, const char*> rows[] = {
      {"__unknown__:value = 'a'", "the variable __unknown__ has no value"}, {"NOT (__unknown__:value = 'a')", "the variable __unknown__ has no value"},
      {"__name__:value > 3", "__name__ holds no number"}, {"__wrong__:value = 3", "__wrong__ holds no number"}, {"__name__:value IN (1, 2)", "__name__ holds no number"},
      {"__on__:value = 1", "cannot be compared: a truth value and a number"}, {"__on__:value = 'yes'", "the text in column 16 holds no truth value"},
      {"__on__:value > false", "none is less"}, {"__count__:value = h'0a'", "cannot be compared"}, {"__name__:value < t'2026-03-01T09:00:00Z'", "__name__ holds no time"},
      {"__name__:value ISSUBSET '10.0.0.0/8'", "__name__ holds no address"}, {"__host__:value ISSUBSET __name__:value", "__name__ holds no address"},
      {"__name__:value MATCHES __broken__:value", "__broken__ holds no regular expression"}, {"__name__:value LIKE __long__:value", "longer than 1024"},
      {"__long__:value LIKE '%b'", "longer than the 65536 octets"}, {"__long__:value MATCHES 'b'", "longer than the 65536 octets"}, {"__name__:value LIKE __count__:value", "a pattern is text"},
  };
  for (const auto& [text, expected] : rows) {
    EXPECT_THAT(told(text), HasSubstr("holds: ")) << text;
    EXPECT_THAT(told(text), HasSubstr(expected)) << text;
  }
}

TEST(Condition, says_where_it_ends_to_be_one) {
  const std::pair<const char*, const char*> rows[] = {
      {"", "column 1: expected a variable"}, {"   ", "column 4: expected a variable"}, {"__a__:value", "column 12: expected an operator"},
      {"__a__:value =", "column 14: expected a variable"}, {"__a__:value = value", "column 15: expected a variable (__name__:value) or a literal ('text', 3, 0.5, true); text is quoted: 'value'"},
      {"__a__:value == 'x'", "column 14: expected something to compare with: equal is written ="}, {"__a__ = 'x'", "column 1: expected __a__:value"},
      {"_a_:value = 'x'", "column 1: expected a variable"}, {"__1__:value = 'x'", "column 1: expected a variable as __name__:value"}, {"__a__:values = 'x'", "column 12: expected an operator"},
      {"__a__:value = 'x", "column 15: expected a closing '"}, {"__a__:value = \"x\"", "column 15: expected text in single quotes"}, {"__a__:value = 'x' AND", "column 22: expected"},
      {"__a__:value = 'x' and __b__:value = 'y'", "column 19: expected AND, OR or the end"}, {"(__a__:value = 'x'", "column 19: expected AND, OR or the closing )"},
      {"__a__:value = 'x')", "column 18: expected AND, OR or the end"}, {"[__a__:value = 'x'", "expected AND, OR or the closing ]"}, {"NOT __a__:value = 'x'", "column 5: expected ( after NOT"},
      {"__a__:value IN 'x'", "column 16: expected a set"}, {"__a__:value IN ()", "column 17: expected a variable"}, {"__a__:value IN ('x'", "expected a comma or the closing )"},
      {"__a__:value LIKE 3", "column 18: expected a pattern in quotes"}, {"__a__:value MATCHES '('", "column 21: expected a regular expression"},
      {"__a__:value ISSUBSET '10.0.0.0/33'", "column 22: expected a network"}, {"__a__:value = 3x", "column 15: expected a number"}, {"__a__:value = 1.", "column 15: expected a number"},
      {"__a__:value = h'0'", "column 15: expected pairs of hex digits"}, {"__a__:value = b'?'", "column 15: expected base64"}, {"__a__:value = t'now'", "column 15: expected a time"},
      {"'äöü' = x", "column 9: expected"},
  };
  for (const auto& [text, expected] : rows) EXPECT_THAT(told(text), HasSubstr("parse: ")) << text;
  for (const auto& [text, expected] : rows) EXPECT_THAT(told(text), HasSubstr(expected)) << text;
}

TEST(Condition, is_bounded) {
  const auto nested = [](int depth) { return std::string(static_cast<std::size_t>(depth), '(') + "1 = 1" + std::string(static_cast<std::size_t>(depth), ')'); };
  EXPECT_EQ(told(nested(32)), "true");
  EXPECT_THAT(told(nested(33)), HasSubstr("no more than 32 levels"));
  EXPECT_THAT(told(std::string(4'000, '(')), HasSubstr("no more than 32 levels"));
  std::string nots;
  for (int i = 0; i < 500; ++i) nots += "NOT ";
  EXPECT_THAT(told(nots + "(1 = 1)"), HasSubstr("no more than 32 levels"));
  EXPECT_EQ(told("1 = 1" + std::string(4'091, ' ')), "true");
  EXPECT_THAT(told("1 = 1" + std::string(4'092, ' ')), HasSubstr("at most 4096 octets"));
  EXPECT_THAT(told("'x' MATCHES '((a{100}){100}){100}'"), HasSubstr("expected a regular expression"));
  // A pattern that makes a back-tracking reader of it go through every way to cut the text.
  const std::string as(60'000, 'a');
  const auto slow = Condition::parse("__x__:value LIKE '%a%a%a%a%a%a%a%a%a%a%b' OR __x__:value MATCHES '(a*)*(a*)*(a*)*b'");
  ASSERT_TRUE(slow.has_value());
  EXPECT_FALSE(*slow->holds([&](std::string_view) { return std::optional(Value{"string", as}); }));
}

TEST(Condition, names_its_variables_once_each) {
  const auto condition = Condition::parse("__b__:value = 1 OR NOT (__a__:value IN (__b__:value, __c__:value) AND 'x' = __a__:value)");
  ASSERT_TRUE(condition.has_value());
  EXPECT_THAT(condition->variables(), ElementsAre("__b__", "__a__", "__c__"));
}

// What a variable holds is never read as part of the condition.
RC_GTEST_PROP(Condition, a_value_is_equal_to_itself_whatever_it_holds, (const std::string& text)) {
  const auto condition = Condition::parse("__x__:value = __y__:value AND NOT (__x__:value != __y__:value)");
  RC_ASSERT(condition.has_value());
  const auto holds = condition->holds([&](std::string_view) { return std::optional(Value{"string", text}); });
  RC_ASSERT(holds.has_value() && *holds);
}

RC_GTEST_PROP(Condition, whole_numbers_compare_as_they_are, (std::int64_t a, std::int64_t b)) {
  const auto condition = Condition::parse("__a__:value < __b__:value");
  const auto holds = condition->holds([&](std::string_view name) { return std::optional(Value{"long", std::to_string(name == "__a__" ? a : b)}); });
  RC_ASSERT(holds.has_value());
  RC_ASSERT(*holds == (a < b));
}

}  // namespace
}  // namespace firebreak::cacao
