// Names as UUIDs: version 5 of RFC 9562, SHA-1 of a namespace and a name; the same for everyone who knows both.
#pragma once

#include <string>
#include <string_view>

namespace firebreak {

// `space`: a UUID in its text form (asserted).
std::string uuid5(std::string_view space, std::string_view name);

}  // namespace firebreak
