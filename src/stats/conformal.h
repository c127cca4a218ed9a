// Where new values rank among all before them: as long as nothing has changed the ranks are independent and uniform on 0..1,
// exactly, however small the reference; so evidence against uniform ranks needs no allowance for a finite reference.
//
// Values come as cells of a fixed order (bins, categories); a tie within a cell is broken by `chance`, which must not depend on the
// value. State: a count per cell. Source: Vovk, Nouretdinov & Gammerman 2003 (smoothed conformal p values, theorem 1).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace firebreak::stats {

class ConformalRanks {
 public:
  // The reference's counts by cell; zeros are fine.
  explicit ConformalRanks(std::span<const std::uint64_t> counts) {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : counts) up_to_.push_back(sum += count);
    FIREBREAK_ASSERT(!up_to_.empty());
  }

  // The rank of a value of `cell`, which belongs to those before from now on. 0 <= chance < 1.
  double add(std::size_t cell, double chance) {
    for (std::size_t i = cell; i < up_to_.size(); ++i) ++up_to_[i];
    const double below = cell == 0 ? 0.0 : static_cast<double>(up_to_[cell - 1]);
    return (below + chance * (static_cast<double>(up_to_[cell]) - below)) / static_cast<double>(up_to_.back());
  }

  std::uint64_t n() const { return up_to_.back(); }
  std::size_t bytes() const { return up_to_.size() * sizeof(std::uint64_t); }

 private:
  std::vector<std::uint64_t> up_to_;  // values in this cell and below
};

}  // namespace firebreak::stats
