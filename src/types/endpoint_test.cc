#include "types/endpoint.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

Json document(std::string_view key, std::string_view value) {
  return JsonObject{{"name", "shop"}, {"labels", JsonArray{"0", "1"}}, {"positive_label", "1"}, {key, value}};
}

TEST(Endpoint, has_no_control_characters_in_its_texts_when_it_is_taken_up) {
  for (const char* key : {"owner_team", "owner", "on_call", "environment", "criticality", "amount_unit", "last_known_good", "gateway"}) {
    for (const char* hostile : {"\x1b[31mred", "two\nlines", "\x7f", "\xc2\x9b" "2J", "\xe2\x80\xae" "turned"}) {
      const auto endpoint = endpoint_from_json(document(key, hostile));
      ASSERT_TRUE(endpoint) << "what stands already is read: " << key;
      const auto refused = check_plain_texts(*endpoint);
      ASSERT_FALSE(refused) << key;
      EXPECT_EQ(refused.error().pointer, std::string("/") + key);
    }
    const auto plain = endpoint_from_json(document(key, "Z\xc3\xbcrich payments"));
    ASSERT_TRUE(plain);
    EXPECT_TRUE(check_plain_texts(*plain)) << key;
  }
}

}  // namespace
}  // namespace firebreak
