#include "read/archive/cube.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace firebreak::archive {
namespace {

Cube a_cube() {
  Cube cube;
  cube[{"1.0", "served", "approve", "shop-1", 489'000}].add({3, 7, 12, 1'000, 2'000});
  cube[{"1.0", "fallback", "", "shop-1", 489'001}].add({1, 13, 13, 3'000, 3'000});
  cube[{"", "", "", "", -1}].add({2, 0, 1, -5, 0});
  return cube;
}

bool equal(const Cube& a, const Cube& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.count == y.second.count && x.second.first == y.second.first && x.second.last == y.second.last &&
           x.second.first_us == y.second.first_us && x.second.last_us == y.second.last_us;
  });
}

RC_GTEST_PROP(Cube, comes_back_as_it_was_whatever_is_in_it, ()) {
  Cube cube;
  for (const auto& [texts, numbers] : *rc::gen::arbitrary<std::vector<std::pair<std::array<std::string, 4>, std::array<std::int64_t, 6>>>>()) {
    const auto u = [&](std::size_t i) { return static_cast<std::uint64_t>(numbers[i]); };
    cube[{texts[0], texts[1], texts[2], texts[3], numbers[0]}] = {u(1), u(2), u(3), numbers[4], numbers[5]};
  }
  const auto back = decode_cube(encode_cube(cube));
  RC_ASSERT(back.has_value());
  RC_ASSERT(equal(*back, cube));
}

TEST(Cube, cut_at_any_octet_or_lengthened_it_is_refused) {
  const Bytes whole = encode_cube(a_cube());
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_EQ(decode_cube(ByteView(whole).substr(0, length)).error().code, Code::kCorrupt) << length;
  EXPECT_FALSE(decode_cube(whole + '\0'));
}

TEST(Cube, with_any_bit_turned_it_is_refused_or_another_cube_and_never_read_beyond_its_end) {
  const Bytes whole = encode_cube(a_cube());
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes turned = whole;
    turned[bit / 8] = static_cast<char>(turned[bit / 8] ^ (1 << (bit % 8)));
    const auto read = decode_cube(turned);
    EXPECT_FALSE(read && equal(*read, a_cube())) << "bit " << bit;
  }
}

TEST(CubeCell, adds_counts_and_widens_first_and_last) {
  CubeCell cell;
  cell.add({2, 10, 20, 500, 900});
  cell.add({});  // nothing of nothing
  cell.add({1, 5, 5, 700, 700});
  EXPECT_EQ(cell.count, 3U);
  EXPECT_EQ(cell.first, 5U);
  EXPECT_EQ(cell.last, 20U);
  EXPECT_EQ(cell.first_us, 500);
  EXPECT_EQ(cell.last_us, 900);
}

}  // namespace
}  // namespace firebreak::archive
