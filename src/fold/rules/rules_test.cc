// Reading: what is supported, what is refused and where; patterns, conditions and tables against plain definitions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <regex>
#include <set>

#include "fold/rules/review.h"
#include "fold/rules/rule_set.h"
#include "fold/rules/tables.h"

namespace firebreak::rules {
namespace {

using testing::HasSubstr;

Json detection(JsonObject searches) {
  return JsonObject{{"title", "t"}, {"logsource", JsonObject{{"category", "inference"}}}, {"detection", std::move(searches)}};
}

std::string refusal(const Json& document) {
  const auto rule = parse_rule(document);
  return rule ? "accepted" : rule.error().pointer + ": " + rule.error().message;
}

TEST(Rules, what_is_not_supported_is_refused_with_its_place_and_reason) {
  const auto item = [](std::string_view key, Json value) { return detection({{"s", JsonObject{{key, std::move(value)}}}, {"condition", "s"}}); };
  EXPECT_THAT(refusal(item("a|expand", "%x%")), HasSubstr("/detection/s/a|expand: 'expand' is not supported"));
  EXPECT_THAT(refusal(item("a|like", "x")), HasSubstr("the modifier 'like' is not known"));
  EXPECT_THAT(refusal(item("a|re", "(?=x)")), HasSubstr("is not supported: invalid perl operator"));
  EXPECT_THAT(refusal(item("a|re", "x(")), HasSubstr("is not supported"));
  EXPECT_THAT(refusal(item("a|contains|re", "x")), HasSubstr("'re' must be the first modifier"));
  EXPECT_THAT(refusal(item("a|re|contains", "x")), HasSubstr("'contains' cannot follow 're'"));
  EXPECT_THAT(refusal(item("a|i", "x")), HasSubstr("'i' follows 're' only"));
  EXPECT_THAT(refusal(item("a|gt", "5")), HasSubstr("'gt' takes numbers"));
  EXPECT_THAT(refusal(item("a|contains|all", "x")), HasSubstr("'all' needs a list"));
  EXPECT_THAT(refusal(item("a|base64", "x*")), HasSubstr("without wildcards"));
  EXPECT_THAT(refusal(item("a|cidr", "10.0.0.1/8")), HasSubstr("has bits behind its prefix"));
  EXPECT_THAT(refusal(item("a|windash|contains", "-a -b -c -d")), HasSubstr("at most 3 dashes"));
  EXPECT_THAT(refusal(item("a", JsonArray{})), HasSubstr("a list holds 1 to"));
  EXPECT_THAT(refusal(item("a", JsonArray{"x", JsonArray{"y"}})), HasSubstr("/detection/s/a/1: a value must be"));
  EXPECT_THAT(refusal(detection({{"s", JsonObject{{"a", 1}}}, {"timeframe", "5m"}, {"condition", "s"}})), HasSubstr("/detection/timeframe: 'timeframe' is obsolete"));
  EXPECT_THAT(refusal(detection({{"s", JsonObject{{"a", 1}}}, {"condition", "s | count() > 5"}})), HasSubstr("aggregations behind '|' are obsolete"));
  EXPECT_THAT(refusal(detection({{"s", JsonObject{{"a", 1}}}, {"condition", "2 of s*"}})), HasSubstr("'2 of' is not supported"));
  EXPECT_THAT(refusal(detection({{"s", JsonArray{"word", JsonObject{{"a", 1}}}}, {"condition", "s"}})), HasSubstr("a list is of maps or of keywords"));
  Json odd = detection({{"s", JsonObject{{"a", 1}}}, {"condition", "s"}});
  odd.as_object()["logsource"].as_object()["index"] = "x";
  EXPECT_THAT(refusal(odd), HasSubstr("/logsource/index: the logsource member 'index' is not supported"));
  odd.as_object()["filter"] = JsonObject{};
  EXPECT_THAT(refusal(odd), HasSubstr("/filter: Sigma filters are not supported"));
}

TEST(Rules, what_a_correlation_cannot_mean_in_a_stream_is_refused) {
  const auto correlation = [](JsonObject section) { return refusal(JsonObject{{"title", "t"}, {"correlation", std::move(section)}}); };
  const JsonArray one{"r"}, two{"r", "q"};
  EXPECT_THAT(correlation({{"type", "event_count"}, {"rules", one}, {"timespan", "1h"}, {"condition", JsonObject{{"lt", 5}}}}), HasSubstr("an upper limit alone"));
  EXPECT_THAT(correlation({{"type", "value_sum"}, {"rules", one}, {"timespan", "1h"}}), HasSubstr("/correlation/type: the correlation type 'value_sum' is not supported"));
  EXPECT_THAT(correlation({{"type", "value_count"}, {"rules", one}, {"timespan", "1h"}, {"condition", JsonObject{{"gte", 5}}}}), HasSubstr("needs a 'field'"));
  EXPECT_THAT(correlation({{"type", "event_count"}, {"rules", one}, {"timespan", "1w"}, {"condition", JsonObject{{"gte", 5}}}}), HasSubstr("/correlation/timespan"));
  EXPECT_THAT(correlation({{"type", "temporal"}, {"rules", two}, {"timespan", "1h"}, {"condition", "r and not q"}}), HasSubstr("over rule names"));
  EXPECT_THAT(correlation({{"type", "temporal"}, {"rules", two}, {"timespan", "1h"}, {"within", 3}}), HasSubstr("'within' is not supported"));
  EXPECT_THAT(correlation({{"type", "event_count"}, {"rules", one}, {"timespan", "1h"}, {"condition", JsonObject{{"gte", 1'000'000}}}}), HasSubstr("from 0 to 10000"));
}

TEST(Rules, one_that_is_refused_leaves_the_rest_and_takes_what_is_made_of_it) {
  const auto named = [](std::string name, JsonObject searches) {
    Json out = detection(std::move(searches));
    out.as_object()["name"] = name;
    return out;
  };
  const auto over = [](std::string name, JsonArray rules) {
    return Json(JsonObject{{"title", name}, {"name", name}, {"correlation", JsonObject{{"type", "temporal"}, {"rules", std::move(rules)}, {"timespan", "1h"}}}});
  };
  std::vector<RuleSource> sources{{"a.yml", named("good", {{"s", JsonObject{{"a", 1}}}, {"condition", "s"}}), {}},
                                  {"b.yml", named("bad", {{"s", JsonObject{{"a|expand", "%x%"}}}, {"condition", "s"}}), {{"/detection/s", 7}, {"/detection/s/a|expand", 8}}},
                                  {"c.yml", over("on-bad", JsonArray{"good", "bad"}), {{"/correlation/rules", 4}}},
                                  {"d.yml", over("on-that", JsonArray{"good", "on-bad"}), {}},
                                  {"e.yml", over("round", JsonArray{"good", "about"}), {}},
                                  {"f.yml", over("about", JsonArray{"good", "round"}), {}},
                                  {"h.yml", over("alone", JsonArray{"good", "elsewhere"}), {}},
                                  {"g.yml", named("good", {{"s", JsonObject{{"a", 2}}}, {"condition", "s"}}), {}}};
  std::vector<Refused> refused;
  const auto set = RuleSet::load(sources, refused);
  ASSERT_EQ(set->rules().size(), 1U);
  std::vector<std::string> texts;
  for (const Refused& one : refused) texts.push_back(to_text(one));
  EXPECT_THAT(texts, testing::UnorderedElementsAre(
                         HasSubstr("b.yml:8: 'expand' is not supported"), HasSubstr("g.yml: another rule of the set has its id or name"),
                         HasSubstr("c.yml:4: it is made of a rule that was refused: 'bad'"), HasSubstr("d.yml: it is made of a rule that was refused: 'on-bad'"),
                         HasSubstr("h.yml: there is no rule 'elsewhere' in this set: a correlation stands in one set (file or folder) with the rules that it names"),
                         HasSubstr("e.yml: it is made of itself"), HasSubstr("f.yml: it is made of itself")));
}

// Taken as an event with the one field `event`, it would match nothing, and a test with 'match: false' would pass for nothing.
TEST(Rules, a_test_reads_an_event_in_a_step_without_repeat_and_ignores_nothing_of_it) {
  const auto with = [](Json step) {
    Json out = detection({{"s", JsonObject{{"a", 1}}}, {"condition", "s"}});
    out.as_object()["tests"] = JsonArray{JsonObject{{"name", "t"}, {"match", false}, {"events", JsonArray{std::move(step)}}}};
    std::vector<Refused> refused;
    const auto set = RuleSet::load({{"t.yml", std::move(out), {}}}, refused);
    if (!refused.empty()) return to_text(refused.front());
    return std::string(run_tests(set, 0).front().matched ? "matched" : "silent");
  };
  EXPECT_EQ(with(JsonObject{{"event", JsonObject{{"a", 1}}}}), "matched");
  EXPECT_EQ(with(JsonObject{{"every", "10s"}, {"event", JsonObject{{"a", 1}}}}), "matched");
  EXPECT_EQ(with(JsonObject{{"a", 2}}), "silent");
  EXPECT_THAT(with(JsonObject{{"event", "login"}}), HasSubstr("it is an event, or {repeat: 1 to 10000"));
  EXPECT_THAT(with(JsonObject{{"event", JsonObject{{"a", 1}}}, {"a", 1}}), HasSubstr("'a'"));
  EXPECT_THAT(with(JsonObject{{"every", "10s"}, {"a", 1}}), testing::Not(testing::AnyOf("matched", "silent")));
}

// ---- patterns

RC_GTEST_PROP(Pattern, matches_as_the_same_regular_expression_does, ()) {
  const std::string text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("aAbB*?")));
  const std::string pattern = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("aAb*?\\")));
  const Pattern parsed = Pattern::parse(pattern);
  std::string expression;
  for (const std::uint16_t token : parsed.tokens()) {
    if (token == Pattern::kAny) expression += ".*";
    else if (token == Pattern::kOne) expression += '.';
    else expression += std::string("[") + (token == '\\' ? "\\\\" : std::string(1, static_cast<char>(token))) + "]";
  }
  RC_ASSERT(parsed.matches(text) == std::regex_match(text, std::regex(expression, std::regex::icase)));
  RC_ASSERT(Pattern::parse(parsed.text()) == parsed);
  if (parsed.matches(text)) RC_ASSERT(lower(text).find(parsed.longest_literal()) != std::string::npos);
}

