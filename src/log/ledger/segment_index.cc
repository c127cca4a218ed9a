#include "log/ledger/segment_index.h"

#include "log/ledger/segment.h"

namespace firebreak::ledger {
namespace {

constexpr std::string_view kMagic = "FBIDXv1\n";
constexpr std::size_t kHeadBytes = 8 + 5 * 8 + 2 * 32;
constexpr std::size_t kPlaceBytes = 16;

}  // namespace

void add_place(std::vector<FramePlace>& places, FramePlace place) {
  if (places.empty() || place.offset >= places.back().offset + kPlaceEvery) places.push_back(place);
}

std::string segment_index_name(std::uint64_t number) {
  std::string name = segment_name(number);
  return name.replace(name.size() - 3, 3, "idx");
}

Bytes SegmentIndex::encode() const {
  Bytes out(kMagic);
  put_le(out, number);
  put_le(out, first);
  put_le(out, size);
  put_le(out, end);
  put_le(out, std::uint64_t{places.size()});
  out += last_digest.view();
  out += root.view();
  for (const FramePlace& place : places) {
    put_le(out, place.first);
    put_le(out, place.offset);
  }
  out += sha256(out).view();
  return out;
}

Result<SegmentIndex> parse_segment_index(ByteView data) {
  const auto corrupt = [](const char* why) { return fail(Code::kCorrupt, std::string("segment index: ") + why); };
  if (data.size() < kHeadBytes + 32 || !data.starts_with(kMagic)) return corrupt("no index of version 1");
  const ByteView body = data.substr(0, data.size() - 32);
  if (sha256(body) != Digest::from_bytes(data.substr(body.size()))) return corrupt("its checksum differs");
  const auto count = get_le<std::uint64_t>(body, 40);
  if (count != (body.size() - kHeadBytes) / kPlaceBytes || (body.size() - kHeadBytes) % kPlaceBytes != 0)
    return corrupt("its length differs from what it says");
  SegmentIndex out;
  out.number = get_le<std::uint64_t>(body, 8);
  out.first = get_le<std::uint64_t>(body, 16);
  out.size = get_le<std::uint64_t>(body, 24);
  out.end = get_le<std::uint64_t>(body, 32);
  out.last_digest = Digest::from_bytes(body.substr(48, 32));
  out.root = Digest::from_bytes(body.substr(80, 32));
  out.places.reserve(count);
  for (std::size_t at = kHeadBytes; at < body.size(); at += kPlaceBytes)
    out.places.push_back({get_le<std::uint64_t>(body, at), get_le<std::uint64_t>(body, at + 8)});
  if (out.places.empty() || out.places.front().first != out.first || out.size <= out.first)
    return corrupt("it names no frames");
  return out;
}

}  // namespace firebreak::ledger
