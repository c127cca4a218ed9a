// Protocol Buffers on the wire as JSON with the fields' own names, by tables of those fields that are wanted; the others are passed over.
#pragma once

#include <span>
#include <string_view>

#include "base/json.h"

namespace firebreak::imports {

struct WireMessage;
struct WireField {
  std::uint32_t number = 0;
  const char* name = "";
  enum Kind : std::uint8_t { kUnsigned, kDouble, kFloat, kText, kMessage } kind = kUnsigned;
  bool repeated = false;
  const WireMessage* message = nullptr;
};
struct WireMessage {
  std::span<const WireField> fields;
};

// Text that is no UTF-8 becomes "?". kInvalid: cut short, groups, nested deeper than limits::kDocumentDepth.
Result<Json> read_wire(const WireMessage& message, std::string_view octets);

}  // namespace firebreak::imports
