// A bounded hash table from 64-bit ids to small values, for lookups only: it has no iteration, so the order
// of its slots cannot reach an output. Linear probing with backward-shift deletion (Knuth 6.4, algorithm R).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace firebreak::detect {

// FNV-1a with a finishing mix; ids are looked up by it, two of 200,000 collide once in 10^9 tables.
inline std::uint64_t id_hash(std::string_view text) {
  std::uint64_t h = 0xcbf29ce484222325ULL;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9ULL;
  h = (h ^ (h >> 27)) * 0x94d049bb133111ebULL;
  return h ^ (h >> 31);
}

template <class Value>
class IdTable {
 public:
  // Takes up to `capacity` entries; the caller removes one before it adds beyond that (asserted).
  explicit IdTable(std::size_t capacity = 0) : capacity_(capacity) {}

  Value* find(std::uint64_t id) {
    if (slots_.empty()) return nullptr;
    for (std::size_t at = home(id); slots_[at].used; at = next(at))
      if (slots_[at].id == id) return &slots_[at].value;
    return nullptr;
  }

  void put(std::uint64_t id, const Value& value) {
    if (Value* old = find(id); old != nullptr) {
      *old = value;
      return;
    }
    FIREBREAK_ASSERT(size_ < capacity_);
    if ((size_ + 1) * 3 > slots_.size() * 2) grow();
    insert(id, value);
    ++size_;
  }

  void erase(std::uint64_t id) {
    if (slots_.empty()) return;
    std::size_t hole = home(id);
    while (slots_[hole].used && slots_[hole].id != id) hole = next(hole);
    if (!slots_[hole].used) return;
    for (std::size_t at = next(hole); slots_[at].used; at = next(at)) {
      // An entry may move back only when its home does not lie cyclically in (hole, at].
      const std::size_t from = home(slots_[at].id);
      if (((at - from) & mask()) < ((at - hole) & mask())) continue;
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole].used = false;
    --size_;
  }

  std::size_t size() const { return size_; }
  std::size_t bytes() const { return slots_.size() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint64_t id = 0;
    Value value{};
    bool used = false;
  };

  std::size_t mask() const { return slots_.size() - 1; }
  std::size_t home(std::uint64_t id) const { return static_cast<std::size_t>(id) & mask(); }
  std::size_t next(std::size_t at) const { return (at + 1) & mask(); }

  void insert(std::uint64_t id, const Value& value) {
    std::size_t at = home(id);
    while (slots_[at].used) at = next(at);
    slots_[at] = {id, value, true};
  }

  void grow() {
    std::vector<Slot> old(slots_.empty() ? 16 : slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old)
      if (slot.used) insert(slot.id, slot.value);
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
  std::size_t capacity_;
};

}  // namespace firebreak::detect
