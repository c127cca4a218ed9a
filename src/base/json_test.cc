#include "base/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <rapidcheck/gtest.h>

namespace firebreak {
namespace {

RC_GTEST_PROP(Json, reads_back_every_double_it_writes, ()) {
  const auto bits = *rc::gen::arbitrary<std::uint64_t>();
  double value = 0;
  std::memcpy(&value, &bits, sizeof value);
  RC_PRE(std::isfinite(value));
  const auto back = parse_json(canonical_json(JsonArray{value}));
  RC_ASSERT(back.has_value());
  RC_ASSERT(back->as_array()[0].to_number<double>() == value);
}

TEST(Json, refuses_what_two_readers_could_read_differently) {
  for (const std::string_view text :
       {R"({"a":1,"a":2})", R"({"a":{"b":1,"b":1}})", "[NaN]", "[Infinity]", "[1e999]", "[1,]", "{'a':1}", "[1] x",
        "\"\xff\"", "[01]", ""})
    EXPECT_FALSE(parse_json(text)) << text;
  EXPECT_TRUE(parse_json(R"([{"a":1},{"a":2}])"));
}

TEST(Json, keeps_integers_of_64_bits_and_strings_of_any_octets) {
  const std::string text = R"({"a":18446744073709551615,"b":-9223372036854775808,"c":"é\u0001\n","d":0.1,"e":[],"f":{}})";
  const auto value = parse_json(text);
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(canonical_json(*value), text);
}

TEST(Json, bounds_the_depth) {
  EXPECT_TRUE(parse_json("[[[1]]]", 3));
  EXPECT_FALSE(parse_json("[[[[1]]]]", 3));
}

TEST(Json, finds_by_pointer_with_escapes) {
  const auto value = parse_json(R"({"a/b":[{"~":7}]})");
  ASSERT_TRUE(value);
  const Json* found = find_pointer(*value, "/a~1b/0/~0");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->as_int64(), 7);
  EXPECT_EQ(find_pointer(*value, "/a~1b/1"), nullptr);
}

}  // namespace
}  // namespace firebreak
