// What was there before a call changed it, by the call's idempotency key. A call whose answer was lost is repeated and finds things
// as it wanted them; what it found the first time is the way back, and must not be replaced by that.
//
// Holds the last kMost keys, in memory. Not thread-safe.
#pragma once

#include <deque>
#include <string>
#include <utility>

#include "base/json.h"

namespace firebreak::connect {

class Befores {
 public:
  static constexpr std::size_t kMost = 256;

  // What was noted first under `key`; an empty key notes nothing.
  Json first(const std::string& key, Json found) {
    if (key.empty()) return found;
    for (const auto& [known, before] : noted_)
      if (known == key) return before;
    noted_.emplace_back(key, found);
    if (noted_.size() > kMost) noted_.pop_front();
    return found;
  }

 private:
  std::deque<std::pair<std::string, Json>> noted_;
};

}  // namespace firebreak::connect
