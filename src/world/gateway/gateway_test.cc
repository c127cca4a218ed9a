#include "types/feature_digest.h"
#include "world/gateway/gateway_testing.h"

namespace firebreak::gateway {
namespace {

using testing::GatewayTest;

std::string label_of(const net::Response& response) { return string_or(*parse_json(response.body), "label"); }

TEST_F(GatewayTest, answers_with_the_model_and_records_who_asked_what) {
  serve();
  const auto answer = ask("key-of-ana", 400, "e1");
  EXPECT_EQ(200, answer.status);
  EXPECT_EQ("decline", label_of(answer));
  const auto lines = recorded();
  ASSERT_EQ(1u, lines.size());
  EXPECT_EQ("e1", string_or(lines[0], "id"));
  EXPECT_EQ("ana", string_or(lines[0], "caller"));
  EXPECT_EQ("served", string_or(lines[0], "disposition"));
  EXPECT_EQ("1.0.0", string_or(lines[0], "release"));
  EXPECT_EQ(std::string(64, 'a'), string_or(*find(lines[0], "model"), "digest"));
  EXPECT_EQ(400, number_or(*find(lines[0], "features"), "amount"));
  EXPECT_EQ(0.4, number_or(*find(lines[0], "output"), "score"));
  EXPECT_EQ(200, raw("key-of-ana", R"({"features":{"amount":1,"age":2,"country":"x"}})", "/score").status);
}

TEST_F(GatewayTest, answers_401_to_an_unknown_key_and_never_records_the_key) {
  serve();
  EXPECT_EQ(401, ask("a-stolen-key", 10).status);
  EXPECT_EQ(401, ask("", 10).status);
  const auto lines = recorded();
  ASSERT_EQ(2u, lines.size());
  EXPECT_EQ("blocked", string_or(lines[0], "disposition"));
  EXPECT_EQ("unknown:" + hash("a-stolen-key").substr(0, 12), string_or(lines[0], "caller"));
  EXPECT_EQ("unknown:-", string_or(lines[1], "caller"));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir)) {
    if (!entry.is_regular_file()) continue;
    EXPECT_EQ(std::string::npos, read_all(files, entry.path().string())->find("a-stolen-key")) << entry.path();
  }
}

TEST_F(GatewayTest, names_the_field_that_is_against_the_schema) {
  serve();
  const auto wrong = raw("key-of-ana", R"({"features":{"amount":"many","age":1,"country":"de"}})");
  EXPECT_EQ(422, wrong.status);
  EXPECT_EQ("/features/amount", net::error_of(wrong).pointer);
  EXPECT_EQ("/features/age", net::error_of(raw("key-of-ana", R"({"features":{"amount":1,"country":"de"}})")).pointer);
  EXPECT_EQ("/features/extra",
            net::error_of(raw("key-of-ana", R"({"features":{"amount":1,"age":1,"country":"de","extra":1}})")).pointer);
  EXPECT_EQ(400, raw("key-of-ana", R"({"features":{"amount":1,"amount":2,"age":1,"country":"de"}})").status);
  EXPECT_EQ(400, raw("key-of-ana", "{").status);
  EXPECT_EQ(200, ask("key-of-ana", 1e12, "", -5).status);  // odd, but no violation
  EXPECT_EQ("/features/age", net::error_of(raw("key-of-ana", R"({"features":{"amount":1,"age":null,"country":"de"}})")).pointer);
  const auto lines = recorded();
  ASSERT_EQ(7u, lines.size());
  EXPECT_EQ("/features/age: is missing", string_or(lines[6], "violation"));  // null is no value
  EXPECT_EQ("failed", string_or(lines[0], "disposition"));
  EXPECT_EQ("/features/amount: must be a number", string_or(lines[0], "violation"));
  EXPECT_EQ(1, number_or(*find(lines[0], "features"), "age"));
}

