#include "stats/distinct_sketch.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

namespace firebreak::stats {
namespace {

constexpr unsigned kRest = 64 - DistinctSketch::kBits;  // bits whose leading zeros are counted
constexpr std::uint8_t kDense = 1, kSparse = 2;
constexpr std::size_t kDenseBytes = DistinctSketch::kRegisters * 6 / 8;

std::uint64_t mixed(std::uint64_t x) {  // MurmurHash3's finaliser
  x = (x ^ (x >> 33)) * 0xff51afd7ed558ccd;
  x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53;
  return x ^ (x >> 33);
}

double sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double y = 1, z = x, before = -1;
  while (z != before) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
}

double tau(double x) {
  if (x == 0 || x == 1) return 0;
  double y = 1, z = 1 - x, before = -1;
  while (z != before) {
    x = std::sqrt(x);
    before = z;
    y /= 2;
    z -= (1 - x) * (1 - x) * y;
  }
  return z / 3;
}

}  // namespace

std::uint64_t text_hash(std::string_view text) { return XXH64(text.data(), text.size(), 0); }

void DistinctSketch::add(double value) { add_hash(mixed(std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : value) + 0x9e3779b97f4a7c15)); }

void DistinctSketch::add_hash(std::uint64_t hash) {
  if (registers_.empty()) registers_.resize(kRegisters);
  const auto place = static_cast<std::size_t>(hash >> kRest);
  const auto zeros = static_cast<unsigned>(std::countl_zero((hash << kBits) | (std::uint64_t{1} << (kBits - 1))));
  registers_[place] = std::max(registers_[place], static_cast<std::uint8_t>(zeros + 1));
}

void DistinctSketch::merge(const DistinctSketch& other) {
  if (registers_.empty()) registers_ = other.registers_;
  for (std::size_t i = 0; i < other.registers_.size(); ++i) registers_[i] = std::max(registers_[i], other.registers_[i]);
}

double DistinctSketch::estimate() const {
  if (registers_.empty()) return 0;
  std::array<double, kRest + 2> how_many{};
  for (const std::uint8_t value : registers_) ++how_many[value];
  const auto m = static_cast<double>(kRegisters);
  double z = m * tau(1 - how_many[kRest + 1] / m);
  for (std::size_t value = kRest; value >= 1; --value) z = (z + how_many[value]) / 2;
  z += m * sigma(how_many[0] / m);
  return m * m / (2 * std::numbers::ln2 * z);
}

Bytes DistinctSketch::encode() const {
  const auto used =
      static_cast<std::size_t>(std::count_if(registers_.begin(), registers_.end(), [](std::uint8_t value) { return value != 0; }));
  Bytes out;
  if (used * 3 < kDenseBytes) {
    put_le(out, kSparse);
    for (std::size_t i = 0; i < registers_.size(); ++i) {
      if (registers_[i] == 0) continue;
      put_le(out, static_cast<std::uint16_t>(i));
      put_le(out, registers_[i]);
    }
    return out;
  }
  put_le(out, kDense);
  for (std::size_t i = 0; i < kRegisters; i += 4) {
    const std::uint32_t four = static_cast<std::uint32_t>(registers_[i]) | static_cast<std::uint32_t>(registers_[i + 1]) << 6 |
                               static_cast<std::uint32_t>(registers_[i + 2]) << 12 | static_cast<std::uint32_t>(registers_[i + 3]) << 18;
    for (unsigned shift = 0; shift < 24; shift += 8) put_le(out, static_cast<std::uint8_t>(four >> shift));
  }
  return out;
}

Result<DistinctSketch> DistinctSketch::decode(ByteView octets) {
  const auto corrupt = [] { return fail(Code::kCorrupt, "no sketch of distinct values"); };
  DistinctSketch out;
  if (octets.empty()) return corrupt();
  const auto form = get_le<std::uint8_t>(octets, 0);
  octets.remove_prefix(1);
  if (form == kSparse && octets.empty()) return out;
  out.registers_.resize(kRegisters);
  if (form == kSparse && octets.size() % 3 == 0 && octets.size() < kDenseBytes) {
    std::size_t after = 0;
    for (std::size_t at = 0; at < octets.size(); at += 3) {
      const std::size_t place = get_le<std::uint16_t>(octets, at);
      const auto value = get_le<std::uint8_t>(octets, at + 2);
      if (place < after || place >= kRegisters || value == 0 || value > kRest + 1) return corrupt();
      out.registers_[place] = value;
      after = place + 1;
    }
    return out;
  }
  if (form != kDense || octets.size() != kDenseBytes) return corrupt();
  for (std::size_t i = 0; i < kRegisters; ++i) {
    const std::size_t at = i / 4 * 3;
    const std::uint32_t four = get_le<std::uint8_t>(octets, at) | static_cast<std::uint32_t>(get_le<std::uint16_t>(octets, at + 1)) << 8;
    out.registers_[i] = static_cast<std::uint8_t>(four >> (6 * (i % 4)) & 63);
    if (out.registers_[i] > kRest + 1) return corrupt();
  }
  // One form for one state: what fits the other is no octets of ours.
  if (static_cast<std::size_t>(std::count_if(out.registers_.begin(), out.registers_.end(), [](std::uint8_t v) { return v != 0; })) * 3 <
      kDenseBytes)
    return corrupt();
  return out;
}

}  // namespace firebreak::stats
