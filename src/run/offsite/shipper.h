// Brings a data folder's logs and blobs into a bucket, in order: the pieces of a log's segments one after another, then the checkpoint
// that covers them, then what others vouch for of it (cosignatures, time stamps). What is there already is learnt from the bucket itself,
// so an upload that was broken off goes on where it was.
//
// Objects that bear names of ours and cannot be of ours are told (`foreign()`) and passed over: a piece that begins where none ends,
// a checkpoint that the log's key did not sign. Any other difference may be the trace of a log that was cut back, and is kCorrupt.
//
// Promise: when ship() returns, all entries up to the checkpoint are in the bucket, each object as large as it should be, with the
// digest that it should have, locked as was asked (else it stands in `unlocked()`), and the checkpoint came last.
// Threads: one; lag() from any.
// Errors: as ObjectStore; kCorrupt: the bucket has more of a log, or something else, than the folder has.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "log/ledger/frame_walk.h"
#include "log/ledger/log.h"
#include "world/store/object_store.h"

namespace firebreak::offsite {

inline constexpr std::uint64_t kPieceOctets = 16 * limits::kMiB;

class Shipper {
 public:
  // `clock`: the real time, by which the store's locks go.
  Shipper(Files& files, const Clock& clock, store::ObjectStore& store, std::int64_t retention_us, std::uint64_t piece_octets = kPieceOctets)
      : files_(files), clock_(clock), store_(store), retention_us_(retention_us), piece_octets_(piece_octets) {}

  Result<void> learn();  // what is in the bucket; first, and again after any error

  // How much of the log is to go: until then lag() does not know of it.
  Result<void> survey(const std::string& log, const Path& dir, const ledger::Checkpoint& checkpoint);
  bool surveyed(const std::string& log) const { return logs_.contains(log); }
  Result<void> ship(const std::string& log);  // what was surveyed
  // Nothing when it is there already.
  Result<void> ship_blob(const std::string& hex, ByteView content);
  bool has_blob(const std::string& hex) const { return blobs_.contains(hex); }
  void set_waiting_blobs(std::uint64_t octets) { waiting_blobs_ = octets; }

  std::uint64_t lag() const { return lag_.load() + waiting_blobs_.load(); }  // octets that are durable here and not yet there
  std::uint64_t written() const { return written_.load(); }                 // objects, by this shipper
  const std::vector<std::string>& unlocked() const { return unlocked_; }    // the first objects that the store does not lock as asked
  const std::set<std::string>& foreign() const { return foreign_; }         // the first that somebody else wrote

 private:
  struct Piece {
    std::uint64_t offset = 0, octets = 0;
    std::string version;  // the oldest; empty: of this shipper
  };
  struct LogState {
    std::unique_ptr<ledger::FrameWalk> walk;
    Path dir;
    ledger::Checkpoint checkpoint;
    std::vector<ledger::SegmentSpan> spans;
    bool compared = false;  // with what the bucket had when that was learnt
    std::set<std::string> settled;  // time stamps, which do not change, that are there
  };
  struct Known {  // of a log in the bucket
    std::map<std::uint64_t, std::vector<Piece>> pieces;  // by segment, by offset
    std::map<std::uint64_t, std::string> checkpoints;  // by size: version, empty when of this shipper
    std::set<std::string> vouched;  // keys
    bool vkey = false;
  };

  Result<void> put(const std::string& key, ByteView body);
  void tell_apart(const std::string& log, Known& known);
  Result<void> compare(const std::string& log, LogState& state);
  Result<void> compare_checkpoints(const std::string& log, const LogState& state);
  Result<void> ship_checkpoint(const std::string& log, const LogState& state);
  Result<void> ship_vouched(const std::string& log, LogState& state);
  Result<void> ship_file(const std::string& log, LogState& state, const std::string& path);
  Result<void> ship_segment(const std::string& log, const LogState& state, const ledger::SegmentSpan& span);
  static std::uint64_t covered(const Known& known, std::uint64_t segment);
  void measure();

  Files& files_;
  const Clock& clock_;
  store::ObjectStore& store_;
  const std::int64_t retention_us_;
  const std::uint64_t piece_octets_;
  bool layout_ = false;
  std::map<std::string, LogState> logs_;
  std::map<std::string, Known> known_;
  std::set<std::string> blobs_;
  std::vector<std::string> unlocked_;
  std::set<std::string> foreign_;
  std::atomic<std::uint64_t> lag_{0}, waiting_blobs_{0}, written_{0};
};

}  // namespace firebreak::offsite
