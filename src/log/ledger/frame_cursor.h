// Reads a log's frames one after another, from any entry on, up to what is acknowledged. Inside of Log.
// Threads: one cursor, one thread; the log may be written meanwhile.
#pragma once

#include "log/ledger/log_state.h"

namespace firebreak::ledger {

class FrameCursor {
 public:
  // Stands at the frame that holds `index`. Errors: kNotFound beyond the end, kCorrupt, kIo.
  static Result<FrameCursor> at(const Log::State& state, std::uint64_t index);

  Result<Frame> read();  // the frame it stands at, and steps on
  std::uint64_t next() const { return next_; }  // index of the first entry of the frame it stands at

 private:
  explicit FrameCursor(const Log::State& state) : state_(state) {}
  Result<bool> enter();  // a segment with octets at offset_; false at the end of the log
  Result<ByteView> view(std::uint64_t length);
  Result<FrameHeader> header();
  tl::unexpected<Error> damaged(std::uint64_t offset, const std::string& why) const;

  const Log::State& state_;
  std::size_t segment_ = 0;
  std::uint64_t offset_ = 0, next_ = 0;
  std::uint64_t end_ = 0;  // of the segment, when last looked at
  std::shared_ptr<File> file_;
  std::string name_;
  Bytes window_;
  std::uint64_t window_at_ = 0;
};

}  // namespace firebreak::ledger