TEST_F(GatewayTest, answers_chain_members_and_exact_copies_by_the_rules) {
  serve();
  FeatureRow row;
  row.numeric = {700, 44};
  row.categories = {"de"};
  QuarantineMeasure quarantine;
  quarantine.callers = {"bob"};
  quarantine.digests = {feature_digest(policy.endpoint.features, row)};
  with(quarantine);
  EXPECT_EQ("approve", label_of(ask("key-of-bob", 400)));         // the model would decline
  EXPECT_EQ("decline", label_of(ask("key-of-ana", 700, "", 44)));  // an exact copy, whoever sends it
  EXPECT_EQ("decline", label_of(ask("key-of-ana", 400)));
  const auto lines = recorded();
  ASSERT_EQ(3u, lines.size());
  EXPECT_EQ("fallback", string_or(lines[0], "disposition"));
  EXPECT_EQ("act-1", string_or(lines[0], "action"));
  EXPECT_EQ("", string_or(lines[0], "release"));
  EXPECT_EQ("large", string_or(lines[1], "reason"));
  EXPECT_EQ("served", string_or(lines[2], "disposition"));
}

TEST_F(GatewayTest, an_extension_adds_to_the_sets_and_a_late_one_is_refused) {
  serve();
  with(QuarantineMeasure{});
  QuarantineExtension extension{20, "fraud-api", "act-1", {"bob"}, {}};
  const auto send = [&] {
    return control.post(control_url("/control/policies/fraud-api/extend"), canonical_json(to_json(extension)))->status;
  };
  EXPECT_EQ(200, send());
  EXPECT_EQ(200, send());  // repeated
  EXPECT_EQ("approve", label_of(ask("key-of-bob", 400)));
  extension.fence = 19;
  extension.callers = {"ana"};
  EXPECT_EQ(409, send());
  EXPECT_EQ("decline", label_of(ask("key-of-ana", 400)));
}

TEST_F(GatewayTest, refuses_a_lower_fence_and_accepts_a_repeated_one) {
  serve();
  EXPECT_EQ(200, put().status);
  policy.base_weights = {{"1.2.0", 100}};
  EXPECT_EQ(409, put().status);
  policy.fence = 9;
  EXPECT_EQ(409, put().status);
  policy.fence = 11;
  const auto taken = put();
  EXPECT_EQ(200, taken.status);
  EXPECT_EQ(policy_digest(policy).hex(), string_or(*parse_json(taken.body), "digest"));
  EXPECT_EQ("approve", label_of(ask("key-of-ana", 400)));
}

TEST_F(GatewayTest, limits_blocks_and_reviews) {
  serve();
  RateLimitMeasure limit;
  limit.scope = LimitScope::kYoungKeys;
  limit.per_minute = 1;
  limit.burst = 1;
  limit.established = {"ana"};
  with(limit, "act-1");
  with(ReviewMeasure{0.2, 0.4}, "act-2");
  EXPECT_EQ(200, ask("key-of-bob", 100).status);
  const auto limited = ask("key-of-bob", 100);
  EXPECT_EQ(429, limited.status);
  EXPECT_EQ("60", limited.header("retry-after"));
  EXPECT_EQ(200, ask("key-of-ana", 100).status);
  EXPECT_EQ("review", label_of(ask("key-of-ana", 300)));
  BlockMeasure block;
  block.callers = {"bob"};
  with(block, "act-3");
  EXPECT_EQ(403, ask("key-of-bob", 100).status);
  const auto lines = recorded();
  ASSERT_EQ(5u, lines.size());
  EXPECT_EQ("limited", string_or(lines[1], "disposition"));
  EXPECT_EQ("review", string_or(lines[3], "disposition"));
  EXPECT_EQ("approve", string_or(*find(lines[3], "output"), "label"));  // the model's own word
  EXPECT_EQ("blocked", string_or(lines[4], "disposition"));
}

TEST_F(GatewayTest, copies_to_a_shadow_whose_answer_stands_in_the_same_record) {
  serve();
  with(MirrorMeasure{"1.2.0", 1.0});
  EXPECT_EQ("decline", label_of(ask("key-of-ana", 400)));
  const auto lines = recorded();
  ASSERT_EQ(1u, lines.size());
  EXPECT_EQ("1.0.0", string_or(lines[0], "release"));
  EXPECT_EQ("approve", string_or(*find(lines[0], "shadow"), "label"));
  EXPECT_EQ("1.2.0", string_or(*find(lines[0], "shadow"), "release"));
}

