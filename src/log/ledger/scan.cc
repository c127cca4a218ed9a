#include "log/ledger/scan.h"

#include <algorithm>

namespace firebreak::ledger {
namespace {

constexpr std::size_t kWindowBytes = 1024 * 1024;

// A file read through a window that moves forward.
class Window {
 public:
  Window(const File& file, std::uint64_t size) : file_(file), size_(size) {}

  // `length` octets at `offset`, fewer at the end. Valid until the next call.
  Result<ByteView> view(std::uint64_t offset, std::uint64_t length) {
    length = offset < size_ ? std::min(length, size_ - offset) : 0;
    if (offset < start_ || offset + length > start_ + data_.size()) {
      FIREBREAK_ASSIGN(data_, file_.read_at(offset, std::max<std::size_t>(length, kWindowBytes)));
      start_ = offset;
      if (data_.size() < length) return fail(Code::kIo, "the file became shorter while it was read");
    }
    return ByteView(data_).substr(offset - start_, length);
  }
  std::uint64_t size() const { return size_; }

 private:
  const File& file_;
  std::uint64_t size_;
  std::uint64_t start_ = 0;
  Bytes data_;
};

class Scanner {
 public:
  Scanner(Files& files, const Path& dir, const std::string& origin,
          const std::function<void(const ScannedFrame&)>& visit, const ScanStart& start)
      : files_(files), dir_(dir), origin_(sha256(origin)), visit_(visit), first_number_(start.number) {
    result_.size = start.size;
    result_.last_digest = start.last_digest;
  }

  Result<ScanResult> run(bool only_last) {
    FIREBREAK_ASSIGN(const std::vector<std::string> names, files_.list(dir_));
    std::vector<std::uint64_t> numbers;
    for (const std::string& name : names) {
      if (const auto number = segment_number(name)) numbers.push_back(*number);
    }
    std::sort(numbers.begin(), numbers.end());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (numbers[i] != i + 1) {
        damage(segment_name(i + 1), 0, only_last ? std::nullopt : std::optional(result_.size), "the segment is missing");
        break;
      }
      const bool last = i + 1 == numbers.size();
      if (numbers[i] < first_number_ || (only_last && !last)) continue;
      if (only_last) {
        FIREBREAK_TRY(start_at(numbers[i]));
      }
      FIREBREAK_TRY(segment(numbers[i], last));
      if (result_.damage || result_.tail) break;
    }
    return std::move(result_);
  }

 private:
  // As if everything before this segment had been read and had agreed with its header.
  Result<void> start_at(std::uint64_t number) {
    FIREBREAK_ASSIGN(const auto file, files_.open(dir_ + "/" + segment_name(number), OpenMode::kRead));
    FIREBREAK_ASSIGN(const Bytes head, file->read_at(0, kSegmentHeaderBytes));
    const Result<SegmentHeader> header = parse_segment_header(head);
    if (!header) return {};  // segment() says where the damage is
    result_.size = header->first;
    result_.last_digest = header->previous;
    return {};
  }

  void damage(std::string file, std::uint64_t offset, std::optional<std::uint64_t> record,
              std::string reason) {
    result_.damage = Damage{std::move(file), offset, record, std::move(reason)};
  }

  Result<void> segment(std::uint64_t number, bool last) {
    const std::string name = segment_name(number);
    FIREBREAK_ASSIGN(const auto file, files_.open(dir_ + "/" + name, OpenMode::kRead));
    FIREBREAK_ASSIGN(const std::uint64_t size, file->size());
    result_.octets += size;
    Window window(*file, size);
    FIREBREAK_ASSIGN(const ByteView head, window.view(0, kSegmentHeaderBytes));
    const Result<SegmentHeader> header = parse_segment_header(head);
    if (!header) {
      damage(name, 0, result_.size, header.error().message);
      return {};
    }
    if (header->number != number || header->first != result_.size || header->origin != origin_ ||
        header->previous != result_.last_digest) {
      damage(name, 0, result_.size, "the segment does not follow what is before it in this log");
      return {};
    }
    result_.segments.push_back({number, result_.size, kSegmentHeaderBytes});
    result_.last_group = kSegmentHeaderBytes;
    while (result_.segments.back().end < size && !result_.damage && !result_.tail && !unused_) {
      FIREBREAK_TRY(frame(window, name, last));
    }
    return {};
  }

