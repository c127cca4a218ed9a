// Any octets as a binary batch: a refusal, or records that read back, prove their leaves, and are taken again as lines.
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "log/record/record_testing.h"

namespace {

using firebreak::canonical_json;
using firebreak::record::BatchForm;
using firebreak::record::Record;
using firebreak::record::testing::admit;
using firebreak::record::testing::inference;
using firebreak::record::testing::Room;

std::unique_ptr<Room>& room() {
  static std::unique_ptr<Room> made;
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static int runs = 0;
  if (runs++ % 2'000 == 0) {  // the log in memory stays small
    room() = std::make_unique<Room>();
    if (!admit(room()->stream(), inference("e1"))) std::abort();  // schema 1
  }
  firebreak::record::Stream& stream = room()->stream();
  const auto receipt = admit(stream, {reinterpret_cast<const char*>(data), size}, {}, BatchForm::kRows);
  if (!receipt) return 0;
  std::string lines;
  const auto read = stream.read_from(receipt->first, receipt->last - receipt->first + 1, [&](const Record& record) {
    if (leaf_of(record) != record.leaf || !record.fields().is_object()) std::abort();
    lines += canonical_json(record.fields()) + "\n";
  });
  if (!read || *read != receipt->last + 1) std::abort();
  if (lines.size() < (4U << 20) && !admit(stream, lines)) std::abort();
  return 0;
}
