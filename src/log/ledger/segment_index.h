// What a closed segment is known for without reading it: file NNNNNN.idx beside NNNNNN.seg. Derived: it can be deleted
// and is made again. Layout: docs/formats/ledger.md, "What is derived".
//
// An index says that the tree up to `size` is durable in the log's hash files (hash_store.h). Starting trusts an index
// only so far as the signed checkpoint bears it out; verifying reads none.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/digest.h"
#include "base/result.h"

namespace firebreak::ledger {

// Where a frame begins. Every frame that starts 64 KiB or more behind the last one named gets a place, and the first.
struct FramePlace {
  std::uint64_t first = 0;   // index of the frame's first entry
  std::uint64_t offset = 0;  // in the segment
};
inline constexpr std::uint64_t kPlaceEvery = 64 * 1024;

// Adds the place when it is far enough from the last one.
void add_place(std::vector<FramePlace>& places, FramePlace place);

struct SegmentIndex {
  std::uint64_t number = 0;
  std::uint64_t first = 0;  // index of its first entry
  std::uint64_t size = 0;   // entries of the log at its end
  std::uint64_t end = 0;    // octets of the file
  Digest last_digest;       // of its last frame
  Digest root;              // of the tree at `size`
  std::vector<FramePlace> places;

  Bytes encode() const;
};
Result<SegmentIndex> parse_segment_index(ByteView data);  // kCorrupt

std::string segment_index_name(std::uint64_t number);  // "000001.idx"

}  // namespace firebreak::ledger
