// When each caller key was first seen: bounded, and on the safe side when it is full.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"

namespace firebreak::detect {

class KeyBook {
 public:
  static constexpr std::uint32_t kUnknown = 0;

  explicit KeyBook(std::size_t max_callers) : max_callers_(max_callers) {}

  // The key's number, from 1 in order of first sight; kUnknown when it is new and the book is full.
  std::uint32_t seen(const std::string& caller, Time now) {
    if (const auto at = numbers_.find(caller); at != numbers_.end()) return at->second;
    if (entries_.size() >= max_callers_) return kUnknown;
    const auto number = static_cast<std::uint32_t>(entries_.size() + 1);
    entries_.push_back({caller, now});
    numbers_.emplace(caller, number);
    bytes_ += 2 * caller.capacity() + sizeof(Entry) + 96;
    return number;
  }

  // A key that was seen first `history_us` ago or more has ordinary history: blocking it would hurt a
  // customer. An unknown key counts as established, so that a flood of keys cannot push a customer's into a
  // chain.
  bool established(std::uint32_t number, Time now, std::int64_t history_us) const {
    return number == kUnknown || now - entries_[number - 1].first_seen >= history_us;
  }

  bool knows(const std::string& caller) const { return numbers_.contains(caller); }
  const std::string& name(std::uint32_t number) const { return entries_[number - 1].caller; }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string caller;
    Time first_seen;
  };
  std::map<std::string, std::uint32_t> numbers_;
  std::vector<Entry> entries_;
  std::size_t max_callers_;
  std::size_t bytes_ = 0;
};

}  // namespace firebreak::detect
