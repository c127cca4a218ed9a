#include "fold/detect/profile.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "fold/detect/detect_testing.h"

namespace firebreak::detect {
namespace {

TEST(Profile, comes_back_from_its_json_the_same) {
  const ReferenceProfile profile = testing::small_profile();
  const auto parsed = parse_json(canonical_json(to_json(profile)));
  ASSERT_TRUE(parsed);
  const auto back = profile_from_json(*parsed);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, profile);
}

TEST(Profile, refuses_counts_that_do_not_fit_the_rows) {
  Json json = to_json(testing::small_profile());
  json.as_object()["rows"] = 999;
  EXPECT_FALSE(profile_from_json(json));
  json.as_object()["rows"] = 1000;
  json.as_object()["version"] = 2;
  EXPECT_FALSE(profile_from_json(json));
}

TEST(Profile, counts_holes_and_refuses_infinities_and_features_without_a_value) {
  auto rows = testing::small_training();
  rows[5].numeric[0] = std::numeric_limits<double>::quiet_NaN();
  const auto with_hole = build_profile(testing::small_schema(), rows);
  ASSERT_TRUE(with_hole);
  EXPECT_EQ(with_hole->numeric[0].missing, 1u);
  EXPECT_EQ(with_hole->numeric[0].cumulative.back(), 999u);
  EXPECT_EQ(*profile_from_json(to_json(*with_hole)), *with_hole);
  rows[5].numeric[0] = std::numeric_limits<double>::infinity();
  EXPECT_FALSE(build_profile(testing::small_schema(), rows));
  for (FeatureRow& row : rows) row.numeric[0] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(build_profile(testing::small_schema(), rows));
  EXPECT_FALSE(build_profile(testing::small_schema(), {}));
}

TEST(Profile, counts_repeats_copies_and_what_the_later_half_shows_first) {
  auto rows = testing::small_training();
  rows[7] = rows[6];      // in the earlier half, where a row is compared with fewer than half of them
  rows[507] = rows[506];
  rows[900].categories[0] = "violet";
  const auto profile = build_profile(testing::small_schema(), rows);
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->copies, 1u);
  EXPECT_EQ(profile->numeric[0].repeats, 2u);
  EXPECT_EQ(profile->categories[0].novel, 1u);
}

TEST(Profile, ranks_a_value_between_and_at_training_values) {
  const ReferenceProfile profile = testing::small_profile();
  const Rank at = profile.numeric[0].rank(10);
  EXPECT_DOUBLE_EQ(at.left, 0.010);
  EXPECT_DOUBLE_EQ(at.right, 0.011);
  const Rank between = profile.numeric[0].rank(10.5);
  EXPECT_DOUBLE_EQ(between.left, 0.011);
  EXPECT_DOUBLE_EQ(between.right, 0.011);
  EXPECT_DOUBLE_EQ(profile.numeric[0].rank(-1).right, 0);
  EXPECT_DOUBLE_EQ(profile.numeric[0].rank(5000).left, 1);
}

TEST(Profile, one_training_row_in_a_hundred_lies_beyond_the_tail_limit) {
  const ReferenceProfile profile = testing::small_profile();
  int beyond = 0;
  for (const FeatureRow& row : testing::small_training())
    beyond += tail_score(profile, *ranks_of(profile, row)) > profile.tail_limit ? 1 : 0;
  EXPECT_GE(beyond, 8);
  EXPECT_LE(beyond, 10);
}

TEST(Profile, a_row_beyond_all_training_rows_has_a_finite_score) {
  const ReferenceProfile profile = testing::small_profile();
  const FeatureRow far{{1e9, 1e9, 1e9, 1e9}, {"red"}};
  const double score = tail_score(profile, *ranks_of(profile, far));
  EXPECT_TRUE(std::isfinite(score));
  EXPECT_GT(score, profile.tail_limit);
}

}  // namespace
}  // namespace firebreak::detect
