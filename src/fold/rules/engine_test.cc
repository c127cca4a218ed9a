// Streams of events: correlations against plain counting, late events, bounds, findings, the same again after a restart.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "fold/rules/engine.h"

namespace firebreak::rules {
namespace {

Json base(std::string_view name, JsonObject selection) {
  return JsonObject{{"title", name}, {"name", name}, {"level", "high"}, {"logsource", JsonObject{{"category", "inference"}}},
                    {"detection", JsonObject{{"s", std::move(selection)}, {"condition", "s"}}}};
}

Json over(std::string_view name, JsonObject section) {
  return JsonObject{{"title", name}, {"name", name}, {"level", "high"}, {"correlation", std::move(section)}};
}

std::shared_ptr<const RuleSet> load(std::vector<Json> documents) {
  std::vector<RuleSource> sources;
  for (Json& document : documents) sources.push_back({"test", std::move(document), {}});
  std::vector<Refused> refused;
  auto set = RuleSet::load(sources, refused);
  EXPECT_TRUE(refused.empty()) << (refused.empty() ? "" : refused.front().reason);
  return set;
}

struct Step {
  std::string kind, caller, value;
  std::int64_t at_s = 0;
};

void put(RuleEngine& engine, const Step& step, std::uint64_t index) {
  const Matcher& matcher = engine.set().matcher();
  const Json event = JsonObject{{"kind", step.kind}, {"caller", step.caller}, {"value", step.value}};
  fill(engine.event(), matcher.fields(), matcher.fields().size(), event, {"firebreak", "inference", ""}, Time{step.at_s * kSecond}, false);
  // The views of the event point into a document that is gone: the texts are kept.
  for (Value& value : engine.event().values)
    if (value.kind == ValueKind::kText) value.text = engine.event().keep(std::string(value.text));
  engine.event().index = index;
}

std::vector<char> fires(const std::shared_ptr<const RuleSet>& set, const std::vector<Step>& steps) {
  RuleEngine engine(set, {});
  std::vector<char> out;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    put(engine, steps[i], i);
    out.push_back(engine.match(engine.event()).empty() ? 0 : 1);
  }
  return out;
}

std::vector<Step> random_steps(bool in_order) {
  std::vector<Step> out;
  std::int64_t now = 1'000;
  const int count = *rc::gen::inRange(1, 60);
  for (int i = 0; i < count; ++i) {
    now += *rc::gen::inRange(0, 12);
    const std::int64_t back = in_order ? 0 : *rc::gen::inRange(0, 40);
    out.push_back({std::string(1, static_cast<char>('a' + *rc::gen::inRange(0, 3))), std::string(1, static_cast<char>('x' + *rc::gen::inRange(0, 2))),
                   std::to_string(*rc::gen::inRange(0, 5)), now - back});
  }
  return out;
}

constexpr std::int64_t kSpan = 30;  // seconds, of every correlation here

// The steps of the same caller, up to and with `at`, that lie in the window that ends at the newest of them; those that came
// too late do not count.
std::vector<Step> window(const std::vector<Step>& steps, std::size_t at) {
  std::int64_t newest = INT64_MIN, group_newest = INT64_MIN;
  std::vector<Step> taken;
  for (std::size_t i = 0; i <= at; ++i) {
    newest = std::max(newest, steps[i].at_s);
    if (newest - steps[i].at_s > kSpan || steps[i].caller != steps[at].caller) continue;
    group_newest = std::max(group_newest, steps[i].at_s);
    taken.push_back(steps[i]);
  }
  std::erase_if(taken, [&](const Step& one) { return group_newest - one.at_s > kSpan; });
  return taken;
}

bool late(const std::vector<Step>& steps, std::size_t at) {
  std::int64_t newest = INT64_MIN;
  for (std::size_t i = 0; i <= at; ++i) newest = std::max(newest, steps[i].at_s);
  return newest - steps[at].at_s > kSpan;
}

RC_GTEST_PROP(Correlation, event_count_is_the_number_of_events_in_the_window, (bool in_order)) {
  static const auto set = load({base("all", {{"kind|exists", true}}),
                                over("many", {{"type", "event_count"}, {"rules", JsonArray{"all"}}, {"group-by", JsonArray{"caller"}}, {"timespan", "30s"}, {"condition", JsonObject{{"gte", 4}}}})});
  const auto steps = random_steps(in_order);
  const auto fired = fires(set, steps);
  for (std::size_t i = 0; i < steps.size(); ++i) RC_ASSERT((fired[i] != 0) == (!late(steps, i) && window(steps, i).size() >= 4));
}

RC_GTEST_PROP(Correlation, value_count_is_the_number_of_different_values_in_the_window, (bool in_order)) {
  static const auto set = load({base("all", {{"kind|exists", true}}),
                                over("many", {{"type", "value_count"}, {"rules", JsonArray{"all"}}, {"group-by", JsonArray{"caller"}}, {"timespan", "30s"}, {"condition", JsonObject{{"field", "value"}, {"gt", 2}}}})});
  const auto steps = random_steps(in_order);
  const auto fired = fires(set, steps);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    std::set<std::string> values;
    for (const Step& one : window(steps, i)) values.insert(one.value);
    RC_ASSERT((fired[i] != 0) == (!late(steps, i) && values.size() > 2));
  }
}

