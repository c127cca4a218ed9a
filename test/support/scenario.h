// What a server keeps in a data folder, small: a journal of several segments with its snapshots, a stream, evidence blobs; and
// what the outside world was told about it. The oracle of every run: what was told is there, once, and is what was said,
// whatever happened; or somebody notices.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "log/ledger/log.h"
#include "log/record/streams.h"

namespace firebreak::scenario {

// Every look at the clock is a second later: checkpoints are due after each group, whatever the machine does.
class HurriedClock : public Clock {
 public:
  Time now() const override;
  std::int64_t steady_us() const override { return ticks_ += kSecond; }

 private:
  mutable std::atomic<std::int64_t> ticks_ = 0;
};

// Acknowledged, and so owed. Turn i = 0, 1, … is the i-th of each.
struct Told {
  std::vector<record::Receipt> entries;   // of the journal: one entry that says i
  std::vector<record::Receipt> receipts;  // of the stream: kLines lines, ids "i-k"
  std::vector<Digest> blobs;

  std::uint64_t count() const { return entries.size() + receipts.size() + blobs.size(); }
};

inline constexpr int kTurns = 6, kLines = 3;

// Goes on behind what was told until `turns` are done, or something is refused; whoever repeats a turn does so under its
// number. Opens and closes everything. The reason when it did not get to the end. `heard`, after each that was told.
Result<void> play(Files& files, const Path& data, std::uint64_t seed, Told& told, std::size_t turns = kTurns,
                  const std::function<void()>& heard = {});

enum class Outcome {
  kUnharmed,          // everything told is there and is what was said
  kFoundByVerify,     // `ledger verify` without anything from outside, or BlobStore::verify
  kFoundAtOpen,       // verify finds nothing; opening refuses
  kFoundAtReading,    // nor that; reading what was told fails
  kFoundByReceipt,    // verify with the receipts that were handed out
  kUnnoticed,         // something told is not there, and nothing above says so
};
inline constexpr int kOutcomes = 6;
const char* name_of(Outcome outcome);

struct Finding {
  Outcome outcome = Outcome::kUnharmed;
  std::string why;
  std::uint64_t lost = 0, doubled = 0;  // of what was told; of everything
};
// Looks at the data folder as it stands; opening it may repair it.
Finding judge(Files& files, const Path& data, const Told& told);

// What `ledger verify` says of both logs, without anything from outside; empty: all is well. Writes nothing.
std::string complaint(Files& files, const Path& data, const Told& told);

}  // namespace firebreak::scenario
