#include "fold/contain/picture.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/digest.h"

namespace firebreak::contain {
namespace {

Observation query(std::uint64_t index, std::string caller, double amount, double step, double score) {
  Observation row;
  row.index = index;
  row.time = Time{static_cast<std::int64_t>(index) * kMinute};
  row.id = "q" + std::to_string(index);
  row.caller = std::move(caller);
  row.features = {{amount, step}, {"a"}};
  row.feature_digest = sha256(std::to_string(amount) + "/" + std::to_string(step));
  row.score = score;
  row.label = score >= 0.5 ? "decline" : "approve";
  return row;
}

PictureInput some() {
  PictureInput input;
  input.endpoint.name = "api";
  input.endpoint.features = {{"amount", "step"}, {"kind"}};
  input.endpoint.amount_field = "amount";
  input.endpoint.amount_unit = "EUR";
  input.chains = 1;
  input.members = {query(10, "k1", 100, 1, 0.9), query(11, "k1", 100, 2, 0.7), query(12, "k2", 100, 3, 0.4),
                   query(130, "k2", 300, 3, 0.3)};
  input.callers = {"k1", "k2"};
  input.others = {{"shop-1", {4, 4}}, {"shop-2", {1, 1}}, {"shop-3", {7, 6}}};
  return input;
}

TEST(Picture, says_in_one_sentence_what_happens) {
  EXPECT_EQ(chain_sentence(some()),
            "4 near-identical queries, 2 keys, one attacker: 2 of 4 requests got the answer they were after");
  PictureInput none;
  EXPECT_EQ(chain_sentence(none), "no chain of queries belongs to this incident");
}

TEST(Picture, draws_each_query_with_what_moved_since_the_nearest_one_before) {
  const Json drawing = chain_drawing(some());
  const JsonArray& points = drawing.at("points").as_array();
  ASSERT_EQ(points.size(), 4u);
  EXPECT_TRUE(points[0].at("step").as_array().empty());
  EXPECT_EQ(canonical_json(points[1].at("step")), R"([{"feature":"step","from":1,"to":2}])");
  EXPECT_EQ(canonical_json(points[3].at("step")), R"([{"feature":"amount","from":100,"to":300}])");
  EXPECT_FALSE(bool_or(drawing, "thinned"));
}

TEST(Picture, finds_the_threshold_between_what_was_let_through_and_what_was_not) {
  PictureInput input = some();
  EXPECT_EQ(threshold_of(input.endpoint, input.members), 0.55);
  input.members.push_back(query(140, "k3", 1, 1, 0.2));
  input.members.back().label = "decline";  // another release with another threshold: nothing to draw
  EXPECT_EQ(threshold_of(input.endpoint, input.members), std::nullopt);
  input.members.back().disposition = Disposition::kFallback;  // the rules' scores are not the model's
  EXPECT_EQ(threshold_of(input.endpoint, input.members), 0.55);
}

TEST(Picture, counts_requests_customers_and_money_by_the_hour_and_says_how) {
  const Json cost = chain_cost(some());
  EXPECT_DOUBLE_EQ(number_or(cost, "requests_per_hour"), 2);    // four in two hours
  EXPECT_EQ(int_or(cost, "customers"), 3);
  EXPECT_DOUBLE_EQ(number_or(cost, "money_per_hour"), 200);     // 100 and 300 were let through
  EXPECT_EQ(string_or(cost, "money_unit"), "EUR");
  EXPECT_NE(string_or(cost, "method").find("amount"), std::string::npos);
  EXPECT_EQ(canonical_json(cost.at("entries")), R"([{"first":10,"last":130,"log":"api"}])");
  PictureInput unpriced = some();
  unpriced.endpoint.amount_field.clear();
  EXPECT_TRUE(chain_cost(unpriced).at("money_per_hour").is_null());
}

TEST(Picture, tells_a_winning_query_under_a_good_customers_key_from_the_customers_own_requests) {
  PictureInput input = some();
  input.members.push_back(query(131, "shop-3", 300, 3, 0.1));
  input.members.back().disposition = Disposition::kFallback;
  EXPECT_EQ(canonical_json(chain_borrowed(input)),
            R"({"by_rules":1,"keys":1,"other_by_model":6,"other_requests":7,"queries":1})");
}

// However long the chain: bounded, in order, with its ends and without a point twice.
RC_GTEST_PROP(PictureProperty, stays_bounded_and_keeps_the_ends, ()) {
  PictureInput input = some();
  input.members.clear();
  const auto size = *rc::gen::inRange<std::size_t>(1, 3000);
  for (std::size_t i = 0; i < size; ++i)
    input.members.push_back(query(i, "k", 1, static_cast<double>(i), *rc::gen::element(0.1, 0.9)));
  const Json drawing = chain_drawing(input);
  const JsonArray& points = drawing.at("points").as_array();
  RC_ASSERT(points.size() <= kPicturePoints);
  RC_ASSERT(points.size() >= std::min(size, kPicturePoints / 2));
  RC_ASSERT(int_or(points.front(), "n", -1) == 0);
  RC_ASSERT(int_or(points.back(), "n", -1) == static_cast<std::int64_t>(size) - 1);
  for (std::size_t i = 1; i < points.size(); ++i) RC_ASSERT(int_or(points[i - 1], "n") < int_or(points[i], "n"));
}

}  // namespace
}  // namespace firebreak::contain
