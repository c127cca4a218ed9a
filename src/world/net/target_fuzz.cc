// Any octets as a request target and as an address: never a crash; what is read is what an encoder would write again.
#include <cstddef>
#include <cstdint>

#include "world/net/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace firebreak;
  using namespace firebreak::net;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(parse_url(text));
  static_cast<void>(parse_host_port(text));
  FIREBREAK_ASSERT(percent_decode(percent_encode(text), true) == std::string(text));
  Request read;
  if (!read_target(text, read)) return 0;
  FIREBREAK_ASSERT(read.path.starts_with('/') || text.starts_with("/"));
  std::string written = percent_encode(read.path);
  written.insert(0, "/");  // the encoder writes the path's own slashes as escapes
  for (const auto& [name, value] : read.query)
    written += (written.find('?') == std::string::npos ? "?" : "&") + percent_encode(name) + "=" + percent_encode(value);
  Request again;
  FIREBREAK_ASSERT(read_target(written, again).has_value());
  FIREBREAK_ASSERT(again.path == "/" + read.path && again.query == read.query);
  return 0;
}