TEST(Pattern, escapes_as_the_specification_says) {
  EXPECT_TRUE(Pattern::parse("a\\*b").matches("a*b"));
  EXPECT_FALSE(Pattern::parse("a\\*b").matches("aXb"));
  EXPECT_TRUE(Pattern::parse("a\\b").matches("a\\b"));
  EXPECT_TRUE(Pattern::parse("a\\\\b").matches("a\\b"));
  EXPECT_TRUE(Pattern::parse("a\\\\*").matches("a\\anything"));
  EXPECT_TRUE(Pattern::parse("a\\\\\\*").matches("a\\*"));
  EXPECT_FALSE(Pattern::parse("a\\\\\\*").matches("a\\x"));
  EXPECT_TRUE(Pattern::parse("M?ller").matches("Müller"));  // one character of two octets
}

RC_GTEST_PROP(Needles, finds_what_a_plain_search_finds, ()) {
  const auto word = rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::elementOf(std::string("abc"))));
  const auto words = *rc::gen::container<std::vector<std::string>>(word);
  const std::string text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("abcd")));
  Needles needles;
  for (std::uint32_t i = 0; i < words.size(); ++i) needles.add(words[i], i);
  needles.build();
  std::set<std::uint32_t> found, expected;
  needles.search(text, [&](const RuleList& rules) { found.insert(rules.begin(), rules.end()); });
  for (std::uint32_t i = 0; i < words.size(); ++i)
    if (text.find(words[i]) != std::string::npos) expected.insert(i);
  RC_ASSERT(found == expected);
}

