// The journal without threads and files: folds, producers' marks, size and time, and the rule of how a group grows.
//
// Live: decide_group() per input. Replay: apply() per entry. Both leave the same state, because the live path hands the
// folds what parse_entry() reads back from the octets that go to disk, not what the fold happened to draft.
// Not thread-safe.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "log/journal/fold.h"

namespace firebreak::journal {

struct DecidedGroup {
  std::vector<Entry> entries;       // empty: a tick on which nothing was decided
  std::vector<std::string> octets;  // of each entry
};

class Machine {
 public:
  explicit Machine(std::vector<std::unique_ptr<Fold>> folds) : folds_(std::move(folds)) {}
  Machine fresh() const;  // the same folds before entry 0

  // Errors: kConflict (source already taken), kTooLarge, kInvalid (octets that do not read back): nothing was applied.
  // kInternal (a decision that cannot be written, more than `most` entries, a fold threw): the state is spoilt and must be
  // made anew; `spoilt` says which of the two it was.
  Result<DecidedGroup> decide_group(Draft input, Time now, std::size_t most, bool& spoilt);

  void apply(const Entry& entry);  // its index is size() (asserted)
  std::vector<Draft> decide(const Entry& entry) const;

  Json snapshot() const;  // {folds: {name: …}, marks: {producer: […]}, time}
  Result<void> restore(const Json& snapshot, std::uint64_t size);
  Json schemas() const;   // {name: version}
  Digest digest() const;  // of snapshot and size

  const std::vector<std::unique_ptr<Fold>>& folds() const { return folds_; }
  const std::map<std::string, Source>& marks() const { return marks_; }
  std::uint64_t size() const { return size_; }
  Time time() const { return time_; }

 private:
  Result<void> grow(DecidedGroup& group, std::size_t most, std::vector<Draft> first);

  std::vector<std::unique_ptr<Fold>> folds_;
  std::map<std::string, Source> marks_;
  std::uint64_t size_ = 0;
  Time time_;
};

// The entry that `draft` becomes at `index`: cause filled in when empty (never for the input itself).
Entry stamp(Draft draft, std::uint64_t index, Time time, std::optional<std::uint64_t> input);

inline bool is_tick(const Entry& entry) { return entry.kind == "tick"; }

}  // namespace firebreak::journal
