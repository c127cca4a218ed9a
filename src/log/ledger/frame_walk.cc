#include "log/ledger/frame_walk.h"

#include <fmt/core.h>

#include "log/ledger/segment.h"
#include "log/ledger/segment_index.h"

namespace firebreak::ledger {

Result<bool> FrameWalk::by_index() {
  SegmentSpan& here = spans_.back();
  if (!exists(files_, dir_ + "/" + segment_name(here.number + 1))) return false;
  const auto text = read_all(files_, dir_ + "/" + segment_index_name(here.number));
  const auto index = text ? parse_segment_index(*text) : Result<SegmentIndex>(fail(Code::kNotFound, ""));
  if (!index || index->number != here.number || index->size < here.size) return false;  // made anew at the next start
  here.octets = index->end;
  here.size = index->size;
  return true;
}

Result<void> FrameWalk::walk(std::uint64_t size) {
  SegmentSpan& here = spans_.back();
  FIREBREAK_ASSIGN(const auto file, files_.open(dir_ + "/" + segment_name(here.number), OpenMode::kRead));
  if (here.octets == 0) {
    FIREBREAK_ASSIGN(const Bytes head, file->read_at(0, kSegmentHeaderBytes));
    FIREBREAK_ASSIGN(const SegmentHeader header, parse_segment_header(head));
    if (header.number != here.number || header.first != here.size)
      return fail(Code::kCorrupt, fmt::format("{}/{}: it does not continue the segment before it; run 'firebreak ledger verify'", dir_, segment_name(here.number)));
    here.octets = kSegmentHeaderBytes;
  }
  while (here.size < size) {
    FIREBREAK_ASSIGN(const Bytes head, file->read_at(here.octets, kFrameHeaderBytes));
    if (head.size() < kFrameHeaderBytes) return {};
    const auto frame = parse_frame_header(head);
    if (!frame || frame->first != here.size || frame->first + frame->count > size) return {};
    here.octets += frame->frame_octets();
    here.size += frame->count;
  }
  return {};
}

Result<std::vector<SegmentSpan>> FrameWalk::upto(std::uint64_t size) {
  if (spans_.empty()) spans_.push_back({1, 0, 0});
  for (;;) {
    bool closed = false;
    if (spans_.back().octets == 0) {
      FIREBREAK_ASSIGN(closed, by_index());
    }
    if (closed && spans_.back().size > size) return fail(Code::kInternal, fmt::format("{}: walked for {} entries, fewer than its closed segments have", dir_, size));
    if (!closed) FIREBREAK_TRY(walk(size));
    if (spans_.back().size >= size) return spans_;
    const SegmentSpan next{spans_.back().number + 1, 0, spans_.back().size};
    if (!exists(files_, dir_ + "/" + segment_name(next.number)))
      return fail(Code::kCorrupt, fmt::format("{}/{}, offset {}: no frame with entry {}; run 'firebreak ledger verify'", dir_, segment_name(next.number - 1),
                                              spans_.back().octets, next.size));
    spans_.push_back(next);
  }
}

}  // namespace firebreak::ledger
