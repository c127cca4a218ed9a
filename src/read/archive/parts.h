// Which records of a stream become one part of its archive.
//
// A closed segment is one part. The open segment is archived as it grows, in parts that each hold more records than the next: what came
// since is joined with the parts before it that are no larger, so that a record is archived anew only as often as the tail doubles, and
// there are few parts. Once the segment is closed it is made into one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "read/archive/manifest.h"

namespace firebreak::archive {

struct Part {  // a segment's records
  std::uint64_t segment = 0, first = 0, end = 0;
  bool closed = true;
};

// The segments of a stream's log, by their headers; the last one ends at `size`.
Result<std::vector<Part>> parts_of(Files& files, const std::string& data, const std::string& stream, std::uint64_t size);

// What of a segment has to be made, when `have` of it stands, by its records; nothing: it is as it should be. `stale`: one of them is out
// of date. `open`: the open segment is wanted as far as it goes. Pure.
std::optional<Part> still_to_make(const Part& part, const std::vector<const Manifest*>& have, bool stale, bool open);

}  // namespace firebreak::archive
