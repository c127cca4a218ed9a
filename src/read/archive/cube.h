// The count cube of a segment: its inferences counted by release, hour of admission, disposition, answer and caller, each
// cell with its first and last record. Small enough to be read whole; no engine is needed. Bytes: docs/formats/archive.md.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <tuple>

#include "base/bytes.h"
#include "base/result.h"

namespace firebreak::archive {

struct CubeKey {
  std::string release, disposition, answer, caller;  // empty: the record has none, or it stays out of derived tables
  std::int64_t hour = 0;                             // admission, hours since 1970
  auto operator<=>(const CubeKey&) const = default;
};

struct CubeCell {
  std::uint64_t count = 0, first = 0, last = 0;  // indexes
  std::int64_t first_us = 0, last_us = 0;        // admission of the earliest and the latest

  void add(const CubeCell& other);
};

using Cube = std::map<CubeKey, CubeCell>;

Bytes encode_cube(const Cube& cube);
// Calls `each` with the cells of `release` and `caller` (empty: any); the others cost a comparison of numbers. kCorrupt.
Result<void> visit_cube(ByteView octets, std::string_view release, std::string_view caller,
                        const std::function<void(CubeKey, const CubeCell&)>& each);
Result<Cube> decode_cube(ByteView octets);  // kCorrupt

}  // namespace firebreak::archive
