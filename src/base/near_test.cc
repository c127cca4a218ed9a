#include "base/near.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

TEST(Near, names_what_was_meant_nearest_first) {
  const std::vector<std::string> known{"evasion", "input_shift", "endpoint_boundary_walk", "endpoint_boundary_walks"};
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(near_names("evason", known, 5), std::vector<std::string>{"evasion"});
  EXPECT_EQ(near_names("boundary", known, 5), (std::vector<std::string>{"endpoint_boundary_walk", "endpoint_boundary_walks"}));
  EXPECT_EQ(near_names("endpoint_boundary_walls", known, 1), std::vector<std::string>{"endpoint_boundary_walks"});
  EXPECT_TRUE(near_names("nosuchrule", known, 5).empty());
}

}  // namespace
}  // namespace firebreak