  Result<void> frame(Window& window, const std::string& name, bool last) {
    const std::uint64_t offset = result_.segments.back().end;
    FIREBREAK_ASSIGN(const ByteView head, window.view(offset, kFrameHeaderBytes));
    const Result<FrameHeader> header = parse_frame_header(head);
    if (!header) return bad_frame(window, name, last, {offset, result_.size, header.error().message, offset});
    if (header->first != result_.size || header->previous != result_.last_digest ||
        header->committed > offset) {
      damage(name, offset, result_.size, "the frame does not follow the one before it");
      return {};
    }
    FIREBREAK_ASSIGN(const ByteView body, window.view(offset + kFrameHeaderBytes, header->body_octets()));
    if (body.size() < header->body_octets())
      return bad_frame(window, name, last, {offset, result_.size, "the frame is incomplete", offset});
    const auto parsed = parse_body(*header, body, true);
    if (!parsed) {
      const BodyDamage& what = parsed.error();
      return bad_frame(window, name, last,
                       {offset, result_.size + what.record.value_or(0), what.reason,
                        offset + kFrameHeaderBytes + what.offset});
    }
    visit_({*header, *parsed, result_.segments.size() - 1, offset});
    result_.segments.back().end = offset + header->frame_octets();
    result_.size += header->count;
    result_.last_digest = header->digest;
    result_.last_group = header->committed;
    return {};
  }

  // The offset behind the last octet that is not zero: the writer takes blocks ahead of what it writes.
  static Result<std::uint64_t> used_end(Window& window, std::uint64_t from) {
    std::uint64_t used = from;
    for (std::uint64_t at = from; at < window.size(); at += kWindowBytes) {
      FIREBREAK_ASSIGN(const ByteView data, window.view(at, kWindowBytes));
      const std::size_t last = data.find_last_not_of('\0');
      if (last != ByteView::npos) used = at + last + 1;
    }
    return used;
  }

  struct BadFrame {
    std::uint64_t offset = 0;
    std::uint64_t record = 0;
    std::string reason;
    std::uint64_t place = 0;  // of the damage, when it is known more exactly
  };

  // Torn, when it is in the last segment and nothing later says that it had been durable.
  Result<void> bad_frame(Window& window, const std::string& name, bool last, const BadFrame& bad) {
    FIREBREAK_ASSIGN(const std::uint64_t used, used_end(window, bad.offset));
    unused_ = last && used == bad.offset;
    if (unused_) return {};
    bool vouched = !last;
    // Overlapping by a header, so that none is missed between two reads.
    for (std::uint64_t at = bad.offset; !vouched && at < used; at += kWindowBytes) {
      FIREBREAK_ASSIGN(const ByteView data, window.view(at, kWindowBytes + kFrameHeaderBytes));
      vouched = vouched_for(data, at, bad.offset);
    }
    if (vouched) {
      damage(name, std::max(bad.place, bad.offset), bad.record, bad.reason);
    } else {
      result_.tail = TornTail{name,       bad.offset, used - bad.offset, std::max(bad.place, bad.offset),
                              bad.record, bad.reason};
    }
    return {};
  }

  Files& files_;
  const Path& dir_;
  const Digest origin_;
  const std::function<void(const ScannedFrame&)>& visit_;
  const std::uint64_t first_number_;
  ScanResult result_;
  bool unused_ = false;  // only zeros follow
};

}  // namespace

Result<ScanResult> scan_segments(Files& files, const Path& dir, const std::string& origin,
                                 const std::function<void(const ScannedFrame&)>& visit, const ScanStart& start) {
  return Scanner(files, dir, origin, visit, start).run(false);
}

Result<ScanResult> scan_last_segment(Files& files, const Path& dir, const std::string& origin,
                                     const std::function<void(const ScannedFrame&)>& visit) {
  return Scanner(files, dir, origin, visit, {}).run(true);
}

}  // namespace firebreak::ledger
