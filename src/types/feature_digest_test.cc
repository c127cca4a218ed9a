#include "types/feature_digest.h"

#include <gtest/gtest.h>

#include <limits>

namespace firebreak {
namespace {

const FeatureSchema kSchema{{"limit_bal", "age"}, {"sex"}};

TEST(FeatureDigest, counts_numbers_by_value) {
  EXPECT_EQ(feature_digest(kSchema, {{20000, 0.0}, {"female"}}), feature_digest(kSchema, {{20000.0, -0.0}, {"female"}}));
  EXPECT_NE(feature_digest(kSchema, {{20000, 56}, {"female"}}), feature_digest(kSchema, {{20000, 57}, {"female"}}));
}

TEST(FeatureDigest, tells_absent_from_zero_and_every_absent_number_alike) {
  const double absent = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NE(feature_digest(kSchema, {{1, absent}, {""}}), feature_digest(kSchema, {{1, 0}, {""}}));
  EXPECT_EQ(feature_digest(kSchema, {{1, absent}, {""}}), feature_digest(kSchema, {{1, -absent}, {""}}));
}

TEST(FeatureDigest, does_not_confuse_neighbouring_categories) {
  const FeatureSchema two{{}, {"a", "b"}};
  EXPECT_NE(feature_digest(two, {{}, {"xy", "z"}}), feature_digest(two, {{}, {"x", "yz"}}));
}

TEST(FeatureDigest, is_the_one_in_the_format_page) {
  EXPECT_EQ(feature_digest(kSchema, {{20000, 56}, {"female"}}).hex(),
            "ee64aa7463d1474bad61fa6b72eb00ee36b344e65f0b8be57ee263fec136f738");
}

}  // namespace
}  // namespace firebreak
