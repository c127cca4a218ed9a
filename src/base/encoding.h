// Hex and base64 (RFC 4648 §4, with padding). Decoders refuse anything but the canonical form.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace firebreak {

std::string to_hex(ByteView data);
Result<Bytes> from_hex(std::string_view text);
std::string to_base64(ByteView data);
Result<Bytes> from_base64(std::string_view text);

}  // namespace firebreak
