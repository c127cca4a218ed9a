// The past of a stream in blocks that grow with age: the newest values one by one, older ones in blocks of 2, 4, 8, ...
//
// At most `per_size` blocks of each size; the block of the largest size takes in everything older. So a value `lag` back lies in a
// block of at most 2 lag / (per_size - 1) values, memory is per_size x sizes blocks for ever, and adding costs O(1) amortised.
// Source: the exponential histogram of Datar, Gionis, Indyk & Motwani 2002.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace firebreak::stats {

template <class Tally>  // default constructed empty, merge(const Tally&)
class DyadicBlocks {
 public:
  struct Block {
    std::uint64_t first_index = 0, n = 0;
    Time first_time;
    Tally tally;
  };

  DyadicBlocks(std::size_t per_size, std::size_t sizes) : per_size_(per_size), rows_(sizes) {
    FIREBREAK_ASSERT(per_size >= 2 && sizes >= 1);
  }

  void add(std::uint64_t index, Time time, Tally tally) {
    push(0, {index, 1, time, std::move(tally)});
    for (std::size_t size = 0; rows_[size].count > per_size_; ++size) {
      Block old = take_oldest(size);
      Block& younger = oldest(size);
      old.n += younger.n;
      old.tally.merge(younger.tally);
      if (size + 1 == rows_.size()) {
        younger = std::move(old);
        return;
      }
      take_oldest(size);
      push(size + 1, std::move(old));
    }
  }

  void clear() {
    for (Row& row : rows_) row = Row();
  }

  // Oldest first.
  template <class Visit>
  void each(const Visit& visit) const {
    for (std::size_t size = rows_.size(); size-- > 0;)
      for (std::size_t i = 0; i < rows_[size].count; ++i) visit(rows_[size].ring[(rows_[size].head + i) % (per_size_ + 1)]);
  }

  std::size_t bytes() const {
    std::size_t blocks = 0;
    for (const Row& row : rows_) blocks += row.ring.size();
    return rows_.size() * sizeof(Row) + blocks * sizeof(Block);
  }

 private:
  struct Row {
    std::vector<Block> ring;  // per_size + 1 once it is used
    std::size_t head = 0, count = 0;
  };

  Block& oldest(std::size_t size) { return rows_[size].ring[rows_[size].head]; }

  Block take_oldest(std::size_t size) {
    Row& row = rows_[size];
    Block block = std::move(row.ring[row.head]);
    row.head = row.head == per_size_ ? 0 : row.head + 1;
    --row.count;
    return block;
  }

  void push(std::size_t size, Block&& block) {
    Row& row = rows_[size];
    if (row.ring.empty()) row.ring.resize(per_size_ + 1);
    row.ring[(row.head + row.count++) % (per_size_ + 1)] = std::move(block);
  }

  std::size_t per_size_;
  std::vector<Row> rows_;
};

}  // namespace firebreak::stats
