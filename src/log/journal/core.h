// The moving parts behind Journal: two threads, two locks. Included by journal.cc and core.cc only.
//
// sequencer thread: takes inputs; under state_mutex_ (exclusive) decides, applies and hands the group to the ledger.
// delivery thread:  takes groups in order as they become durable, answers, calls subscribers, makes snapshots.
// ledger's writer thread: calls on_commit(), which only marks a group and wakes the others.
//
// Locks, taken in this order: subscribers_mutex_, state_mutex_, progress_mutex_.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "base/log.h"
#include "base/queue.h"
#include "log/journal/journal.h"
#include "log/journal/machine.h"
#include "log/journal/replay.h"
#include "log/journal/snapshot.h"

namespace firebreak::journal {

class Journal::Core {
 public:
  Core(std::unique_ptr<ledger::Log> log, Files& files, const Clock& clock, const std::string& dir,
       const Options& options, std::vector<std::unique_ptr<Fold>> folds);
  ~Core();
  Result<void> start();

  void submit(Draft input, std::function<void(Result<Group>)> done);
  Result<Group> submit_wait(Draft input);
  Result<std::string> keep_text(std::string_view text) const {
    return options_.keep_text ? options_.keep_text(text) : Result<std::string>(std::string(text));
  }
  // Runs `read` while no group can be added and all that was applied is durable.
  void with_machine(const std::function<void(const Machine&)>& read);
  Result<std::uint64_t> subscribe(std::function<void(const Group&)> listener, std::optional<std::uint64_t> from);
  void unsubscribe(std::uint64_t id);
  Result<std::vector<Entry>> entries(std::uint64_t from, std::size_t most) const;
  bool idle();
  void wait_idle();
  Result<void> healthy();
  Result<void> snapshot_now(bool alone = false);
  Machine fresh();
  ledger::Log& log() { return *log_; }

 private:
  struct Input {
    Draft draft;
    std::function<void(Result<Group>)> done;
  };
  // A group on its way to delivery. `resolved`: durable, or `error` says why it never will be.
  struct Pending {
    Group group;
    std::function<void(Result<Group>)> done;
    std::size_t octets = 0;
    bool resolved = false;
    std::optional<Error> error;
  };

  void sequence();
  void process(Input input);
  void wait_for_room();
  std::shared_ptr<Pending> enqueue(Pending pending);
  void append(const std::shared_ptr<Pending>& pending, const std::vector<std::string>& octets);
  void on_commit(const std::shared_ptr<Pending>& pending, Result<ledger::Commit> commit);
  Result<void> restore_durable();  // state_mutex_ held exclusively
  void roll_back();

  void deliver();
  std::vector<std::shared_ptr<Pending>> take_resolved();  // progress_mutex_ held
  void deliver_one(Pending& pending);
  Result<std::uint64_t> deliver_log(const std::function<void(const Group&)>& listener, std::uint64_t from,
                                    std::uint64_t end) const;
  void snapshot_when_due();

  const std::unique_ptr<ledger::Log> log_;
  const Clock& clock_;
  const Options options_;
  Snapshots snapshots_;
  BoundedQueue<Input> queue_;

  std::shared_mutex state_mutex_;
  Machine machine_;

  std::mutex progress_mutex_;
  // Apart, so that a commit wakes nobody who has no use for it: most of the journal's time went into waking.
  std::condition_variable deliverable_;  // delivery thread: the front is resolved, an append failed, closing
  std::condition_variable room_;         // sequencer: groups were delivered
  std::condition_variable progress_;     // readers and waiters: durable_, open_, append_failed_
  std::deque<std::shared_ptr<Pending>> pending_;  // in order; popped when its delivery starts
  std::uint64_t applied_ = 0;                     // entries applied; changes under both locks
  std::uint64_t durable_ = 0;
  std::size_t in_flight_groups_ = 0, in_flight_octets_ = 0;
  std::uint64_t open_ = 0;          // inputs submitted and not yet delivered
  bool append_failed_ = false;      // an append has failed and the state has not been set back yet
  std::optional<Error> stopped_;    // why nothing is taken any more
  bool closing_ = false;

  std::mutex subscribers_mutex_;
  std::map<std::uint64_t, std::function<void(const Group&)>> subscribers_;
  std::uint64_t next_subscriber_ = 1;
  std::uint64_t delivered_ = 0;  // entries handed to subscribers
  std::vector<std::uint64_t> ended_;  // by a listener or an answer, on the delivery thread
  bool delivering_ = false;           // delivery thread alone: it holds subscribers_mutex_

  std::mutex snapshot_mutex_;
  std::uint64_t last_snapshot_ = 0;

  std::thread sequencer_, delivery_;
};

}  // namespace firebreak::journal
