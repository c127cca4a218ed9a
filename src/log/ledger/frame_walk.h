// How far a log's segment files hold what is durable, in octets: for whoever copies them while the log is written. What lies behind
// the last frame of a segment (zeros, a write under way) belongs to nobody yet.
//
// Steps from frame header to frame header, taking up where it stopped; a closed segment with an index (segment_index.h) is not read.
// The frames themselves are not checked: that is verify()'s.
// Threads: none of its own; one walk, one thread. The log may be written meanwhile.
#pragma once

#include <cstdint>
#include <vector>

#include "base/files.h"

namespace firebreak::ledger {

struct SegmentSpan {
  std::uint64_t number = 0;  // 1, 2, …
  std::uint64_t octets = 0;  // durable, from the file's beginning
  std::uint64_t size = 0;    // entries of the log up to there
};

class FrameWalk {
 public:
  FrameWalk(Files& files, Path log_dir) : files_(files), dir_(std::move(log_dir)) {}

  // All segments, in order, up to `size` entries, which the log has said are durable. Errors: kCorrupt, kIo, kNotFound.
  Result<std::vector<SegmentSpan>> upto(std::uint64_t size);

 private:
  Result<bool> by_index();             // the segment it stands in is closed, and its index was taken
  Result<void> walk(std::uint64_t size);  // within the segment it stands in

  Files& files_;
  const Path dir_;
  std::vector<SegmentSpan> spans_;  // the last one is where it stands
};

}  // namespace firebreak::ledger
