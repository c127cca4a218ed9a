// The octets of a segment file: one header, then frames. The codec of docs/formats/segment.md.
//
// A frame is one batch. Frames chain by digest across segments, so that none can be removed, moved or
// replaced without changing all that follow. `committed` tells a torn write from damage: it is the offset
// that was durable before the frame's write began, so a frame that says committed > x vouches for everything
// before x.
// Pure; thread-safe. All integers little-endian.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "log/ledger/log.h"

namespace firebreak::ledger {

inline constexpr std::size_t kSegmentHeaderBytes = 128;
inline constexpr std::size_t kFrameHeaderBytes = 136;
inline constexpr std::size_t kIndexEntryBytes = 6;  // u16 length, first 4 octets of the leaf's hash
inline constexpr std::size_t kFrameAlign = 8;

std::string segment_name(std::uint64_t number);                      // "000001.seg"
std::optional<std::uint64_t> segment_number(std::string_view name);  // nothing when it is no segment's name

struct SegmentHeader {
  std::uint64_t number = 1;
  std::uint64_t first = 0;  // index of its first entry
  Digest previous;          // digest of the last frame before it, zero for the first segment
  Digest origin;            // SHA-256 of the log's origin
  Bytes encode() const;
};
Result<SegmentHeader> parse_segment_header(ByteView data);

struct FrameHeader {
  std::uint64_t first = 0;
  std::uint64_t committed = 0;
  std::uint32_t count = 0;
  std::uint32_t leaves_octets = 0;
  std::uint32_t payload_octets = 0;
  Digest previous;
  Digest body;    // SHA-256(index || leaves || payload)
  Digest digest;  // SHA-256 of the header before it; what the next frame names as previous

  std::uint64_t body_octets() const;   // with padding
  std::uint64_t frame_octets() const;  // header and body
  void append_to(Bytes& out);          // sets digest
};
// kInvalid unless the digest agrees and the sizes are within limits.
Result<FrameHeader> parse_frame_header(ByteView data);

// A batch made ready by the thread that appends it: hashing runs there, outside the order.
struct PreparedBatch {
  Bytes index, leaves, payload;  // the body's parts, without its padding
  Hashes hashes;
  Digest body_digest;

  std::uint64_t octets() const { return index.size() + leaves.size() + payload.size(); }
  ByteView padding() const;  // zeros up to the next frame
};
// kInvalid: no entries, or lengths that do not sum up; kTooLarge: an entry or the batch.
Result<PreparedBatch> prepare(Batch batch);

struct BodyDamage {
  std::uint64_t offset = 0;             // within the body
  std::optional<std::uint64_t> record;  // ordinal in the frame
  std::string reason;
};
struct ParsedBody {
  std::vector<std::uint32_t> lengths;
  ByteView leaves, payload;  // views into the body
  Hashes hashes;             // of the leaves; empty when not asked for
};
// Checks the digest, the lengths and the zero padding, and (with `hash`) every leaf against the index.
tl::expected<ParsedBody, BodyDamage> parse_body(const FrameHeader& header, ByteView body, bool hash);

// True when a frame that vouches for `at` (committed > at) starts in `data`, which begins at segment offset
// `base`.
bool vouched_for(ByteView data, std::uint64_t base, std::uint64_t at);

}  // namespace firebreak::ledger
