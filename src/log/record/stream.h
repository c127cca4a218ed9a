// Streams: what producers send is checked, made into encrypted typed rows, put into the stream's log, and read back.
//
// Promise: a batch (NDJSON, one record a line) is checked whole before anything is written and is admitted whole or
// not at all. When the callback gets a receipt, every record is on disk and inside the tree that the next checkpoint
// signs; line k of the batch is record receipt.first + k. After a crash every acknowledged record is there once. A
// batch that a producer repeats under the same number gets the first receipt's range again and is written once; another batch under its number is refused.
//
// Threads: everything from any thread. Callbacks of admitted batches run on the log's writer thread and must not block;
// a refusal calls back on the caller's thread before admit() returns.
// Line formats: docs/formats/stream.md. Stored bytes: docs/formats/record.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "base/result.h"
#include "log/record/gone.h"
#include "log/record/record.h"
#include "log/record/schema.h"

namespace firebreak::ledger {
class Log;
}

namespace firebreak::record {

struct Producer {
  std::string name;                       // header Firebreak-Producer; empty = none
  std::optional<std::uint64_t> sequence;  // header Firebreak-Sequence: one number per batch, rising by one
  std::string owner = {};                 // who sends, as the server knows: names of different owners are different producers
  std::uint64_t content = 0;              // header Firebreak-Content: what tells a repetition; 0 = XXH3 of the batch's octets
};

enum class Erased : std::uint8_t { kSkip, kDeliver };

// What erasing a subject took from a stream.
struct Erasure {
  std::uint64_t records = 0;
  Spans where;
};

enum class BatchForm : std::uint8_t { kNdjson, kRows };  // rows: log/record/rows.h

struct Receipt {
  std::string log;
  std::uint64_t first = 0, last = 0;  // of the batch's lines
  Digest leaf_hash;                   // of the last record
  std::uint64_t size = 0;             // what the signature is over: the log's origin, this size and this root
  Digest root;
  std::string signature;              // base64(key id || Ed25519), docs/formats/ledger.md
};
Json to_json(const Receipt& receipt);  // {"log","first","last","leaf_hash","size","root","signature"}, base64

// A record with what proves that it stands in the log.
struct RecordProof {
  Record record;
  Digest leaf_hash;
  std::uint64_t tree_size = 0;        // of the newest checkpoint
  std::vector<Digest> proof;          // RFC 9162 inclusion proof of leaf_hash in a tree of tree_size
  std::string checkpoint;             // signed note
};
Json to_json(const RecordProof& proof);

// Since the stream was opened.
struct StreamCounters {
  std::uint64_t records = 0, batches = 0, repeated = 0, refused = 0;
  std::uint64_t time_outside = 0, unknown_model = 0, gaps = 0, undeclared_fields = 0;
};

class Stream {
 public:
  ~Stream();

  // `done` is called exactly once. Errors: kInvalid and kTooLarge (line and JSON Pointer), kBusy (queue full, retry
  // later), kConflict (a number below the producer's window, or
  // used for another batch), kIo. A batch that brings something new (a field, a
  // release, the first rows after a start) waits for the disk, so do not call this from a commit callback.
  void admit(std::string_view batch, const Producer& producer, std::function<void(Result<Receipt>)> done,
             BatchForm form = BatchForm::kNdjson);

  // Durable records, control records included.
  std::uint64_t size() const;
  // Errors: kNotFound beyond size() or when the key was destroyed, kCorrupt naming log and index when stored bytes
  // are not what was written.
  Result<Record> read(std::uint64_t index);
  // Reads up to `max` records from `index` on, in order; returns the index after the last one read.
  Result<std::uint64_t> read_from(std::uint64_t index, std::size_t max,
                                  const std::function<void(const Record&)>& each, Erased erased = Erased::kSkip);
  // Destroys the keys of all rows whose subject is `subject` (docs/formats/record.md, "Erasure"); leaves and proofs stay.
  // Rows that come later are kept under new keys. `order` (a journal index) names the reason in the log; the same order
  // again finishes what a crash cut short. Reads the log from the oldest epoch that has keys; ingest goes on meanwhile. Errors: kIo, kCorrupt.
  Result<Erasure> erase(std::string_view subject, std::uint64_t order);
  // Destroys the keys of all rows in key epochs whose last record was admitted at or before `cutoff`, but those of subjects for
  // whom `held` is true (empty: nobody); what was held and is not any more goes too. The epoch in use ends when its first
  // record is from before `end_before`. Leaves and proofs stay; `Erasure` counts what went now. The same cutoff again
  // finishes what a crash cut short. Errors: kIo, kCorrupt.
  Result<Erasure> expire(Time cutoff, Time end_before, const std::function<bool(std::string_view subject)>& held);
  // Against a checkpoint signed now.
  Result<RecordProof> prove(std::uint64_t index);

  // Called on the writer thread after each commit with the new size. The id is for remove_on_commit, after whose
  // return the listener is not called any more; both must not be called from a listener.
  std::uint64_t on_commit(std::function<void(std::uint64_t size)> listener);
  void remove_on_commit(std::uint64_t id);

  StreamConfig config() const;
  // Erasures and expiries that the log tells of, oldest first: what was derived under fewer is out of date where they touch it.
  std::vector<std::shared_ptr<const Gone>> gone() const;
  std::vector<std::shared_ptr<const Schema>> schemas() const;  // [id - 1]; kinds of rows that a client may send
  StreamCounters counters() const;
  ledger::Log& log();  // for anchors, exports and proofs

 private:
  friend class Streams;
  struct Impl;
  explicit Stream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace firebreak::record
