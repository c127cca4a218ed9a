// The spool's frames on disk: docs/formats/spool.md. Segments `NNNNNNNNNNNNNNNN.spool`, numbered in their
// order; a frame is u32 length, u32 check, u8 kind, u64 number, payload. A torn last frame is cut.
//
// Threads: one at a time; Spool takes care.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"

namespace firebreak::gateway {

struct SpoolFrame {
  enum class Kind : std::uint8_t { kLine = 1, kBatch = 2 };
  Kind kind = Kind::kLine;
  std::uint64_t number = 0;  // of the record, or the batch's sequence
  std::string payload;       // the line, or u64 first, u64 last record number
};

inline constexpr std::size_t kFrameHead = 17;

void append_frame(Bytes& out, SpoolFrame::Kind kind, std::uint64_t number, ByteView payload);
// The frame at `offset` of `bytes`; nothing when it is torn or damaged. Sets `size` to its octets.
std::optional<SpoolFrame> read_frame(ByteView bytes, std::size_t offset, std::size_t& size);

// An ordered set of segment files, appended at the end and read from the front.
class SpoolSegments {
 public:
  // Scans what is there and hands every frame in order to `each`. A segment is cut at its first damaged frame; when
  // that is not the torn tail of the last one, `on_damage` is called at its place in the order.
  static Result<std::unique_ptr<SpoolSegments>> open(Files& files, const Path& dir, std::uint64_t segment_bytes,
                                                     const std::function<void(const SpoolFrame&)>& each,
                                                     const std::function<void()>& on_damage);

  Result<void> append(ByteView frames);  // starts a new segment when the current one is full
  Result<void> sync();
  Result<void> start_new() { return add_segment(segments_.back().order + 1); }
  File* newest() const { return segments_.back().file.get(); }
  Result<std::optional<SpoolFrame>> next();  // reads on; nothing at the end
  // Deletes the segments that next() has left behind, but never the one that is written.
  Result<void> drop_read();
  bool has_read_segments() const { return read_segment_ > 0; }
  std::uint64_t bytes() const;

 private:
  struct Segment {
    std::uint64_t order = 0;
    std::unique_ptr<File> file;
    std::uint64_t size = 0;
  };
  SpoolSegments(Files& files, Path dir, std::uint64_t segment_bytes)
      : files_(files), dir_(std::move(dir)), segment_bytes_(segment_bytes) {}
  Path path_of(std::uint64_t order) const;
  Result<void> add_segment(std::uint64_t order);
  Result<bool> scan(Segment& segment, const std::function<void(const SpoolFrame&)>& each);  // false: was cut

  Files& files_;
  const Path dir_;
  const std::uint64_t segment_bytes_;
  std::deque<Segment> segments_;
  std::size_t read_segment_ = 0;  // index into segments_
  std::uint64_t read_offset_ = 0;
  Bytes window_;                  // octets of the segment that is read, from window_at_ on
  std::uint64_t window_at_ = 0;
};

// A number that survives kill -9 and power cuts: two slots, written in turn, each with its digest.
class DurableNumber {
 public:
  static Result<DurableNumber> open(Files& files, const Path& path, std::size_t values);
  const std::vector<std::uint64_t>& values() const { return values_; }  // zeros when there is no good slot
  Result<void> store(const std::vector<std::uint64_t>& values, bool sync);

 private:
  std::unique_ptr<File> file_;
  std::vector<std::uint64_t> values_;
  std::uint64_t generation_ = 0;
};

}  // namespace firebreak::gateway
