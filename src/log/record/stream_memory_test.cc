#include "log/record/stream_memory.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/files.h"
#include "log/record/record_testing.h"

namespace firebreak::record {
namespace {

using testing::admit;
using testing::inference;

const Path kState = "data/logs/fraud-api/stream.state";

// Remembers after every few records.
struct SmallEpochs : testing::Room {
  void open_small() {
    options.records_per_epoch = 7;
    reopen();
  }
};

// What a caller can see of a stream's memory: schemas, and the answers to numbers that were used before.
std::string behaviour(SmallEpochs& room, std::uint64_t numbers) {
  Stream& stream = room.stream();
  std::string out;
  for (const auto& schema : stream.schemas()) out += canonical_json(to_json(*schema)) + "\n";
  for (std::uint64_t number = 1; number <= numbers; ++number) {
    const auto receipt = admit(stream, inference("again"), {"gw", number});
    out += receipt ? fmt::format("{}: {}-{}\n", number, receipt->first, receipt->last)
                   : fmt::format("{}: {}\n", number, receipt.error().message);
    if (receipt && stream.read(receipt->first)->fields() != Json() &&
        string_or(stream.read(receipt->first)->fields(), "id") == "again")
      out += "taken\n";
  }
  return out;
}

void fill(SmallEpochs& room, const std::vector<int>& steps) {
  std::uint64_t number = 1;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    number += steps[i] == 3 ? 2 : 1;  // now and then a batch goes missing
    const std::string features = "{\"f" + std::to_string(steps[i]) + "\":1}";
    ASSERT_TRUE(admit(room.stream(), inference("e" + std::to_string(i), features), {"gw", number}));
  }
}

RC_GTEST_PROP(StreamMemory, a_start_with_it_is_a_start_without_it, ()) {
  const auto steps = *rc::gen::container<std::vector<int>>(14, rc::gen::inRange(0, 5));
  const auto cut = *rc::gen::arbitrary<bool>();
  SmallEpochs remembering, reading;
  for (SmallEpochs* room : {&remembering, &reading}) {
    room->open_small();
    fill(*room, steps);
    if (cut) room->files.crash();
  }
  RC_ASSERT(exists(remembering.files, kState));
  if (exists(reading.files, kState)) RC_ASSERT(reading.files.remove(kState).has_value());
  remembering.open_small();
  reading.open_small();
  RC_ASSERT(behaviour(remembering, 22) == behaviour(reading, 22));
}

TEST(StreamMemory, nothing_of_it_is_believed_that_is_not_of_this_log) {
  SmallEpochs room;
  room.open_small();
  fill(room, std::vector<int>(20, 1));
  const Bytes good = read_all(room.files, kState).value();
  for (std::size_t at = 0; at < good.size(); at += 11) {
    Bytes bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    room.streams.reset();
    ASSERT_TRUE(write_plain(room.files, kState, bad));
    room.open_small();
    ASSERT_EQ(room.stream().schemas().size(), 1U) << "octet " << at;
    const auto repeated = admit(room.stream(), inference("e1", R"({"f1":1})"), {"gw", 3});
    ASSERT_TRUE(repeated) << repeated.error().message;
    ASSERT_EQ(string_or(room.stream().read(repeated->first)->fields(), "id"), "e1");
  }
}

}  // namespace
}  // namespace firebreak::record
