// Reads all segments of a log's folder in order and checks everything that the segments alone can show.
// Opening, verifying, exporting and proving all go through here, so that they cannot disagree on what a good
// log is.
// Threads: none of its own. Errors: kIo, kNotFound; damage and torn tails are results.
#pragma once

#include <functional>

#include "log/ledger/segment.h"
#include "log/ledger/verify.h"

namespace firebreak::ledger {

struct ScannedSegment {
  std::uint64_t number = 0;
  std::uint64_t first = 0;
  std::uint64_t end = 0;  // offset after its last good frame
};

struct ScannedFrame {
  const FrameHeader& header;
  const ParsedBody& body;  // with hashes
  std::size_t segment;     // position in ScanResult::segments
  std::uint64_t offset;
};

struct TornTail {  // octets after the last good frame that no later commit vouches for
  std::string segment;
  std::uint64_t offset = 0;
  std::uint64_t octets = 0;
  std::uint64_t place = 0;   // of the first octet known to be wrong
  std::uint64_t record = 0;  // the first entry that is gone
  std::string reason;
};

struct ScanResult {
  std::vector<ScannedSegment> segments;
  std::uint64_t size = 0;        // entries in good frames
  Digest last_digest;            // of the last good frame
  std::uint64_t last_group = 0;  // offset in the last segment where the last commit's write began
  std::uint64_t octets = 0;      // of all segment files
  std::optional<TornTail> tail;
  std::optional<Damage> damage;  // the first; nothing behind it was read
};

// Where a scan begins, and what it takes for granted of everything before.
struct ScanStart {
  std::uint64_t number = 1;  // of the first segment to read
  std::uint64_t size = 0;    // entries before it
  Digest last_digest;        // of the frame before it
};

// ScanResult::segments holds the segments that were read. No segment may be missing, of the others neither.
Result<ScanResult> scan_segments(Files& files, const Path& dir, const std::string& origin,
                                 const std::function<void(const ScannedFrame&)>& visit, const ScanStart& start = {});

// The last segment alone, taking its header's word for what is before it; no segment may be missing.
Result<ScanResult> scan_last_segment(Files& files, const Path& dir, const std::string& origin,
                                     const std::function<void(const ScannedFrame&)>& visit);

}  // namespace firebreak::ledger
