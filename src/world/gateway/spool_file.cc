#include "world/gateway/spool_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/limits.h"

namespace firebreak::gateway {
namespace {

constexpr std::size_t kMaxPayload = 1 * limits::kMiB;
constexpr std::size_t kWindow = 1 * limits::kMiB;
constexpr std::string_view kSuffix = ".spool";

std::uint32_t check_of(ByteView head_rest, ByteView payload) {
  return get_le<std::uint32_t>(sha256(head_rest, payload).view(), 0);
}

}  // namespace

void append_frame(Bytes& out, SpoolFrame::Kind kind, std::uint64_t number, ByteView payload) {
  FIREBREAK_ASSERT(payload.size() <= kMaxPayload);
  Bytes rest;
  rest.push_back(static_cast<char>(kind));
  put_le(rest, number);
  put_le(out, static_cast<std::uint32_t>(payload.size()));
  put_le(out, check_of(rest, payload));
  out += rest;
  out += payload;
}

std::optional<SpoolFrame> read_frame(ByteView bytes, std::size_t offset, std::size_t& size) {
  if (bytes.size() < offset + kFrameHead) return std::nullopt;
  const auto length = get_le<std::uint32_t>(bytes, offset);
  if (length > kMaxPayload || bytes.size() - offset - kFrameHead < length) return std::nullopt;
  const ByteView payload = bytes.substr(offset + kFrameHead, length);
  if (get_le<std::uint32_t>(bytes, offset + 4) != check_of(bytes.substr(offset + 8, 9), payload)) return std::nullopt;
  const auto kind = static_cast<SpoolFrame::Kind>(bytes[offset + 8]);
  if (kind != SpoolFrame::Kind::kLine && kind != SpoolFrame::Kind::kBatch) return std::nullopt;
  size = kFrameHead + length;
  return SpoolFrame{kind, get_le<std::uint64_t>(bytes, offset + 9), Bytes(payload)};
}

Path SpoolSegments::path_of(std::uint64_t order) const { return fmt::format("{}/{:016}{}", dir_, order, kSuffix); }

Result<void> SpoolSegments::add_segment(std::uint64_t order) {
  Segment segment;
  segment.order = order;
  FIREBREAK_ASSIGN(segment.file, files_.open(path_of(order), OpenMode::kWrite));
  FIREBREAK_ASSIGN(segment.size, segment.file->size());
  FIREBREAK_TRY(files_.sync_dir(dir_));
  segments_.push_back(std::move(segment));
  return {};
}

Result<bool> SpoolSegments::scan(Segment& segment, const std::function<void(const SpoolFrame&)>& each) {
  std::uint64_t at = 0;
  while (at < segment.size) {
    FIREBREAK_ASSIGN(const Bytes bytes, segment.file->read_at(at, kWindow + kMaxPayload + kFrameHead));
    std::size_t used = 0, size = 0;
    while (used < kWindow) {
      const auto frame = read_frame(bytes, used, size);
      if (!frame) break;
      each(*frame);
      used += size;
    }
    at += used;
    if (used > 0) continue;
    FIREBREAK_TRY(segment.file->truncate(at));
    segment.size = at;
    return false;
  }
  return true;
}

Result<std::unique_ptr<SpoolSegments>> SpoolSegments::open(Files& files, const Path& dir, std::uint64_t segment_bytes,
                                                           const std::function<void(const SpoolFrame&)>& each,
                                                           const std::function<void()>& on_damage) {
  FIREBREAK_TRY(files.make_dir(dir));
  std::unique_ptr<SpoolSegments> out(new SpoolSegments(files, dir, segment_bytes));
  FIREBREAK_ASSIGN(const auto names, files.list(dir));
  for (const std::string& name : names) {
    if (!name.ends_with(kSuffix)) continue;
    const std::string digits = name.substr(0, name.size() - kSuffix.size());
    if (digits.empty() || digits.size() > 16 || digits.find_first_not_of("0123456789") != std::string::npos)
      return fail(Code::kCorrupt, fmt::format("{}/{}: no name of a spool segment", dir, name));
    FIREBREAK_TRY(out->add_segment(std::stoull(digits)));
  }
  for (std::size_t i = 0; i < out->segments_.size(); ++i) {
    FIREBREAK_ASSIGN(const bool whole, out->scan(out->segments_[i], each));
    if (!whole && i + 1 < out->segments_.size()) on_damage();
  }
  if (out->segments_.empty()) FIREBREAK_TRY(out->add_segment(1));
  return out;
}

Result<void> SpoolSegments::append(ByteView frames) {
  if (segments_.back().size >= segment_bytes_) {
    FIREBREAK_TRY(segments_.back().file->sync());  // whole before a later one exists: only the last may be torn
    FIREBREAK_TRY(add_segment(segments_.back().order + 1));
  }
  Segment& segment = segments_.back();
  FIREBREAK_TRY(segment.file->write_at(segment.size, frames));
  segment.size += frames.size();
  return {};
}

Result<void> SpoolSegments::sync() { return segments_.back().file->sync(); }

Result<std::optional<SpoolFrame>> SpoolSegments::next() {
  while (true) {
    Segment& segment = segments_[read_segment_];
    if (read_offset_ >= segment.size) {
      if (read_segment_ + 1 == segments_.size()) return std::optional<SpoolFrame>();
      ++read_segment_;
      read_offset_ = 0;
      window_.clear();
      window_at_ = 0;
      continue;
    }
    std::size_t size = 0;
    if (auto frame = read_frame(window_, static_cast<std::size_t>(read_offset_ - window_at_), size)) {
      read_offset_ += size;
      return frame;
    }
    window_at_ = read_offset_;
    FIREBREAK_ASSIGN(window_, segment.file->read_at(read_offset_, kWindow + kMaxPayload + kFrameHead));
    const std::uint64_t known = segment.size - read_offset_;
    if (window_.size() > known) window_.resize(static_cast<std::size_t>(known));
    if (!read_frame(window_, 0, size))
      return fail(Code::kCorrupt, fmt::format("{}: offset {}: damaged frame", path_of(segment.order), read_offset_));
  }
}

Result<void> SpoolSegments::drop_read() {
  while (read_segment_ > 0) {
    const Path path = path_of(segments_.front().order);
    segments_.pop_front();
    --read_segment_;
    FIREBREAK_TRY(files_.remove(path));
  }
  return {};
}

std::uint64_t SpoolSegments::bytes() const {
  std::uint64_t total = 0;
  for (std::size_t i = read_segment_; i < segments_.size(); ++i) total += segments_[i].size;
  return total - read_offset_;
}

Result<DurableNumber> DurableNumber::open(Files& files, const Path& path, std::size_t values) {
  DurableNumber out;
  FIREBREAK_ASSIGN(out.file_, files.open(path, OpenMode::kWrite));
  FIREBREAK_TRY(files.sync_dir(parent_of(path)));
  out.values_.assign(values, 0);
  const std::size_t slot = 8 * (values + 1) + 32;
  for (std::uint64_t i = 0; i < 2; ++i) {
    FIREBREAK_ASSIGN(const Bytes bytes, out.file_->read_at(i * 512, slot));
    if (bytes.size() != slot) continue;
    const ByteView body = ByteView(bytes).substr(0, slot - 32);
    if (sha256(body).view() != ByteView(bytes).substr(slot - 32)) continue;
    const auto generation = get_le<std::uint64_t>(body, 0);
    if (generation <= out.generation_) continue;
    out.generation_ = generation;
    for (std::size_t k = 0; k < values; ++k) out.values_[k] = get_le<std::uint64_t>(body, 8 * (k + 1));
  }
  return out;
}

Result<void> DurableNumber::store(const std::vector<std::uint64_t>& values, bool sync) {
  FIREBREAK_ASSERT(values.size() == values_.size());
  Bytes body;
  put_le(body, generation_ + 1);
  for (const std::uint64_t value : values) put_le(body, value);
  const Digest check = sha256(body);
  body += check.view();
  FIREBREAK_TRY(file_->write_at((generation_ + 1) % 2 * 512, body));
  ++generation_;
  values_ = values;
  return sync ? file_->sync() : Result<void>{};
}

}  // namespace firebreak::gateway
