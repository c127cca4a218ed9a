// Inside of Log: what its threads share.
//
// A batch goes through three threads: the caller's hashes its entries; the writer puts groups of batches on the disk,
// one after another; the finisher takes what is durable into the tree, signs, and answers, while the writer is at the
// next group. A fourth writes checkpoints and what is derived, so that nothing waits for those.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "log/ledger/hash_store.h"
#include "log/ledger/log.h"
#include "log/ledger/scan.h"
#include "log/ledger/segment.h"
#include "log/ledger/segment_index.h"

namespace firebreak::ledger {

inline constexpr std::string_view kCheckpointFile = "checkpoint";
inline constexpr std::string_view kVkeyFile = "vkey";
inline constexpr std::string_view kLockFile = "LOCK";
inline constexpr std::string_view kReserveFile = "reserve";
inline constexpr std::string_view kTreeFolder = "tree";

struct OpenSegment {
  std::uint64_t number = 0;
  std::uint64_t first = 0;         // index of its first entry
  std::uint64_t end = 0;           // of what is acknowledged
  std::shared_ptr<File> file;      // opened at first use; readers keep it alive
  Digest last_digest;              // of its last frame
  std::vector<FramePlace> places;  // empty: read them from the segment's index
};

struct Pending {
  PreparedBatch batch;
  std::function<void(Result<Commit>)> done;
  std::optional<std::uint64_t> first;  // the only index that its first entry may get
};

// A group that left the writer: durable, or refused as a whole.
struct Written {
  std::vector<Pending> group;
  std::vector<FrameHeader> headers;
  std::size_t segment = 0;    // position in State::segments
  std::uint64_t begin = 0;    // offset of its first frame
  std::optional<Error> error;
};

struct Log::State {
  State(Files& files_in, Clock& clock_in, Path dir_in, Options options_in)
      : files(files_in), clock(clock_in), dir(std::move(dir_in)), options(std::move(options_in)) {}

  Path path_of(std::string_view name) const { return dir + "/" + std::string(name); }

  // Opening (log_open.cc, log_recover.cc).
  Result<void> open(Recovery& recovery);
  Result<void> create();
  Result<void> recover(Recovery& recovery);
  Result<Checkpoint> read_checkpoint() const;
  Result<ScanResult> scan_all(const Checkpoint& signed_before);
  Result<ScanResult> scan_from(const ScanStart& start);
  ScanStart start_behind_indexes();  // restores the tree up to there
  bool is_segment_of(const SegmentIndex& index, const ScanStart& before) const;
  void forget_derived();
  Result<void> check_against(const Checkpoint& signed_before) const;
  tl::unexpected<Error> damage_error(const Damage& damage) const;
  Result<void> cut_tail(const TornTail& tail, bool below_checkpoint, Recovery& recovery);
  Result<void> rewrite_last_group(const ScanResult& scan);
  Result<void> take_reserve();

  // Writing (log_writer.cc).
  void write_on();
  std::vector<Pending> take_group();
  void refuse_displaced(std::vector<Pending>& group);
  void commit(std::vector<Pending> group);
  Result<void> write_group(const std::vector<Pending>& group, std::vector<FrameHeader>& headers);
  Result<void> try_write_group(const std::vector<Pending>& group, std::vector<FrameHeader>& headers);
  Result<void> add_segment(std::uint64_t number);
  Result<void> make_room(std::uint64_t octets);
  Result<void> drop_room();
  Result<void> failure_of_stopped() const;
  bool release_reserve();
  void stop(Error why);
  void hand_over(Written written);

  // Answering and what is derived (log_finisher.cc).
  void finish_on();
  void finish(Written& written);
  void take_in(const Written& written, Digest& root);
  void keep_on();
  bool checkpoint_due() const;
  Result<void> write_checkpoint();
  std::optional<std::size_t> segment_to_index() const;
  Result<void> write_index(std::size_t position);
  void start_threads();
  void join_threads();

  // Reading (log.cc, frame_cursor.cc).
  Result<FramePlace> place_of(std::uint64_t index, std::size_t& segment) const;  // call with `mutex` held
  Result<void> load_places(OpenSegment& segment) const;
  Checkpoint sign_checkpoint(std::uint64_t size, const Digest& root) const;

  Files& files;
  Clock& clock;
  const Path dir;
  const Options options;
  std::unique_ptr<FileLock> folder_lock;

  mutable std::mutex mutex;  // everything down to "writer"
  std::condition_variable wake, wake_finisher, wake_keeper, room;
  std::deque<Pending> queue;
  std::uint64_t queued_bytes = 0;  // of what is not answered yet
  std::deque<Written> written;
  bool closing = false, writer_gone = false, finisher_gone = false;
  std::optional<Error> failed;
  bool reserve_gone = false;
  HashFiles hashes{files, dir + "/" + std::string(kTreeFolder)};
  mutable Tree tree;
  mutable std::vector<OpenSegment> segments;
  mutable std::deque<std::size_t> places_loaded;  // of closed segments, oldest first
  std::size_t indexed = 0;                        // segments before this one have an index
  Digest last_index_root;
  std::size_t index_failed_at = 0;                // how many segments there were then
  std::uint64_t checkpointed = 0;  // size that the checkpoint file signs
  std::int64_t checkpoint_at = 0;  // steady time; 0: nothing new since the last
  std::optional<Error> checkpoint_failed;

  std::mutex listeners_mutex;
  std::vector<std::function<void(std::uint64_t)>> listeners;

  // writer
  std::uint64_t end = kSegmentHeaderBytes;  // durable offset in the last segment
  std::uint64_t allocated = 0;              // size of its file: zeros from `end` on
  Digest last_digest;
  std::uint64_t size_on_disk = 0;
  std::shared_ptr<File> last_file;

  bool closed = false;
  std::mutex close_mutex;
  std::thread writer, finisher, keeper;
};

}  // namespace firebreak::ledger
