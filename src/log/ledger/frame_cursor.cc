#include "log/ledger/frame_cursor.h"

#include <algorithm>

namespace firebreak::ledger {
namespace {

constexpr std::uint64_t kWindowBytes = 128 * 1024;

}  // namespace

Result<FrameCursor> FrameCursor::at(const Log::State& state, std::uint64_t index) {
  FrameCursor cursor(state);
  {
    const std::lock_guard lock(state.mutex);
    if (index >= state.tree.size())
      return fail(Code::kNotFound, "log " + state.dir + " has no entry " + std::to_string(index));
    FIREBREAK_ASSIGN(const FramePlace place, state.place_of(index, cursor.segment_));
    cursor.next_ = place.first;
    cursor.offset_ = place.offset;
  }
  for (;;) {
    FIREBREAK_ASSIGN(const bool there, cursor.enter());
    if (!there) return cursor.damaged(cursor.offset_, "the log ends before entry " + std::to_string(index));
    FIREBREAK_ASSIGN(const FrameHeader header, cursor.header());
    if (index < header.first + header.count) return cursor;
    cursor.offset_ += header.frame_octets();
    cursor.next_ = header.first + header.count;
  }
}

tl::unexpected<Error> FrameCursor::damaged(std::uint64_t offset, const std::string& why) const {
  return fail(Code::kCorrupt, "log " + state_.dir + ": " + name_ + ", offset " + std::to_string(offset) + ", record " +
                                  std::to_string(next_) + ": " + why + "; run 'firebreak ledger verify'");
}

Result<bool> FrameCursor::enter() {
  if (file_ != nullptr && offset_ < end_) return true;
  const std::lock_guard lock(state_.mutex);
  while (offset_ >= state_.segments[segment_].end) {
    if (segment_ + 1 >= state_.segments.size()) return false;
    ++segment_;
    offset_ = kSegmentHeaderBytes;
    file_ = nullptr;
  }
  OpenSegment& segment = state_.segments[segment_];
  end_ = segment.end;
  if (file_ != nullptr) return true;
  name_ = segment_name(segment.number);
  window_.clear();
  if (segment.file == nullptr) {
    FIREBREAK_ASSIGN(auto opened, state_.files.open(state_.path_of(name_), OpenMode::kRead));
    segment.file = std::move(opened);
  }
  file_ = segment.file;
  return true;
}

// `length` octets from where it stands; the window holds a little more, for the frames behind.
Result<ByteView> FrameCursor::view(std::uint64_t length) {
  if (length > end_ - offset_) return damaged(offset_, "the frame leads out of its segment");
  if (offset_ < window_at_ || offset_ + length > window_at_ + window_.size()) {
    const std::uint64_t want = std::min(std::max(length, kWindowBytes), end_ - offset_);
    FIREBREAK_ASSIGN(window_, file_->read_at(offset_, want));
    window_at_ = offset_;
    if (window_.size() < length) return damaged(offset_, "the segment is shorter than it was");
  }
  return ByteView(window_).substr(offset_ - window_at_, length);
}

Result<FrameHeader> FrameCursor::header() {
  FIREBREAK_ASSIGN(const ByteView head, view(kFrameHeaderBytes));
  Result<FrameHeader> parsed = parse_frame_header(head);
  if (!parsed) return damaged(offset_, parsed.error().message);
  if (parsed->first != next_) return damaged(offset_, "another frame stands here");
  return parsed;
}

Result<Frame> FrameCursor::read() {
  FIREBREAK_ASSIGN(const bool there, enter());
  if (!there) return damaged(offset_, "nothing follows");
  FIREBREAK_ASSIGN(const FrameHeader head, header());
  FIREBREAK_ASSIGN(const ByteView data, view(head.frame_octets()));
  const auto body = parse_body(head, data.substr(kFrameHeaderBytes), false);
  if (!body) return damaged(offset_ + kFrameHeaderBytes + body.error().offset, body.error().reason);
  Frame frame{head.first, head.count, Bytes(body->leaves), body->lengths, Bytes(body->payload)};
  offset_ += head.frame_octets();
  next_ = head.first + head.count;
  return frame;
}

}  // namespace firebreak::ledger
