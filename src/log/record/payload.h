// What a batch's frame holds beside its leaves: who sent it, the keys of its subjects, and the record bodies.
// Layout and a worked hex example: docs/formats/record.md. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace firebreak::record {

inline constexpr std::uint32_t kInClear = 0xffff'ffff;  // no subject: the body is not encrypted

// Bodies in order, with what a reader needs to open them.
struct Bodies {
  std::uint32_t epoch = 0;               // 0 when all bodies are in the clear
  Bytes nonce_base;                      // 8 octets; nonce of line k = base + u32 k
  Bytes key_entries;                     // vault::kKeyEntryBytes each
  std::vector<std::uint32_t> lengths;
  std::vector<std::uint32_t> subjects;   // index into key_entries, or kInClear
  Bytes octets;

  void add_clear(ByteView body) {
    lengths.push_back(static_cast<std::uint32_t>(body.size()));
    subjects.push_back(kInClear);
    octets += body;
  }
};

struct PayloadHead {
  std::string producer;
  std::optional<std::uint64_t> sequence;
  std::uint16_t lead = 0;     // records the recorder put before the first line
  std::string owner = {};     // whose name the producer's is; empty in version 1
  std::uint64_t content = 0;  // of the batch as it was sent: content_of(); 0 in version 1
};

// XXH3 (64 bits; never 0) of a batch's octets: tells a repeated batch from another one under its number.
std::uint64_t content_of(ByteView batch);

// `before` are the recorder's own records (in the clear), `lines` the batch's.
Bytes encode_payload(const PayloadHead& head, const Bodies& before, const Bodies& lines);

struct Payload {  // views into the octets that were decoded
  PayloadHead head;
  std::uint32_t epoch = 0;
  ByteView nonce_base;
  ByteView key_entries;
  struct Body {
    ByteView octets;
    std::uint32_t subject = kInClear;
  };
  std::vector<Body> bodies;
};
Result<Payload> decode_payload(ByteView octets, std::uint64_t count);

}  // namespace firebreak::record
