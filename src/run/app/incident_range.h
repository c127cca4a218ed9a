// Which records an incident is about: those that its findings name; of one that was declared by hand and has none, the newest.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/json.h"

namespace firebreak::app {

inline constexpr std::uint64_t kNewestRecords = 100'000;

struct RecordRange {
  std::uint64_t first = 0, end = 0;  // end is not in it
  bool named = false;                // by findings
};

// `asked`: the body of a request with `first` and `last`; `size`: of the stream.
inline RecordRange range_of(const Json& asked, std::uint64_t size) {
  const auto first = static_cast<std::uint64_t>(int_or(asked, "first")), last = static_cast<std::uint64_t>(int_or(asked, "last"));
  if (first == 0 && last == 0) return {size - std::min(size, kNewestRecords), size, false};
  return {first, std::min(last + 1, size), true};
}

}  // namespace firebreak::app
