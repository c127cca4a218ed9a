// The newest distinct rows of one combination of categories, stored by column so that one row can be held
// against all of them at once.
//
// Nearness is surprise: S(x, y) = -sum over fields of ln(mass), mass = share of reference rows whose value
// lies in the closed interval from x to y. Two rows are near where few honest rows are: sharing an odd bill
// counts, sharing a zero does not (data-dependent dissimilarity: Ting, Zhu, Carman, Zhu, Zhou, KDD 2016).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/digest.h"
#include "base/time.h"
#include "fold/detect/config.h"
#include "fold/detect/profile.h"

namespace firebreak::detect {

inline constexpr std::size_t kMaxColumns =
    64;  // fields a mask can name; further numeric fields are not compared

struct EncodedRow {
  std::vector<float> left, right;    // ranks, widened where the value is an imputed one
  std::vector<std::uint16_t> value;  // hash of the value: equal or moved
  std::vector<std::uint8_t> repeat;  // 1: the value stands in an earlier field of this row too
};

EncodedRow encode_row(const ReferenceProfile& profile, const ChainConfig& config, const FeatureRow& row,
                      const std::vector<Rank>& ranks);

struct RowMeta {
  Digest digest;
  std::uint64_t index = 0;  // in the stream
  Time time;
  std::uint32_t component = 0;  // 0: alone
  std::uint32_t caller = 0;
  bool flagged = false, answered = false;
};

struct Near {
  std::uint64_t seq;
  float surprise;
};

// Rows are named by a sequence number that only grows; [first(), end()) are held.
class RowRing {
 public:
  RowRing(std::size_t columns, std::size_t max_rows, double smallest_mass, double repeat_mass);

  std::uint64_t first() const { return first_; }
  std::uint64_t end() const { return end_; }
  bool full() const { return end_ - first_ == capacity_; }
  std::size_t max_rows() const { return max_rows_; }
  RowMeta& meta(std::uint64_t seq);

  void drop_first();                                        // precondition: first() < end()
  void grow();                                              // doubles the room, to at most max_rows
  std::uint64_t push(const EncodedRow& row, RowMeta meta);  // precondition: not full

  // All rows with a surprise of at least `threshold` against `row`, oldest first.
  void near(const EncodedRow& row, double threshold, std::vector<Near>& out);

  // Bit k: field k of `row` differs from the held row.
  std::uint64_t moved(std::uint64_t seq, const EncodedRow& row) const;

  std::size_t bytes() const;
  std::size_t bytes_after_growth() const;

 private:
  std::size_t place(std::uint64_t seq) const { return static_cast<std::size_t>(seq % capacity_); }
  void score(const EncodedRow& row, std::size_t begin, std::size_t end);
  void multiply_column(const EncodedRow& row, std::size_t column, std::size_t begin, std::size_t end);
  std::size_t bytes_for(std::size_t rows) const;

  std::size_t columns_, max_rows_, capacity_ = 0;
  float smallest_mass_, repeat_mass_;
  std::uint64_t first_ = 0, end_ = 0;
  std::vector<float> left_, right_;
  std::vector<std::uint16_t> value_;
  std::vector<std::uint8_t> repeat_;
  std::vector<RowMeta> meta_;
  std::vector<float> product_;
  std::vector<std::int32_t> exponent_;
};

}  // namespace firebreak::detect
