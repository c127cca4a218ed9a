#include "fold/detect/row_ring.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace firebreak::detect {
namespace {

constexpr std::size_t kFirstRows = 32;
// Masses are at least 1e-7: six of them stay above the smallest normal float.
constexpr std::size_t kColumnsPerProduct = 5;
constexpr double kLn2 = 0.6931471805599453;

// The low bits of a whole number's double are zero; the product's high bits depend on all of them.
std::uint16_t value_hash(double value) {
  std::uint64_t h = std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : value);
  h = (h ^ (h >> 32)) * 0x9e3779b97f4a7c15ULL;
  return static_cast<std::uint16_t>(h >> 48);
}

}  // namespace

EncodedRow encode_row(const ReferenceProfile& profile, const ChainConfig& config, const FeatureRow& row,
                      const std::vector<Rank>& ranks) {
  const std::size_t columns = std::min(ranks.size(), kMaxColumns);
  EncodedRow out;
  out.left.resize(columns);
  out.right.resize(columns);
  out.value.resize(columns);
  out.repeat.resize(columns);
  for (std::size_t k = 0; k < columns; ++k) {
    // Agreement on what a default record or an imputer fills in says nothing about a common origin.
    const double widen = profile.numeric[k].is_imputed(row.numeric[k]) ? config.imputed_mass : 0;
    out.left[k] = static_cast<float>(ranks[k].left - widen);
    out.right[k] = static_cast<float>(ranks[k].right + widen);
    out.value[k] = value_hash(row.numeric[k]);
    for (std::size_t j = 0; j < k && out.repeat[k] == 0; ++j)
      if (row.numeric[j] == row.numeric[k]) out.repeat[k] = 1;
  }
  return out;
}

RowRing::RowRing(std::size_t columns, std::size_t max_rows, double smallest_mass, double repeat_mass)
    : columns_(columns),
      max_rows_(max_rows),
      smallest_mass_(static_cast<float>(std::max(smallest_mass, 1e-7))),
      repeat_mass_(static_cast<float>(std::max(repeat_mass, smallest_mass))) {}

RowMeta& RowRing::meta(std::uint64_t seq) {
  FIREBREAK_ASSERT(seq >= first_ && seq < end_);
  return meta_[place(seq)];
}

void RowRing::drop_first() {
  FIREBREAK_ASSERT(first_ < end_);
  ++first_;
}

void RowRing::grow() {
  const std::size_t rows = std::min(max_rows_, std::max(kFirstRows, capacity_ * 2));
  if (rows <= capacity_) return;
  RowRing bigger(columns_, max_rows_, smallest_mass_, repeat_mass_);
  bigger.capacity_ = rows;
  bigger.left_.resize(columns_ * rows);
  bigger.right_.resize(columns_ * rows);
  bigger.value_.resize(columns_ * rows);
  bigger.repeat_.resize(columns_ * rows);
  bigger.meta_.resize(rows);
  bigger.product_.resize(rows);
  bigger.exponent_.resize(rows);
  bigger.first_ = first_;
  bigger.end_ = end_;
  for (std::uint64_t seq = first_; seq < end_; ++seq) {
    const std::size_t from = place(seq), to = bigger.place(seq);
    for (std::size_t k = 0; k < columns_; ++k) {
      bigger.left_[k * rows + to] = left_[k * capacity_ + from];
      bigger.right_[k * rows + to] = right_[k * capacity_ + from];
      bigger.value_[k * rows + to] = value_[k * capacity_ + from];
      bigger.repeat_[k * rows + to] = repeat_[k * capacity_ + from];
    }
    bigger.meta_[to] = meta_[from];
  }
  *this = std::move(bigger);
}

std::uint64_t RowRing::push(const EncodedRow& row, RowMeta meta) {
  FIREBREAK_ASSERT(capacity_ > 0 && !full());
  const std::uint64_t seq = end_++;
  const std::size_t at = place(seq);
  for (std::size_t k = 0; k < columns_; ++k) {
    left_[k * capacity_ + at] = row.left[k];
    right_[k * capacity_ + at] = row.right[k];
    value_[k * capacity_ + at] = row.value[k];
    repeat_[k * capacity_ + at] = row.repeat[k];
  }
  meta_[at] = meta;
  return seq;
}

