// Keeps one caller's burst from speaking for the traffic: rows that one program sends in one go are no independent draws.
//
// Of 64 rows in a row a caller's count up to 2 and twice its share of all rows so far. Depends on who asks and when, never on what.
// State: 16 KiB; callers share a counter by hash, which only makes the limit looser. No caller: no limit.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "fold/detect/id_table.h"

namespace firebreak::detect {

class CallerShare {
 public:
  bool counts(const std::string& caller) {
    if (rows_++ % kBlock == 0) block_.clear();
    if (caller.empty()) return true;
    const auto slot = static_cast<std::uint16_t>(id_hash(caller) % kSlots);
    const double share = static_cast<double>(all_[slot]) / static_cast<double>(rows_);
    ++all_[slot];
    block_.push_back(slot);
    const auto mine = std::count(block_.begin(), block_.end(), slot);
    return static_cast<double>(mine) <= kFew + 2 * share * static_cast<double>(kBlock);
  }
  std::size_t bytes() const { return sizeof(*this) + kBlock * sizeof(std::uint16_t); }

 private:
  static constexpr std::size_t kBlock = 64, kSlots = 2048;
  static constexpr double kFew = 2;
  std::uint64_t rows_ = 0;
  std::array<std::uint64_t, kSlots> all_{};
  std::vector<std::uint16_t> block_;
};

}  // namespace firebreak::detect
