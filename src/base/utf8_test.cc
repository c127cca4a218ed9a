#include "base/utf8.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

TEST(Utf8, is_what_the_standard_says) {
  for (const char* good : {"", "a", "\xc3\xa5", "\xe2\x82\xac", "\xf0\x9f\x94\xa5", "\xf4\x8f\xbf\xbf"}) EXPECT_TRUE(is_utf8(good)) << good;
  // A tail alone, a longer form, a surrogate, beyond the last code point, cut short.
  for (const char* bad : {"\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) EXPECT_FALSE(is_utf8(bad));
}

TEST(Utf8, texts_are_cut_at_a_border_and_stay_utf8) {
  const std::string text = "K\xc3\xb8""benhavn \xf0\x9f\x94\xa5 caf\xe9";  // the last octet is Latin-1
  for (std::size_t most = 0; most <= text.size() + 2; ++most) {
    const std::string cut = shortened(text, most);
    EXPECT_TRUE(is_utf8(cut)) << most;
    EXPECT_LE(cut.size(), most);
  }
  EXPECT_EQ(shortened(text, 2), "K") << "not half of a letter";
  EXPECT_EQ(shortened(text, 100), "K\xc3\xb8""benhavn \xf0\x9f\x94\xa5 caf?");
}

}  // namespace
}  // namespace firebreak
