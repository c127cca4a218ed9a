#include "fold/detect/row_ring.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

#include "fold/detect/detect_testing.h"

namespace firebreak::detect {
namespace {

// The definition, one pair at a time in double precision.
double surprise(const EncodedRow& x, const EncodedRow& y, double least, double repeat_mass) {
  double sum = 0;
  for (std::size_t k = 0; k < x.left.size(); ++k) {
    const double mass = std::max<double>(x.right[k], y.right[k]) - std::min<double>(x.left[k], y.left[k]);
    sum -= std::log(std::max(mass, x.repeat[k] != 0 && y.repeat[k] != 0 ? repeat_mass : least));
  }
  return sum;
}

std::vector<double> four(const std::vector<std::uint16_t>& values, std::size_t at) {
  std::vector<double> out;
  for (std::size_t k = 0; k < 4; ++k) out.push_back(values[(at * 4 + k) % values.size()] % 1100);
  return out;
}

RC_GTEST_PROP(RowRing, finds_exactly_the_rows_that_the_definition_names, ()) {
  static const ReferenceProfile profile = testing::small_profile();
  const ChainConfig config = testing::small_config().chains;
  const auto values =
      *rc::gen::container<std::vector<std::uint16_t>>(200, rc::gen::arbitrary<std::uint16_t>());
  RowRing ring(4, 40, 0.001, config.repeat_mass);
  std::vector<EncodedRow> held;
  for (std::size_t i = 0; i < 50; ++i) {
    const FeatureRow row{four(values, i), {"red"}};
    const EncodedRow encoded = encode_row(profile, config, row, *ranks_of(profile, row));
    std::vector<Near> near;
    ring.near(encoded, 6, near);
    std::vector<std::uint64_t> expected, found;
    for (std::uint64_t seq = ring.first(); seq < ring.end(); ++seq) {
      const double exact = surprise(encoded, held[seq], 0.001, config.repeat_mass);
      if (std::abs(exact - 6) < 1e-3) return;  // a tie in float precision
      if (exact >= 6) expected.push_back(seq);
    }
    for (const Near& each : near) {
      found.push_back(each.seq);
      RC_ASSERT(std::abs(each.surprise - surprise(encoded, held[each.seq], 0.001, config.repeat_mass)) <
                1e-3);
    }
    RC_ASSERT(found == expected);
    if (ring.full()) ring.grow();
    if (ring.full()) ring.drop_first();
    ring.push(encoded, {});
    held.push_back(encoded);
  }
}

TEST(RowRing, names_the_fields_that_moved) {
  const ReferenceProfile profile = testing::small_profile();
  const ChainConfig config = testing::small_config().chains;
  const auto encode = [&](std::vector<double> numbers) {
    const FeatureRow row{std::move(numbers), {"red"}};
    return encode_row(profile, config, row, *ranks_of(profile, row));
  };
  RowRing ring(4, 8, 0.001, 0.1);
  ring.grow();
  const std::uint64_t seq = ring.push(encode({1, 2, 3, 4}), {});
  EXPECT_EQ(ring.moved(seq, encode({1, 2, 3, 4})), 0U);
  EXPECT_EQ(ring.moved(seq, encode({1, 20, 3, 5})), 0b1010U);
}

}  // namespace
}  // namespace firebreak::detect
