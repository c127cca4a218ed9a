#include <string_view>

#include "world/taps/tap.h"

// First octet: the format; the rest: lines.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  using firebreak::taps::Format;
  constexpr Format kFormats[] = {Format::kNdjson, Format::kSageMaker, Format::kKServe, Format::kOpenInference};
  firebreak::taps::Tap tap(kFormats[data[0] % 4], {"api", {"a", "b"}, "fuzz", "2026-03-07T00:00:00Z", (data[0] & 4) != 0});
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    (void)tap.take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  (void)tap.finish();
  return 0;
}
