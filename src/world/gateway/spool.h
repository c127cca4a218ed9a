// The bounded durable queue of one endpoint's capture lines, from the request path to the server.
//
// Promise: every line that push() took gets a record number and is handed out in order by next() until
// acknowledged, or its number is inside a gap line that is handed out in its place. Batches are marked on disk before
// they are handed out: after a crash the same sequence number comes with the same lines. kill -9 loses at most what
// had not been written yet (the last `write_pause_us`; while the disk syncs, writes to the same file may wait for it),
// and the gap line after the restart says how many at most; a power cut loses at most the last `sync_us`.
//
// Threads: push(), flush(), stats() from any thread; next() and acknowledged() from one delivery thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "world/gateway/capture.h"
#include "world/gateway/spool_file.h"

namespace firebreak::gateway {

struct SpoolOptions {
  Path dir;
  std::string producer;                   // "gateway:gw-1"
  std::uint64_t max_bytes = 1ull << 30;   // on disk and not acknowledged; above: dropped with a gap
  std::size_t queue_bytes = 8u << 20;     // in memory, not yet written
  std::size_t batch_lines = 500;
  std::int64_t batch_wait_us = 100'000;   // a batch that is not full is handed out after this
  std::int64_t sync_us = 100'000;
  std::int64_t write_pause_us = 500;      // between two writes: one write for many lines when many come
  std::uint64_t lease = 8'192;            // record numbers leased at once
  std::uint64_t segment_bytes = 64u << 20;
  // Of a spool that is new. A folder that was lost and made anew must not use old numbers again: the server would take
  // its batches for repetitions. The gateway gives milliseconds since 1970.
  std::uint64_t first_sequence = 1;
};

struct SpoolBatch {
  std::uint64_t sequence = 0;
  std::uint64_t first = 0, last = 0;  // record numbers
  std::vector<std::string> lines;
};

struct SpoolStats {
  std::uint64_t pushed = 0, dropped = 0, acknowledged = 0;  // lines since the start
  std::uint64_t waiting = 0;                                // taken and not acknowledged
  std::uint64_t bytes = 0;
  std::string error;  // the disk's last word; lines are dropped while it stands
};

class Spool {
 public:
  static Result<std::unique_ptr<Spool>> open(Files& files, const Clock& clock, const SpoolOptions& options);
  ~Spool();  // close()

  // False when there is no room within `wait_us`; the line is then counted into the next gap.
  bool push(std::string line, std::int64_t wait_us = 0);
  bool has_room() const;

  // Waits for a batch that is due. Nothing after stop_delivery(), or when stored lines cannot be read (stats().error).
  std::optional<SpoolBatch> next();
  Result<void> acknowledged(const SpoolBatch& batch);
  // The server has passed this batch's number (a spool brought back from an old copy): a number of `at_least`, durably.
  Result<void> renumber(SpoolBatch& batch, std::uint64_t at_least);
  void stop_delivery();

  // Waits until everything taken before the call is acknowledged; kTimeout with what is missing.
  Result<void> flush(std::int64_t timeout_us);

  SpoolStats stats() const;

  // Writes and syncs what is queued and ends the lease: the next start knows that nothing is missing.
  void close();

 private:
  struct Line {
    std::uint64_t number = 0;
    std::string text;
  };
  Spool(Files& files, const Clock& clock, SpoolOptions options);
  Result<void> recover();
  void run_writer();
  void run_keeper();
  void write_out(const std::vector<Line>& lines);
  Result<void> renew_lease(std::uint64_t bound);
  bool due_locked() const;
  Result<SpoolBatch> cut_batch();
  Result<SpoolBatch> repeat_batch(SpoolBatch marked);
  Result<void> read_batch(SpoolBatch& batch);
  Result<void> mark_batch(const SpoolBatch& batch);
  void push_gap_locked();
  void widen_gap_locked(std::uint64_t from, std::uint64_t to, const std::string& reason);
  Result<void> sync_outside_lock();
  void note_error(const Result<void>& result);
  bool lease_low_locked() const { return leased_ < next_number_ + options_.lease / 2; }

  Files& files_;
  const Clock& clock_;
  const SpoolOptions options_;

  mutable std::mutex mutex_;  // what push() touches
  std::condition_variable work_, room_, ready_, progress_, keep_;
  std::vector<Line> queue_;
  std::size_t queued_bytes_ = 0, writing_ = 0;  // octets in queue_; lines that the writer has taken from it
  std::uint64_t next_number_ = 1, leased_ = 1;  // numbers below leased_ may be used
  Gap gap_;                                     // of dropped lines, to be told with the next line
  bool gap_open_ = false, stopping_ = false, delivery_stopped_ = false, closed_ = false;
  std::uint64_t taken_ = 0, handed_out_ = 0, acknowledged_ = 0;  // highest record number of each state
  std::int64_t unread_ = 0;  // lines written and not handed out; below 0 for a moment when a reader is quicker
  std::int64_t oldest_unread_us_ = 0;
  std::uint64_t disk_bytes_ = 0;
  int flushing_ = 0;
  bool writer_waits_ = false;  // for a line; else it looks by itself
  SpoolStats stats_;

  std::mutex files_mutex_;  // segments_; never taken while holding mutex_
  std::unique_ptr<SpoolSegments> segments_;
  std::optional<DurableNumber> lease_file_, ack_file_;
  std::deque<SpoolBatch> marked_;  // on disk when we started: handed out first, with their old numbers
  std::uint64_t next_sequence_ = 1;
  std::optional<SpoolBatch> cut_;   // read and not marked yet: the disk refused
  bool dirty_ = false;              // written since the last sync
  std::thread writer_, keeper_;
};

}  // namespace firebreak::gateway
