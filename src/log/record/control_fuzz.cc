// Any octets as what a stream is opened from: a control record, the remembered state, a batch's payload. A refusal, or
// something that means the same when it is written and read again.
#include <cstddef>
#include <cstdint>

#include "base/json.h"
#include "log/record/catalog.h"
#include "log/record/payload.h"
#include "log/record/stream_memory.h"

namespace {

using namespace firebreak;
using namespace firebreak::record;

void control(const Json& document) {
  Catalog catalog;
  if (!catalog.apply(7, document)) return;
  for (const auto& schema : catalog.schemas) {
    const auto again = schema_from_json(to_json(*schema));
    FIREBREAK_ASSERT(again.has_value() && *again == *schema);
  }
  const auto config = stream_config_from_json(catalog.config.name, to_json(catalog.config));
  if (config) FIREBREAK_ASSERT(*config == catalog.config);
}

void remembered(const Json& producers) {
  Producers first(8, 8), second(8, 8);
  if (!first.restore(producers)) return;
  const std::string written = canonical_json(first.to_json());
  FIREBREAK_ASSERT(second.restore(parse_json(written).value()).has_value() && canonical_json(second.to_json()) == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(StreamMemory::parse(text));
  if (const auto payload = decode_payload(text, size % 17)) FIREBREAK_ASSERT(payload->bodies.size() == size % 17);
  if (const auto document = parse_json(text)) {
    control(*document);
    remembered(*document);
  }
  return 0;
}