RC_GTEST_PROP(Correlation, temporal_asks_for_all_rules_in_the_window, (bool in_order)) {
  static const auto set = load({base("a", {{"kind", "a"}}), base("b", {{"kind", "b"}}), base("c", {{"kind", "c"}}),
                                over("all", {{"type", "temporal"}, {"rules", JsonArray{"a", "b", "c"}}, {"group-by", JsonArray{"caller"}}, {"timespan", "30s"}})});
  const auto steps = random_steps(in_order);
  const auto fired = fires(set, steps);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    std::set<std::string> kinds;
    for (const Step& one : window(steps, i)) kinds.insert(one.kind);
    RC_ASSERT((fired[i] != 0) == (!late(steps, i) && kinds.size() == 3));
  }
}

// In order of arrival; for late events follow() states what it remembers.
RC_GTEST_PROP(Correlation, temporal_ordered_asks_for_the_order, ()) {
  static const auto set = load({base("a", {{"kind", "a"}}), base("b", {{"kind", "b"}}), base("c", {{"kind", "c"}}),
                                over("all", {{"type", "temporal_ordered"}, {"rules", JsonArray{"a", "b", "c"}}, {"group-by", JsonArray{"caller"}}, {"timespan", "30s"}})});
  const auto steps = random_steps(true);
  const auto fired = fires(set, steps);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    bool expected = false;
    for (std::size_t a = 0; a < i && steps[i].kind == "c"; ++a)
      for (std::size_t b = a + 1; b < i; ++b)
        expected = expected || (steps[a].kind == "a" && steps[b].kind == "b" && steps[a].caller == steps[i].caller && steps[b].caller == steps[i].caller && steps[i].at_s - steps[a].at_s <= kSpan);
    RC_ASSERT((fired[i] != 0) == expected);
  }
}

TEST(Correlation, one_event_is_not_two_of_a_sequence) {
  const auto set = load({base("first", {{"kind", "a"}}), base("second", {{"kind|startswith", "a"}}),
                         over("both", {{"type", "temporal_ordered"}, {"rules", JsonArray{"first", "second"}}, {"timespan", "30s"}})});
  EXPECT_THAT(fires(set, {{"a", "x", "", 1}, {"b", "x", "", 2}, {"a", "x", "", 3}}), testing::ElementsAre(0, 0, 1));
}

TEST(Correlation, one_made_of_another_counts_how_often_that_began) {
  const auto set = load({base("all", {{"kind", "a"}}),
                         over("burst", {{"type", "event_count"}, {"rules", JsonArray{"all"}}, {"group-by", JsonArray{"caller"}}, {"timespan", "10s"}, {"condition", JsonObject{{"gte", 3}}}}),
                         over("bursts", {{"type", "event_count"}, {"rules", JsonArray{"burst"}}, {"group-by", JsonArray{"caller"}}, {"timespan", "1h"}, {"condition", JsonObject{{"gte", 2}}}})});
  std::vector<Step> steps;
  for (int burst = 0; burst < 2; ++burst)
    for (int i = 0; i < 6; ++i) steps.push_back({"a", "x", "", 100 * burst + i});
  const auto fired = fires(set, steps);
  EXPECT_EQ(std::count(fired.begin(), fired.end(), 1), 1);
  EXPECT_EQ(fired[8], 1);  // the third event of the second burst
}

TEST(Correlation, aliases_join_events_by_different_fields) {
  const auto set = load({base("out", {{"kind", "a"}}), base("in", {{"kind", "b"}}),
                         over("same", {{"type", "temporal"}, {"rules", JsonArray{"out", "in"}}, {"group-by", JsonArray{"who"}}, {"timespan", "30s"},
                                       {"aliases", JsonObject{{"who", JsonObject{{"out", "caller"}, {"in", "value"}}}}}})});
  EXPECT_THAT(fires(set, {{"a", "x", "q", 1}, {"b", "q", "y", 2}, {"b", "q", "x", 3}}), testing::ElementsAre(0, 0, 1));
}