// Without a branch in the loop the compiler makes it four rows an instruction.
void RowRing::multiply_column(const EncodedRow& row, std::size_t column, std::size_t begin, std::size_t end) {
  const float* __restrict left = left_.data() + column * capacity_;
  const float* __restrict right = right_.data() + column * capacity_;
  float* __restrict product = product_.data();
  const float my_left = row.left[column], my_right = row.right[column], least = smallest_mass_;
  if (row.repeat[column] == 0) {
    for (std::size_t i = begin; i < end; ++i) {
      const float high = right[i] > my_right ? right[i] : my_right;
      const float low = left[i] < my_left ? left[i] : my_left;
      const float mass = high - low;
      product[i] *= mass > least ? mass : least;
    }
    return;
  }
  const std::uint8_t* __restrict repeat = repeat_.data() + column * capacity_;
  const float more = repeat_mass_ - least;
  for (std::size_t i = begin; i < end; ++i) {
    const float high = right[i] > my_right ? right[i] : my_right;
    const float low = left[i] < my_left ? left[i] : my_left;
    const float mass = high - low;
    const float bound = least + more * static_cast<float>(repeat[i]);
    product[i] *= mass > bound ? mass : bound;
  }
}

// Leaves 2^exponent x product = the product of the masses in every place of [begin, end).
void RowRing::score(const EncodedRow& row, std::size_t begin, std::size_t end) {
  std::fill(product_.begin() + static_cast<std::ptrdiff_t>(begin),
            product_.begin() + static_cast<std::ptrdiff_t>(end), 1.0F);
  std::fill(exponent_.begin() + static_cast<std::ptrdiff_t>(begin),
            exponent_.begin() + static_cast<std::ptrdiff_t>(end), 0);
  float* __restrict product = product_.data();
  std::int32_t* __restrict exponent = exponent_.data();
  for (std::size_t k = 0; k < columns_; ++k) {
    multiply_column(row, k, begin, end);
    if ((k + 1) % kColumnsPerProduct != 0 && k + 1 != columns_) continue;
    // Moves the power of two out of the product, so that it never leaves the range of a float.
    for (std::size_t i = begin; i < end; ++i) {
      const auto bits = std::bit_cast<std::uint32_t>(product[i]);
      exponent[i] += static_cast<std::int32_t>(bits >> 23) - 127;
      product[i] = std::bit_cast<float>((bits & 0x007fffffU) | 0x3f800000U);
    }
  }
}

void RowRing::near(const EncodedRow& row, double threshold, std::vector<Near>& out) {
  out.clear();
  const double most = -std::log(static_cast<double>(smallest_mass_)) * static_cast<double>(columns_);  // that two rows can reach
  if (first_ == end_ || threshold > most + 1) return;
  // The held rows are one run of places, or two when the ring has wrapped.
  const std::size_t from = place(first_), count = static_cast<std::size_t>(end_ - first_);
  score(row, from, std::min(from + count, capacity_));
  if (from + count > capacity_) score(row, 0, from + count - capacity_);
  const auto limit = static_cast<std::int32_t>(std::floor(-threshold / kLn2));
  std::size_t at = from;  // counted along: a division for each place costs more than its score
  for (std::uint64_t seq = first_; seq < end_; ++seq, at = at + 1 == capacity_ ? 0 : at + 1) {
    if (exponent_[at] > limit) continue;
    const double surprise =
        -(static_cast<double>(exponent_[at]) * kLn2 + std::log(static_cast<double>(product_[at])));
    if (surprise >= threshold) out.push_back({seq, static_cast<float>(surprise)});
  }
}

std::uint64_t RowRing::moved(std::uint64_t seq, const EncodedRow& row) const {
  FIREBREAK_ASSERT(seq >= first_ && seq < end_);
  std::uint64_t mask = 0;
  for (std::size_t k = 0; k < columns_; ++k)
    if (value_[k * capacity_ + place(seq)] != row.value[k]) mask |= std::uint64_t{1} << k;
  return mask;
}

std::size_t RowRing::bytes_for(std::size_t rows) const {
  const std::size_t per_column = 2 * sizeof(float) + sizeof(std::uint16_t) + sizeof(std::uint8_t);
  return rows * (columns_ * per_column + sizeof(RowMeta) + sizeof(float) + sizeof(std::int32_t));
}

std::size_t RowRing::bytes() const { return bytes_for(capacity_); }

std::size_t RowRing::bytes_after_growth() const {
  return bytes_for(std::min(max_rows_, std::max(kFirstRows, capacity_ * 2)));
}

}  // namespace firebreak::detect
