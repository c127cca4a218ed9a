#include "log/ledger/segment.h"

#include <algorithm>
#include <charconv>

#include "base/limits.h"

namespace firebreak::ledger {
namespace {

constexpr std::string_view kSegmentMagic = "FBSEGv1\n";
constexpr std::string_view kFrameMagic = "FBF1";
constexpr std::uint16_t kFrameVersion = 1;
constexpr std::size_t kDigestedSegmentHeader = kSegmentHeaderBytes - 32;
constexpr std::size_t kDigestedFrameHeader = kFrameHeaderBytes - 32;

constexpr std::uint64_t align_up(std::uint64_t n) {
  return (n + kFrameAlign - 1) / kFrameAlign * kFrameAlign;
}
static_assert(kSegmentHeaderBytes % kFrameAlign == 0 && kFrameHeaderBytes % kFrameAlign == 0);

Digest digest_at(ByteView data, std::size_t offset) { return Digest::from_bytes(data.substr(offset, 32)); }

}  // namespace

std::string segment_name(std::uint64_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
  return digits + ".seg";
}

std::optional<std::uint64_t> segment_number(std::string_view name) {
  if (!name.ends_with(".seg")) return std::nullopt;
  const std::string_view digits = name.substr(0, name.size() - 4);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || segment_name(number) != name)
    return std::nullopt;
  return number;
}

Bytes SegmentHeader::encode() const {
  Bytes out(kSegmentMagic);
  put_le(out, number);
  put_le(out, first);
  out += previous.view();
  out += origin.view();
  put_le(out, std::uint64_t{0});
  out += sha256(out).view();
  FIREBREAK_ASSERT(out.size() == kSegmentHeaderBytes);
  return out;
}

Result<SegmentHeader> parse_segment_header(ByteView data) {
  if (data.size() < kSegmentHeaderBytes) return fail(Code::kInvalid, "the segment header is incomplete");
  if (!data.starts_with(kSegmentMagic)) return fail(Code::kInvalid, "not a segment of version 1");
  const Digest stored = digest_at(data, kDigestedSegmentHeader);
  const Digest computed = sha256(data.substr(0, kDigestedSegmentHeader));
  if (stored != computed)
    return fail(Code::kInvalid, "segment header checksum differs (stored " + stored.hex().substr(0, 16) +
                                    ", computed " + computed.hex().substr(0, 16) + ")");
  return SegmentHeader{get_le<std::uint64_t>(data, 8), get_le<std::uint64_t>(data, 16), digest_at(data, 24),
                       digest_at(data, 56)};
}

std::uint64_t FrameHeader::body_octets() const {
  return align_up(std::uint64_t{count} * kIndexEntryBytes + leaves_octets + payload_octets);
}

std::uint64_t FrameHeader::frame_octets() const { return kFrameHeaderBytes + body_octets(); }

void FrameHeader::append_to(Bytes& out) {
  const std::size_t start = out.size();
  out += kFrameMagic;
  put_le(out, kFrameVersion);
  put_le(out, std::uint16_t{0});
  put_le(out, first);
  put_le(out, committed);
  put_le(out, count);
  put_le(out, leaves_octets);
  put_le(out, payload_octets);
  put_le(out, std::uint32_t{0});
  out += previous.view();
  out += body.view();
  digest = sha256(ByteView(out).substr(start));
  out += digest.view();
  FIREBREAK_ASSERT(out.size() - start == kFrameHeaderBytes);
}

Result<FrameHeader> parse_frame_header(ByteView data) {
  if (data.size() < kFrameHeaderBytes) return fail(Code::kInvalid, "the frame header is incomplete");
  if (!data.starts_with(kFrameMagic)) return fail(Code::kInvalid, "no frame starts here");
  FrameHeader header;
  header.digest = digest_at(data, kDigestedFrameHeader);
  const Digest computed = sha256(data.substr(0, kDigestedFrameHeader));
  if (header.digest != computed)
    return fail(Code::kInvalid, "frame header checksum differs (stored " + header.digest.hex().substr(0, 16) +
                                    ", computed " + computed.hex().substr(0, 16) + ")");
  if (get_le<std::uint16_t>(data, 4) != kFrameVersion)
    return fail(Code::kInvalid, "a frame of version " + std::to_string(get_le<std::uint16_t>(data, 4)));
  header.first = get_le<std::uint64_t>(data, 8);
  header.committed = get_le<std::uint64_t>(data, 16);
  header.count = get_le<std::uint32_t>(data, 24);
  header.leaves_octets = get_le<std::uint32_t>(data, 28);
  header.payload_octets = get_le<std::uint32_t>(data, 32);
  header.previous = digest_at(data, 40);
  header.body = digest_at(data, 72);
  if (header.count == 0 || header.body_octets() > 2 * kMaxFrameBytes)
    return fail(Code::kInvalid, "a frame of " + std::to_string(header.count) + " entries and " +
                                    std::to_string(header.body_octets()) + " octets is outside the limits");
  return header;
}

ByteView PreparedBatch::padding() const {
  static constexpr char kZeros[kFrameAlign] = {};
  return {kZeros, static_cast<std::size_t>(align_up(octets()) - octets())};
}

