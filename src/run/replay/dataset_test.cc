#include "run/replay/dataset.h"

#include <gtest/gtest.h>

#include <cmath>

namespace firebreak::replay {
namespace {

const FeatureSchema kSchema{{"age", "limit"}, {"sex"}};

TEST(Dataset, finds_features_by_name_and_reads_the_label) {
  const auto data = parse_dataset("row,sex,limit,age,label\n1,female,\"1000\",30,1\r\n2,male,,40,0\n", kSchema);
  ASSERT_TRUE(data) << data.error().message;
  ASSERT_EQ(data->rows.size(), 2U);
  EXPECT_EQ(data->rows[0].numeric, (std::vector<double>{30, 1000}));
  EXPECT_EQ(data->rows[0].categories, (std::vector<std::string>{"female"}));
  EXPECT_TRUE(std::isnan(data->rows[1].numeric[1]));
  EXPECT_EQ(data->positive, (std::vector<bool>{true, false}));
}

TEST(Dataset, names_line_and_column_of_what_it_refuses) {
  const auto data = parse_dataset("age,limit,sex\n30,1,f\n31,x,f\n", kSchema);
  ASSERT_FALSE(data);
  EXPECT_EQ(data.error().message, "data set line 3, column limit: 'x' is no number");
  EXPECT_FALSE(parse_dataset("age,sex\n30,f\n", kSchema));
  EXPECT_FALSE(parse_dataset("age,limit,sex\n30,1\n", kSchema));
  EXPECT_FALSE(parse_dataset("age,limit,sex\n30,1,\"f\n", kSchema));
  EXPECT_FALSE(parse_dataset("age,limit,sex\n30,inf,f\n", kSchema));
}

}  // namespace
}  // namespace firebreak::replay