RC_GTEST_PROP(Regex, contains_its_required_literal_wherever_it_matches, ()) {
  const std::string text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("abcABC.k1")));
  const std::string pattern = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("abcA.*+?()[]|^$\\dk1{,}")));
  const std::string flags = *rc::gen::elementOf(std::vector<std::string>{"", "i"});
  const auto regex = Regex::compile(pattern, flags);
  if (!regex) return;
  if ((*regex)->found_in(text)) RC_ASSERT(lower(text).find(required_literal(pattern, !flags.empty())) != std::string::npos);
}

TEST(Cidr, holds_addresses_of_its_own_kind) {
  const auto network = parse_cidr("10.128.0.0/9");
  ASSERT_TRUE(network);
  EXPECT_EQ(network->bits, 9U);
  EXPECT_EQ(parse_address("::ffff:10.1.2.3"), parse_address("10.1.2.3"));
  for (const char* bad : {"10.0.0", "10.0.0.256", "1::2::3", "010.0.0.1", "", ":", "1:2:3:4:5:6:7:8:9", "::1%eth0"}) EXPECT_FALSE(parse_address(bad)) << bad;
  for (const char* bad : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "2001:db8::/129", "x/8"}) EXPECT_FALSE(parse_cidr(bad)) << bad;
  EXPECT_TRUE(parse_cidr("::/0"));
}

}  // namespace
}  // namespace firebreak::rules
