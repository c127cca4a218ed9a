#include "types/feature_digest.h"

#include <bit>
#include <cmath>

namespace firebreak {

Digest feature_digest(const FeatureSchema& schema, const FeatureRow& row) {
  FIREBREAK_ASSERT(row.numeric.size() == schema.numeric.size());
  FIREBREAK_ASSERT(row.categories.size() == schema.categorical.size());
  thread_local Bytes bytes;
  bytes.assign("firebreak features v1\n");
  put_le(bytes, static_cast<std::uint16_t>(row.numeric.size()));
  put_le(bytes, static_cast<std::uint16_t>(row.categories.size()));
  for (const double value : row.numeric) {
    // One bit pattern per value: adding zero turns -0.0 into 0.0, and every NaN means absent.
    const std::uint64_t bits =
        std::isnan(value) ? 0x7ff8000000000000ULL : std::bit_cast<std::uint64_t>(value + 0.0);
    put_le(bytes, bits);
  }
  for (const std::string& category : row.categories) {
    put_le(bytes, static_cast<std::uint32_t>(category.size()));
    bytes += category;
  }
  return sha256(bytes);
}

}  // namespace firebreak
