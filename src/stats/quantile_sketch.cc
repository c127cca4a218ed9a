#include "stats/quantile_sketch.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace firebreak::stats {
namespace {

constexpr std::size_t kLeast = 8, kFirstLevel = 32, kMostLevels = 56;  // small levels cost more time than room
constexpr std::uint8_t kVersion = 1;

std::uint64_t mix(std::uint64_t x) {  // splitmix64 (Steele, Lea, Flood 2014)
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

void put_double(Bytes& out, double value) { put_le(out, std::bit_cast<std::uint64_t>(value)); }
double get_double(ByteView in, std::size_t at) { return std::bit_cast<double>(get_le<std::uint64_t>(in, at)); }

}  // namespace

QuantileSketch::QuantileSketch(std::uint64_t seed, std::uint16_t k) : k_(k), coins_(mix(seed)), levels_(1) {
  FIREBREAK_ASSERT(k >= kLeast && k <= 1024);
  resize();
}

std::size_t QuantileSketch::capacity(std::size_t level) const {
  const auto depth = static_cast<double>(levels_.size() - 1 - level);
  const auto wanted = static_cast<std::size_t>(std::ceil(k_ * std::pow(2.0 / 3, depth)));
  return std::max(wanted, level == 0 ? kFirstLevel : kLeast);
}

void QuantileSketch::resize() {
  room_ = 0;
  for (std::size_t level = 0; level < levels_.size(); ++level) room_ += capacity(level);
}

bool QuantileSketch::coin() {
  coins_ = mix(coins_);
  return (coins_ >> 63) != 0;
}

void QuantileSketch::add(double value) {
  FIREBREAK_ASSERT(std::isfinite(value));
  min_ = n_ == 0 ? value : std::min(min_, value);
  max_ = n_ == 0 ? value : std::max(max_, value);
  ++n_;
  levels_[0].push_back(value);
  if (++retained_ >= room_) compress();
}

void QuantileSketch::compress() {
  while (retained_ >= room_) {
    std::size_t level = 0;
    while (levels_[level].size() < capacity(level)) ++level;  // one is full: together they are
    compact(level);
  }
}

void QuantileSketch::compact(std::size_t level) {
  if (level + 1 == levels_.size()) {
    levels_.emplace_back();
    resize();
  }
  std::vector<double>&from = levels_[level], &to = levels_[level + 1];
  if (level == 0) std::sort(from.begin(), from.end());
  // An odd one stays where it is: only pairs can be halved without changing the weight of the whole.
  const std::size_t odd = from.size() % 2, pairs = from.size() / 2, first = coin() ? 1 : 0;
  for (std::size_t i = 0; i < pairs; ++i) from[odd + i] = from[odd + 2 * i + first];
  const auto middle = static_cast<std::ptrdiff_t>(to.size());
  const auto begin = from.begin() + static_cast<std::ptrdiff_t>(odd);
  to.insert(to.end(), begin, begin + static_cast<std::ptrdiff_t>(pairs));
  std::inplace_merge(to.begin(), to.begin() + middle, to.end());
  from.resize(odd);
  retained_ -= pairs;
  squares_ += std::ldexp(1.0, static_cast<int>(2 * level));
}

void QuantileSketch::merge(const QuantileSketch& other) {
  FIREBREAK_ASSERT(k_ == other.k_);
  if (other.n_ == 0) return;
  min_ = n_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = n_ == 0 ? other.max_ : std::max(max_, other.max_);
  n_ += other.n_;
  squares_ += other.squares_;
  coins_ = mix(coins_ ^ std::rotl(other.coins_, 1));
  if (levels_.size() < other.levels_.size()) levels_.resize(other.levels_.size());
  for (std::size_t level = 0; level < other.levels_.size(); ++level) {
    std::vector<double>& own = levels_[level];
    const auto middle = static_cast<std::ptrdiff_t>(own.size());
    own.insert(own.end(), other.levels_[level].begin(), other.levels_[level].end());
    if (level != 0) std::inplace_merge(own.begin(), own.begin() + middle, own.end());
  }
  retained_ += other.retained_;
  resize();
  compress();
}

std::vector<QuantileSketch::Point> QuantileSketch::points() const {
  std::vector<Point> out;
  out.reserve(retained_);
  for (std::size_t level = 0; level < levels_.size(); ++level)
    for (const double value : levels_[level]) out.push_back({value, std::uint64_t{1} << level});
  std::sort(out.begin(), out.end(),
            [](const Point& a, const Point& b) { return a.value < b.value || (a.value == b.value && a.weight < b.weight); });
  return out;
}

double QuantileSketch::quantile(double q) const {
  FIREBREAK_ASSERT(q >= 0 && q <= 1);
  if (n_ == 0) return std::numeric_limits<double>::quiet_NaN();
  if (q == 0) return min_;
  if (q == 1) return max_;
  const double wanted = q * static_cast<double>(n_);
  std::uint64_t below = 0;
  for (const Point& point : points()) {
    below += point.weight;
    if (static_cast<double>(below) >= wanted) return point.value;
  }
  return max_;
}

double QuantileSketch::rank(double value) const {
  if (n_ == 0) return std::numeric_limits<double>::quiet_NaN();
  if (value >= max_) return 1;
  std::uint64_t below = 0;
  for (std::size_t level = 0; level < levels_.size(); ++level)
    for (const double one : levels_[level]) below += one <= value ? std::uint64_t{1} << level : 0;
  return static_cast<double>(below) / static_cast<double>(n_);
}

// Each coin moves a rank by its level's weight up or down, or not at all, with mean zero whatever was thrown before.
double QuantileSketch::rank_error(double alpha) const {
  return n_ == 0 ? 0 : std::min(1.0, std::sqrt(2 * std::log(2 / alpha) * squares_) / static_cast<double>(n_));
}

Bytes QuantileSketch::encode() const {
  Bytes out;
  put_le(out, kVersion);
  put_le(out, k_);
  put_le(out, n_);
  put_le(out, coins_);
  for (const double value : {squares_, min_, max_}) put_double(out, value);
  put_le(out, static_cast<std::uint8_t>(levels_.size()));
  for (const auto& level : levels_) {
    put_le(out, static_cast<std::uint16_t>(level.size()));
    for (const double value : level) put_double(out, value);
  }
  return out;
}

Result<QuantileSketch> QuantileSketch::decode(ByteView octets) {
  constexpr std::size_t kHead = 1 + 2 + 8 + 8 + 3 * 8 + 1;
  const auto corrupt = [](const char* why) { return fail(Code::kCorrupt, std::string("no quantile sketch: ") + why); };
  if (octets.size() < kHead || get_le<std::uint8_t>(octets, 0) != kVersion) return corrupt("its head");
  const auto k = get_le<std::uint16_t>(octets, 1);
  const std::size_t levels = get_le<std::uint8_t>(octets, kHead - 1);
  if (k < kLeast || k > 1024 || levels == 0 || levels > kMostLevels) return corrupt("its size");
  QuantileSketch out(0, k);
  out.n_ = get_le<std::uint64_t>(octets, 3);
  out.coins_ = get_le<std::uint64_t>(octets, 11);
  out.squares_ = get_double(octets, 19);
  out.min_ = get_double(octets, 27);
  out.max_ = get_double(octets, 35);
  if (!std::isfinite(out.squares_) || out.squares_ < 0 || !std::isfinite(out.min_) || !std::isfinite(out.max_))
    return corrupt("its limits");
  std::uint64_t weight = 0;
  std::size_t at = kHead;
  out.levels_.clear();
  for (std::size_t level = 0; level < levels; ++level) {
    if (octets.size() - at < 2) return corrupt("it ends early");
    const std::size_t count = get_le<std::uint16_t>(octets, at);
    at += 2;
    if ((octets.size() - at) / 8 < count) return corrupt("it ends early");
    auto& values = out.levels_.emplace_back();
    for (std::size_t i = 0; i < count; ++i, at += 8) {
      const double value = get_double(octets, at);
      if (!(value >= out.min_ && value <= out.max_) || (level != 0 && i != 0 && value < values.back())) return corrupt("its values");
      values.push_back(value);
    }
    weight += static_cast<std::uint64_t>(count) << level;
    out.retained_ += count;
  }
  out.resize();
  if (at != octets.size() || weight != out.n_ || (out.retained_ != 0 && out.retained_ >= out.room_)) return corrupt("its weight");
  return out;
}

}  // namespace firebreak::stats
