// Ranges and manifests come in bundles from anywhere: they are refused or they read back as they were
// written.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "read/evidence/bundle_files.h"
#include "read/evidence/range.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace firebreak;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto range = evidence::parse_range(text)) {
    (void)evidence::check_range(*range);
    const auto again = evidence::parse_range(evidence::render_range(*range));
    FIREBREAK_ASSERT(again && evidence::render_range(*again) == evidence::render_range(*range));
  }
  if (const auto manifest = evidence::parse_manifest(text)) {
    std::string written;
    for (const auto& entry : *manifest) written += evidence::manifest_line(entry.digest, entry.path);
    FIREBREAK_ASSERT(written == text);
  }
  return 0;
}
