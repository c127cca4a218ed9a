// What a server keeps in a data folder, small: a journal's log of several segments, a stream, evidence blobs; and what the
// outside world was told about it. The oracle of every run: what was told is there, once, and is what was said; whatever
// happened to the disk, or somebody notices.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/simulated_files.h"
#include "log/ledger/log.h"
#include "log/record/stream.h"

namespace firebreak::scenario {

// Every look at the clock is a second later: checkpoints are due after each group, whatever the machine does.
class HurriedClock : public Clock {
 public:
  Time now() const override;
  std::int64_t steady_us() const override { return ticks_ += kSecond; }

 private:
  mutable std::atomic<std::int64_t> ticks_ = 0;
};

// Acknowledged, and so owed.
struct Told {
  std::vector<ledger::Commit> commits;      // of the journal's log; entry i says "entry i" and whose turn it was
  std::vector<record::Receipt> receipts;    // of batch i = 0, 1, … of the stream: kLines lines, ids "i-k"
  std::vector<Digest> blobs;                // of blob i
};

inline constexpr int kTurns = 6, kLines = 3;

// Goes on behind what was told until kTurns are done, or something is refused. Opens and closes everything. The reason
// when it did not get to the end.
Result<void> play(Files& files, std::uint64_t seed, Told& told);

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
};
// Looks at the data folder as it stands; opening it may repair it.
Finding judge(SimulatedFiles& files, const Told& told);

}  // namespace firebreak::scenario
