#include "fold/contain/forecast.h"

#include <gtest/gtest.h>

#include <cmath>

#include "types/policy.h"

namespace firebreak::contain {
namespace {

constexpr std::int64_t kStart = 1'772'850'000 * kSecond;

ForecastRow row(int minute, const std::string& caller, const std::string& query, const std::string& label, double score,
                double amount) {
  ForecastRow r;
  r.index = static_cast<std::uint64_t>(minute);
  r.time = Time{kStart + minute * kMinute};
  r.caller = caller;
  r.feature_digest = sha256(query);
  r.label = label;
  r.score = score;
  r.amount = amount;
  return r;
}

// Ten hours: an old honest caller, a young honest one, and an attacker whose key also sends cover traffic.
ForecastInput story() {
  ForecastInput in;
  in.incident = "inc-9";
  in.endpoint.name = "api";
  in.endpoint.features.numeric = {"amount"};
  in.endpoint.amount_field = "amount";
  in.from = Time{kStart};
  in.to = Time{kStart + 10 * kHour};
  in.first_seen = {{"old", Time{kStart - 30 * kDay}}, {"new", Time{kStart}}, {"mallory", Time{kStart}}};
  for (int i = 0; i < 20; ++i) in.rows.push_back(row(30 * i, "old", "o" + std::to_string(i), "approve", 0.1, 100));
  for (int i = 0; i < 10; ++i) in.rows.push_back(row(60 * i + 1, "new", "n" + std::to_string(i), "decline", 0.7, 100));
  for (int i = 0; i < 40; ++i) in.rows.push_back(row(5, "mallory", "a" + std::to_string(i), i % 2 == 0 ? "approve" : "decline", 0.3 + i * 0.001, 1'000));
  in.rows.push_back(row(6, "mallory", "cover", "approve", 0.1, 50));
  in.rows.push_back(row(7, "old", "a0", "approve", 0.3, 1'000));  // an exact copy under a good customer's key
  std::stable_sort(in.rows.begin(), in.rows.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
  in.chain_callers = {"mallory"};
  for (int i = 0; i < 40; ++i) in.chain_digests.insert(sha256("a" + std::to_string(i)));
  return in;
}

const Json* option(const std::vector<Json>& options, std::string_view name) {
  for (const Json& one : options)
    if (string_or(one, "name") == name) return &one;
  return nullptr;
}
std::int64_t figure(const Json& option, const char* part, const char* key) { return int_or(option.at(part), key); }

TEST(Forecast, offers_four_options_with_the_static_block_last) {
  const auto options = forecast_options(story());
  ASSERT_EQ(options.size(), 4u);
  EXPECT_EQ(string_or(options.front(), "name"), "chain_quarantine");
  EXPECT_EQ(string_or(options.back(), "name"), "static_block");
  for (const Json& one : options) {
    EXPECT_FALSE(string_or(one, "undo").empty());
    EXPECT_GT(int_or(one, "lease_us"), 0);
    EXPECT_GE(int_or(one, "approvals"), 1);
    EXPECT_EQ(number_or(one.at("hurts"), "honest_requests_per_hour"), 3.0) << "30 honest requests in ten hours";
    EXPECT_EQ(figure(one, "stops", "of"), 41);
  }
}

TEST(Forecast, catches_by_quarantine_what_was_known_then_and_exact_copies) {
  const auto options = forecast_options(story());
  const Json& quarantine = *option(options, "chain_quarantine");
  // All but the very first query: from the second on the key is known, and so is the copied query.
  EXPECT_EQ(figure(quarantine, "stops", "attack_queries"), 40);
  EXPECT_EQ(number_or(quarantine.at("hurts"), "honest_answers_changed_per_hour", -1), 0);
  EXPECT_EQ(number_or(quarantine.at("hurts"), "mixed_requests_per_hour"), 0.1);
  EXPECT_EQ(number_or(quarantine, "amount_at_risk_per_hour"), 100.0) << "one approved query of 1,000 in ten hours";
  EXPECT_EQ(find(quarantine.at("measure"), "callers"), nullptr) << "the sets come from the findings";
}

TEST(Forecast, keeps_the_caps_of_the_quarantine_in_the_replay) {
  ForecastInput in = story();
  in.endpoint.caps.quarantine_keys_per_hour = 0;
  in.endpoint.caps.quarantine_digests_per_hour = 10;
  const auto options = forecast_options(in);
  EXPECT_EQ(figure(*option(options, "chain_quarantine"), "stops", "attack_queries"), 1) << "the copy of a0 alone";
}

TEST(Forecast, limits_young_keys_by_a_token_bucket_and_spares_old_ones) {
  const auto options = forecast_options(story());
  const Json& limit = *option(options, "rate_limit_young");
  EXPECT_EQ(figure(limit, "stops", "attack_queries"), 35) << "40 at once against a burst of 5";
  EXPECT_EQ(number_or(limit.at("hurts"), "honest_failed_per_hour", -1), 0);
  EXPECT_EQ(strings_or_empty(limit.at("measure"), "established"), std::vector<std::string>{"old"});
}

TEST(Forecast, hands_the_band_of_the_approved_chain_scores_to_people) {
  const auto options = forecast_options(story());
  const Json& review = *option(options, "manual_review");
  EXPECT_NEAR(number_or(review.at("measure"), "low"), 0.302, 0.003);
  EXPECT_NEAR(number_or(review.at("measure"), "high"), 0.3381, 1e-9);
  EXPECT_GT(figure(review, "stops", "attack_queries"), 30);
  EXPECT_EQ(number_or(review.at("hurts"), "honest_answers_changed_per_hour", -1), 0);
}

TEST(Forecast, states_each_blocked_keys_honest_share) {
  const auto options = forecast_options(story());
  const Json& block = *option(options, "static_block");
  EXPECT_EQ(figure(block, "stops", "attack_queries"), 40) << "the copy under another key passes";
  EXPECT_NEAR(number_or(block.at("keys").at(0), "honest_share"), 1.0 / 41, 0.001);
  EXPECT_EQ(int_or(block, "approvals"), 2);
}

TEST(Forecast, gives_measures_that_can_be_read_and_stays_within_half_an_entry) {
  ForecastInput in = story();
  for (int i = 0; i < 3'000; ++i) in.first_seen["caller-" + std::to_string(i)] = Time{kStart - 90 * kDay};
  for (int i = 0; i < 442; ++i) in.chain_callers.insert("key-" + std::to_string(i));
  JsonArray all;
  for (Json& one : forecast_options(in)) {
    if (string_or(one.at("measure"), "kind") != "block") {
      EXPECT_TRUE(measure_from_json(one.at("measure")));
    }
    all.push_back(std::move(one));
  }
  EXPECT_LT(canonical_json(all).size(), 16u * 1024);
}

TEST(Forecast, says_what_honest_means_and_survives_an_empty_window) {
  ForecastInput in;
  in.endpoint.name = "api";
  in.from = in.to = Time{kStart};
  const auto options = forecast_options(in);
  ASSERT_EQ(options.size(), 1u);
  EXPECT_EQ(number_or(options[0], "amount_at_risk_per_hour", -1), 0);
  EXPECT_NE(forecast_method(in).find("honest"), std::string::npos);
}

}  // namespace
}  // namespace firebreak::contain