// Views of the entries; kInvalid unless the lengths sum up to the octets.
static Result<std::vector<ByteView>> split(ByteView leaves, const std::vector<std::uint32_t>& lengths) {
  std::vector<ByteView> entries;
  entries.reserve(lengths.size());
  std::size_t at = 0;
  for (const std::uint32_t length : lengths) {
    if (length > limits::kLedgerEntryBytes)
      return fail(Code::kTooLarge, "an entry of " + std::to_string(length) + " octets; the limit is 65535");
    if (length > leaves.size() - at) return fail(Code::kInvalid, "the lengths exceed the leaves");
    entries.push_back(leaves.substr(at, length));
    at += length;
  }
  if (at != leaves.size()) return fail(Code::kInvalid, "the leaves exceed their lengths");
  return entries;
}

Result<PreparedBatch> prepare(Batch batch) {
  if (batch.lengths.empty()) return fail(Code::kInvalid, "a batch needs at least one entry");
  const std::uint64_t total =
      batch.leaves.size() + batch.payload.size() + batch.lengths.size() * kIndexEntryBytes;
  if (total > kMaxFrameBytes)
    return fail(Code::kTooLarge, "a batch of " + std::to_string(total) + " octets; the limit is " +
                                     std::to_string(kMaxFrameBytes));
  FIREBREAK_ASSIGN(const std::vector<ByteView> entries, split(batch.leaves, batch.lengths));
  PreparedBatch out;
  out.hashes = leaf_hashes(entries);
  out.index.reserve(entries.size() * kIndexEntryBytes);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    put_le(out.index, static_cast<std::uint16_t>(entries[i].size()));
    out.index += out.hashes[i].view().substr(0, 4);
  }
  thread_local Sha256 hash;
  for (const ByteView part : {ByteView(out.index), ByteView(batch.leaves), ByteView(batch.payload)}) hash.update(part);
  out.body_digest = hash.finish();
  out.leaves = std::move(batch.leaves);
  out.payload = std::move(batch.payload);
  return out;
}

tl::expected<ParsedBody, BodyDamage> parse_body(const FrameHeader& header, ByteView body, bool hash) {
  FIREBREAK_ASSERT(body.size() == header.body_octets());
  const std::uint64_t index_octets = std::uint64_t{header.count} * kIndexEntryBytes;
  const std::uint64_t used = index_octets + header.leaves_octets + header.payload_octets;
  const Digest computed = sha256(body.substr(0, used));
  const bool intact = computed == header.body;
  ParsedBody out;
  out.leaves = body.substr(index_octets, header.leaves_octets);
  out.payload = body.substr(index_octets + header.leaves_octets, header.payload_octets);
  std::uint64_t at = 0;
  std::vector<ByteView> entries;
  out.lengths.reserve(header.count);
  entries.reserve(header.count);
  std::optional<BodyDamage> leads_out;
  for (std::uint32_t i = 0; i < header.count; ++i) {
    const std::size_t slot = std::size_t{i} * kIndexEntryBytes;
    const std::uint32_t length = get_le<std::uint16_t>(body, slot);
    if (length > header.leaves_octets - at) {
      leads_out = BodyDamage{slot, i, "the entry's length leads out of the frame"};
      break;
    }
    out.lengths.push_back(length);
    entries.push_back(out.leaves.substr(at, length));
    at += length;
  }
  if (hash || !intact) {
    out.hashes = leaf_hashes(entries);
    for (std::uint32_t i = 0; i < entries.size(); ++i) {
      if (out.hashes[i].view().substr(0, 4) != body.substr(std::size_t{i} * kIndexEntryBytes + 2, 4))
        return tl::unexpected(BodyDamage{
            index_octets + static_cast<std::uint64_t>(entries[i].data() - out.leaves.data()), i,
            "the entry's checksum differs"});
    }
  }
  if (leads_out) return tl::unexpected(*std::move(leads_out));
  if (at != header.leaves_octets)
    return tl::unexpected(BodyDamage{0, std::nullopt, "the entries' lengths do not fill the frame"});
  if (!intact)
    return tl::unexpected(
        BodyDamage{index_octets + header.leaves_octets, std::nullopt,
                   "the frame's checksum differs while its entries agree: the payload (stored " +
                       header.body.hex().substr(0, 16) + ", computed " + computed.hex().substr(0, 16) + ")"});
  for (std::uint64_t i = used; i < body.size(); ++i) {
    if (body[i] != 0) return tl::unexpected(BodyDamage{i, std::nullopt, "the padding is not zero"});
  }
  return out;
}

bool vouched_for(ByteView data, std::uint64_t base, std::uint64_t at) {
  for (std::size_t i = (kFrameAlign - base % kFrameAlign) % kFrameAlign; i + kFrameHeaderBytes <= data.size();
       i += kFrameAlign) {
    if (!data.substr(i).starts_with(kFrameMagic)) continue;
    const Result<FrameHeader> header = parse_frame_header(data.substr(i, kFrameHeaderBytes));
    // A frame cannot have been committed behind itself: octets of an entry that only look like one.
    if (header && header->committed > at && header->committed <= base + i) return true;
  }
  return false;
}

}  // namespace firebreak::ledger
