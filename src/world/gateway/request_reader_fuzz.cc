// Any octets as a request's body: never a crash, and what is accepted is what the schema allows.
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "world/gateway/capture.h"
#include "world/gateway/request_reader.h"

namespace {

const firebreak::FeatureSchema& schema() {
  static const firebreak::FeatureSchema instance{{"amount", "age"}, {"country"}};
  return instance;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace firebreak;
  using namespace firebreak::gateway;
  static RequestReader reader;
  static const FeatureIndex index(schema());
  const Wire wire;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  if (const auto request = reader.read(body, wire, index)) {
    FIREBREAK_ASSERT(request->row.numeric.size() == 2 && request->row.categories.size() == 1);
    FIREBREAK_ASSERT(request->id.size() <= limits::kIdBytes);
    if (request->violation.empty()) {
      for (const double value : request->row.numeric) FIREBREAK_ASSERT(std::isfinite(value));
      FIREBREAK_ASSERT(!request->row.categories[0].empty());
    }
    Endpoint endpoint;
    endpoint.features = schema();
    Inference inference;
    inference.id = request->id;
    inference.row = request->row;
    FIREBREAK_ASSERT(parse_json(capture_line(endpoint, inference)).has_value());
  }
  static_cast<void>(reader.read_answer(body, wire));
  static_cast<void>(replace_label(body, wire, "review"));
  return 0;
}
