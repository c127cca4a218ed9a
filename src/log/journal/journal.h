// The sequencer: one thread that puts inputs in order, lets the folds decide, and makes each group durable.
//
// Promise: a group (one input and all that was decided on it) is in the ledger whole or not at all. When an answer is
// given or a subscriber is called, the group is on disk (fdatasync returned). Groups are delivered in order, each once.
// Entry time comes from the clock and never goes back. Readers see whole, durable groups only. After a failed append
// the journal goes back to its last durable state, stops, and refuses every later input with the reason.
//
// Pipelining: a group is decided while earlier ones are still being written, on the state that these will have.
// Replay: the newest usable snapshot, then apply() for every later entry; decisions in the log are facts.
//
// Threads: all public functions from any thread. Answers and subscribers run on the delivery thread, one after the
// other: they may call with_state(), entries() and submit(), but not submit_wait(), wait_idle(),
// subscribe(), and they must not throw. with_state() does not nest.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "log/journal/fold.h"
#include "types/free_text.h"

namespace firebreak {
class Files;
class Logger;
}  // namespace firebreak
namespace firebreak::ledger {
class Log;
}

namespace firebreak::journal {

struct Group {
  std::vector<Entry> entries;  // [0] is the input; empty after a tick on which nothing was decided
  std::uint64_t index() const { return entries.empty() ? 0 : entries.front().index; }
};

// What a command's group says: the accepted entry (or the one that waits for a second person), or the error of the first `command_refused` in it.
Result<Entry> command_outcome(const Group& group);

class Journal;
// Checks the grammar (types/command.h), keeps free texts outside (types/free_text.h), submits, waits; the group when it was
// accepted, else the refusal's error (without `via` also kConflict when it waits for a second person). Every command enters here. `via`: with what the actor came
// (docs/formats/roles.md), null for the program itself.
Result<Group> give_command(Journal& journal, const std::string& name, const Json& args, const std::string& actor, const Json& via = nullptr);

// The folds at one moment. Valid inside with_state() only.
class View {
 public:
  View(const std::vector<std::unique_ptr<Fold>>& folds, std::uint64_t size, Time time)
      : folds_(folds), size_(size), time_(time) {}

  std::uint64_t size() const { return size_; }  // entries applied
  Time time() const { return time_; }           // of the last entry
  const Fold* find(std::string_view name) const;
  // The typed state of the fold `name`; a wrong name or type is a bug (asserted).
  template <class State>
  const State& state(std::string_view name) const {
    const auto* fold = dynamic_cast<const FoldOf<State>*>(find(name));
    FIREBREAK_ASSERT(fold != nullptr);
    return fold->state();
  }

 private:
  const std::vector<std::unique_ptr<Fold>>& folds_;
  std::uint64_t size_;
  Time time_;
};

struct Options {
  std::size_t max_queued = 8'192;              // inputs waiting; above it kBusy
  std::size_t max_in_flight = 16'384;          // groups decided and not yet delivered; then the sequencer waits
  std::size_t max_group = 1'000;               // entries of one group
  std::uint64_t snapshot_every = 50'000;       // entries between snapshots made on the way; 0 = only snapshot_now()
  Logger* logger = nullptr;                    // outlives the journal; may be null
  KeepText keep_text = {};  // makes a text durable, gives its reference; any thread; empty: texts stand in the entries
};

class Journal {
 public:
  // Replays `log` into `folds` (with the snapshots under `dir`, made if missing) and starts. `files` and `clock`
  // outlive the journal. Errors: kCorrupt (an entry cannot be read, with its index), kIo.
  static Result<std::unique_ptr<Journal>> open(std::unique_ptr<ledger::Log> log, Files& files, const Clock& clock,
                                               const std::string& dir, const Options& options,
                                               std::vector<std::unique_ptr<Fold>> folds);
  // Finishes what was submitted, delivers it, closes the log. Nobody may call in any more.
  ~Journal();

  // `done` (may be empty) gets the durable group. Errors: kBusy (queue full), kConflict (source already taken),
  // kTooLarge, kInternal (a fold failed or the group outgrew max_group: nothing was kept), kUnavailable (stopped).
  void submit(Draft input, std::function<void(Result<Group>)> done);
  Result<Group> submit_wait(Draft input);
  // For what people type into inputs that are no commands: what stands in its place. Durable before it is given.
  Result<std::string> keep_text(std::string_view text) const;

  // Runs `read` on a consistent, durable state. It holds up the sequencer: be brief, do not block.
  void with_state(const std::function<void(const View&)>& read) const;

  // From now on `listener` gets every durable group in order. With `from`: first, on this thread, everything from
  // that index on (in pieces that need not be whole groups), with no gap and nothing twice. Returns its id; an error
  // (the log cannot be read) means not subscribed.
  Result<std::uint64_t> subscribe(std::function<void(const Group&)> listener, std::optional<std::uint64_t> from = {});
  // When it returns the listener is not called any more; from an answer or a subscriber: not for later groups.
  void unsubscribe(std::uint64_t id);

  Result<std::vector<Entry>> entries(std::uint64_t from, std::size_t most) const;  // durable ones
  std::uint64_t size() const;                                                      // durable entries
  std::optional<Source> mark(const std::string& producer) const;  // highest source taken of this producer

  // True when no input waits and every group is durable and delivered. wait_idle() returns when that is so (or stopped).
  bool idle() const;
  void wait_idle() const;
  Result<void> healthy() const;  // the reason when the journal has stopped

  Digest state_digest() const;  // of folds, marks, size and time: equal after a replay
  Result<void> snapshot_now();
  // Where there are snapshots, one of now takes the place of them all: what folds knew before is in none of them.
  Result<void> renew_snapshots();
  // Replays the log from entry 0, with apply() alone and without a snapshot, into fresh folds: their state digest.
  Result<Digest> replay_digest() const;
  // Decides the whole log anew with this program's decide() and compares octets. kConflict names the first entry that
  // differs: legitimate after an upgrade, a bug within one version.
  Result<void> check_decide() const;

  ledger::Log& log();

 private:
  class Core;
  explicit Journal(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

// The same two checks on a log that is not being written; used by `firebreak ledger verify --decide`.
Result<Digest> replay_digest(const ledger::Log& log, const std::vector<std::unique_ptr<Fold>>& folds);
Result<void> check_decide(const ledger::Log& log, const std::vector<std::unique_ptr<Fold>>& folds);

}  // namespace firebreak::journal
