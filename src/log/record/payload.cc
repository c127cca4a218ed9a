#include "log/record/payload.h"

#include <fmt/core.h>

#define XXH_INLINE_ALL  // header only: nothing to link
#include <xxhash.h>

#include "log/vault/vault.h"

namespace firebreak::record {
namespace {

constexpr std::uint8_t kVersion = 2;
constexpr std::uint8_t kHasProducer = 1, kHasSequence = 2, kHasOwner = 4;
constexpr std::uint8_t kFlags = kHasProducer | kHasSequence | kHasOwner, kFlagsOfVersion1 = kHasProducer | kHasSequence;
constexpr std::size_t kHeadBytes = 24;
constexpr std::size_t kNonceBaseBytes = 8;

void put_index(Bytes& out, const Bodies& bodies) {
  for (std::size_t i = 0; i < bodies.lengths.size(); ++i) {
    put_le(out, bodies.lengths[i]);
    put_le(out, bodies.subjects[i]);
  }
}

void put_name(Bytes& out, const std::string& name) {
  if (name.empty()) return;
  out += static_cast<char>(name.size());
  out += name;
}

// Takes octets from the front; an empty optional when there are too few.
class Cursor {
 public:
  explicit Cursor(ByteView in) : in_(in) {}
  std::optional<ByteView> take(std::uint64_t count) {
    if (in_.size() < count) return std::nullopt;
    const ByteView taken = in_.substr(0, count);
    in_.remove_prefix(count);
    return taken;
  }
  std::optional<ByteView> take_name() {
    const auto length = take(1);
    return length ? take(static_cast<unsigned char>((*length)[0])) : std::nullopt;
  }
  bool done() const { return in_.empty(); }

 private:
  ByteView in_;
};

tl::unexpected<Error> corrupt(std::string_view what) {
  return fail(Code::kCorrupt, fmt::format("batch payload: {}", what));
}

// What version 2 added.
Result<void> take_owner(Cursor& in, unsigned char flags, PayloadHead& head) {
  if (head.sequence) {
    const auto content = in.take(8);
    if (!content) return corrupt("ends in the batch's content hash");
    head.content = get_le<std::uint64_t>(*content, 0);
  }
  if ((flags & kHasOwner) == 0) return {};
  const auto owner = in.take_name();
  if (!owner) return corrupt("ends in the owner's name");
  head.owner = *owner;
  return {};
}

}  // namespace

std::uint64_t content_of(ByteView batch) {
  const std::uint64_t made = XXH3_64bits(batch.data(), batch.size());
  return made == 0 ? 1 : made;
}

Bytes encode_payload(const PayloadHead& head, const Bodies& before, const Bodies& lines) {
  FIREBREAK_ASSERT(head.producer.size() <= 255 && head.owner.size() <= 255 && before.lengths.size() == head.lead);
  Bytes out;
  out.reserve(kHeadBytes + 528 + lines.key_entries.size() + 8 * lines.lengths.size() + before.octets.size() + 256 +
              lines.octets.size());
  out += static_cast<char>(kVersion);
  out += static_cast<char>((head.producer.empty() ? 0 : kHasProducer) | (head.sequence ? kHasSequence : 0) |
                           (head.owner.empty() ? 0 : kHasOwner));
  put_le(out, head.lead);
  put_le(out, static_cast<std::uint32_t>(before.lengths.size() + lines.lengths.size()));
  put_le(out, lines.epoch);
  out += lines.nonce_base.empty() ? Bytes(kNonceBaseBytes, '\0') : lines.nonce_base;
  put_le(out, static_cast<std::uint32_t>(lines.key_entries.size() / vault::kKeyEntryBytes));
  FIREBREAK_ASSERT(out.size() == kHeadBytes);
  put_name(out, head.producer);
  if (head.sequence) {
    put_le(out, *head.sequence);
    put_le(out, head.content);
  }
  put_name(out, head.owner);
  out += lines.key_entries;
  put_index(out, before);
  put_index(out, lines);
  out += before.octets;
  out += lines.octets;
  return out;
}

Result<Payload> decode_payload(ByteView octets, std::uint64_t count) {
  Cursor in(octets);
  const auto head = in.take(kHeadBytes);
  if (!head) return corrupt("too short");
  const auto version = static_cast<unsigned char>((*head)[0]);
  if (version == 0 || version > kVersion) return corrupt(fmt::format("version {} is newer than this program", version));
  const auto flags = static_cast<unsigned char>((*head)[1]);
  Payload out;
  out.head.lead = get_le<std::uint16_t>(*head, 2);
  const auto stored = get_le<std::uint32_t>(*head, 4);
  out.epoch = get_le<std::uint32_t>(*head, 8);
  out.nonce_base = head->substr(12, kNonceBaseBytes);
  const auto subjects = get_le<std::uint32_t>(*head, 20);
  if (flags > (version == 1 ? kFlagsOfVersion1 : kFlags) || stored != count || out.head.lead > count) return corrupt("bad head");
  if ((flags & kHasProducer) != 0) {
    const auto name = in.take_name();
    if (!name) return corrupt("ends in the producer's name");
    out.head.producer = *name;
  }
  if ((flags & kHasSequence) != 0) {
    const auto sequence = in.take(8);
    if (!sequence) return corrupt("ends in the sequence number");
    out.head.sequence = get_le<std::uint64_t>(*sequence, 0);
  }
  if (version > 1) FIREBREAK_TRY(take_owner(in, flags, out.head));
  const auto entries = in.take(std::uint64_t{subjects} * vault::kKeyEntryBytes);
  const auto index = in.take(count * 8);
  if (!entries || !index) return corrupt("ends in its tables");
  out.key_entries = *entries;
  out.bodies.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto body = in.take(get_le<std::uint32_t>(*index, i * 8));
    const auto subject = get_le<std::uint32_t>(*index, i * 8 + 4);
    if (!body) return corrupt(fmt::format("ends in body {}", i));
    if (subject != kInClear && subject >= subjects) return corrupt(fmt::format("body {} names no key", i));
    out.bodies.push_back({*body, subject});
  }
  if (!in.done()) return corrupt("octets after the last body");
  return out;
}

}  // namespace firebreak::record
