#include "world/gateway/policy.h"

#include <gtest/gtest.h>

namespace firebreak::gateway {
namespace {

struct Decide : ::testing::Test {
  EndpointPolicy policy;
  RequestFacts facts;
  Limiter limiter;

  Decide() {
    policy.fence = 1;
    policy.endpoint.name = "fraud-api";
    policy.endpoint.state = EndpointState::kEnforce;
    policy.endpoint.features.numeric = {"amount"};
    policy.endpoint.fallback = *parse_json(R"({"version":1,"rules":[],"default":{"label":"decline","score":1}})");
    policy.releases = {{"1.0.0", "http://127.0.0.1:1", ""}, {"1.2.0", "http://127.0.0.1:2", ""}};
    policy.base_weights = {{"1.0.0", 100}};
    facts.caller = "ana";
    facts.caller_known = true;
    facts.now = Time{10 * kDay};
    facts.first_seen = Time{0};
  }
  void add(const std::string& action, Measure measure, Time until = {}) {
    policy.measures.push_back({action, std::move(measure), until});
  }
  Decision decided() {
    const auto compiled = compile(policy);
    EXPECT_TRUE(compiled) << compiled.error().message;
    keep_.push_back(*compiled);
    return decide(**compiled, facts, limiter);
  }

 private:
  std::vector<std::shared_ptr<const CompiledPolicy>> keep_;  // decisions point into it
};

TEST_F(Decide, forwards_to_the_base_release_when_no_measure_is_in_force) {
  const Decision decision = decided();
  EXPECT_EQ(Verdict::kForward, decision.verdict);
  EXPECT_EQ("1.0.0", decision.release->release);
  EXPECT_EQ(nullptr, decision.mirror);
}

TEST_F(Decide, asks_blocks_before_limits_before_quarantine_before_fallback) {
  add("act-fallback", FallbackMeasure{});
  EXPECT_EQ("act-fallback", decided().action);
  QuarantineMeasure quarantine;
  quarantine.callers = {"ana"};
  add("act-quarantine", quarantine);
  EXPECT_EQ("act-quarantine", decided().action);
  RateLimitMeasure limit;
  limit.per_minute = 0;
  limit.burst = 0;
  add("act-limit", limit);
  EXPECT_EQ(Verdict::kLimited, decided().verdict);
  BlockMeasure block;
  block.callers = {"ana"};
  add("act-block", block);
  EXPECT_EQ(Verdict::kBlocked, decided().verdict);
  facts.caller_known = false;
  EXPECT_EQ(Verdict::kUnauthorized, decided().verdict);
}

TEST_F(Decide, the_newest_weights_count_and_a_passed_end_ends_them) {
  add("act-1", WeightsMeasure{{{"1.0.0", 0}, {"1.2.0", 100}}}, facts.now + 1);
  EXPECT_EQ("1.2.0", decided().release->release);
  facts.now = facts.now + 1;
  EXPECT_EQ("1.0.0", decided().release->release);
}

TEST_F(Decide, weights_cover_every_draw_exactly) {
  add("act-1", WeightsMeasure{{{"1.0.0", 95}, {"1.2.0", 5}}});
  int canary = 0;
  for (facts.draw = 0; facts.draw < 100; ++facts.draw) canary += decided().release->release == "1.2.0";
  EXPECT_EQ(5, canary);
}

TEST_F(Decide, limits_young_keys_each_on_its_own_and_leaves_established_ones_alone) {
  RateLimitMeasure limit;
  limit.scope = LimitScope::kYoungKeys;
  limit.per_minute = 60;
  limit.burst = 1;
  limit.established = {"bob"};
  add("act-1", limit);
  EXPECT_EQ(Verdict::kForward, decided().verdict);  // ten days old
  facts.first_seen = facts.now - kHour;
  EXPECT_EQ(Verdict::kForward, decided().verdict);
  const Decision limited = decided();
  EXPECT_EQ(Verdict::kLimited, limited.verdict);
  EXPECT_EQ(kSecond, limited.retry_after_us);
  facts.caller = "carl";
  EXPECT_EQ(Verdict::kForward, decided().verdict);
  facts.caller = "bob";
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Verdict::kForward, decided().verdict);
  facts.caller = "ana";
  facts.now = facts.now + kSecond;
  EXPECT_EQ(Verdict::kForward, decided().verdict);
}

TEST_F(Decide, an_exact_copy_gets_the_fallback_whoever_sends_it) {
  QuarantineMeasure quarantine;
  quarantine.digests = {sha256("a query of the chain")};
  add("act-1", quarantine);
  facts.feature_digest = sha256("something else");
  EXPECT_EQ(Verdict::kForward, decided().verdict);
  facts.feature_digest = sha256("a query of the chain");
  EXPECT_EQ(Verdict::kFallback, decided().verdict);
}

TEST_F(Decide, mirrors_the_share_and_never_onto_the_release_that_answers) {
  add("act-1", MirrorMeasure{"1.2.0", 0.5});
  facts.mirror_draw = 49;
  EXPECT_EQ("1.2.0", decided().mirror->release);
  facts.mirror_draw = 50;
  EXPECT_EQ(nullptr, decided().mirror);
  policy.base_weights = {{"1.2.0", 100}};
  facts.mirror_draw = 0;
  EXPECT_EQ(nullptr, decided().mirror);
}

TEST_F(Decide, an_observing_endpoint_reports_what_it_would_have_done) {
  policy.endpoint.state = EndpointState::kObserve;
  add("act-1", FallbackMeasure{});
  const Decision decision = decided();
  EXPECT_EQ(Verdict::kForward, decision.verdict);
  EXPECT_EQ("act-1", decision.observed);
}

TEST(Limiter, a_clock_that_stands_still_refills_nothing) {
  Limiter limiter;
  EXPECT_EQ(0, limiter.take("k", Time{0}, 60, 2));
  EXPECT_EQ(0, limiter.take("k", Time{0}, 60, 2));
  EXPECT_EQ(kSecond, limiter.take("k", Time{0}, 60, 2));
  EXPECT_EQ(kSecond / 2, limiter.take("k", Time{kSecond / 2}, 60, 2));
  EXPECT_EQ(0, limiter.take("k", Time{kSecond}, 60, 2));
}

TEST(Limiter, a_full_table_limits_new_keys_until_old_ones_have_refilled) {
  Limiter limiter(16);  // one bucket a shard
  int limited = 0;
  for (int i = 0; i < 100; ++i) limited += limiter.take("k" + std::to_string(i), Time{0}, 60, 1) != 0;
  EXPECT_GE(limited, 84);
  limited = 0;
  for (int i = 100; i < 110; ++i) limited += limiter.take("k" + std::to_string(i), Time{kHour + i * kHour}, 60, 1) != 0;
  EXPECT_EQ(0, limited);
}

}  // namespace
}  // namespace firebreak::gateway
