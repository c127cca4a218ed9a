// Any octets as a batch: a refusal that names a line, or records that read back and prove their leaves.
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "log/record/record_testing.h"

namespace {

using firebreak::record::Record;
using firebreak::record::testing::admit;
using firebreak::record::testing::Room;

std::unique_ptr<Room>& room() {
  static std::unique_ptr<Room> made = std::make_unique<Room>();
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static int runs = 0;
  if (++runs % 2'000 == 0) room() = std::make_unique<Room>();  // the log in memory stays small
  firebreak::record::StreamConfig config{.name = "fuzz"};
  config.kinds = {firebreak::record::Kind::kInference, firebreak::record::Kind::kLabel,
                  firebreak::record::Kind::kSignal};
  config.fields["card"] = {firebreak::record::Keep::kHash, "", ""};
  firebreak::record::Stream& stream = room()->stream(config);
  const auto receipt = admit(stream, {reinterpret_cast<const char*>(data), size});
  if (!receipt) return 0;
  const auto read = stream.read_from(receipt->first, receipt->last - receipt->first + 1, [](const Record& record) {
    if (leaf_of(record) != record.leaf || !record.fields().is_object()) std::abort();
    if (record.kind == firebreak::record::Kind::kInference && !to_observation(record, {{"age"}, {"sex"}})) std::abort();
  });
  if (!read || *read != receipt->last + 1) std::abort();
  return 0;
}
