// An append-only Merkle log in a folder: bytes in, durable positions and proofs out. It knows nothing of what
// the entries mean.
//
// Promise: when `done` gets a Commit, the batch is on disk (fdatasync returned) in one contiguous index
// range, in the tree whose root the Commit's signature signs, and below the next checkpoint (<= 1 s). A batch
// is admitted whole or not at all. After a crash every acknowledged batch is present; an unacknowledged one
// is present whole or absent. After a failed write or fsync nothing is acknowledged any more until the log is
// opened again (a full disk alone can heal: batches are refused with kIo until space is back). Callbacks come
// in index order.
// Threads: all functions from any thread. Callbacks run on one thread of the log, must not block or append_wait.
// Formats: docs/formats/segment.md, docs/formats/ledger.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "log/ledger/note.h"
#include "log/ledger/tree.h"

namespace firebreak::ledger {

inline constexpr std::uint64_t kMaxFrameBytes = 64 * 1024 * 1024;  // leaves + payload of one batch

struct Batch {
  Bytes leaves;                        // entry octets one after another; each is hashed as an RFC 6962 leaf
  std::vector<std::uint32_t> lengths;  // of each entry, 0..65,535; sums to leaves.size(); at least one
  Bytes payload;                       // kept in the same frame, covered by its digest, not in the tree
  // When set: refused with kConflict unless the batch's first entry would get this index. For a writer that
  // decides ahead of the disk: after one refused batch (full disk) none behind it may slip into its place.
  std::optional<std::uint64_t> first;

  void add(ByteView entry) {
    leaves.append(entry);
    lengths.push_back(static_cast<std::uint32_t>(entry.size()));
  }
};

struct Commit {
  std::uint64_t first = 0, last = 0;  // indexes of the batch's entries
  Digest leaf_hash;                   // of the last entry
  std::uint64_t size = 0;             // of the log after the group; one signature serves a group
  Digest root;                        // at that size
  std::string signature;              // base64(key id || Ed25519) over checkpoint_body(origin, size, root)
};

struct Frame {  // one batch as stored
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  Bytes leaves;
  std::vector<std::uint32_t> lengths;
  Bytes payload;
  std::vector<ByteView> entries() const;  // views into leaves
};

struct Options {
  SigningKey key;                                        // its name is the log's origin
  std::uint64_t segment_bytes = 256ull * 1024 * 1024;    // a segment is closed when it has reached this
  std::uint64_t max_queued_bytes = 16ull * 1024 * 1024;  // more is refused with kBusy
  std::uint64_t group_bytes = 1024 * 1024;               // one write: at least a batch, at most this
  std::uint64_t reserve_bytes = 0;                       // taken at open, given back when the disk is full
  std::int64_t checkpoint_us = 500'000;                  // at most this after a commit
  bool accept_loss = false;  // an operator's word: go on although entries below the last checkpoint are gone
};

struct Cut {  // a torn tail that recovery removed
  std::string segment;
  std::uint64_t offset = 0;
  std::uint64_t octets = 0;
  bool below_checkpoint = false;  // only with accept_loss
  std::string reason;
};

struct Recovery {
  bool created = false;
  std::uint64_t size = 0;
  std::vector<Cut> cuts;
  std::uint64_t cut_octets() const;
};

class Log {
 public:
  // Opens or makes the log under `dir` (folder LOCK is held). Errors: kCorrupt (segment, offset, record),
  // kIo, kBusy.
  static Result<std::unique_ptr<Log>> open(Files& files, Clock& clock, const Path& dir, Options options,
                                           Recovery* recovery = nullptr);
  ~Log();  // closes

  // `done` is called exactly once; at once and on this thread when the batch is refused: kInvalid, kTooLarge,
  // kBusy (queue full), kIo (the log has stopped, or was closed).
  void append(Batch batch, std::function<void(Result<Commit>)> done);
  Result<Commit> append_wait(Batch batch);

  // What is durable. kNotFound beyond the end.
  std::uint64_t size() const;
  Result<Bytes> entry(std::uint64_t index) const;
  Result<Frame> frame_at(std::uint64_t index) const;  // the frame that holds `index`
  // Calls `visit` for each frame from the one that holds `from` to the end as of now; false stops.
  Result<void> scan(std::uint64_t from, const std::function<bool(const Frame&)>& visit) const;

  const std::string& origin() const;
  VerifierKey verifier() const;
  Checkpoint checkpoint() const;  // signed now, over everything durable
  Result<Digest> root_at(std::uint64_t size) const;
  Result<Digest> leaf_at(std::uint64_t index) const;
  Result<Hashes> inclusion_proof(std::uint64_t index, std::uint64_t size) const;
  Result<Hashes> consistency_proof(std::uint64_t old_size, std::uint64_t new_size) const;
  Result<Bytes> tile(unsigned level, std::uint64_t n, std::uint64_t width) const;  // tree.h
  Result<std::string> proof_text(std::uint64_t index) const;  // tlog-proof v1 against checkpoint()

  // Called on the callbacks' thread after each group, after its `done` callbacks. For the life of the log.
  void on_commit(std::function<void(std::uint64_t size)> listener);

  bool reserve_released() const;         // the disk has been full
  std::optional<Error> failure() const;  // why nothing is acknowledged any more

  // Writes what has queued and the last checkpoint; refuses appends afterwards. Idempotent.
  Result<void> close();

  struct State;  // inside

 private:
  explicit Log(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace firebreak::ledger
