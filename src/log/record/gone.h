// What a stream's log says is gone: each erasure and each expiry, and which records it took.
#pragma once

#include <cstdint>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace firebreak::record {

struct Span {
  std::uint64_t first = 0, last = 0;  // indexes, both of it
};

// Where records are, in few spans: every record that was added lies in one, and others may.
class Spans {
 public:
  static constexpr std::size_t kMost = 64;

  void add(std::uint64_t first, std::uint64_t last);  // in rising order of `first`, but for overlaps
  const std::vector<Span>& list() const { return list_; }

 private:
  std::vector<Span> list_;
};
Json to_json(const std::vector<Span>& spans);  // [[first, last], ...]

struct Gone {
  std::uint64_t control = 0;  // index of the control record that says so
  std::uint64_t order = 0;    // journal index of erase_requested; 0: it expired
  Time cutoff;                // of what expired
  std::uint64_t records = 0;
  std::vector<Span> spans;    // empty: an older version did not say where

  bool touches(std::uint64_t first, std::uint64_t end) const;  // whether a record in [first, end) may have gone
};
Result<Gone> gone_from_json(std::uint64_t index, const Json& control);  // of `erased` and `expired`

}  // namespace firebreak::record
