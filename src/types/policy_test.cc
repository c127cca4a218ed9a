#include "types/policy.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace firebreak {
namespace {

Endpoint endpoint() {
  Endpoint e;
  e.name = "fraud-api";
  e.owner_team = "risk";
  e.mode = EndpointMode::kInline;
  e.state = EndpointState::kEnforce;
  e.capture = CapturePolicy::kRequired;
  e.features.numeric = {"limit_bal", "age"};
  e.features.categorical = {"sex"};
  e.amount_field = "limit_bal";
  e.fallback = JsonObject{{"version", 1}};
  e.caps.honest_changed_share = 0.1;
  e.callers[sha256("key").hex()] = "shop-7";
  e.callers_blob = sha256("table").hex();
  return e;
}

std::string pointer_of(const Json& document) {
  const auto read = endpoint_from_json(document);
  return read ? "read" : read.error().pointer;
}

TEST(Endpoint, reads_what_it_writes) {
  const auto read = endpoint_from_json(*parse_json(canonical_json(to_json(endpoint()))));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, endpoint());
  EXPECT_EQ(*endpoint_from_json(JsonObject{{"name", "x"}}), [] {
    Endpoint e;
    e.name = "x";
    return e;
  }());
}

TEST(Endpoint, names_the_field_that_is_wrong) {
  const auto with = [](std::string_view key, Json value) {
    Json document = to_json(endpoint());
    document.as_object()[key] = std::move(value);
    return pointer_of(document);
  };
  EXPECT_EQ(with("name", "Fraud API"), "/name");
  EXPECT_EQ(with("mode", "sideways"), "/mode");
  EXPECT_EQ(with("state", 1), "/state");
  EXPECT_EQ(with("spare", 1), "/spare");
  EXPECT_EQ(with("positive_label", "fraud"), "/positive_label");
  EXPECT_EQ(with("amount_field", "sex"), "/amount_field");
  EXPECT_EQ(with("wire", JsonObject{{"label", "label"}}), "/wire/label");
  EXPECT_EQ(with("caps", JsonObject{{"honest_failed_share", 2}}), "/caps/honest_failed_share");
  EXPECT_EQ(with("features", JsonObject{{"numeric", JsonArray{"a", "a"}}}), "/features");
  EXPECT_EQ(with("callers", JsonObject{{"abc", "shop"}}), "/callers/abc");
}

std::vector<Measure> all_measures() {
  QuarantineMeasure quarantine{"inc-7", {"a", "b"}, {sha256("1"), sha256("2")}, 5, 6};
  RateLimitMeasure limit;
  limit.scope = LimitScope::kYoungKeys;
  limit.established = {"old"};
  return {WeightsMeasure{{{"1.0.0", 95}, {"1.2.0", 5}}}, MirrorMeasure{"1.2.0", 0.5}, limit, quarantine,
          BlockMeasure{{"a"}}, ReviewMeasure{0.2, 0.35}, FallbackMeasure{}};
}

TEST(Policy, reads_every_measure_it_writes) {
  for (const Measure& measure : all_measures()) {
    const auto read = measure_from_json(*parse_json(canonical_json(to_json(measure))));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, measure);
    EXPECT_EQ(string_or(to_json(measure), "kind"), measure_kind(measure));
    EXPECT_FALSE(describe(measure).empty());
  }
}

TEST(Policy, refuses_weights_that_do_not_sum_to_a_hundred_and_other_nonsense) {
  for (const char* text : {R"({"kind":"weights","weights":{"1.0.0":99}})", R"({"kind":"weights","weights":{}})",
                           R"({"kind":"review","low":0.5,"high":0.5})", R"({"kind":"block","callers":[]})",
                           R"({"kind":"mirror","release":"1.0.0","share":1.5})", R"({"kind":"magic"})",
                           R"({"kind":"fallback","x":1})", R"({"kind":"quarantine","incident":"inc-1","digests":"AAAA"})",
                           R"({"kind":"rate_limit","per_minute":-1})"})
    EXPECT_FALSE(measure_from_json(*parse_json(text))) << text;
}

TEST(Policy, binds_the_digest_to_endpoint_measure_and_lease) {
  const Measure measure = ReviewMeasure{0.2, 0.35};
  const Digest digest = measure_digest("a", measure, kHour);
  EXPECT_EQ(digest, measure_digest("a", ReviewMeasure{0.2, 0.35}, kHour));
  EXPECT_NE(digest, measure_digest("b", measure, kHour));
  EXPECT_NE(digest, measure_digest("a", ReviewMeasure{0.2, 0.36}, kHour));
  EXPECT_NE(digest, measure_digest("a", measure, kHour + kSecond));
}

TEST(Policy, reads_what_it_writes_and_digests_it_without_the_fence) {
  EndpointPolicy policy;
  policy.fence = 12;
  policy.endpoint = endpoint();
  policy.releases = {{"1.0.0", "http://127.0.0.1:9000", sha256("m").hex(), "fraud-scorer", "1.0.0"}};
  policy.base_weights = {{"1.0.0", 100}};
  for (const Measure& measure : all_measures()) policy.measures.push_back({"act-9", measure, Time{1'772'850'000 * kSecond}});
  policy.measures.back().until = Time{};
  const auto read = policy_from_json(*parse_json(canonical_json(to_json(policy)), 64));
  ASSERT_TRUE(read) << read.error().message << read.error().pointer;
  EXPECT_EQ(*read, policy);
  const Digest digest = policy_digest(policy);
  policy.fence = 13;
  EXPECT_EQ(policy_digest(policy), digest);
  policy.measures.pop_back();
  EXPECT_NE(policy_digest(policy), digest);
}

TEST(Policy, points_at_the_wrong_part_of_a_policy) {
  Json document = to_json(EndpointPolicy{1, endpoint(), {}, {}, {{"act-1", FallbackMeasure{}, {}}}});
  document.as_object()["measures"].as_array()[0].as_object()["measure"].as_object()["kind"] = "magic";
  EXPECT_EQ(policy_from_json(document).error().pointer, "/measures/0/measure/kind");
}

TEST(Policy, reads_the_extension_it_writes) {
  const QuarantineExtension extension{7, "a", "act-3", {"x", "y"}, {sha256("1")}};
  const auto read = extension_from_json(*parse_json(canonical_json(to_json(extension))));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->fence, 7u);
  EXPECT_EQ(read->callers, extension.callers);
  EXPECT_EQ(read->digests, extension.digests);
}

RC_GTEST_PROP(PolicyProperties, a_quarantine_of_any_size_survives_the_wire, ()) {
  QuarantineMeasure quarantine{"inc-1", {}, {}, 50, 5'000};
  for (int i = *rc::gen::inRange(0, 50); i > 0; --i) quarantine.callers.insert("c" + std::to_string(*rc::gen::inRange(0, 1'000'000)));
  for (int i = *rc::gen::inRange(0, 200); i > 0; --i) quarantine.digests.insert(sha256(std::to_string(*rc::gen::arbitrary<int>())));
  const auto read = measure_from_json(*parse_json(canonical_json(to_json(Measure(quarantine)))));
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == Measure(quarantine));
}

}  // namespace
}  // namespace firebreak