TEST(Engine, takes_no_more_than_it_says_whatever_comes) {
  const auto set = load({base("all", {{"kind|exists", true}}),
                         over("events", {{"type", "event_count"}, {"rules", JsonArray{"all"}}, {"group-by", JsonArray{"caller"}}, {"timespan", "90d"}, {"condition", JsonObject{{"gte", 500}}}, {"generate", true}}),
                         over("values", {{"type", "value_count"}, {"rules", JsonArray{"all"}}, {"group-by", JsonArray{"caller"}}, {"timespan", "90d"}, {"condition", JsonObject{{"field", "value"}, {"gte", 50}}}}),
                         over("order", {{"type", "temporal_ordered"}, {"rules", JsonArray{"all", "events"}}, {"group-by", JsonArray{"value"}}, {"timespan", "90d"}})});
  EngineOptions options;
  options.correlation_bytes = 256 * 1024;
  RuleEngine engine(set, options);
  std::uint64_t index = 0;
  for (int i = 0; i < 12'000; ++i) {
    const int caller = i < 6'000 ? i : i % 7;  // many groups, then few with much in them
    put(engine, {"a", fmt::format("caller-{}-{}", caller, std::string(200, 'x')), fmt::format("value-{}", i % 3'000), i}, index++);
    (void)engine.observe(engine.event());
    if (i % 100 != 0) continue;
    ASSERT_LE(engine.bytes(), engine.most_bytes()) << i;
  }
  EXPECT_GT(engine.forgotten(), 0U);
  EXPECT_LE(engine.most_bytes(), 12 * 1024 * 1024U);
}

std::vector<std::string> story(RuleEngine& engine, const std::vector<Step>& steps) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    put(engine, steps[i], i);
    for (const FindingUpdate& update : engine.observe(engine.event())) out.push_back(std::string(finding_entry_kind(update.phase)) + canonical_json(to_json(update)));
  }
  for (const FindingUpdate& update : engine.advance(Time{steps.back().at_s * kSecond + kDay})) out.push_back(std::string(finding_entry_kind(update.phase)) + canonical_json(to_json(update)));
  return out;
}

TEST(Engine, opens_updates_and_closes_a_finding_and_says_the_same_again) {
  const auto set = load({base("bad", {{"kind", "a"}}),
                         over("many", {{"type", "event_count"}, {"rules", JsonArray{"bad"}}, {"group-by", JsonArray{"caller"}}, {"timespan", "30s"}, {"condition", JsonObject{{"gte", 3}}}, {"generate", true}})});
  std::vector<Step> steps;
  for (int i = 0; i < 200; ++i) steps.push_back({i % 3 == 0 ? "a" : "b", i % 2 == 0 ? "x" : "y", "", 1'000 + i * 2});
  EngineOptions options;
  options.endpoint = options.stream = "e";
  RuleEngine first(set, options), second(set, options);
  const auto said = story(first, steps);
  EXPECT_EQ(said, story(second, steps));
  const auto is = [](std::string_view word) { return [word](const std::string& one) { return one.starts_with(word); }; };
  EXPECT_EQ(std::count_if(said.begin(), said.end(), is("finding_opened")), 3);  // the rule, and the correlation for two callers
  EXPECT_EQ(std::count_if(said.begin(), said.end(), is("finding_closed")), 3);
  EXPECT_GT(std::count_if(said.begin(), said.end(), is("finding_updated")), 3);
  EXPECT_THAT(said, testing::Contains(testing::AllOf(testing::HasSubstr("\"kind\":\"rule_match\""), testing::HasSubstr("\"segment\":\"caller=x\""),
                                                     testing::HasSubstr("\"callers\":[\"x\"]"), testing::HasSubstr("\"severity\":\"high\""))));
}

TEST(Engine, a_clock_that_runs_ahead_makes_no_event_late) {
  const auto set = load({base("bad", {{"kind", "a"}}), over("two", {{"type", "event_count"}, {"rules", JsonArray{"bad"}}, {"timespan", "30s"}, {"condition", JsonObject{{"gte", 2}}}})});
  RuleEngine engine(set, {});
  put(engine, {"a", "x", "", 1'000}, 0);
  EXPECT_TRUE(engine.observe(engine.event()).empty());
  EXPECT_TRUE(engine.advance(Time{100 * kDay}).empty());
  put(engine, {"a", "x", "", 1'010}, 1);
  EXPECT_EQ(engine.observe(engine.event()).size(), 1U);
  EXPECT_EQ(engine.late(), 0U);
}

TEST(Engine, an_event_of_another_category_concerns_no_rule) {
  const auto set = load({base("bad", {{"kind", "a"}})});
  RuleEngine engine(set, {});
  put(engine, {"a", "x", "", 1}, 0);
  engine.event().source.category = "label";
  EXPECT_TRUE(engine.match(engine.event()).empty());
  put(engine, {"a", "x", "", 1}, 1);
  EXPECT_EQ(engine.match(engine.event()).size(), 1U);
}

TEST(Engine, findings_are_events_too) {
  Json rule = base("drop", {{"kind", "performance_drop"}, {"phase", "opened"}});
  rule.as_object()["logsource"] = JsonObject{{"product", "firebreak"}, {"category", "finding"}};
  RuleEngine engine(load({rule}), {});
  FindingUpdate finding;
  finding.kind = "performance_drop";
  EXPECT_EQ(engine.observe(finding, 5).size(), 1U);
  finding.phase = FindingPhase::kClosed;
  finding.last_time = Time{kDay};
  EXPECT_EQ(engine.observe(finding, 6).size(), 1U);  // only the closing of what the first one opened, for it is a day later
}

}  // namespace
}  // namespace firebreak::rules