TEST_F(GatewayTest, splits_traffic_by_weights_the_same_way_for_the_same_id) {
  serve();
  with(WeightsMeasure{{{"1.0.0", 75}, {"1.2.0", 25}}});
  int canary = 0;
  for (int i = 0; i < 200; ++i) {
    const std::string id = "e" + std::to_string(i);
    const std::string first = string_or(*parse_json(ask("key-of-ana", 10, id).body), "from");
    EXPECT_EQ(first, string_or(*parse_json(ask("key-of-ana", 10, id).body), "from"));
    canary += first == "1.2.0";
  }
  EXPECT_GT(canary, 25);
  EXPECT_LT(canary, 80);
}

TEST_F(GatewayTest, a_measure_ends_by_itself_at_its_time) {
  serve();
  with(FallbackMeasure{}, "act-1", Time{kHour});
  EXPECT_EQ("approve", label_of(ask("key-of-ana", 400)));
  EXPECT_EQ(200, control.post(control_url("/control/clock"), R"({"to":"1970-01-01T01:00:00Z"})")->status);
  EXPECT_EQ("decline", label_of(ask("key-of-ana", 400)));
  EXPECT_EQ(409, control.post(control_url("/control/clock"), R"({"to":"1970-01-01T00:30:00Z"})")->status);
}

TEST_F(GatewayTest, only_watches_while_the_endpoint_observes) {
  policy.endpoint.state = EndpointState::kObserve;
  serve();
  with(FallbackMeasure{});
  EXPECT_EQ("decline", label_of(ask("key-of-ana", 400)));
  const auto counters = net::json_of(control.get(control_url("/control/counters/fraud-api")));
  EXPECT_EQ(1, int_or(*find_pointer(*counters, "/actions/act-1"), "observed"));
}

TEST_F(GatewayTest, answers_502_when_the_model_is_down_and_goes_on_recording) {
  serve();
  old_model.reset();
  EXPECT_EQ(502, ask("key-of-ana", 400).status);
  const auto lines = recorded();
  ASSERT_EQ(1u, lines.size());
  EXPECT_EQ("failed", string_or(lines[0], "disposition"));
  EXPECT_EQ("1.0.0", string_or(lines[0], "release"));
}

TEST_F(GatewayTest, takes_no_policy_that_it_could_not_enforce) {
  start();
  EXPECT_EQ(404, raw("key-of-ana", "{}").status);
  policy.base_weights = {{"1.0.0", 90}};
  EXPECT_EQ(400, put().status);
  policy.base_weights = {{"9.9.9", 100}};
  EXPECT_EQ(400, put().status);
  policy.base_weights = {{"1.0.0", 100}};
  policy.endpoint.fallback = *parse_json(R"({"version":1,"rules":[],"default":{"label":"maybe","score":0}})");
  const auto refused = put();
  EXPECT_EQ(400, refused.status);
  EXPECT_EQ("/endpoint/fallback/default/label", net::error_of(refused).pointer);
  policy.endpoint.fallback = JsonObject{};
  policy.measures = {{"act-1", FallbackMeasure{}, {}}};
  EXPECT_EQ(400, put().status);
  net::HttpClient stranger;
  EXPECT_EQ(401, stranger.get(control_url("/control/policies/fraud-api"))->status);
  EXPECT_EQ(200, stranger.get(control_url("/healthz"))->status);
}

TEST_F(GatewayTest, refuses_requests_it_cannot_record_when_capture_is_required) {
  policy.endpoint.capture = CapturePolicy::kRequired;
  options.spool_bytes = 1;
  options.server_url = "";
  serve();
  EXPECT_EQ(200, ask("key-of-ana", 1).status);
  net::Response last;
  for (int i = 0; i < 100 && last.status != 503; ++i) last = ask("key-of-ana", 1);  // until the first is on disk
  EXPECT_EQ(503, last.status);
}

}  // namespace
}  // namespace firebreak::gateway
